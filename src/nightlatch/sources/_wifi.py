"""What sources say of a Wi-Fi network: one per SSID, judged by the weakest of its access points.

Of pass phrases they say the strength and the length, never the phrases.
"""

from __future__ import annotations

import string
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Literal

import msgspec

from nightlatch.catalogue.passwords import score
from nightlatch.model.evidence import Item, Ref, Same
from nightlatch.model.network import Wifi
from nightlatch.secrets import Secret
from nightlatch.sources._names import is_factory_name
from nightlatch.sources.interface import Source

Security = Literal["open", "owe", "wep", "wpa", "wpa_wpa2", "wpa2", "wpa2_wpa3", "wpa3", "enterprise"]
Pmf = Literal["off", "optional", "required"]

WEAKEST_FIRST: tuple[Security, ...] = (
    "open", "wep", "wpa", "wpa_wpa2", "owe", "wpa2", "enterprise", "wpa2_wpa3", "wpa3",
)  # fmt: skip
PMF_LOOSEST_FIRST: tuple[Pmf, ...] = ("off", "optional", "required")


class AccessPoint(msgspec.Struct, frozen=True, kw_only=True):
    """One radio or virtual interface that offers a network. None is what its source does not tell."""

    on: bool
    on_where: str
    name_where: str
    security: Security | None
    security_where: str
    tkip: bool | None
    pmf: Pmf | None
    pmf_where: str
    wps: bool | None
    wps_where: str
    keys: tuple[tuple[Secret | None, str], ...] = ()
    """Its pass phrases, each with its place; None for one that the source hides."""


def network_items(
    source: Source, ref: Ref, name: str, points: Sequence[AccessPoint], *, at: datetime | None
) -> Iterator[Item]:
    """All that access points of one name tell, but their zone. Those that are off count if all are."""
    live = [point for point in points if point.on] or list(points)
    first = live[0]
    yield Same(ref, f"ssid:{name}")
    yield Wifi.name.claim(ref, name, where=first.name_where, at=at)
    yield Wifi.enabled.claim(ref, first.on, where=first.on_where, at=at)
    yield Wifi.default_name.claim(ref, is_factory_name(name), where=first.name_where, at=at)
    offering = [point.wps_where for point in live if point.wps]
    if offering or all(point.wps is False for point in live):
        yield Wifi.wps.claim(ref, bool(offering), where="; ".join(offering) or first.wps_where, at=at)
    yield from protection_items(source, ref, live, at)
    yield from _phrases(source, ref, [key for point in live for key in point.keys], name, at)


def protection_items(source: Source, ref: Ref, live: Sequence[AccessPoint], at: datetime | None) -> Iterator[Item]:
    """Encryption, ciphers and PMF of the weakest of some access points."""
    unknown = [point for point in live if point.security is None]
    if unknown:
        yield source.gap(
            Wifi.security,
            reason=f"how it is encrypted cannot be told from {unknown[0].security_where}",
            settle="Answer how this Wi-Fi is encrypted, or give the router's configuration.",
            about=ref,
        )
    else:
        security = min((point.security for point in live if point.security is not None), key=WEAKEST_FIRST.index)
        weakest = "; ".join(point.security_where for point in live if point.security == security)
        yield Wifi.security.claim(ref, security, where=weakest, at=at)
    tkip = [point.security_where for point in live if point.tkip]
    if tkip or all(point.tkip is False for point in live):
        yield Wifi.tkip.claim(ref, bool(tkip), where="; ".join(tkip) or live[0].security_where, at=at)
    levels = [point.pmf for point in live if point.pmf is not None]
    if len(levels) == len(live):
        pmf = min(levels, key=PMF_LOOSEST_FIRST.index)
        loosest = "; ".join(point.pmf_where for point in live if point.pmf == pmf)
        yield Wifi.pmf.claim(ref, pmf, where=loosest, at=at)


def _phrases(
    source: Source, ref: Ref, phrases: list[tuple[Secret | None, str]], ssid: str, at: datetime | None
) -> Iterator[Item]:
    """The weakest phrase. One that is hidden or a raw key makes a gap: the weakest is not known then."""
    for phrase, where in phrases:
        reason, settle = _unreadable(phrase)
        if reason:
            yield source.gap(
                Wifi.phrase_score, Wifi.phrase_length, reason=f"{reason}: {where}", settle=settle, about=ref
            )
            return
    scored = [(score(phrase, (ssid,)), len(phrase), where) for phrase, where in phrases if phrase is not None]
    if scored:
        weakest, length, where = min(scored)
        yield Wifi.phrase_score.claim(ref, weakest, where=where, at=at)
        yield Wifi.phrase_length.claim(ref, length, where=where, at=at)


def _unreadable(phrase: Secret | None) -> tuple[str, str]:
    text = phrase.reveal() if phrase is not None else ""
    if not text or set(text) <= {"*"}:
        return "the pass phrase is not in it or is hidden", "Export again with sensitive values shown."
    if len(text) == 64 and set(text) <= set(string.hexdigits):
        return (
            "the key is stored in its raw form of 64 hex digits, which does not tell its phrase",
            "Write the pass phrase itself into the router instead of the raw key, then export again.",
        )
    return "", ""
