"""Compares firmware versions as vendors write them, and says so when they cannot be compared."""

from __future__ import annotations

import re
from enum import StrEnum

from nightlatch.catalogue.structs import Range

# 1.22.0 · v3.3.5 · 4.3.6_0027 · 02.27.0012 · 1.0.0+0 (the part behind + is a build, not an order)
_NUMERIC = re.compile(r"[vV]?(\d{1,9}(?:[._]\d{1,9}){0,7})(?:\+[0-9A-Za-z.]*)?")
LONGEST = 64


class Within(StrEnum):
    """Where a version stands to a range of affected ones."""

    INSIDE = "inside"
    AFTER = "after"
    BEFORE = "before"
    UNCLEAR = "unclear"


def parse(text: str) -> tuple[int, ...] | None:
    """The numbers of a version, without trailing zeros; None when it is not a plain dotted one."""
    text = text.strip()
    match = _NUMERIC.fullmatch(text) if len(text) <= LONGEST else None
    if match is None:
        return None
    numbers = [int(part) for part in re.split(r"[._]", match[1])]
    while len(numbers) > 1 and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)


def same(one: str, other: str) -> bool:
    """Whether two versions are the same one, as numbers or else as text."""
    a, b = parse(one), parse(other)
    return a == b if a is not None and b is not None else one.strip().casefold() == other.strip().casefold()


def place(version: str, span: Range) -> Within:
    """Where `version` stands to the affected range. `exactly` says nothing of older or newer ones."""
    if span.every:
        return Within.INSIDE
    if span.exactly:
        return Within.INSIDE if same(version, span.exactly) else Within.UNCLEAR
    number = parse(version)
    since, before, through = (parse(edge) if edge else None for edge in (span.since, span.before, span.through))
    if number is None or any(edge and parse(edge) is None for edge in (span.since, span.before, span.through)):
        return Within.UNCLEAR
    if since is not None and number < since:
        return Within.BEFORE
    if before is not None:
        return Within.INSIDE if number < before else Within.AFTER
    if through is not None:
        return Within.INSIDE if number <= through else Within.AFTER
    return Within.INSIDE if since is not None else Within.UNCLEAR
