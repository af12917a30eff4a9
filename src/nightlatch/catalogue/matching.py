"""Matches imported vulnerability records to lock models by their text: never more than a possibility."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from nightlatch.catalogue.search import GENERIC, words
from nightlatch.catalogue.structs import Affected, Knowledge, Vulnerability

_SAYS_NOTHING = GENERIC | {
    "firmware",
    "app",
    "android",
    "ios",
    "application",
    "software",
    "hardware",
    "inc",
    "ltd",
    "co",
}


class TextMatcher:
    """Imported records, indexed once by the words of their vendor, or of their text if they name no product."""

    def __init__(self, flaws: Iterable[Vulnerability]) -> None:
        self._by_vendor: dict[str, list[Vulnerability]] = {}
        self._by_text: dict[str, list[Vulnerability]] = {}
        for flaw in flaws:
            if flaw.products:
                index, keys = self._by_vendor, words(flaw.vendor)
                keys += [word for part in flaw.products for word in words(part.name)]
            else:
                index, keys = self._by_text, words(flaw.effect)
            for key in set(keys):
                index.setdefault(key, []).append(flaw)

    def matching(self, model: Knowledge, names: tuple[str, str, str]) -> list[Vulnerability]:
        """The records that may concern a model of these names (main, others, brand).

        A record's vendor or product must name the maker, and the product must say nothing that the
        model's names do not. A record without products must name maker and model in its text.
        """
        brands = _brands(model)
        own = frozenset(word for name in names for word in words(name)) - _SAYS_NOTHING - brands
        found = {}
        for brand in brands:
            for flaw in self._by_vendor.get(brand, ()):
                parts = tuple(
                    msgspec.structs.replace(part, makers=(model.maker,))
                    for part in flaw.products
                    if _fits(flaw, part, brand, brands, own)
                )
                if parts:
                    found[flaw.id] = msgspec.structs.replace(flaw, products=parts, possible=True)
            for flaw in self._by_text.get(brand, ()):
                if own & frozenset(words(flaw.effect)):
                    part = Affected(model.name, "lock", "not stated", makers=(model.maker,))
                    found[flaw.id] = msgspec.structs.replace(flaw, products=(part,), possible=True)
        return list(found.values())


def _brands(model: Knowledge) -> frozenset[str]:
    names = [model.maker, *(model.vendor.aliases if model.vendor else ())]
    return frozenset(words(name)[0] for name in names if words(name)) - _SAYS_NOTHING


def _fits(flaw: Vulnerability, part: Affected, brand: str, brands: frozenset[str], own: frozenset[str]) -> bool:
    said = frozenset(words(part.name))
    if brand not in said and brand not in words(flaw.vendor):
        return False
    return said - _SAYS_NOTHING - brands - frozenset(words(flaw.vendor)) <= own
