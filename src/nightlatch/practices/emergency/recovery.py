"""Work out who is locked out, failure by failure, while there is time to do something about it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from nightlatch.emergency.failures import FAILURES, WITH, Failure
from nightlatch.emergency.outlook import DoorOutlook, Outcome, outlook
from nightlatch.emergency.ways import AnyFact
from nightlatch.fixes import doors, power
from nightlatch.model.door import Door
from nightlatch.model.finding import Fix, Section, Severity
from nightlatch.model.home import Home
from nightlatch.model.hub import Hub
from nightlatch.model.lock import Lock
from nightlatch.model.people import Account, Credential
from nightlatch.model.router import Router
from nightlatch.model.thing import Field
from nightlatch.practices.dates import judge_last
from nightlatch.practices.interface import Judgement, Practice, fails, passes, unknown
from nightlatch.practices.questions import ask
from nightlatch.text import listed

practice = Practice(
    "recovery",
    number=25,
    section=Section.EMERGENCY,
    severity=Severity.HIGH,
    title="Make sure that no single failure locks you out",
    why="Batteries, internet lines, hubs, phones and accounts all fail some day, and then at the door. A second way in "
    "that was practised turns that into a nuisance.",
    standards=("ETSI EN 303 645 V3.1.3 5.9-2", "OWASP ISVS 3.4.7"),
)

printed = practice.threshold("printed-days", 365, unit="days", doc="the age of the printed recovery sheet may be")
drilled = practice.threshold("drilled-days", 365, unit="days", doc="the time since the last drill may be")

_TITLES = (
    "A flat battery locks nobody out",
    "A power cut locks nobody out",
    "A failed internet line locks nobody out",
    "A failed hub locks nobody out",
    "A lost phone locks nobody out",
    "A locked account locks nobody out",
    "A broken keypad locks nobody out",
    "A jammed bolt locks nobody out",
)


_WAYS: tuple[Field[Any], ...] = (
    Lock.door,
    Door.exterior,
    Door.backup_key,
    Door.other_way_in,
    Lock.can_cylinder,
    Lock.can_keypad,
    Credential.role,
    Lock.opens_by_phone,
    Account.opens_door,
)
_NEEDS: dict[Failure, tuple[Field[Any], ...]] = {
    Failure.BATTERY: (Lock.emergency_power, Lock.on_flat_battery),
    Failure.POWER_CUT: (Hub.on_ups, Router.on_ups),
    Failure.INTERNET: (Lock.path, Lock.iot_class),
    Failure.HUB: (Lock.hub,),
}


def _judge(failure: int) -> Callable[[Home, Home], Judgement]:
    begins = WITH[failure]

    def judge(home: Home, _: Home) -> Judgement:
        """Judge every exterior door after this one failure."""
        found = home.cached(outlook).doors
        if not found:
            return unknown(because="No exterior door with a smart lock is known.")
        outcomes = [(door, door.after(failure)) for door in found]
        shut = [(door, outcome) for door, outcome in outcomes if outcome.way_in is False and door.exterior]
        if shut:
            labels = [door.label for door, _ in shut]
            return fails(
                *_evidence(shut),
                because=f"{begins}, no way in remains at {listed(labels)}.",
                fix=power.second_way(FAILURES[failure], labels),
            )
        unsure = [(door, outcome) for door, outcome in outcomes if not outcome.way_in]
        if unsure:
            door, outcome = unsure[0]
            doubts = listed(outcome.doubts or ("whether the door leads outside",))
            return unknown(
                *_evidence(unsure),
                because=f"{begins}, no way in at {door.label} can be shown: nothing tells {doubts}.",
                fix=partial(_ask, [door for door, _ in unsure]),
            )
        ways = "; ".join(f"{door.label} by {outcome.left[0].text}" for door, outcome in outcomes)
        return passes(
            *_evidence(outcomes),
            because=f"{begins}, a way in remains: {ways}.",
        )

    return judge


def _evidence(outcomes: list[tuple[DoorOutlook, Outcome]]) -> tuple[AnyFact, ...]:
    """What shows the outcomes, each fact once: doors share hubs."""
    return tuple({id(fact): fact for _, outcome in outcomes for fact in outcome.evidence}.values())


def _ask(unsure: list[DoorOutlook], thing: Home, home: Home) -> Fix:
    steps: list[str] = []
    for outlooked in unsure:
        door = home.get(Door, outlooked.subject.key) if outlooked.subject.kind == Door.kind else None
        if door is not None:
            steps += ask(door, Door.exterior, Door.backup_key, Door.other_way_in).steps
        for lock in outlooked.locks:
            if door is None:
                steps.append(
                    f"Say in nightlatch.toml which door {lock.label} is fitted to (door = ... of its [[locks]])."
                )
            steps += ask(lock, Lock.can_cylinder, Lock.emergency_power, Lock.opens_by_phone, Lock.path).steps
    return Fix("Find out.", tuple(steps))


for _place, _failure in enumerate(FAILURES):
    practice.check(
        _failure.value.replace("_", "-"),
        per=Home,
        title=_TITLES[_place],
        needs=(*_WAYS, *_NEEDS.get(_failure, ())),
        settled_by="the locks' models and codes, and your answers about keys and other ways in",
    )(_judge(_place))


@practice.check(
    "sheet-printed",
    per=Home,
    advice=doors.print_sheet,
    severity=Severity.MEDIUM,
    title="The recovery sheet was printed within a year",
    needs=(Home.recovery_sheet_printed_on,),
    settled_by="your answer with the day",
)
def sheet_printed(home: Home, _: Home) -> Judgement:
    """Judge how old the sheet is that somebody would read at the door."""
    return judge_last(
        home.recovery_sheet_printed_on,
        home,
        limit=printed,
        what="The recovery sheet was last printed",
        fix=doors.print_sheet,
    )


@practice.check(
    "drilled",
    per=Home,
    advice=doors.drill,
    severity=Severity.MEDIUM,
    title="Getting in without the smart lock was practised within a year",
    needs=(Home.recovery_drilled_on,),
    settled_by="a drill, and your answer with the day",
)
def drilled_lately(home: Home, _: Home) -> Judgement:
    """Judge how long ago it was seen to work."""
    return judge_last(
        home.recovery_drilled_on,
        home,
        limit=drilled,
        what="Getting in without the smart lock was last practised",
        fix=doors.drill,
    )
