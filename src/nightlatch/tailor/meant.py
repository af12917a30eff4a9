"""Which model a text means: one family, the versions of it that fit, and what else it may mean."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from nightlatch.catalogue import Catalogue, Knowledge, Match
from nightlatch.catalogue.claims import AS_LIKELY, LIKELY

PROTOCOLS = ("zwave", "zigbee", "matter", "ble", "wifi", "proprietary")
NAMES = {"zwave": "Z-Wave", "zigbee": "Zigbee", "matter": "Matter", "ble": "Bluetooth", "wifi": "Wi-Fi"}
NEAR = 6
"""How many other models are named."""


class Meant(msgspec.Struct, frozen=True):
    """What a text means. `models` is empty when the catalogue knows no such model.

    `name` is the family's or the model's; `protocol` the one that the advice is for, empty when it is
    not known; `choices` those that the family comes in; `products` are names that only records of
    flaws know; `others` may be meant as well; `maker` is set when the text names a maker and no more.
    """

    name: str
    models: tuple[Knowledge, ...] = ()
    protocol: str = ""
    choices: tuple[str, ...] = ()
    products: tuple[Knowledge, ...] = ()
    others: tuple[str, ...] = ()
    maker: str = ""
    notes: tuple[str, ...] = ()


def meant(text: str, catalogue: Catalogue, protocol: str = "") -> Meant:
    """The family that the text names best, in the protocol asked for or the only one it comes in."""
    found = catalogue.search(text, 500)
    vendor = catalogue.vendor(text)
    likely = [] if vendor is not None else [match for match in found if match.score >= LIKELY]
    if not likely:
        return Meant(
            text.strip(), protocol=protocol, others=_names(found), maker=vendor.name if vendor is not None else ""
        )
    family = _family(likely)
    entries = _entries(family, likely, catalogue)
    products = tuple(match.model for match in likely if match.model.product and match.model.maker == family.maker)
    own = {model.name for model in (family, *entries, *products)} | _members(family, catalogue)
    others = _names([match for match in found if match.model.name not in own])
    name = family.profile.name if family.profile is not None else family.name
    choices = tuple(one for one in PROTOCOLS if any(model.entry and model.entry.protocol == one for model in entries))
    chosen = protocol if protocol in choices else choices[0] if choices else protocol
    notes = []
    if protocol and choices and protocol not in choices:
        notes.append(
            f"The catalogue knows no {NAMES.get(protocol, protocol)} version of it; this is what it knows of the "
            f"{NAMES[chosen]} version."
        )
    models = tuple(model for model in entries if model.entry and model.entry.protocol == chosen) or (family,)
    return Meant(name, models, chosen, choices, products, others, "", tuple(notes))


def _family(likely: Sequence[Match]) -> Knowledge:
    """The best match; of those as likely, the first of which people looked something up."""
    close = [match.model for match in likely if match.score >= likely[0].score - AS_LIKELY]
    best = likely[0].score
    exact = [match.model for match in likely if match.score == best]
    for model in (*exact, *close):
        if model.profile is not None:
            return model
    return next((model for model in exact if model.entry is not None), exact[0])


def _entries(family: Knowledge, likely: Sequence[Match], catalogue: Catalogue) -> tuple[Knowledge, ...]:
    """The versions of the family that the text names; all of them when it names only the family."""
    profile = family.profile
    if profile is None:
        return (family,) if family.entry is not None else ()
    named = [match for match in likely if match.model.entry is not None and match.model.entry.key in profile.entries]
    best: dict[str, float] = {}
    for match in named:
        if match.model.entry is not None:
            radio = match.model.entry.protocol
            best[radio] = max(best.get(radio, 0.0), match.score)
    # A version whose name says more than was asked is another one, if there is one that says no more.
    exact = [
        match.model
        for match in named
        if match.model.entry is not None and match.score >= best[match.model.entry.protocol]
    ]
    if exact:
        return tuple(exact)
    return tuple(model for key in profile.entries if (model := catalogue.key(key)) is not None)


def _members(family: Knowledge, catalogue: Catalogue) -> set[str]:
    if family.profile is None:
        return set()
    models = (catalogue.key(key) for key in family.profile.entries)
    return {family.profile.name} | {model.name for model in models if model is not None}


def _names(matches: Sequence[Match]) -> tuple[str, ...]:
    # Of some models nothing but the battery is known: naming them would help nobody.
    telling = (match for match in matches if match.model.entry or match.model.profile or match.model.product)
    return tuple(dict.fromkeys(match.name for match in telling))[:NEAR]
