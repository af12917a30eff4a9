"""How a code is taken off a lock by hand, for its model and its hub as the last audit knew them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import msgspec

from nightlatch.fixes import codes
from nightlatch.model.document import Evidence, ThingDocument
from nightlatch.model.evidence import Fact, Ref
from nightlatch.model.home import Home
from nightlatch.model.hub import Hub
from nightlatch.model.lock import Lock
from nightlatch.model.thing import Thing

KINDS: dict[str, type[Lock] | type[Hub]] = {"lock": Lock, "hub": Hub}


def home_of(things: Iterable[ThingDocument], at: datetime) -> Home:
    """A home of the locks and hubs of an audit, as far as its document holds their facts."""
    found: list[Thing] = []
    for thing in things:
        kind = KINDS.get(thing.kind)
        if kind is not None:
            ref = _ref(thing.subject)
            facts = {fact.fact: _fact(ref, fact, value) for fact in thing.facts if (value := _value(kind, fact))}
            found.append(kind(ref.key, facts, keys=thing.keys))
    return Home(at, found)


def removal(home: Home, lock: str, slot: int) -> str:
    """How a code is taken off a lock by hand, in a sentence; nothing where the lock is not known."""
    found = home.get(Lock, _ref(lock).key)
    return codes.removal(found, slot, home) if found is not None else ""


def _fact(about: Ref, told: Evidence, value: list[Any]) -> Fact[Any]:
    return Fact(about, told.fact, value[0], told.grade, told.source, told.at, told.where, told.confidence)


def _value(kind: type[Lock] | type[Hub], told: Evidence) -> list[Any]:
    """The value as the field has it, alone; nothing for what no step needs: lists of things, other fields."""
    field = kind.fields.get(told.fact)
    if field is None:
        return []
    if field.type is Ref:
        return [_ref(str(told.value))]
    try:
        return [msgspec.convert(told.value, field.type)]
    except msgspec.ValidationError:
        return []


def _ref(text: str) -> Ref:
    kind, _, key = text.partition(":")
    return Ref(kind, key)
