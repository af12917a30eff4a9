"""People, grants, codes and lines of the ledger for programs: every field, instants as ISO 8601 in UTC."""

from __future__ import annotations

from typing import Any

import msgspec

from nightlatch.model.access import Credential, Entry, Feed, Grant, Person
from nightlatch.model.event import instant

_INSTANTS: dict[type[msgspec.Struct], tuple[str, ...]] = {
    Person: ("ended",),
    Grant: ("starts", "ends", "made", "ended"),
    Credential: ("made", "ended"),
    Feed: ("read", "tried"),
    Entry: ("since", "seen", "due", "after", "used"),
}


def plain(value: object) -> Any:
    """A struct, or a collection of them, in what JSON has; an instant that is none is null."""
    if isinstance(value, msgspec.Struct):
        found = {name: plain(getattr(value, name)) for name in value.__struct_fields__}
        if tag := value.__struct_config__.tag:
            found["type"] = tag
        for name in _INSTANTS.get(type(value), ()):
            at = getattr(value, name)
            found[name] = instant(at).isoformat() if at else None
        return found
    if isinstance(value, tuple | list):
        return [plain(one) for one in value]
    return msgspec.to_builtins(value)
