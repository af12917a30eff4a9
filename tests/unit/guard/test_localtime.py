"""Wall time by whole numbers agrees with datetime, in every zone and on every night."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightlatch.guard.localtime import LocalTime
from nightlatch.model.event import instant, micros

ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Africa/Casablanca", "UTC")


@given(
    st.sampled_from(ZONES),
    st.lists(st.integers(0, 4_102_444_800).map(lambda second: instant(second * 1_000_000)), min_size=1, max_size=20),
)
def test_hour_minute_of_the_week_and_day_are_those_of_the_zone(zone: str, whens: list[datetime]) -> None:
    local = LocalTime(ZoneInfo(zone))
    for when in whens:
        at, wall = micros(when), when.astimezone(ZoneInfo(zone))
        assert local.hour(at) == wall.hour
        assert local.of_week(at) == wall.weekday() * 1440 + wall.hour * 60 + wall.minute
        assert local.clock(at) == f"{wall:%H:%M}"
        assert local.day(at) == wall.date().isoformat()


@pytest.mark.parametrize("day", ["2026-03-29", "2026-10-25", "2026-04-05", "2026-10-04", "2028-02-29"])
@pytest.mark.parametrize("zone", ZONES)
def test_every_minute_of_a_night_in_which_clocks_change_is_right_in_any_order(zone: str, day: str) -> None:
    begin = datetime.fromisoformat(day).replace(tzinfo=UTC) - timedelta(hours=14)
    minutes = [begin + timedelta(minutes=number) for number in range(40 * 60)]
    for order in (minutes, minutes[::-1], minutes[::7]):
        local = LocalTime(ZoneInfo(zone))
        assert [local.clock(micros(when)) for when in order] == [
            f"{when.astimezone(ZoneInfo(zone)):%H:%M}" for when in order
        ]


@pytest.mark.parametrize("at", [0, -1, -(10**18), 10**18, 2**62])
def test_any_number_of_microseconds_has_an_hour_and_a_day(at: int) -> None:
    local = LocalTime(ZoneInfo("Europe/Berlin"))
    assert 0 <= local.hour(at) < 24
    assert "1969-12-29" <= local.day(at) <= "9999-12-31"


def test_a_fixed_offset_is_a_zone_too() -> None:
    assert LocalTime(timezone(timedelta(hours=-3))).clock(micros(instant(0))) == "21:00"
