from datetime import date
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightlatch.access.schedules import dates, schedule_words, weekly, when
from nightlatch.model.access import Dates, Weekly
from tests.unit.access.schedules.oracle import at

BERLIN = ZoneInfo("Europe/Berlin")
NOW = at(BERLIN, 2026, 11, 22, 16, 30)  # a Sunday
HOUR = 3_600_000_000


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("now", (2026, 11, 22, 16, 30)),
        ("Sunday 11:00", (2026, 11, 29, 11)),
        ("sun 17:00", (2026, 11, 22, 17)),
        ("Monday at 9am", (2026, 11, 23, 9)),
        ("tomorrow 9:00", (2026, 11, 23, 9)),
        ("today 9:00", (2026, 11, 22, 9)),
        ("today 24:00", (2026, 11, 23)),
        ("18:00", (2026, 11, 22, 18)),
        ("11:00", (2026, 11, 23, 11)),
        ("12 pm", (2026, 11, 23, 12)),
        ("12 am", (2026, 11, 23)),
        ("2026-12-01 12:00", (2026, 12, 1, 12)),
        ("2026-12-01T12:00", (2026, 12, 1, 12)),
        ("2026-12-01T12:00Z", (2026, 12, 1, 13)),
        ("2026-12-01T12:00+02:00", (2026, 12, 1, 11)),
        ("24 Dec 11:00", (2026, 12, 24, 11)),
        ("1. January 11:00", (2027, 1, 1, 11)),
        ("29 Feb 11:00", (2028, 2, 29, 11)),
        ("24 december 2028 at 11:00", (2028, 12, 24, 11)),
        ("in 2 hours", (2026, 11, 22, 18, 30)),
        ("in an hour", (2026, 11, 22, 17, 30)),
        ("in 90 min", (2026, 11, 22, 18)),
        ("in 3 days", (2026, 11, 25, 16, 30)),
        ("in 2 weeks", (2026, 12, 6, 16, 30)),
    ],
)
def test_a_time_is_read_as_it_is_meant_at_home(text: str, fields: tuple[int, ...]) -> None:
    assert when(text, BERLIN, NOW) == at(BERLIN, *fields)


def test_days_keep_to_the_clock_and_hours_do_not() -> None:
    saturday = at(BERLIN, 2026, 3, 28, 16)
    assert when("in 1 day", BERLIN, saturday) == saturday + 23 * HOUR
    assert when("in 24 hours", BERLIN, saturday) == saturday + 24 * HOUR


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "is no time: write it as"),
        ("soon", "is no time: write it as"),
        ("Sunday", "says no time of the day"),
        ("2026-12-01", "says no time of the day"),
        ("2026-13-01 10:00", "no day of the calendar"),
        ("2026-12-01 25:00", "no such time of the day"),
        ("2026-12-01 24:01", "no such time of the day"),
        ("13 pm", "no such time of the day"),
        ("30 Feb 10:00", "there is no such day"),
        ("tomorrow 9", "is no time"),
        ("9", "is no time"),
        ("0001-01-01 10:00", "not between 1970 and 9000"),
        ("2027-03-28 02:30", "does not come in Europe/Berlin: the clock goes forward then, to 2027-03-28 03:00"),
        ("2026-10-25 02:30", r"write 2026-10-25T02:30\+02:00 for the first, 2026-10-25T02:30\+01:00 for the second"),
    ],
)
def test_a_time_that_cannot_be_read_says_why(text: str, what: str) -> None:
    with pytest.raises(ValueError, match=what):
        when(text, BERLIN, NOW)


def test_both_times_that_the_wall_shows_twice_can_be_meant() -> None:
    assert when("2026-10-25T02:30+02:00", BERLIN, NOW) == at(BERLIN, 2026, 10, 25, 2, 30)
    assert when("2026-10-25T02:30+01:00", BERLIN, NOW) == at(BERLIN, 2026, 10, 25, 2, 30, fold=1)


MON_FRI = tuple((day * 1440 + 540, day * 1440 + 720) for day in range(5))


@pytest.mark.parametrize(
    ("text", "windows"),
    [
        ("Mon-Fri 09:00-12:00", MON_FRI),
        ("weekdays 9:00-12:00", MON_FRI),
        ("Mon-Fri 09:00-12:00, Sat 22:00-02:00", (*MON_FRI, (5 * 1440 + 1320, 5 * 1440 + 1560))),
        ("mon, wed 09:00 - 12:00", (MON_FRI[0], MON_FRI[2])),
        ("Mon and Wed 09:00-12:00", (MON_FRI[0], MON_FRI[2])),
        ("Monday 09:00-12:00, 14:00-18:00", (MON_FRI[0], (840, 1080))),
        ("Monday 09:00-12:00 and 14:00-18:00", (MON_FRI[0], (840, 1080))),
        ("Sun-Mon 00:00-24:00", ((0, 1440), (6 * 1440, 7 * 1440))),
        ("Fri 17:00 to Mon 08:00", ((4 * 1440 + 1020, 7 * 1440 + 480),)),
        ("Sun 22:00-06:00", ((6 * 1440 + 1320, 7 * 1440 + 360),)),
    ],
)
def test_windows_of_the_week_are_read(text: str, windows: tuple[tuple[int, int], ...]) -> None:
    assert weekly(text) == Weekly(windows)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "no window of the week"),
        ("09:00-12:00", "names no day"),
        ("Mon", "ends with a day without hours"),
        ("Mon 09:00-09:00", "begins when it ends"),
        ("Mon 09:00-25:00", "no such time"),
        ("Moon 09:00-12:00", "'moon' is no day of the week"),
        ("Mon 09:00-12:00 maybe", "no window of the week"),
        ("Mon 9-12", "is no day of the week"),
        ("Mon 09:00-12:00," * 99, "at most 400"),
    ],
)
def test_windows_that_cannot_be_read_say_why(text: str, what: str) -> None:
    with pytest.raises(ValueError, match=what):
        weekly(text)


def test_days_are_read_with_their_hours() -> None:
    ranges = ((date(2026, 12, 24), date(2026, 12, 27)), (date(2027, 1, 2), date(2027, 1, 2)))
    assert dates("2026-12-24..2026-12-27, 2027-01-02 15:00-11:00") == Dates(ranges, 900, 1440 + 660)
    assert dates("2027-01-02") == Dates(ranges[1:])


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "are no days"),
        ("2026-12-24..2026-12-20", "ends before it begins"),
        ("2026-12-24..2926-12-20", "longer than 200 years"),
        ("2026-02-30", "no day of the calendar"),
        ("tomorrow", "are no days"),
    ],
)
def test_days_that_cannot_be_read_say_why(text: str, what: str) -> None:
    with pytest.raises(ValueError, match=what):
        dates(text)


windows = st.tuples(st.integers(0, 10079), st.integers(1, 10079)).map(lambda found: (found[0], sum(found)))


@given(st.sets(windows, min_size=1, max_size=6))
def test_what_words_say_of_a_week_is_read_back_as_the_same(found: set[tuple[int, int]]) -> None:
    week = Weekly(tuple(sorted(found)))
    assert weekly(schedule_words(week)) == week


@given(
    st.lists(st.tuples(st.dates(date(1970, 1, 1), date(2200, 1, 1)), st.integers(0, 400)), min_size=1, max_size=4),
    st.integers(0, 1439),
    st.integers(1, 1439),
)
def test_what_words_say_of_days_is_read_back_as_the_same(
    found: list[tuple[date, int]], begins: int, length: int
) -> None:
    ranges = tuple((first, date.fromordinal(first.toordinal() + more)) for first, more in found)
    days = Dates(ranges, begins, begins + length)
    assert dates(schedule_words(days)) == days


@given(st.one_of(st.text(max_size=60), st.from_regex(r"[0-9a-z:., +\-]{0,40}", fullmatch=True)))
def test_no_text_breaks_a_reader(text: str) -> None:
    for read in (weekly, dates, lambda given: when(given, BERLIN, NOW)):
        try:
            read(text)
        except ValueError as error:
            assert str(error)
