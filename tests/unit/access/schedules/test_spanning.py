from datetime import date, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nightlatch.access.schedules import following, running, spans, union
from nightlatch.model.access import Always, Dates, Grant, Recurring, Schedule, Weekly
from tests.unit.access.schedules.oracle import MINUTE, at, minutes

BERLIN = ZoneInfo("Europe/Berlin")
NEW_YORK = ZoneInfo("America/New_York")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")  # changes by half an hour
HAVANA = ZoneInfo("America/Havana")  # changes at midnight
BEIRUT = ZoneInfo("Asia/Beirut")
APIA = ZoneInfo("Pacific/Apia")  # had no 30 December 2011
ZONES = (BERLIN, NEW_YORK, LORD_HOWE, HAVANA, BEIRUT, APIA, ZoneInfo("UTC"), ZoneInfo("Asia/Kathmandu"))
FAR = 1 << 61
DAY = 1440 * MINUTE


def grant(schedule: Schedule, **fields: int) -> Grant:
    return msgspec.structs.replace(Grant("g", "person:ana", ("door:front",), schedule), **fields)


def of_week(day: int, hour: int, minute: int = 0) -> int:
    return day * 1440 + hour * 60 + minute


def test_a_weekly_window_is_given_by_the_clock_on_the_wall() -> None:
    weekly = grant(Weekly(((of_week(0, 9), of_week(0, 12)),)))
    found = list(islice(spans(weekly, BERLIN, at(BERLIN, 2026, 11, 22), FAR), 2))
    assert found == [
        (at(BERLIN, 2026, 11, 23, 9), at(BERLIN, 2026, 11, 23, 12)),
        (at(BERLIN, 2026, 11, 30, 9), at(BERLIN, 2026, 11, 30, 12)),
    ]


def test_a_window_that_begins_in_the_hour_that_does_not_exist_begins_when_it_is_over() -> None:
    # Berlin, 29 March 2026: from 02:00 to 03:00.
    weekly = grant(Weekly(((of_week(6, 2, 30), of_week(6, 5)),)))
    assert following(weekly, BERLIN, at(BERLIN, 2026, 3, 28)) == (
        at(BERLIN, 2026, 3, 29, 3),
        at(BERLIN, 2026, 3, 29, 5),
    )


def test_a_window_within_the_hour_that_does_not_exist_is_left_out_that_week() -> None:
    weekly = grant(Weekly(((of_week(6, 2, 15), of_week(6, 2, 45)),)))
    assert following(weekly, BERLIN, at(BERLIN, 2026, 3, 28)) == (
        at(BERLIN, 2026, 4, 5, 2, 15),
        at(BERLIN, 2026, 4, 5, 2, 45),
    )


def test_a_window_over_the_repeated_hour_is_an_hour_longer() -> None:
    weekly = grant(Weekly(((of_week(5, 22), of_week(6, 6)),)))
    begin, end = following(weekly, BERLIN, at(BERLIN, 2026, 10, 24)) or (0, 0)
    assert (end - begin) // MINUTE == 9 * 60


def test_a_window_within_the_repeated_hour_runs_both_times() -> None:
    weekly = grant(Weekly(((of_week(6, 2, 15), of_week(6, 2, 45)),)))
    found = list(spans(weekly, BERLIN, at(BERLIN, 2026, 10, 25), at(BERLIN, 2026, 10, 26)))
    assert found == [
        (at(BERLIN, 2026, 10, 25, 2, 15), at(BERLIN, 2026, 10, 25, 2, 45)),
        (at(BERLIN, 2026, 10, 25, 2, 15, fold=1), at(BERLIN, 2026, 10, 25, 2, 45, fold=1)),
    ]


def test_a_day_whose_window_lies_in_the_repeated_hour_runs_the_second_time_too_when_asked_in_between() -> None:
    day = date(2026, 10, 25)
    once = grant(Dates(((day, day),), 135, 165))
    second = at(BERLIN, 2026, 10, 25, 2, 15, fold=1)
    assert following(once, BERLIN, at(BERLIN, 2026, 10, 25, 2, 50)) == (second, second + 30 * MINUTE)


def test_windows_that_the_missing_hour_parts_are_one_span_that_night() -> None:
    nights = grant(Weekly(((of_week(6, 0), of_week(6, 2)), (of_week(6, 3), of_week(6, 6)))))
    expected = (at(BERLIN, 2026, 3, 29), at(BERLIN, 2026, 3, 29, 6))
    assert running(nights, BERLIN, at(BERLIN, 2026, 3, 29, 5)) == expected
    assert running(nights, BERLIN, at(BERLIN, 2026, 3, 29, 1)) == expected


def test_a_grant_that_crosses_midnight_is_one_span() -> None:
    weekly = grant(Weekly(((of_week(5, 22), of_week(6, 2)),)))
    assert running(weekly, BERLIN, at(BERLIN, 2026, 11, 29, 1)) == (
        at(BERLIN, 2026, 11, 28, 22),
        at(BERLIN, 2026, 11, 29, 2),
    )


def test_sunday_night_runs_into_monday() -> None:
    weekly = grant(Weekly(((of_week(6, 22), of_week(6, 22) + 300), (of_week(0, 2), of_week(0, 8)))))
    assert running(weekly, BERLIN, at(BERLIN, 2026, 11, 30, 7)) == (
        at(BERLIN, 2026, 11, 29, 22),
        at(BERLIN, 2026, 11, 30, 8),
    )


def test_a_week_without_a_gap_never_ends() -> None:
    weekly = grant(Weekly(tuple((day * 1440, day * 1440 + 1440) for day in range(7))))
    assert list(spans(weekly, BERLIN, 0, FAR)) == [(0, 0)]


def test_29_february_recurs_in_leap_years_alone() -> None:
    leap = grant(Recurring("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", "2024-02-29T10:00", 60))
    assert [begin for begin, _ in islice(spans(leap, BERLIN, 0, FAR), 3)] == [
        at(BERLIN, 2024, 2, 29, 10),
        at(BERLIN, 2028, 2, 29, 10),
        at(BERLIN, 2032, 2, 29, 10),
    ]


def test_dates_take_in_a_leap_day() -> None:
    dates = grant(Dates(((date(2028, 2, 28), date(2028, 3, 1)),), 540, 600))
    assert len(list(spans(dates, BERLIN, 0, FAR))) == 3


def test_dates_of_whole_days_are_one_span() -> None:
    dates = grant(Dates(((date(2026, 12, 24), date(2026, 12, 25)), (date(2026, 12, 26), date(2026, 12, 27)))))
    assert list(spans(dates, BERLIN, 0, FAR)) == [(at(BERLIN, 2026, 12, 24), at(BERLIN, 2026, 12, 28))]


def test_start_and_end_clip_a_span_and_an_early_end_wins() -> None:
    weekly = Weekly(((of_week(0, 9), of_week(0, 12)),))
    begin, end = at(BERLIN, 2026, 11, 23, 10), at(BERLIN, 2026, 11, 23, 11)
    assert list(spans(grant(weekly, starts=begin, ends=end), BERLIN, 0, FAR)) == [(begin, end)]
    assert list(spans(grant(weekly, starts=begin, ends=end, ended=begin + 5), BERLIN, 0, FAR)) == [(begin, begin + 5)]
    assert list(spans(grant(weekly, starts=begin, ended=begin), BERLIN, 0, FAR)) == []


def test_what_is_used_up_holds_no_more() -> None:
    assert running(grant(Always(), uses=2, used=1), BERLIN, 5) == (0, 0)
    assert running(grant(Always(), uses=2, used=2), BERLIN, 5) is None


def test_always_without_an_end_ends_at_0() -> None:
    assert following(grant(Always(), starts=7), BERLIN, 3) == (7, 0)
    assert running(grant(Always(), starts=7), BERLIN, 3) is None


def test_a_union_joins_what_touches() -> None:
    assert list(union([[(1, 3), (9, 12)], [(3, 5)], [(11, 0)]])) == [(1, 5), (9, 0)]


def test_a_day_that_the_calendar_left_out_is_no_access() -> None:
    dates = grant(Dates(((date(2011, 12, 29), date(2011, 12, 31)),), 540, 600))
    assert len(list(spans(dates, APIA, 0, FAR))) == 2


def test_a_schedule_that_is_over_is_not_looked_for_for_ever() -> None:
    dates = grant(Dates(((date(2026, 12, 24), date(2026, 12, 25)),), 540, 600))
    assert following(dates, BERLIN, at(BERLIN, 2026, 12, 26)) is None


weekly_windows = st.tuples(st.integers(0, 10079), st.integers(1, 10080)).map(lambda w: (w[0], w[0] + w[1]))
days = st.integers(-3, 6)


@st.composite
def near_a_change(draw: st.DrawFn) -> tuple[ZoneInfo, date]:
    zone = draw(st.sampled_from(ZONES))
    spring = draw(st.sampled_from([date(2026, 3, 8), date(2026, 3, 29), date(2011, 12, 30), date(2026, 12, 31)]))
    autumn = draw(st.sampled_from([date(2026, 11, 1), date(2026, 10, 25), date(2026, 4, 5), date(2026, 10, 4)]))
    return zone, draw(st.sampled_from([spring, autumn]))


@st.composite
def schedules(draw: st.DrawFn, around: date) -> Schedule:
    kind = draw(st.sampled_from(["weekly", "dates", "recurring"]))
    if kind == "weekly":
        return Weekly(tuple(draw(st.lists(weekly_windows, max_size=4))))
    begins = draw(st.integers(0, 1439))
    if kind == "dates":
        ranges = tuple(
            (around + timedelta(days=first), around + timedelta(days=first + more))
            for first, more in draw(st.lists(st.tuples(days, st.integers(0, 3)), max_size=3))
        )
        return Dates(ranges, begins, begins + draw(st.integers(1, 1440)))
    rule = draw(
        st.sampled_from(
            ["FREQ=DAILY", "FREQ=DAILY;INTERVAL=2;COUNT=3", "FREQ=WEEKLY;BYDAY=SU,MO", "FREQ=DAILY;BYHOUR=1,2,3"]
        )
    )
    start = around - timedelta(days=draw(st.integers(0, 9)))
    return Recurring(rule, f"{start}T{begins // 60:02}:{begins % 60:02}", draw(st.integers(1, 2000)))


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_spans_are_what_a_minute_by_minute_look_at_the_wall_tells(data: st.DataObject) -> None:
    zone, around = data.draw(near_a_change())
    since = at(zone, around.year, around.month, around.day) - data.draw(st.integers(0, 2 * 1440)) * MINUTE
    until = since + data.draw(st.integers(1, 3 * 1440)) * MINUTE
    edges = st.integers(since // MINUTE - 1440, until // MINUTE + 1440).map(lambda minute: minute * MINUTE)
    given_ = grant(
        data.draw(schedules(around)),
        starts=data.draw(st.one_of(st.just(0), edges)),
        ends=data.draw(st.one_of(st.just(0), edges)),
        ended=data.draw(st.one_of(st.just(0), edges)),
    )
    found = list(spans(given_, zone, since, until))
    clipped = [(max(begin, since), min(end or FAR, until)) for begin, end in found]
    assert clipped == minutes(given_, zone, since, until)
    assert all(end == 0 or begin < end for begin, end in found)
    for begin, end in found:
        asked = max(begin, since)
        assert running(given_, zone, asked) == (begin, end) == following(given_, zone, asked)
        assert running(given_, zone, (end or FAR) - 1) == (begin, end)


@pytest.mark.parametrize("zone", ZONES)
def test_a_span_is_the_same_whole_one_wherever_in_it_one_asks(zone: ZoneInfo) -> None:
    weekly = grant(Weekly(((of_week(4, 20), of_week(4, 20) + 5000),)))
    for begin, end in spans(weekly, zone, at(zone, 2026, 1, 5), at(zone, 2027, 1, 5)):
        for asked in (begin, (begin + end) // 2, end - 1):
            assert running(weekly, zone, asked) == (begin, end)
