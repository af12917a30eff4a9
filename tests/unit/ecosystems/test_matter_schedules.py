"""Limits as a Matter lock's schedules: exact, or refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightlatch.ecosystems._matter.schedules import Plan, Unkeepable, clock_is_off, matches, plan
from nightlatch.model.command import Limit, Rules, WeekDay, YearDay
from nightlatch.model.event import micros

RULES = Rules(slots=20, year_days=3, week_days=3, days_together=True)
SECOND = 1_000_000
Y2000 = datetime(2000, 1, 1)  # noqa: DTZ001  # as a lock counts: local time


def utc(*when: int) -> int:
    return micros(datetime(*when, tzinfo=UTC))  # type: ignore[misc,arg-type]


def shown(seconds: int) -> datetime:
    """What the clock on the wall shows at a time that a lock was told."""
    return Y2000 + timedelta(seconds=seconds)


def test_dates_are_told_in_the_lock_s_local_time() -> None:
    found = plan((YearDay(utc(2026, 11, 27, 14), utc(2026, 11, 29, 10)),), "Europe/Berlin", RULES)
    (times,) = found.schedules
    assert (found.user_type, found.kind) == (1, "YearDay")
    assert [str(shown(times[each])) for each in ("localStartTime", "localEndTime")] == [
        "2026-11-27 15:00:00",
        "2026-11-29 11:00:00",
    ]


def test_days_of_the_week_are_told_as_one_schedule_for_the_same_hours() -> None:
    found = plan((WeekDay((0, 1, 2, 3, 4), 540, 720), WeekDay((6,), 1320, 1440)), "Europe/Berlin", RULES)
    assert found == Plan(
        2,
        "WeekDay",
        (
            {"daysMask": 0b0111110, "startHour": 9, "startMinute": 0, "endHour": 12, "endMinute": 0},
            {"daysMask": 0b0000001, "startHour": 22, "startMinute": 0, "endHour": 23, "endMinute": 59},
        ),
    )


def test_a_code_without_limits_needs_no_schedule() -> None:
    assert plan((), "Europe/Berlin", RULES) == Plan(0, None, ())


@pytest.mark.parametrize(
    ("limits", "why"),
    [
        ((YearDay(utc(2026, 10, 25, 0, 30), utc(2026, 10, 26)),), "set back"),  # 02:30 for the first time
        ((YearDay(utc(2026, 10, 24), utc(2026, 10, 25, 1, 30)),), "set back"),  # 02:30 for the second time
        ((YearDay(utc(2026, 10, 26), utc(2026, 10, 26)),), "no time"),
        ((YearDay(utc(1999, 1, 1), utc(2026, 1, 1)),), "no time"),
        ((YearDay(utc(2026, 1, 1), utc(2200, 1, 1)),), "no time"),
        ((YearDay(0, 2**62),), "no time"),
        ((YearDay(0, 2**80),), "no time"),
        ((WeekDay((0,), 0, 1439),), "midnight"),
        ((WeekDay((), 0, 60),), "no time of the week"),
        ((WeekDay((0,), 60, 60),), "no time of the week"),
        ((WeekDay((0,), 0, 60), YearDay(utc(2026, 1, 1), utc(2026, 1, 2))), "dates or to days"),
        ((WeekDay((0,), 0, 60),) * 4, "3 schedules of the week"),
        ((YearDay(utc(2026, 1, 1), utc(2026, 1, 2)),) * 4, "3 schedules of dates"),
    ],
)
def test_limits_that_cannot_be_told_exactly_are_not_told(limits: tuple[Limit, ...], why: str) -> None:
    with pytest.raises(Unkeepable, match=why):
        plan(limits, "Europe/Berlin", RULES)


def test_a_stay_over_the_night_of_a_clock_change_keeps_its_ends() -> None:
    found = plan((YearDay(utc(2026, 10, 24, 13), utc(2026, 10, 25, 10)),), "Europe/Berlin", RULES)
    (times,) = found.schedules
    assert (str(shown(times["localStartTime"])), str(shown(times["localEndTime"]))) == (
        "2026-10-24 15:00:00",
        "2026-10-25 11:00:00",
    )


ZONES = st.sampled_from(("UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe"))
TIMES = st.integers(utc(2020, 1, 1), utc(2060, 1, 1))


@given(TIMES, st.integers(1, 400 * 86_400 * SECOND), ZONES)
def test_a_lock_s_clock_never_lets_in_before_the_begin_or_after_the_end(begins: int, length: int, zone: str) -> None:
    ends = begins + length
    try:
        (times,) = plan((YearDay(begins, ends),), zone, RULES).schedules
    except Unkeepable:
        return
    # Whatever shows on the lock's clock at an instant just outside is outside of what it was told.
    for outside in (begins - 1, begins - 3600 * SECOND, ends, ends + 3600 * SECOND):
        local = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=outside)).astimezone(ZoneInfo(zone))
        on_the_clock = local.replace(tzinfo=None)
        assert not shown(times["localStartTime"]) <= on_the_clock < shown(times["localEndTime"])


NUMBERS = st.none() | st.integers() | st.text(max_size=3) | st.booleans()
ANSWERS = st.dictionaries(st.sampled_from(("status", "localStartTime", "localEndTime", "other")), NUMBERS)


@given(ANSWERS)
def test_only_the_same_schedule_is_the_same(told: dict[str, object]) -> None:
    wanted = {"localStartTime": 5, "localEndTime": 7}
    assert matches({"status": 0, **wanted}, wanted)
    same = told.get("status") == 0 and told.get("localStartTime") == 5 and told.get("localEndTime") == 7
    assert matches(told, wanted) is same
    assert matches(told, None) is (told.get("status") != 0)


def test_a_lock_s_clock_is_compared_with_the_one_at_home() -> None:
    now = utc(2026, 11, 27, 14)
    local = int((datetime(2026, 11, 27, 15, 1) - Y2000).total_seconds()) * SECOND  # noqa: DTZ001
    assert clock_is_off(local, now, "Europe/Berlin") == 60
    assert clock_is_off(local, now, "UTC") == 3660
