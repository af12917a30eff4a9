"""What a router's source says of pass phrases: their strength and length, never the phrases."""

from __future__ import annotations

import string
from collections.abc import Iterator, Sequence
from datetime import datetime

from nightlatch.catalogue.passwords import score
from nightlatch.model.evidence import Item, Ref
from nightlatch.model.network import Wifi
from nightlatch.secrets import Secret
from nightlatch.sources.interface import Source


def phrase_claims(
    source: Source, wifi: Ref, phrases: Sequence[tuple[Secret | None, str]], *, ssid: str, at: datetime | None
) -> Iterator[Item]:
    """Strength and length of the weakest of a network's WPA phrases, each with its place.

    One that is absent, hidden or a raw key makes a gap: the weakest is not known then.
    """
    for phrase, where in phrases:
        if problem := _unreadable(phrase):
            yield source.gap(
                Wifi.phrase_score,
                Wifi.phrase_length,
                reason=f"{where}: {problem}",
                settle="Export again with sensitive values shown and the phrase itself stored, "
                "or check its strength yourself.",
                about=wifi,
            )
            return
    scored = [(score(phrase, (ssid,)), len(phrase), where) for phrase, where in phrases if phrase is not None]
    if scored:
        weakest, length, where = min(scored)
        yield Wifi.phrase_score.claim(wifi, weakest, where=where, at=at)
        yield Wifi.phrase_length.claim(wifi, length, where=where, at=at)


def _unreadable(phrase: Secret | None) -> str:
    text = phrase.reveal() if phrase is not None else ""
    if not text or set(text) <= {"*"}:
        return "the export hides the pass phrase or does not hold it"
    if len(text) == 64 and set(text) <= set(string.hexdigits):
        return "the key is stored in its raw form of 64 hex digits, which does not tell its phrase"
    return ""
