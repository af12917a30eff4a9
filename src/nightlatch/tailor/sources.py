"""Statements with their sources, the catalogue's short names for them written out."""

from __future__ import annotations

import re

import msgspec

from nightlatch.catalogue import Catalogue

_NAMED = {
    "known vulnerabilities": "the catalogue's list of published vulnerabilities",
    "vulnerabilities.json": "the catalogue's list of published vulnerabilities",
}
_ABBREVIATED = re.compile(r"(?:^|(?<=[,;+])|(?<=[,;] ))[^\s,;+:()]+")
"""A word where a source may stand: at the beginning, or in a list."""


class Cited(msgspec.Struct, frozen=True):
    """A statement about the model. `good` says whether it speaks for the lock (null: neither).

    `source` is written out; `where` the place in it; `confidence` high, medium or low.
    """

    text: str
    source: str
    where: str
    confidence: str
    good: bool | None = None


class SourceNote(msgspec.Struct, frozen=True):
    """A source that was used: what it is, and the licence that its facts are under."""

    what: str
    licence: str


class Sources:
    """Writes sources out, and remembers which were used."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._used: dict[str, SourceNote] = {}

    def cite(self, text: str, source: str, where: str, confidence: str, good: bool | None) -> Cited:
        """A statement with its source."""
        return Cited(text, self.written_out(source), where, confidence, good)

    def written_out(self, source: str) -> str:
        """A source for people: `ha nuki` is Home Assistant's component manifests, nuki."""
        text = source.removeprefix("catalogue: ")
        text = _NAMED.get(text, text)
        if text.startswith("http") or self._note(text):
            return text
        return _ABBREVIATED.sub(self._word, text).replace(",", ", ").replace(",  ", ", ").replace("+", " and ")

    def _word(self, found: re.Match[str]) -> str:
        source = self._catalogue.source(found[0])
        if source is None:
            return _NAMED.get(found[0], found[0])
        self._used[source.key] = SourceNote(source.what, source.licence)
        return source.what

    def _note(self, text: str) -> bool:
        """Whether the text begins with a source that is written out already; if so it was used."""
        for source in self._catalogue.sources:
            if text.startswith(source.what):
                self._used[source.key] = SourceNote(source.what, source.licence)
                return True
        return False

    def notes(self) -> tuple[SourceNote, ...]:
        """The sources that were used, in the order of their names."""
        return tuple(sorted(self._used.values(), key=lambda note: note.what.casefold()))
