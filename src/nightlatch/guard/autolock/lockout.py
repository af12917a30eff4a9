"""Would anybody still get in once a door is locked? From the home's ways in, and what fails right now.

It says no only by evidence: a way that is not known keeps it from warning, and `Lockout.reason` says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from nightlatch.emergency.answers import Answer, all_of, any_of
from nightlatch.emergency.failures import BATTERY, HUB, KEYPAD, WITH
from nightlatch.emergency.outlook import DoorOutlook, outlook
from nightlatch.emergency.ways import Way
from nightlatch.guard.standing import Standing
from nightlatch.model.door import Door
from nightlatch.model.evidence import Ref
from nightlatch.model.home import Home
from nightlatch.model.lock import Lock
from nightlatch.text import count, listed

FLAT = 5
"""% of charge at which a battery counts as about to fail."""


class Lockout(msgspec.Struct, frozen=True):
    """Whether somebody outside could still get in once the door is locked: True, False, or None: not known."""

    way_in: Answer
    reason: str


def lockout(home: Home, lock: str, standings: Mapping[str, Standing], now: int) -> Lockout:
    """The ways in that are left once this lock ("lock:front") is locked, with what fails now taken into account."""
    one = home.cached(outlook).by_subject.get(Ref("lock", lock.partition(":")[2]))
    if one is None:
        return Lockout(None, "the home says nothing of this lock's door")
    standing = standings[lock]
    failing = tuple(_failing(standing))
    way_in = _way_in(one, failing)
    if way_in:
        return Lockout(True, "a resident outside can get in")
    failed = f" {listed(WITH[place].lower() for place in failing)}" if failing else ""
    if way_in is None:
        missing = list(
            dict.fromkeys(way.missing for ways in (*one.barriers, one.around) for way in ways if way.missing)
        )
        more = f" (and {count(len(missing) - 1, 'other thing')})" if len(missing) > 1 else ""
        return Lockout(None, f"not known{failed}: {missing[0] if missing else 'what is left'}{more}")
    inside = _somebody_inside(home, standings, now)
    if inside:
        return Lockout(True, f"somebody is inside: {inside}")
    known = listed(
        dict.fromkeys(
            f"{fact.about} {fact.name} ({fact.grade.value} by {fact.source})"
            for ways in (*one.barriers, one.around)
            for way in ways
            for fact in way.evidence
            if fact is not None
        )
    )
    return Lockout(
        False, f"no way in for a resident outside is left{failed}; known by: {known or 'no way was ever told'}"
    )


def _failing(standing: Standing) -> Iterable[int]:
    if standing.battery is not None and standing.battery <= FLAT:
        yield BATTERY
    if not standing.connected:
        yield HUB
    if standing.keypad_disabled:
        yield KEYPAD


def _way_in(one: DoorOutlook, failing: tuple[int, ...]) -> Answer:
    def left(way: Way) -> Answer:
        return all_of(way.after[place] for place in failing) if failing else way.stands

    by_the_door = all_of(any_of(left(way) for way in barrier) for barrier in one.barriers)
    return any_of((by_the_door, *(left(way) for way in one.around)))


def _somebody_inside(home: Home, standings: Mapping[str, Standing], now: int) -> str:
    """What proves that somebody is inside: a thumb-turn was moved, and no door was opened since.

    Nothing does where somebody could leave unnoticed: by a door that no lock watches, or one whose
    sensor does not tell.
    """
    watched = {lock.door.value for lock in home.all(Lock) if lock.door is not None and str(lock.ref) in standings}
    for door in home.all(Door):
        if (door.exterior is None or door.exterior.value) and door.ref not in watched:
            return ""
    if any(other.door != "closed" or other.stale(other.door_at, now) for other in standings.values()):
        return ""
    # What happened in a gap nobody heard: only what came after it counts.
    closed = max(max(other.door_since, other.listened_since) for other in standings.values())
    for other in standings.values():
        if other.bolt_by == "thumb" and other.bolt_since > closed:
            return f"the thumb-turn of {other.about} was moved, and no door was opened since"
    return ""
