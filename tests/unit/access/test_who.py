"""Who can open a door: in which order, until when, and what is not known."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightlatch.access.who import (
    ERASED,
    NOBODY_KNOWS,
    ORDER,
    Entrance,
    Leave,
    Line,
    Opener,
    Scene,
    by_now,
    coming,
    current,
)
from nightlatch.model.access import LEDGER_STATES, OPENS, Entry, Grant, Person, Weekly
from nightlatch.model.command import YearDay
from nightlatch.model.event import micros

NOW = micros(datetime(2026, 11, 23, 10, 0, tzinfo=UTC))
HOUR = 3_600_000_000
FRONT, SHED = "lock:front", "lock:shed"
SCENE = Scene({"door:front": (FRONT,), SHED: (SHED,)}, {"door:front": "Front door"}, {"ana": "Ana", "bo": "Bo"})
PEOPLE = (Person("ana", "Ana"), Person("bo", "Bo", groups=("cleaners",)))
DOORS = {FRONT: "door:front"}


def line(state: str, slot: int = 3, lock: str = FRONT, person: str = "ana", **more: Any) -> Line:
    known: dict[str, Any] = {"seen": NOW - HOUR, "proof": "value", "present": True, "person": person, **more}
    return Line(Entry(lock, f"c-{person}", slot, state, **known))  # type: ignore[arg-type]  # one of the states


def foreign(slot: int = 7, **more: Any) -> Line:
    return Line(Entry(FRONT, slot=slot, state="foreign", proof="presence", present=True, **more))


def leave(*grants: Grant) -> Leave:
    return Leave(PEOPLE, grants, DOORS, UTC)


def at_front(found: list[Entrance]) -> tuple[Opener, ...]:
    return next(one.openers for one in found if one.about == "door:front")


def test_foreign_and_exposed_come_first_and_then_what_is_in_doubt() -> None:
    states = ["present", "setting", "changing", "removing", "exposed"]
    lines = [*(line(state, slot) for slot, state in enumerate(states, 1)), foreign(7), foreign(8, kept=True)]
    openers = at_front(current(lines, SCENE, leave(), NOW))
    assert [one.state for one in openers] == [
        "exposed",
        "foreign",
        "removing",
        "changing",
        "setting",
        "present",
        "kept",
    ]


@given(st.lists(st.tuples(st.sampled_from(LEDGER_STATES), st.integers(1, 9)), max_size=12))
def test_everything_that_may_be_on_a_lock_is_listed_and_nothing_else(lines: list[tuple[str, int]]) -> None:
    found = at_front(current([line(state, slot) for state, slot in lines], SCENE, leave(), NOW))
    assert sorted(one.slot for one in found) == sorted(slot for state, slot in lines if state in OPENS)
    ranks = [ORDER[one.state] for one in found]
    assert ranks == sorted(ranks)


def test_doors_with_exposed_or_foreign_codes_come_first() -> None:
    lines = [line("present"), line("exposed", lock=SHED)]
    assert [one.about for one in current(lines, SCENE, leave(), NOW)] == [SHED, "door:front"]


def test_an_exposed_code_says_that_it_should_be_gone_why_it_is_not_and_when_it_was_seen() -> None:
    (one,) = at_front(current([line("exposed", reason="no answer within 10 s")], SCENE, leave(), NOW))
    assert (one.who, one.evidence, one.seen) == ("Ana", "the code was read back", NOW - HOUR)
    assert one.note == "it should be gone; no answer within 10 s"


def test_until_when_somebody_has_leave_is_the_end_of_all_their_grants_together() -> None:
    grants = (
        Grant("g1", "person:bo", ("door:front",), starts=NOW - HOUR, ends=NOW + HOUR),
        Grant("g2", "group:cleaners", ("*",), starts=NOW + HOUR, ends=NOW + 3 * HOUR),
    )
    (one,) = at_front(current([line("present", person="bo")], SCENE, leave(*grants), NOW))
    assert one.until == NOW + 3 * HOUR


@pytest.mark.parametrize(
    ("entry", "who"),
    [
        (foreign(), NOBODY_KNOWS),
        (foreign(name="Sam"), "Sam"),
        (foreign(kept=True, person="bo"), "Bo"),
        (Line(line("present").entry, "the code was read back", erased=True), ERASED),
        (line("present", person="gone"), "gone"),
    ],
)
def test_everybody_has_a_name_or_says_that_there_is_none(entry: Line, who: str) -> None:
    (one,) = at_front(current([entry], SCENE, leave(), NOW))
    assert one.who == who


def test_what_is_known_beside_the_ledger_comes_last_and_gives_way_to_its_lines() -> None:
    def beside(lock: str) -> tuple[tuple[Opener, ...], tuple[str, ...]]:
        told = [Opener("Sam", "code", "known", "the audit found it", lock=lock, slot=slot) for slot in (3, 4)]
        return tuple(told), (f"{lock} has a keyhole or not",)

    scene = Scene(SCENE.doors, {}, SCENE.people, beside)
    (front, shed) = current([line("present", 3)], scene, leave(), NOW)
    assert [(one.who, one.slot) for one in front.openers] == [("Ana", 3), ("Sam", 4)]
    assert front.unknown == ("lock:front has a keyhole or not",)
    assert [one.slot for one in shed.openers] == [3, 4]


@pytest.mark.parametrize("state", ["setting", "changing", "present"])
def test_a_code_whose_grant_is_over_is_exposed_before_anything_ran_to_see_it(state: str) -> None:
    for grant in (
        Grant("g1", "person:ana", ("door:front",), ends=NOW),
        Grant("g1", "person:ana", ("door:front",), ended=NOW - HOUR),
        Grant("g1", "person:ana", ("door:front",), uses=1, used=1),
        Grant("g1", "person:ana", ("door:front",), starts=NOW + HOUR),
        Grant("g1", "person:bo", ("door:front",)),
    ):
        (stands,) = by_now([line(state).entry], leave(grant), NOW)
        assert stands.entry.state == "exposed"
        assert stands.entry.reason == "nobody grants it any more, and nothing has taken it off the lock yet"
    (stands,) = by_now([line(state).entry], leave(Grant("g1", "person:ana", ("door:front",))), NOW)
    assert stands.entry == line(state).entry


def test_a_code_that_its_lock_shuts_out_until_it_is_granted_again_is_not_exposed() -> None:
    held = line("present", limits=(YearDay(NOW + HOUR, NOW + 2 * HOUR),)).entry
    ahead = Grant("g1", "person:ana", ("door:front",), starts=NOW + HOUR, ends=NOW + 2 * HOUR)
    stands = list(by_now([held], leave(ahead), NOW))
    assert [one.entry.state for one in stands] == ["present"]
    assert at_front(current(stands, SCENE, leave(ahead), NOW))[0].note == "the lock itself shuts it out now"
    assert [one.entry.state for one in by_now([held], leave(ahead), NOW + 2 * HOUR)] == ["exposed"]


@pytest.mark.parametrize("state", ["planned", "removing", "exposed", "absent", "blocked"])
def test_other_lines_stand_as_they_are_written(state: str) -> None:
    assert [one.entry.state for one in by_now([line(state).entry], leave(), NOW)] == [state]


class TestComing:
    at = NOW + 24 * HOUR

    def test_who_has_leave_then_is_listed_with_or_without_a_code_on_the_lock(self) -> None:
        grants = (Grant("g1", "person:ana", ("door:front",)), Grant("g2", "person:bo", ("door:front",)))
        found = at_front(coming([line("present")], SCENE, leave(*grants), self.at, NOW))
        assert [(one.who, one.state) for one in found] == [("Ana", "present"), ("Bo", "granted")]

    def test_what_ends_before_is_not_listed(self) -> None:
        grant = Grant("g1", "person:ana", ("door:front",), ends=self.at)
        assert at_front(coming([line("present")], SCENE, leave(grant), self.at, NOW)) == ()
        assert len(at_front(coming([line("present")], SCENE, leave(grant), self.at - 1, NOW))) == 1

    def test_hours_of_the_week_hold_then_or_not(self) -> None:
        tuesday = Weekly(((1440 + 9 * 60, 1440 + 12 * 60),))
        grant = Grant("g1", "person:ana", ("door:front",), tuesday)
        assert len(at_front(coming([], SCENE, leave(grant), self.at, NOW))) == 1
        assert at_front(coming([], SCENE, leave(grant), self.at + 3 * HOUR, NOW)) == ()

    @pytest.mark.parametrize("state", ["exposed", "removing"])
    def test_a_code_that_is_not_proven_gone_is_not_taken_for_gone(self, state: str) -> None:
        (one,) = at_front(coming([line(state)], SCENE, leave(), self.at, NOW))
        assert one.state == state

    def test_a_foreign_code_stays_and_says_so(self) -> None:
        (one,) = at_front(coming([foreign()], SCENE, leave(), self.at, NOW))
        assert one.note == "on the lock now, and nothing removes it by then"

    def test_who_was_removed_has_no_leave_any_more(self) -> None:
        gone = Leave((Person("ana", "Ana", ended=NOW),), (Grant("g1", "person:ana", ("*",)),), DOORS, UTC)
        assert at_front(coming([], SCENE, gone, self.at, NOW)) == ()
