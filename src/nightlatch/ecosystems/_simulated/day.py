"""Who comes and goes when: a day of a household, always the same for the same seed."""

from __future__ import annotations

from random import Random

import msgspec

HOUR = 3600.0
WEEKEND = (5, 6)


class Visit(msgspec.Struct, frozen=True, order=True):
    """Somebody passes a door. `at` is in seconds since midnight at home."""

    at: float
    person: int
    door: int
    coming: bool
    mistyped: bool
    locks_behind: bool


def visits(seed: int, day: int, people: int, doors: int) -> list[Visit]:
    """Every passing of one day, in order. Days count from a Monday.

    On a working day half of the people go out in the morning and come back in the evening; each day
    everybody runs errands, mostly by the first door.
    """
    found: list[Visit] = []
    for person in range(people):
        chance = Random(f"{seed}/{day}/{person}")  # noqa: S311  # a simulation, not a secret
        trips = [_trip(chance, day)] if chance.random() < 0.5 else []
        for _ in range(chance.randint(4, 9)):
            out = chance.uniform(7, 22) * HOUR
            trips.append((out, out + chance.uniform(0.2, 1.2) * HOUR))
        for out, back in _apart(trips):
            for at, coming in ((out, False), (back, True)):
                door = 0 if doors == 1 or chance.random() < 0.6 else chance.randrange(1, doors)
                found.append(Visit(at, person, door, coming, coming and chance.random() < 0.08, chance.random() < 0.4))
    return sorted(found)


def _trip(chance: Random, day: int) -> tuple[float, float]:
    """The long absence of the day: work, or an outing at the weekend."""
    if day % 7 in WEEKEND:
        out = chance.gauss(11, 1) * HOUR
        return out, out + chance.uniform(1, 5) * HOUR
    return chance.gauss(7.8, 0.4) * HOUR, chance.gauss(17.3, 0.8) * HOUR


def _apart(trips: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """The trips that do not overlap: nobody goes out twice without coming back."""
    kept: list[tuple[float, float]] = []
    for out, back in trips:
        if back < 24 * HOUR and all(back < other_out or out > other_back for other_out, other_back in kept):
            kept.append((out, back))
    return sorted(kept)
