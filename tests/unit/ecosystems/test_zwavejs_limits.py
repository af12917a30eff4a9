"""Limits become schedules in a lock's local time, never wider than they are."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightlatch.ecosystems._zwavejs.limits import Impossible, Room, days_together, schedules
from nightlatch.model.command import Limit, WeekDay, YearDay

MINUTE = 60_000_000
ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "UTC")
ROOM = Room(numYearDaySlots=1, numWeekDaySlots=7, numDailyRepeatingSlots=1)


def us(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp()) * 1_000_000


def written(schedule: dict[str, Any], of: str) -> datetime:
    parts = [schedule[f"{of}{name}"] for name in ("Year", "Month", "Day", "Hour", "Minute")]
    year, month, day, hour, minute = parts
    return datetime(2000 + year, month, day, hour, minute, tzinfo=UTC)


def test_a_span_is_written_in_the_local_time_of_its_zone() -> None:
    limit = YearDay(us("2026-07-01T15:00+02:00"), us("2026-07-03T11:30+02:00"))
    found = schedules((limit,), "Europe/Berlin", ROOM)
    assert found.kind == "YearDay"
    assert found.each == (
        {
            **{"startYear": 26, "startMonth": 7, "startDay": 1, "startHour": 15, "startMinute": 0},
            **{"stopYear": 26, "stopMonth": 7, "stopDay": 3, "stopHour": 11, "stopMinute": 30},
        },
    )


def test_a_span_begins_with_the_next_whole_minute_and_ends_with_the_last_one() -> None:
    limit = YearDay(us("2026-07-01T15:00:01+00:00"), us("2026-07-01T15:09:59+00:00"))
    [one] = schedules((limit,), "UTC", ROOM).each
    assert (one["startMinute"], one["stopMinute"]) == (1, 9)


@pytest.mark.parametrize(
    ("begins", "ends", "start", "stop"),
    [
        ("2026-10-25T02:30+02:00", "2026-10-25T12:00+01:00", "02:30", "12:00"),
        ("2026-10-25T02:30+01:00", "2026-10-25T12:00+01:00", "03:00", "12:00"),
        ("2026-10-25T00:30+02:00", "2026-10-25T02:30+02:00", "00:30", "02:00"),
        ("2026-10-25T00:30+02:00", "2026-10-25T02:30+01:00", "00:30", "02:30"),
        ("2026-03-29T01:30+01:00", "2026-03-29T03:30+02:00", "01:30", "03:30"),
    ],
)
def test_in_the_hour_that_comes_twice_a_code_works_less_and_never_more(
    begins: str, ends: str, start: str, stop: str
) -> None:
    [one] = schedules((YearDay(us(begins), us(ends)),), "Europe/Berlin", ROOM).each
    assert f"{written(one, 'start'):%H:%M} {written(one, 'stop'):%H:%M}" == f"{start} {stop}"


@given(
    zone=st.sampled_from(ZONES),
    begins=st.integers(us("2026-01-01T00:00Z") // MINUTE, us("2026-12-31T00:00Z") // MINUTE),
    minutes=st.integers(1, 4000),
    offset=st.integers(-5000, 5000),
)
def test_a_clock_without_a_zone_opens_at_no_instant_outside_the_span(
    zone: str, begins: int, minutes: int, offset: int
) -> None:
    limit = YearDay(begins * MINUTE, (begins + minutes) * MINUTE)
    try:
        [one] = schedules((limit,), zone, ROOM).each
    except Impossible:
        return
    instant = datetime.fromtimestamp((begins + offset) * 60, UTC)
    shown = instant.astimezone(ZoneInfo(zone)).replace(tzinfo=UTC)
    if written(one, "start") <= shown < written(one, "stop"):
        assert limit.begins <= instant.timestamp() * 1_000_000 < limit.ends


@given(
    zone=st.sampled_from(ZONES), at=st.integers(us("2026-01-01T00:00Z") // MINUTE, us("2026-12-30T00:00Z") // MINUTE)
)
def test_a_span_of_a_day_keeps_all_but_the_hours_that_come_twice(zone: str, at: int) -> None:
    [one] = schedules((YearDay(at * MINUTE, (at + 24 * 60) * MINUTE),), zone, ROOM).each
    assert written(one, "stop") - written(one, "start") >= timedelta(hours=21)


def test_days_of_the_week_are_counted_from_sunday() -> None:
    found = schedules((WeekDay((0, 6), 9 * 60, 24 * 60),), "UTC", ROOM)
    assert found.kind == "WeekDay"
    assert [one["weekday"] for one in found.each] == [1, 0]
    assert all((one["startHour"], one["stopHour"], one["stopMinute"]) == (9, 23, 59) for one in found.each)


def test_a_lock_with_too_few_days_takes_them_together_where_it_can() -> None:
    found = schedules((WeekDay((0, 1, 2), 540, 1440),), "UTC", Room(1, 1, 1))
    assert found.kind == "DailyRepeating"
    [one] = found.each
    assert one == {"weekdays": [1, 2, 3], "startHour": 9, "startMinute": 0, "durationHour": 15, "durationMinute": 0}
    assert days_together(Room(1, 1, 1))
    assert not days_together(Room(1, 7, 1))
    assert not days_together(Room(1, 1, 0))


@pytest.mark.parametrize(
    ("limits", "zone", "room", "why"),
    [
        ((YearDay(0, MINUTE), WeekDay((0,), 0, 60)), "UTC", ROOM, "not both"),
        ((YearDay(us("2026-01-01T00:00Z"), us("2026-01-02T00:00Z")),) * 2, "UTC", ROOM, "room for 1 where 2 spans"),
        ((WeekDay((0, 1), 0, 60),), "UTC", Room(1, 1, 0), "room for 1 where 2 windows of the week"),
        ((YearDay(MINUTE, MINUTE),), "UTC", ROOM, "over before"),
        ((YearDay(MINUTE + 1, 2 * MINUTE - 1),), "UTC", ROOM, "over before"),
        ((YearDay(0, MINUTE),), "UTC", ROOM, "the years 2000 to 2099"),
        ((YearDay(us("2026-01-01T00:00Z"), 10**22),), "UTC", ROOM, "out of reach"),
        ((YearDay(0, MINUTE),), "Nowhere/Land", ROOM, "no time zone"),
        ((YearDay(0, MINUTE),), "../../etc/passwd", ROOM, "no time zone"),
        ((WeekDay((), 0, 60),), "UTC", ROOM, "one day"),
        ((WeekDay((7,), 0, 60),), "UTC", ROOM, "one day"),
        ((WeekDay((0,), 60, 60),), "UTC", ROOM, "one day"),
        ((WeekDay((0,), 0, 1441),), "UTC", ROOM, "one day"),
        ((WeekDay((0,), 1439, 1440),), "UTC", ROOM, "last minute"),
    ],
)
def test_what_a_lock_cannot_keep_is_said(limits: tuple[Limit, ...], zone: str, room: Room, why: str) -> None:
    with pytest.raises(Impossible, match=why):
        schedules(limits, zone, room)
