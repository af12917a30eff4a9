from datetime import datetime, timedelta
from itertools import islice, takewhile
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given, settings
from hypothesis import strategies as st

from nightlatch.access.schedules.rules import MOST_TIMES_A_DAY, YEARS, occurrences, parts, rule, starting
from nightlatch.model.access import Recurring

UTC = ZoneInfo("UTC")
EPOCH = datetime.fromisoformat("1970-01-01")


def first(text: str, start: str = "2026-11-22T10:00", most: int = 3, zone: ZoneInfo = UTC) -> list[datetime]:
    return [EPOCH + timedelta(minutes=at) for at in islice(occurrences(text, starting(start), zone), most)]


def test_the_second_tuesday_of_a_month() -> None:
    assert first("FREQ=MONTHLY;BYDAY=2TU") == [
        datetime.fromisoformat("2026-12-08T10:00"),
        datetime.fromisoformat("2027-01-12T10:00"),
        datetime.fromisoformat("2027-02-09T10:00"),
    ]


def test_a_day_that_never_comes_is_not_looked_for_until_the_end_of_time() -> None:
    assert first("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30") == []


def test_nothing_is_given_later_than_the_horizon() -> None:
    last = first("FREQ=YEARLY", most=1000)[-1]
    assert last == datetime.fromisoformat(f"{2026 + YEARS}-11-22T10:00")


def test_an_end_in_utc_is_taken_by_the_wall() -> None:
    # 23:30 on the 24th at home is the 24th 22:30 in UTC.
    berlin = ZoneInfo("Europe/Berlin")
    assert len(first("FREQ=DAILY;UNTIL=20261124T223000Z", "2026-11-22T23:30", 9, berlin)) == 3
    assert len(first("FREQ=DAILY;UNTIL=20261124T222900Z", "2026-11-22T23:30", 9, berlin)) == 2


def test_an_end_that_is_a_day_takes_in_that_day() -> None:
    assert len(first("FREQ=DAILY;UNTIL=20261124", most=9)) == 3


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("FREQ=SECONDLY", "'FREQ=SECONDLY' cannot be used: YEARLY, MONTHLY, WEEKLY, DAILY can be used"),
        ("FREQ=HOURLY", "cannot be used"),
        ("BYDAY=MO", "begins with FREQ"),
        ("FREQ=DAILY;FREQ=DAILY", "stands twice"),
        ("FREQ=DAILY;COUNT=3;UNTIL=20270101", "not both"),
        ("FREQ=DAILY;INTERVAL=0", "cannot be used"),
        ("FREQ=DAILY;BYSECOND=1", "no part of a rule"),
        ("FREQ=DAILY;UNTIL=20279999", "it is no date"),
        ("FREQ=DAILY;BYHOUR=25", "cannot be used"),
        ("FREQ=DAILY;BYMONTH=0", "cannot be used"),
        ("FREQ=DAILY;BYHOUR=" + ",".join(str(n) for n in range(24)) + ";BYMINUTE=1,2", f"at most {MOST_TIMES_A_DAY}"),
        ("FREQ=DAILY;BYMONTHDAY=" + ",".join(["1"] * 300), "at most"),
        ("", "no part of a rule"),
    ],
)
def test_a_rule_that_cannot_be_used_says_why(text: str, what: str) -> None:
    with pytest.raises(ValueError, match=what):
        first(text)


def test_a_start_with_a_zone_or_none_at_all_is_refused() -> None:
    with pytest.raises(ValueError, match="names a zone"):
        starting("2026-11-22T10:00+01:00")
    with pytest.raises(ValueError, match="no date and time"):
        starting("soon")


numbers = st.lists(st.integers(-60, 60), min_size=1, max_size=4).map(lambda found: ",".join(map(str, found)))
days_of_week = st.lists(
    st.sampled_from(["MO", "TU", "1WE", "-1TH", "5FR", "SA", "SU", "+2SU"]), min_size=1, max_size=4
).map(",".join)


@st.composite
def texts(draw: st.DrawFn) -> str:
    text = "FREQ=" + draw(st.sampled_from(["YEARLY", "MONTHLY", "WEEKLY", "DAILY"]))
    for name, values in (
        ("INTERVAL", st.integers(0, 12).map(str)),
        ("COUNT", st.integers(0, 40).map(str)),
        ("BYDAY", days_of_week),
        ("BYMONTH", numbers),
        ("BYMONTHDAY", numbers),
        ("BYYEARDAY", numbers),
        ("BYWEEKNO", numbers),
        ("BYSETPOS", numbers),
        ("BYHOUR", numbers),
        ("BYMINUTE", numbers),
        ("WKST", st.sampled_from(["MO", "SU"])),
    ):
        if draw(st.integers(0, 4)) == 0:
            text += f";{name}={draw(values)}"
    return text


@settings(max_examples=150, deadline=2000)
@given(texts(), st.integers(0, 20000))
def test_a_rule_moved_by_whole_cycles_recurs_on_the_days_on_which_it_does_unmoved(text: str, day: int) -> None:
    start = EPOCH + timedelta(days=day, hours=10)
    try:
        found = first(text, start.isoformat(), 40)
    except ValueError:
        return
    if found:
        # Without one the plain rule would be looked for until the year 9999.
        plain = rrulestr(text, dtstart=start)
        last = start.replace(year=start.year + YEARS, day=min(start.day, 28))
        assert list(islice(takewhile(last.__ge__, plain), len(found))) == found


@settings(max_examples=300, deadline=2000)
@given(st.text(alphabet="FREQ=DAILYWKMOH;BYN0123456789,+-ZT", max_size=80))
def test_no_text_breaks_the_reader_of_rules(text: str) -> None:
    try:
        parts(text)
        first(text)
    except ValueError as error:
        assert str(error)


def test_times_that_overlap_are_joined_and_found_from_the_middle() -> None:
    daily = rule(Recurring("FREQ=DAILY;COUNT=4", "2026-11-22T10:00", 1440), UTC)
    begin = (datetime.fromisoformat("2026-11-22T10:00") - EPOCH) // timedelta(minutes=1)
    assert list(daily.windows(begin + 3 * 1440)) == [(begin, begin + 4 * 1440)]
    assert list(daily.windows(begin + 4 * 1440)) == []
