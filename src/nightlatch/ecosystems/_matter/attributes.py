"""Attributes of a Matter node: looked up by path, and taken only when they have the type they must have."""

from __future__ import annotations

from collections.abc import Mapping, Set
from datetime import datetime
from typing import Any, TypeVar

import msgspec

from nightlatch.model.evidence import Claim, Grade, Ref
from nightlatch.model.thing import Field

T = TypeVar("T")

LONGEST = 256
"""Characters of a text attribute; the specification's longest here has 64."""

FEATURE_MAP = 65532


class Attributes(msgspec.Struct, frozen=True):
    """A node's attributes. `live` are the paths read from the device now, the others are the server's copy."""

    values: Mapping[str, Any]
    live: Set[str]
    copied_at: datetime | None

    def number(self, path: str) -> int | None:
        """A whole number that is not negative, or None."""
        value = self.values.get(path)
        return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None

    def text(self, path: str) -> str | None:
        """Text that is not empty, cut to 256 characters, or None."""
        value = self.values.get(path)
        return (value.strip()[:LONGEST] or None) if isinstance(value, str) else None

    def flag(self, path: str) -> bool | None:
        """True, False, or None when it is neither."""
        value = self.values.get(path)
        return value if isinstance(value, bool) else None

    def entries(self, path: str) -> list[Mapping[str, Any]] | None:
        """A list of structures, each by field number, or None."""
        value = self.values.get(path)
        if isinstance(value, list) and all(isinstance(one, dict) for one in value):
            return value
        return None

    def endpoints(self, cluster: int) -> list[int]:
        """The endpoints that have this cluster, in order."""
        found = set()
        for path in self.values:
            parts = path.split("/")
            if len(parts) == 3 and parts[1] == str(cluster) and parts[0].isdecimal():
                found.add(int(parts[0]))
        return sorted(found)

    def claim(self, field: Field[T], about: Ref, value: T, path: str, name: str) -> Claim:
        """The claim that follows from one attribute: observed when read now, else recorded with the copy's time."""
        where = f"{path} ({name})"
        if path in self.live:
            return field.claim(about, value, where=where)
        return field.claim(about, value, where=f"{where}, the server's copy", at=self.copied_at, grade=Grade.RECORDED)
