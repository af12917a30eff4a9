"""A fact is a value with where it came from and when; a claim is a fact before it is merged."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, Generic, TypeVar

import msgspec

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Grade(StrEnum):
    """How a value is known, best first."""

    OBSERVED = "observed"
    """Read live from the thing itself."""
    RECORDED = "recorded"
    """Read from a file, export or log."""
    CATALOGUED = "catalogued"
    """Known of this model, with its source: what it can do, never how this one is set."""
    DECLARED = "declared"
    """The owner said so on a date; it goes stale."""


GRADE_RANK = {Grade.OBSERVED: 3, Grade.RECORDED: 2, Grade.CATALOGUED: 1, Grade.DECLARED: 0}


class Ref(msgspec.Struct, frozen=True, order=True, gc=False):
    """Names a thing: its kind ("lock") and one of its keys ("front", "zwavejs:3", "mac:00:11:…")."""

    kind: str
    key: str

    def __str__(self) -> str:
        return self.kind if self.kind == "home" else f"{self.kind}:{self.key}"


class Fact(msgspec.Struct, Generic[T_co], frozen=True, gc=False):
    """A value and how it is known.

    `source` is the source's id ("openwrt", "zwavejs/attic"); `where` the place inside it
    ("etc/config/upnpd:3 (upnpd.config)"). `others` holds what weaker or older evidence said
    differently: contradictions are kept, never dropped.
    """

    about: Ref
    name: str
    value: T_co
    grade: Grade
    source: str
    at: datetime
    where: str = ""
    confidence: str = ""
    """For catalogued facts: high, medium or low. For others: low when their date lies ahead, else nothing."""
    others: tuple[Fact[Any], ...] = ()


def as_set(fact: Fact[T] | None) -> Fact[T] | None:
    """The fact, unless the catalogue gave it: what a model can do says nothing of how this one is set."""
    return None if fact is None or fact.grade is Grade.CATALOGUED else fact


class Claim(msgspec.Struct, frozen=True):
    """What a source says of one thing. The collector stamps `source`, and `grade` and `at` when unset."""

    about: Ref
    fact: str
    value: Any
    where: str = ""
    at: datetime | None = None
    grade: Grade | None = None
    source: str = ""
    confidence: str = ""


class Same(msgspec.Struct, frozen=True):
    """Two keys name one thing: `Same(Ref("lock", "zwavejs:3"), "serial:0042")`. The collector stamps `source`."""

    about: Ref
    key: str
    source: str = ""


class Gap(msgspec.Struct, frozen=True):
    """What a source could not tell: of these facts, for this reason, and what would settle it.

    `facts` are "kind.name" ("account.two_factor"); `about` limits the gap to one thing.
    """

    facts: tuple[str, ...]
    reason: str
    settle: str
    about: Ref | None = None
    source: str = ""


Item = Claim | Same | Gap
