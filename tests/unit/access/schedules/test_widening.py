from functools import partial
from zoneinfo import ZoneInfo

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from nightlatch.access import schedules
from nightlatch.access.schedules import dates, weekly
from nightlatch.access.schedules.widening import difference
from nightlatch.model.access import Always, Grant, Recurring, Weekly
from tests.unit.access.schedules.oracle import MINUTE, at, holds
from tests.unit.access.schedules.test_spanning import grant

BERLIN = ZoneInfo("Europe/Berlin")
NAMES = {"person:ana": "Ana", "group:family": "everybody in family", "door:back": "Back door"}
widening = partial(schedules.widening, whom=lambda to: NAMES.get(to, to), named=lambda door: NAMES.get(door, door))
NOW = at(BERLIN, 2026, 11, 22, 16, 30)
WEEK = grant(weekly("Mon-Fri 09:00-12:00"), starts=NOW, ends=at(BERLIN, 2026, 12, 6))


def wider(before: Grant | None, **changes: object) -> tuple[str, ...]:
    return widening(before, msgspec.structs.replace(before or WEEK, **changes), BERLIN, NOW)


def test_nothing_changed_widens_nothing() -> None:
    assert wider(WEEK) == ()


def test_a_later_start_an_earlier_end_fewer_hours_doors_and_uses_widen_nothing() -> None:
    assert wider(WEEK, starts=NOW + 5, ends=WEEK.ends - 5, schedule=weekly("Mon-Fri 09:30-12:00"), uses=4) == ()
    assert wider(msgspec.structs.replace(WEEK, doors=("*",)), doors=("door:back",)) == ()


def test_a_longer_window_says_by_how_much_and_when_first() -> None:
    assert wider(WEEK, schedule=weekly("Mon-Fri 09:00-13:00")) == (
        "It holds for 10 h more in all, first Mon 23 Nov 12:00-13:00.",
    )


def test_a_window_moved_is_wider_where_it_is_new() -> None:
    assert wider(WEEK, schedule=weekly("Mon 08:00-10:00")) == (
        "It holds for 2 h more in all, first Mon 23 Nov 08:00-09:00.",
    )


def test_a_later_end_and_no_end_are_said() -> None:
    assert wider(WEEK, ends=at(BERLIN, 2026, 12, 13)) == (
        "It holds for 15 h more in all, first Mon 7 Dec 09:00-12:00.",
        "It ends Sun 13 Dec 2026 00:00. It ended Sun 6 Dec 2026 00:00 before.",
    )
    assert wider(WEEK, ends=0)[-1] == "It never ends. It ended Sun 6 Dec 2026 00:00 before."


def test_an_end_taken_back_is_said() -> None:
    ended = msgspec.structs.replace(WEEK, ended=NOW - 1)
    assert wider(ended, ended=0) == (
        "It holds for 1 d 6 h more in all, first Mon 23 Nov 09:00-12:00.",
        "It ends Sun 6 Dec 2026 00:00. It ended Sun 22 Nov 2026 16:29:59 before.",
    )


def test_doors_people_and_uses_are_said() -> None:
    assert wider(WEEK, doors=("door:front", "door:back", "lock:shed")) == ("It opens Back door, lock:shed.",)
    assert wider(WEEK, doors=("*",)) == ("It opens every door, those that are added later too.",)
    assert wider(WEEK, to="group:family") == ("everybody in family gets it, now and later, instead of Ana.",)
    used = msgspec.structs.replace(WEEK, uses=3, used=1)
    assert wider(used, uses=5) == ("It can be used 4 more times, instead of 2.",)
    assert wider(used, uses=0) == ("It can be used any number of times, instead of 3.",)


def test_a_new_grant_is_wider_by_all_it_allows() -> None:
    assert wider(None) == (
        "Ana gets it.",
        "It opens door:front.",
        "It holds for 1 d 6 h in all, first Mon 23 Nov 09:00-12:00.",
    )
    assert wider(None, schedule=Always(), starts=0, ends=0)[2:] == (
        "It holds for 400 d until Mon 27 Dec 2027 16:30, first from Sun 22 Nov 2026 16:30.",
        "It never ends.",
    )


def test_what_lies_far_ahead_is_found() -> None:
    far = grant(dates("2031-01-01 09:00-10:00"))
    assert widening(far, msgspec.structs.replace(far, schedule=dates("2031-01-01 09:00-11:00")), BERLIN, NOW) == (
        "It holds for 1 h more until Thu 5 Feb 2032 01:00, first Wed 1 Jan 2031 10:00-11:00.",
    )
    leap = grant(Recurring("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", "2027-01-01T10:00", 60))
    assert widening(leap, msgspec.structs.replace(leap, schedule=Always(), starts=0, ends=NOW - 1), BERLIN, NOW) == ()


def test_what_never_holds_widens_nothing() -> None:
    assert wider(WEEK, doors=()) == ()
    assert wider(WEEK, schedule=Weekly(())) == ()


spans_ = st.lists(st.integers(0, 60), max_size=12, unique=True).map(
    lambda found: [tuple(sorted(found)[at : at + 2]) for at in range(0, len(found) - 1, 2)]
)


@given(spans_, spans_)
def test_a_difference_holds_what_the_first_holds_and_the_second_does_not(
    wide: list[tuple[int, int]], narrow: list[tuple[int, int]]
) -> None:
    def members(found: list[tuple[int, int]]) -> set[int]:
        return {at for begin, end in found for at in range(begin, end)}

    assert members(list(difference(wide, narrow))) == members(wide) - members(narrow)


windows = st.tuples(st.integers(0, 10079), st.integers(1, 3000)).map(lambda found: (found[0], sum(found)))
weeks = st.lists(windows, min_size=1, max_size=3).map(lambda found: Weekly(tuple(found)))


@settings(max_examples=15, deadline=None)
@given(weeks, weeks, st.integers(0, 7 * 1440), st.integers(0, 7 * 1440))
def test_nothing_is_told_to_widen_just_when_no_minute_is_new(
    before: Weekly, after: Weekly, first_end: int, second_end: int
) -> None:
    now = at(BERLIN, 2026, 10, 20)
    old = grant(before, starts=now, ends=now + (1 + first_end) * MINUTE)
    new = grant(after, starts=now, ends=now + (1 + second_end) * MINUTE)
    more = any(
        holds(new, BERLIN, minute) and not holds(old, BERLIN, minute)
        for minute in range(now, now + (2 + 7 * 1440) * MINUTE, MINUTE)
    )
    assert bool(widening(old, new, BERLIN, now)) == more
