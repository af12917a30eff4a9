"""Electronics fail on the coldest night: a key in good hands opens the door all the same."""

from __future__ import annotations

from nightlatch.emergency.failures import JAM
from nightlatch.emergency.outlook import outlook
from nightlatch.emergency.ways import KEY_TEXTS, Means, Way
from nightlatch.fixes import doors
from nightlatch.model.door import Door
from nightlatch.model.evidence import Fact
from nightlatch.model.finding import Section, Severity
from nightlatch.model.home import Home
from nightlatch.model.lock import Lock
from nightlatch.practices.dates import judge_last
from nightlatch.practices.interface import Judgement, Practice, fails, not_applicable, passes, unknown
from nightlatch.practices.physical._doors import locks_by_door
from nightlatch.practices.questions import ask

practice = Practice(
    "backup-key",
    number=16,
    section=Section.PHYSICAL,
    severity=Severity.HIGH,
    title="Keep a mechanical way in, in safe hands",
    why="A flat battery or a dead motor locks everybody out unless a key, or a door that does not depend on this lock, "
    "lets somebody in. A key under the mat lets everybody in.",
    standards=("UL 437",),
)

tried = practice.threshold("tried-days", 365, unit="days", doc="the age of the spare key's last trial may be")


@practice.check(
    "way-in",
    per=Door,
    advice=doors.add_way_in,
    title="There is a mechanical way in, or another independent one",
    needs=(Door.other_way_in,),
    settled_by="the lock's model in the catalogue, or your answers: does it have a keyhole, is there another way in?",
)
def way_in(door: Door, home: Home) -> Judgement:
    """Judge whether somebody gets in when the lock does not."""
    keyhole, spare, other = _keyhole(door, home), door.backup_key, door.other_way_in
    if keyhole is not None and keyhole.value:
        return passes(keyhole, because="The lock has a keyhole.")
    if keyhole is None and spare is not None and spare.value in KEY_TEXTS:
        return passes(spare, because="A key to the door is kept, so it can be opened mechanically.")
    if other is not None and other.value:
        return passes(other, keyhole, because="There is another way in that does not depend on this lock.")
    if _inside(door):
        return not_applicable(door.exterior, because="The door does not lead outside.")
    elsewhere = _by_other_doors(door, home)
    if elsewhere is not None and elsewhere.stands:
        return passes(*elsewhere.hinges.get(JAM, ()), keyhole, because="A resident gets in by another exterior door.")
    if keyhole is None:
        locks = [lock for lock in home.cached(locks_by_door).get(door.ref.key, ()) if lock.can_cylinder is None]
        questions = ask(locks[0], Lock.can_cylinder) if locks else ask(door, Door.backup_key, Door.other_way_in)
        return unknown(
            other,
            because="Nothing tells whether the lock has a keyhole.",
            fix=questions if questions.steps else None,
        )
    if other is None:
        return unknown(keyhole)
    if elsewhere is not None and elsewhere.stands is None:
        return unknown(
            keyhole,
            other,
            because="The lock has no keyhole, and whether a resident gets in by another door is unknown.",
        )
    return fails(
        keyhole,
        other,
        because="The lock has no keyhole, and there is no other way in that does not depend on it.",
        fix=doors.add_way_in,
    )


@practice.check(
    "key-holder",
    per=Door,
    advice=doors.place_key,
    title="The spare key is in a safe place or with a trusted person",
    needs=(Door.backup_key,),
    settled_by="your answer",
)
def key_holder(door: Door, home: Home) -> Judgement:
    """Judge where the spare key is."""
    spare = door.backup_key
    if _inside(door):
        return not_applicable(door.exterior, because="The door does not lead outside.")
    keyhole = _keyhole(door, home)
    if keyhole is not None and not keyhole.value:
        return not_applicable(keyhole, spare, because="The lock has no keyhole.")
    if spare is None:
        return unknown()
    good = _GOOD_PLACES.get(spare.value)
    if good is not None:
        return passes(spare, because=good)
    return fails(spare, because=_BAD_PLACES[spare.value], fix=doors.place_key)


_GOOD_PLACES = {
    "trusted_person": "A trusted person holds the spare key.",
    "key_safe": "The spare key is in a key safe.",
    "off_site": "The spare key is kept away from the home.",
}
_BAD_PLACES = {
    "hidden_outside": "The spare key is hidden outside, where anybody looks first.",
    "inside_only": "The spare key is inside only, so nobody who is locked out can use it.",
    "none": "Nobody holds a spare key.",
}


@practice.check(
    "key-tried",
    per=Door,
    advice=doors.try_key,
    severity=Severity.MEDIUM,
    title="The spare key was tried within a year",
    needs=(Door.backup_key_checked_on,),
    settled_by="a trial: open the door with the spare key and answer with the day",
)
def key_tried(door: Door, home: Home) -> Judgement:
    """Judge how long ago the spare key opened the door."""
    spare = door.backup_key
    if _inside(door):
        return not_applicable(door.exterior, because="The door does not lead outside.")
    keyhole = _keyhole(door, home)
    if keyhole is not None and not keyhole.value:
        return not_applicable(keyhole, because="The lock has no keyhole.")
    if spare is not None and spare.value == "none":
        return not_applicable(spare, because="There is no spare key to try.")
    return judge_last(
        door.backup_key_checked_on, home, limit=tried, what="The spare key was last tried", fix=doors.try_key
    )


def _inside(door: Door) -> bool:
    return door.exterior is not None and not door.exterior.value


def _keyhole(door: Door, home: Home) -> Fact[bool] | None:
    """Whether every lock of the door has a keyhole: the one that has none decides."""
    found: Fact[bool] | None = None
    missing = False
    for lock in home.cached(locks_by_door).get(door.ref.key, ()):
        fact = lock.can_cylinder
        if fact is None:
            missing = True
        elif not fact.value:
            return fact
        else:
            found = fact
    return None if missing else found


def _by_other_doors(door: Door, home: Home) -> Way | None:
    seen = home.cached(outlook).by_subject.get(door.ref)
    return next((way for way in seen.around if way.means is Means.OTHER_DOOR), None) if seen is not None else None
