"""How long codes are: which lengths locks need, and which of somebody's codes is put on a lock."""

from __future__ import annotations

from collections.abc import Iterable

from nightlatch.model.access import Credential

SHORTEST, LONGEST = 4, 10
"""Digits that a lock of which nothing is known takes: those of the Z-Wave User Code Command Class (SDS13781)."""
LONG_ENOUGH = 6
"""Shorter ones are weak, where a lock takes longer ones."""
Bounds = tuple[int, int]
"""How many digits the codes of a lock have at least and at most."""


def wanted(bounds: Bounds) -> Bounds:
    """How many digits a code has at least and at most for such a lock: 6 or more where it takes them."""
    least, most = bounds
    return max(least, min(LONG_ENOUGH, most)), most


def needed(bounds: Iterable[Bounds]) -> tuple[int, ...]:
    """How many digits a person's codes need so that each lock takes one.

    As few codes as can be, and none shorter than 6 digits but where a lock takes no more; shortest first.
    """
    left = sorted({wanted(one) for one in bounds}, key=lambda one: (one[1], one[0]))
    if not left:
        return (LONG_ENOUGH,)
    found: list[int] = []
    while left:
        first = left[0][1]
        # Any length from the highest least to the lowest most does for all that reach down to the lowest most.
        least = max(one[0] for one in left if one[0] <= first)
        found.append(max(least, min(LONG_ENOUGH, first)))
        left = [one for one in left if not one[0] <= found[-1] <= one[1]]
    return tuple(found)


def fitting(codes: Iterable[Credential], bounds: Bounds) -> Credential | None:
    """Which of somebody's codes is put on a lock: the newest that is long enough, else the newest that it takes."""
    takes = [one for one in codes if bounds[0] <= one.digits <= bounds[1]]
    least, most = wanted(bounds)
    best = [one for one in takes if least <= one.digits <= most]
    return max(best or takes, key=lambda one: (one.made, one.id), default=None)
