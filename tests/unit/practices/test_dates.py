"""Days are counted on the home's calendar, across leap days and changes of the clock."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from nightlatch.model.evidence import Fact, Grade, Ref
from nightlatch.model.finding import Fix, Verdict
from nightlatch.model.home import Home
from nightlatch.practices.dates import age_in_days, judge_last
from nightlatch.practices.interface import Threshold

YEAR = Threshold("practice", "days", 365, unit="days", doc="", stricter="lower")


def at(instant: datetime, zone: str = "Europe/Berlin") -> Home:
    name = Fact(Ref("home", "home"), "timezone", zone, Grade.DECLARED, "declared", instant)
    return Home(instant, facts={"timezone": name})


def done(day: date, home: Home) -> Verdict:
    fact = Fact(Ref("home", "home"), "log_read_on", day, Grade.DECLARED, "declared", home.at)
    return judge_last(fact, home, limit=YEAR, what="It was last done", fix=Fix("Do it.")).verdict


def test_the_day_turns_at_midnight_at_home() -> None:
    assert age_in_days(date(2026, 6, 1), at(datetime(2026, 6, 1, 21, 59, tzinfo=UTC))) == 0
    assert age_in_days(date(2026, 6, 1), at(datetime(2026, 6, 1, 22, 0, tzinfo=UTC))) == 1
    assert age_in_days(date(2026, 6, 1), at(datetime(2026, 6, 1, 23, 0, tzinfo=UTC), "America/New_York")) == 0


def test_the_days_of_clock_changes_count_as_one_day_each() -> None:
    spring = at(datetime(2026, 3, 29, 22, 30, tzinfo=UTC))  # 30 March, 00:30 summer time
    assert age_in_days(date(2026, 3, 28), spring) == 2
    autumn = at(datetime(2026, 10, 25, 22, 30, tzinfo=UTC))  # 25 October, 23:30, a day of 25 hours
    assert age_in_days(date(2026, 10, 24), autumn) == 1


def test_a_year_with_a_leap_day_in_it_is_a_day_longer() -> None:
    home = at(datetime(2024, 6, 1, 12, tzinfo=UTC))
    assert age_in_days(date(2023, 6, 1), home) == 366
    assert done(date(2023, 6, 1), home) is Verdict.FAIL
    assert done(date(2023, 6, 2), home) is Verdict.PASS


def test_something_done_on_a_leap_day_holds_until_the_day_before_the_first_of_march() -> None:
    day = date(2024, 2, 29)
    assert done(day, at(datetime(2025, 2, 28, 12, tzinfo=UTC))) is Verdict.PASS
    assert done(day, at(datetime(2025, 3, 1, 12, tzinfo=UTC))) is Verdict.FAIL


def test_a_zone_that_does_not_exist_counts_in_utc() -> None:
    for zone in ("Mars/Olympus", "../etc/passwd", ""):
        assert at(datetime(2026, 6, 1, 23, 30, tzinfo=UTC), zone).today == date(2026, 6, 1)


def test_a_day_to_come_proves_nothing() -> None:
    home = at(datetime(2026, 6, 1, 12, tzinfo=UTC))
    assert done(date(2026, 6, 4), home) is Verdict.UNKNOWN
    assert done(date(2026, 6, 2), home) is Verdict.PASS


@given(
    st.integers(0, 90 * 365 * 86_400).map(
        lambda seconds: datetime(2000, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    ),
    st.integers(0, 2000),
    st.sampled_from(["UTC", "Europe/Berlin", "Pacific/Auckland", "America/St_Johns", "Australia/Lord_Howe"]),
)
def test_within_a_year_means_at_most_365_days_before_the_day_at_home(instant: datetime, days: int, zone: str) -> None:
    home = at(instant, zone)
    expected = Verdict.PASS if days <= 365 else Verdict.FAIL
    assert done(home.today - timedelta(days=days), home) is expected
