"""What helps when something fails: batteries, what each failure does at each door, what is answered, the sheet."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any, Literal

import msgspec

from nightlatch.emergency.failures import BATTERY, FAILURES, HUB, INTERNET, POWER_CUT, WITH
from nightlatch.emergency.outlook import DoorOutlook, lets_in, outlook
from nightlatch.emergency.ways import KEY_TEXTS, Means, Way
from nightlatch.model.door import Door
from nightlatch.model.event import micros
from nightlatch.model.evidence import Fact, Grade
from nightlatch.model.home import Home
from nightlatch.model.hub import Hub
from nightlatch.model.lock import NO_POWER, Lock
from nightlatch.model.router import Router
from nightlatch.model.thing import Field, Thing
from nightlatch.text import listed
from nightlatch.web.home.doors import Charge, door_view, look, places
from nightlatch.web.house import House
from nightlatch.web.signin.who import Who
from nightlatch.web.texts import _

Holds = Literal["in", "out", "unknown"]
ANSWERS: tuple[tuple[type[Thing], tuple[Field[Any], ...]], ...] = (
    (Home, (Home.recovery_sheet_printed_on, Home.recovery_drilled_on)),
    (Door, (Door.backup_key, Door.backup_key_checked_on, Door.other_way_in, Door.egress_without_power)),
    (
        Lock,
        (
            *(Lock.on_flat_battery, Lock.emergency_power, Lock.opens_by_phone),
            *(Lock.flat_battery_tested_on, Lock.power_cut_tested_on, Lock.network_loss_tested_on),
        ),
    ),
    (Hub, (Hub.on_ups,)),
    (Router, (Router.on_ups,)),
)
"""What only a person can tell, and what matters when something fails."""
_OPENS = (BATTERY, POWER_CUT, INTERNET, HUB)
"""Failures after which a door may stand open to anybody."""


class Battery(msgspec.Struct, frozen=True):
    """The battery of one lock."""

    lock: str
    name: str
    door: str
    door_id: str
    charge: Charge
    kind: str = ""
    """As "4×AA", where that is known."""


class After(msgspec.Struct, frozen=True):
    """A door after one failure: whether a resident outside still gets in, and by what."""

    failure: str
    name: str
    holds: Holds
    text: str
    opens: str = ""
    """Why the door may stand open to anybody then; nothing when it does not."""


class Told(msgspec.Struct, frozen=True):
    """Something that only a person can tell. `at` is when they did, µs since 1970; 0: they did not."""

    about: str
    name: str
    question: str
    value: str = ""
    at: int = 0
    by: str = ""
    """How it is known."""


class DoorAfter(msgspec.Struct, frozen=True):
    """What every single failure does at one door, and what would settle what is not known of it."""

    name: str
    after: tuple[After, ...]
    leave: Holds
    """Whether people inside can always leave by hand."""
    doubts: tuple[str, ...] = ()
    """What is not known, each once."""
    questions: tuple[Told, ...] = ()
    """Of the door and its locks, as long as anything is not known."""


class WayIn(msgspec.Struct, frozen=True):
    """A way in that stands, or may, and what it does not survive."""

    text: str
    sure: bool
    fails: tuple[str, ...]


class SheetDoor(msgspec.Struct, frozen=True):
    """A door on the printed sheet. It holds no code."""

    name: str
    lock: str
    """Maker and model, as far as they are known."""
    ways: tuple[WayIn, ...]
    key: str
    """Where the spare key is, if somebody said so."""
    steps: tuple[str, ...]


class EmergencyView(msgspec.Struct, frozen=True):
    """The emergency page. `audited` 0: before the first audit only the batteries are known.

    Who may not read the journal is not told by what people get in, what they answered, nor the sheet: it says where
    keys are.
    """

    audited: int
    batteries: tuple[Battery, ...]
    doors: tuple[DoorAfter, ...]
    told: tuple[Told, ...]
    missing: tuple[Told, ...]
    """What nobody told yet, without what is asked at a door."""
    sheet: tuple[SheetDoor, ...]


async def emergency_view(house: House, who: Who) -> EmergencyView:
    """Everything that it holds today."""
    seen = await look(house, who)
    home, audit = house.service.autolock.home, house.service.auditor.last
    locks = {lock.ref.key: lock for lock in home.all(Lock)} if home is not None else {}
    batteries = []
    for place in places(house):
        door = door_view(seen, place)
        for one in door.locks:
            lock = locks.get(one.id.partition(":")[2])
            kind = lock.battery_type.value if lock is not None and lock.battery_type is not None else ""
            batteries.append(Battery(one.id, one.name, door.name, door.id, one.battery, kind))
    batteries.sort(key=lambda one: ("bad", "warn", "mute", "good").index(one.charge.tone))
    if home is None or audit is None:
        return EmergencyView(0, tuple(batteries), (), (), (), ())
    answers, sheet = await house.read(lambda: (tuple(_answers(home)), _sheet(home)))
    missing = tuple(one for one in answers if not one.at)
    doors = await house.read(lambda: _doors(home, who, missing))
    asked = {one for door in doors for one in door.questions}
    told = tuple(one for one in answers if one.at) if who.may("log") else ()
    rest = tuple(one for one in missing if one not in asked)
    return EmergencyView(micros(audit.at), tuple(batteries), doors, told, rest, sheet if who.may("log") else ())


def _doors(home: Home, who: Who, missing: tuple[Told, ...]) -> tuple[DoorAfter, ...]:
    found = []
    for door in home.cached(outlook).doors:
        places = range(len(FAILURES))
        after = tuple(_after(door, place, home, named=who.may("log")) for place in places)
        leave = _holds(None if door.leave is None else door.leave.value)
        doubts = tuple(dict.fromkeys(one for place in places for one in door.after(place).doubts if one))
        about = {str(door.subject), *(str(lock.ref) for lock in door.locks)}
        open_ = leave == "unknown" or any(one.holds == "unknown" for one in after)
        questions = tuple(one for one in missing if one.about in about) if open_ else ()
        found.append(DoorAfter(door.label, after, leave, doubts, questions))
    return tuple(found)


def _after(door: DoorOutlook, place: int, home: Home, *, named: bool) -> After:
    outcome = door.after(place)
    if outcome.way_in and not named:
        text = _("a way in remains")
    elif outcome.way_in:
        text = _("by %(ways)s", ways=listed(list(dict.fromkeys(way.text for way in outcome.left))))
    elif outcome.way_in is None:
        text = ""
    else:
        text = _("nobody outside gets in")
    opens = place in _OPENS and any(lets_in(lock, place, home).opens for lock in door.locks)
    return After(
        FAILURES[place].value,
        WITH[place],
        _holds(outcome.way_in),
        text,
        _("the door may stay unlocked") if opens else "",
    )


def _holds(answer: bool | None) -> Holds:
    return "unknown" if answer is None else "in" if answer else "out"


def _answers(home: Home) -> Iterator[Told]:
    for kind, fields in ANSWERS:
        for thing in (home,) if kind is Home else home.all(kind):
            if isinstance(thing, Door) and thing.exterior is not None and not thing.exterior.value:
                continue
            for field in fields:
                fact = thing.fact(field.name)
                if fact is None:
                    yield Told(str(thing.ref), thing.label, _words(field.ask))
                elif fact.grade is not Grade.CATALOGUED:
                    by = _("as somebody said") if fact.grade is Grade.DECLARED else fact.source
                    yield Told(str(thing.ref), thing.label, _words(field.ask), _value(fact), micros(fact.at), by)


def _words(question: str) -> str:
    """A question without the underscores of the words that may answer it."""
    return question.replace("_", " ")


def _value(fact: Fact[Any]) -> str:
    value = fact.value
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return value.isoformat() if isinstance(value, date) else str(value).replace("_", " ")


def _sheet(home: Home) -> tuple[SheetDoor, ...]:
    return tuple(_sheet_door(door, home) for door in home.cached(outlook).doors)


def _sheet_door(one: DoorOutlook, home: Home) -> SheetDoor:
    door = home.get(Door, one.subject.key) if one.subject.kind == Door.kind else None
    ways = [way for barrier in one.barriers for way in barrier] + list(one.around)
    spare = door.backup_key if door is not None else None
    key = ""
    if spare is not None and spare.grade is Grade.DECLARED:
        key = KEY_TEXTS.get(spare.value, _("there is none outside"))
    names = []
    for lock in one.locks:
        maker, model = ("" if fact is None else str(fact.value) for fact in (lock.maker, lock.model))
        # Many models begin with their maker's name.
        both = model if model.casefold().startswith(maker.casefold()) else f"{maker} {model}"
        names.append((both or maker).strip() or lock.label)
    return SheetDoor(
        one.label,
        listed(names),
        tuple(_way(way) for way in ways if way.stands is not False and way.means is not Means.OPENS),
        key,
        tuple(dict.fromkeys(step for lock in one.locks for step in _steps(lock))),
    )


def _way(way: Way) -> WayIn:
    fails = tuple(WITH[place] for place, answer in enumerate(way.after) if answer is False)
    return WayIn(way.text, way.stands is True, fails if way.stands else ())


def _steps(lock: Lock) -> Iterator[str]:
    """What to do at a lock by hand, as far as its model and answers tell."""
    if lock.emergency_power is not None:
        power = lock.emergency_power.value.strip()
        if power.lower() in NO_POWER:
            yield _("With its battery flat it cannot be powered from outside: use another way in.")
        else:
            yield _("With its battery flat: power it from outside (%(how)s), then enter a code.", how=power)
    if lock.battery_type is not None:
        yield _("Its batteries: %(kind)s.", kind=lock.battery_type.value)
    if lock.on_flat_battery is not None:
        does = {
            "stays_locked": _("it stays locked"),
            "unlocks": _("it unlocks"),
            "stays_as_is": _("it stays as it is"),
        }[lock.on_flat_battery.value]
        yield _("When its battery runs flat, %(does)s.", does=does)
    if lock.can_cylinder is not None and lock.can_cylinder.value:
        yield _("It has a keyhole: a key turns it without power.")
    yield _("If the bolt jams: pull or push the door towards its frame while you turn or unlock.")
