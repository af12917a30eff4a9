"""For each exterior door and each single failure: which way in remains, who is let in, who can leave."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from nightlatch.emergency.answers import Answer, all_of, any_of
from nightlatch.emergency.failures import BATTERY, DOUBTS, FAILURES, HUB, INTERNET, JAM, KEYPAD, POWER_CUT
from nightlatch.emergency.ways import ALWAYS, NEVER, UNSURE, AnyFact, Means, Way, by_key, through
from nightlatch.model.door import Door
from nightlatch.model.evidence import Ref, as_set
from nightlatch.model.home import Home
from nightlatch.model.hub import Hub
from nightlatch.model.lock import Lock

NOT_SHARED = frozenset((BATTERY, KEYPAD, JAM))
"""Failures that hit one door: the others stand as they are."""


class Outcome(msgspec.Struct, frozen=True):
    """A door after one failure. `way_in`: a resident still gets in; `left` by what; `doubts`: what is not known."""

    way_in: Answer
    left: tuple[Way, ...]
    evidence: tuple[AnyFact, ...]
    doubts: tuple[str, ...] = ()


class LetIn(msgspec.Struct, frozen=True):
    """Whether a failure leaves the door open to anybody (`opens`), and what shows it."""

    opens: Answer
    evidence: tuple[AnyFact, ...]


class DoorOutlook(msgspec.Struct, frozen=True):
    """A door with its locks, or a lock of which no door is known.

    `barriers` are the ways in through each of its locks (all of them must open); `around` the ways
    that depend on none of them. `exterior` None: whether it leads outside is not known.
    """

    subject: Ref
    label: str
    exterior: Answer
    locks: tuple[Lock, ...]
    barriers: tuple[tuple[Way, ...], ...]
    around: tuple[Way, ...]
    leave: AnyFact
    dwelling: str = ""
    """The door of one flat is no way into another: only doors of one dwelling stand in for each other."""

    def after(self, failure: int) -> Outcome:
        """The door after the failure at this place in FAILURES; a way by the door itself is told first."""
        left: list[Way] = []
        unsure: list[Way] = []
        closed = False
        for barrier in self.barriers:
            open_ = next((way for way in barrier if way.after[failure]), None)
            if open_ is not None:
                left.append(open_)
                continue
            perhaps = [way for way in barrier if way.after[failure] is None]
            closed = closed or not perhaps
            unsure += perhaps
        if len(left) < len(self.barriers):
            left = [way for way in self.around if way.after[failure]][:1]
        if left:
            return Outcome(True, tuple(left), _shown(left, failure))
        around = [way for way in self.around if way.after[failure] is None]
        unsure = around if closed else around + unsure
        if unsure:
            doubts = dict.fromkeys(way.missing or DOUBTS[failure] for way in unsure)
            return Outcome(None, (), _shown(unsure, failure), tuple(doubts))
        return Outcome(False, (), _shown((way for ways in (*self.barriers, self.around) for way in ways), failure))

    @property
    def stands(self) -> Answer:
        """Whether a resident gets in by the door itself while nothing fails."""
        return all_of(any_of(way.stands for way in barrier) for barrier in self.barriers)

    def own(self, failure: int) -> Answer:
        """Whether a resident gets in by the door itself after a failure."""
        return all_of(any_of(way.after[failure] for way in barrier) for barrier in self.barriers)


class Outlook(msgspec.Struct, frozen=True):
    """Every door that a smart lock is fitted to and that is not known to lead inside only."""

    doors: tuple[DoorOutlook, ...]
    by_subject: Mapping[Ref, DoorOutlook]
    """By the door's ref and by each lock's."""

    def after(self, failure: int) -> Answer:
        """Whether every exterior door still lets a resident in; None for a home without doors."""
        answers = [(door.after(failure).way_in, door.exterior) for door in self.doors]
        return all_of(way_in if exterior else way_in or None for way_in, exterior in answers) if answers else None


def outlook(home: Home) -> Outlook:
    """The failure analysis of a home; read it with `home.cached(outlook)`."""
    locks: dict[str, list[Lock]] = {}
    loose: list[Lock] = []
    for lock in home.all(Lock):
        if lock.door is not None and home.follow(lock.door, Door) is not None:
            locks.setdefault(lock.door.value.key, []).append(lock)
        else:
            loose.append(lock)
    found = [
        _door(door, tuple(locks.get(door.ref.key, ())), home)
        for door in home.all(Door)
        if door.exterior is None or door.exterior.value
    ]
    found += [
        DoorOutlook(lock.ref, lock.label, None, (lock,), (through(lock, None, home),), (_UNSAID,), None)
        for lock in loose
    ]
    dwellings: dict[str, list[DoorOutlook]] = {}
    for one in found:
        dwellings.setdefault(one.dwelling, []).append(one)
    found = [one for doors in dwellings.values() for one in (_with_other_doors(doors) if len(doors) > 1 else doors)]
    smart = tuple(one for one in found if one.locks)
    by_subject = {one.subject: one for one in smart}
    by_subject.update((lock.ref, one) for one in smart for lock in one.locks)
    return Outlook(smart, by_subject)


def lets_in(lock: Lock, failure: int, home: Home) -> LetIn:
    """Whether a failure leaves this lock open to anybody: it opens, or nothing locks it any more."""
    if failure == BATTERY:
        flat = lock.on_flat_battery
        return LetIn(None if flat is None else flat.value == "unlocks", (flat,))
    if failure not in (POWER_CUT, INTERNET, HUB):
        return LetIn(None if failure == JAM else False, ())
    by, relock = as_set(lock.auto_lock_by), as_set(lock.auto_relock_s)
    if relock is not None and relock.value > 0:
        return LetIn(False, (relock, by))
    if by is None or by.value != "hub":
        return LetIn(None if by is None else False, (by, relock))
    if failure == HUB:
        return LetIn(True, (by, relock))
    if failure == POWER_CUT:
        hub = home.follow(lock.hub, Hub)
        ups = hub.on_ups if hub is not None else None
        return LetIn(None if ups is None else not ups.value, (by, ups))
    path = as_set(lock.path)
    return LetIn(None if path is None else path.value == "cloud", (by, path))


_UNSAID = Way(Means.OTHER_WAY, "another way in", None, UNSURE, missing="which door the lock is fitted to")


def _door(door: Door, locks: tuple[Lock, ...], home: Home) -> DoorOutlook:
    other = door.other_way_in
    if other is None:
        around = Way(Means.OTHER_WAY, "another way in", None, UNSURE, missing="whether there is another way in")
    else:
        around = Way(Means.OTHER_WAY, "another way in", other.value, ALWAYS if other.value else NEVER, (other,))
    barriers = tuple(through(lock, door, home) for lock in locks) or ((by_key(door, None),),)
    exterior = None if door.exterior is None else True
    dwelling = door.dwelling.value if door.dwelling is not None else ""
    return DoorOutlook(door.ref, door.label, exterior, locks, barriers, (around,), door.egress_without_power, dwelling)


class _Tally:
    """Counts answers, so that one door's can be taken away again."""

    def __init__(self) -> None:
        self.true = self.unsure = 0

    def add(self, answer: Answer) -> None:
        if answer:
            self.true += 1
        elif answer is None:
            self.unsure += 1

    def without(self, answer: Answer) -> Answer:
        """What the others give when one of the counted answers is left out."""
        true = self.true - (answer is True)
        return True if true else None if self.unsure - (answer is None) else False


def _with_other_doors(doors: list[DoorOutlook]) -> list[DoorOutlook]:
    """Every door with the others as a way in; counted once for all, so that the cost grows with the doors."""
    standing = [_proven(one.stands, one.exterior) for one in doors]
    columns = [
        standing if place in NOT_SHARED else [_proven(one.own(place), one.exterior) for one in doors]
        for place in range(len(FAILURES))
    ]
    tallies = [_tally(column) for column in columns]
    witnesses = [[number for number, answer in enumerate(column) if answer][:2] for column in columns]
    by_hub = _by_hub(doors, standing)
    made = []
    for number, one in enumerate(doors):
        after = [tally.without(column[number]) for tally, column in zip(tallies, columns, strict=True)]
        after[HUB] = any_of((after[HUB], by_hub.get(_hub(one), _NO_TALLY).without(False)))
        shown = {
            place: _through(doors[witness], place)
            for place, candidates in enumerate(witnesses)
            if (witness := next((other for other in candidates if other != number), None)) is not None
        }
        stands = tallies[BATTERY].without(standing[number])
        way = Way(
            Means.OTHER_DOOR,
            "another exterior door",
            stands,
            tuple(after),
            hinges=shown,
            missing="whether a resident gets in by another door",
        )
        made.append(msgspec.structs.replace(one, around=(*one.around, way)))
    return made


def _by_hub(doors: list[DoorOutlook], standing: list[Answer]) -> dict[str, _Tally]:
    """By hub: how the doors that are known to be on other hubs stand when that one fails."""
    elsewhere: dict[str, _Tally] = {}
    everywhere = _Tally()
    for number, one in enumerate(doors):
        hub = _hub(one)
        if hub:
            everywhere.add(standing[number])
            elsewhere.setdefault(hub, _Tally()).add(standing[number])
    for own in elsewhere.values():
        own.true = everywhere.true - own.true
        own.unsure = everywhere.unsure - own.unsure
    return elsewhere


_NO_TALLY = _Tally()


def _tally(answers: list[Answer]) -> _Tally:
    tally = _Tally()
    for answer in answers:
        tally.add(answer)
    return tally


def _hub(one: DoorOutlook) -> str:
    """The one hub that commands a door's locks, or nothing."""
    hubs = {lock.hub.value.key if lock.hub is not None else "" for lock in one.locks}
    return hubs.pop() if len(hubs) == 1 else ""


def _proven(answer: Answer, exterior: Answer) -> Answer:
    """A door of which it is not known that it leads outside proves no way in for the others."""
    return None if answer and not exterior else answer


def _through(one: DoorOutlook, place: int) -> tuple[AnyFact, ...]:
    """What shows that a door lets a resident in."""
    return tuple(
        fact
        for barrier in one.barriers
        for way in barrier
        if (way.stands if place in NOT_SHARED else way.after[place])
        for fact in way.evidence
    )


def _shown(ways: Iterable[Way], failure: int) -> tuple[AnyFact, ...]:
    """The facts that say whether these ways stand and survive the failure, each once."""
    facts: dict[int, AnyFact] = {}
    for way in ways:
        for fact in (*way.evidence, *way.hinges.get(failure, ())):
            if fact is not None:
                facts[id(fact)] = fact
    return tuple(facts.values())
