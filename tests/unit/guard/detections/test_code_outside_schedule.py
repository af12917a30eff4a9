"""Credentials outside their hours, before their start, after their end."""

from __future__ import annotations

from typing import Any

import pytest

from nightlatch.guard.household import Holder, Household
from nightlatch.model.access import Grant, Weekly
from nightlatch.model.finding import Severity
from tests.unit.guard.detections.play import Noticed, Player, at, berlin, event, holder, home

ID = "code-outside-schedule"
SUNDAY, MONDAY = 6 * 1440, 0


def used(own: Holder, when: int, **more: Any) -> list[Noticed]:
    household: Household = home(holders={("lock:front", 3): own})
    return Player(ID, household).hear(event(when, "unlocked", by="code", slot=3, **more))


def test_a_code_after_its_end_is_critical_and_says_when_it_ended() -> None:
    (noticed,) = used(holder(ends=berlin("2026-11-20T18:00")), berlin("2026-11-22T03:12"))
    assert noticed.what == (
        "Front door was unlocked at 03:12 with the code in slot 3, which ended on 2026-11-20 at 18:00."
    )
    assert (noticed.severity, noticed.person, noticed.key) == (Severity.CRITICAL, "ana", "lock:front/3")


def test_the_end_itself_is_already_after_it() -> None:
    assert len(used(holder(ends=at(0)), at(0))) == 1
    assert used(holder(ends=at(0)), at(0) - 1) == []


def test_a_code_before_its_start_is_told() -> None:
    (noticed,) = used(holder(starts=berlin("2026-12-01T00:00")), berlin("2026-11-22T12:00"))
    assert "which begins only on 2026-12-01 at 00:00" in noticed.what
    assert noticed.severity is Severity.HIGH


@pytest.mark.parametrize(
    ("when", "told"),
    [("2026-11-23T07:59", True), ("2026-11-23T08:00", False), ("2026-11-23T11:59", False), ("2026-11-23T12:00", True)],
)
def test_hours_begin_with_their_first_minute_and_end_before_their_last(when: str, told: bool) -> None:
    assert bool(used(holder(windows=((MONDAY + 480, MONDAY + 720),)), berlin(when))) is told


@pytest.mark.parametrize(
    ("when", "fold", "told"),
    [
        ("2026-03-29T01:59", 0, True),
        ("2026-03-29T03:00", 0, False),  # the hour from 2 to 3 does not exist that night
        ("2026-10-25T02:59", 0, True),
        ("2026-10-25T02:59", 1, True),
        ("2026-10-25T03:00", 0, False),
        ("2026-10-25T03:59", 0, False),
        ("2026-10-25T04:00", 0, True),
    ],
)
def test_hours_are_those_of_the_clock_on_the_wall_in_nights_when_it_changes(when: str, fold: int, told: bool) -> None:
    assert bool(used(holder(windows=((SUNDAY + 180, SUNDAY + 240),)), berlin(when, fold))) is told


def test_a_leap_day_is_an_ordinary_tuesday() -> None:
    tuesday = 1440
    assert used(holder(windows=((tuesday, tuesday + 1440),)), berlin("2028-02-29T23:59")) == []
    assert len(used(holder(windows=((tuesday, tuesday + 1440),)), berlin("2028-03-01T00:00"))) == 1


def test_without_hours_and_end_a_code_is_good_at_any_time() -> None:
    assert used(holder(), at(0)) == []


def test_what_was_found_out_after_a_reconnect_is_not_judged_since_its_time_is_unknown() -> None:
    assert used(holder(ends=at(-100)), at(0), resync=True) == []


def test_a_code_that_nobody_explained_is_not_its_case() -> None:
    assert Player(ID).hear(event(at(0), "unlocked", by="code", slot=9)) == []


def granted(**more: Any) -> Holder:
    mornings = Weekly(tuple((day * 1440 + 9 * 60, day * 1440 + 12 * 60) for day in range(5)))
    return holder(grants=(Grant("g1", "person:ana", ("door:front",), mornings, **more),))


def test_a_code_is_judged_by_the_grants_of_its_person() -> None:
    assert used(granted(), berlin("2026-11-23T09:00")) == []
    (noticed,) = used(granted(), berlin("2026-11-23T12:00"))
    assert noticed.what == (
        "Front door was unlocked at 12:00 with the code in slot 3, outside the times that are granted."
    )
    assert noticed.severity is Severity.HIGH


def test_a_code_after_its_grant_s_end_is_critical() -> None:
    for end in ({"ends": berlin("2026-11-20T18:00")}, {"ends": at(days=9), "ended": berlin("2026-11-20T18:00")}):
        (noticed,) = used(granted(**end), berlin("2026-11-23T10:00"))
        assert "whose grant ended on 2026-11-20 at 18:00" in noticed.what
        assert noticed.severity is Severity.CRITICAL


def test_one_grant_of_several_that_holds_is_enough() -> None:
    always = Grant("g2", "person:ana", ("door:front",))
    own = holder(grants=(*granted(ends=at(0)).grants, always))
    assert used(own, berlin("2026-11-29T03:00")) == []
