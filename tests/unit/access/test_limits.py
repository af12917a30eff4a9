from zoneinfo import ZoneInfo

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from nightlatch.access.limits import Hold, hold, hub_down, limits
from nightlatch.access.schedules import dates, following, spans, weekly
from nightlatch.access.schedules.wall import DAY, HOUR, MINUTE
from nightlatch.model.access import Always, Dates, Grant, Weekly
from nightlatch.model.command import Limit, Rules, WeekDay, YearDay
from nightlatch.model.event import instant
from tests.unit.access.schedules.oracle import at
from tests.unit.access.schedules.test_spanning import grant

BERLIN = ZoneInfo("Europe/Berlin")
NOW = at(BERLIN, 2026, 11, 22, 16, 30)  # a Sunday
PLAIN = Rules(30)
YEARS = Rules(30, year_days=5)
WEEKS = Rules(30, week_days=7)
BOTH = Rules(30, year_days=2, week_days=7)
OFFICE = grant(weekly("Mon-Fri 09:00-12:00"), made=NOW)


def test_what_always_works_has_nothing_to_be_held_to() -> None:
    assert hold([grant(Always())], BOTH, BERLIN, NOW) == Hold(0, 0, ())
    assert limits([grant(Always())], None, BERLIN, NOW) == ()


def test_what_is_over_is_not_held() -> None:
    assert hold([grant(Always(), ends=NOW)], BOTH, BERLIN, NOW) is None
    assert limits([], BOTH, BERLIN, NOW) is None


def test_a_lock_without_schedules_leaves_it_to_the_hub() -> None:
    stay = grant(Always(), starts=NOW + HOUR, ends=NOW + 2 * DAY)
    assert hold([stay], PLAIN, BERLIN, NOW) == Hold(NOW + HOUR, NOW + 2 * DAY, None)
    assert hold([stay], None, BERLIN, NOW) == Hold(NOW + HOUR, NOW + 2 * DAY, None)


def test_a_stay_is_a_day_of_the_year() -> None:
    stay = grant(Always(), starts=NOW + HOUR, ends=NOW + 2 * DAY)
    held = (YearDay(NOW + HOUR, NOW + 2 * DAY),)
    assert hold([stay], YEARS, BERLIN, NOW) == Hold(NOW + HOUR, NOW + 2 * DAY, held)
    assert hold([stay], YEARS, BERLIN, NOW + DAY) == Hold(NOW + HOUR, NOW + 2 * DAY, held)


def test_an_end_without_a_start_begins_when_it_was_made() -> None:
    assert limits([grant(Always(), made=NOW, ends=NOW + DAY)], YEARS, BERLIN, NOW + 5) == (YearDay(NOW, NOW + DAY),)


def test_what_starts_later_and_never_ends_cannot_be_held_before_it_starts() -> None:
    later = grant(Always(), starts=NOW + HOUR)
    assert hold([later], BOTH, BERLIN, NOW) == Hold(NOW + HOUR, 0, None)
    assert hold([later], BOTH, BERLIN, NOW + HOUR) == Hold(NOW + HOUR, 0, ())


def test_a_week_without_an_end_is_days_of_the_week() -> None:
    held = (WeekDay((0, 1, 2, 3, 4), 540, 720),)
    assert hold([OFFICE], BOTH, BERLIN, NOW) == Hold(at(BERLIN, 2026, 11, 23, 9), 0, held)


def test_a_window_across_midnight_is_cut_there() -> None:
    night = grant(weekly("Sun 22:00-02:00"), made=NOW)
    assert limits([night], WEEKS, BERLIN, NOW) == (WeekDay((0,), 0, 120), WeekDay((6,), 1320, 1440))


def test_each_day_of_the_week_counts_unless_the_lock_takes_them_together() -> None:
    assert limits([OFFICE], Rules(30, week_days=4), BERLIN, NOW) is None
    assert limits([OFFICE], Rules(30, week_days=1, days_together=True), BERLIN, NOW) == (
        WeekDay((0, 1, 2, 3, 4), 540, 720),
    )


def test_a_week_with_an_end_is_days_of_the_year_a_bundle_at_a_time() -> None:
    ending = msgspec.structs.replace(OFFICE, ends=at(BERLIN, 2026, 11, 26))
    days = [YearDay(*span) for span in spans(ending, BERLIN, NOW, NOW + 9 * DAY)]
    assert hold([ending], BOTH, BERLIN, NOW) == Hold(days[0].begins, days[1].ends, tuple(days[:2]))
    # After the first of them is over, too.
    assert limits([ending], BOTH, BERLIN, days[0].ends) == tuple(days[:2])
    assert hold([ending], BOTH, BERLIN, days[1].ends) == Hold(days[2].begins, days[2].ends, (days[2],))


def test_a_week_with_an_end_on_a_lock_of_weeks_alone_ends_by_the_hub() -> None:
    ending = msgspec.structs.replace(OFFICE, ends=at(BERLIN, 2026, 12, 6))
    assert hold([ending], WEEKS, BERLIN, NOW) == Hold(
        at(BERLIN, 2026, 11, 23, 9), ending.ends, (WeekDay((0, 1, 2, 3, 4), 540, 720),)
    )


def test_days_of_the_week_are_not_told_while_they_would_work_before_the_start() -> None:
    sunday = grant(weekly("daily 17:00-18:00"), made=NOW, starts=at(BERLIN, 2026, 11, 23, 12))
    assert limits([sunday], WEEKS, BERLIN, NOW) is None
    assert limits([sunday], WEEKS, BERLIN, at(BERLIN, 2026, 11, 22, 18)) is not None


def test_a_time_that_the_locks_clock_shows_twice_is_left_to_the_hub() -> None:
    autumn = at(BERLIN, 2026, 10, 24)
    stay = grant(Always(), starts=autumn, ends=at(BERLIN, 2026, 10, 25, 2, 30))
    assert hold([stay], YEARS, BERLIN, autumn) == Hold(autumn, stay.ends, None)


def test_two_grants_are_held_to_the_times_of_both() -> None:
    stay = grant(Always(), starts=NOW, ends=NOW + DAY, made=NOW)
    later = grant(Always(), starts=NOW + 3 * DAY, ends=NOW + 4 * DAY, made=NOW)
    assert limits([stay, later], YEARS, BERLIN, NOW) == (
        YearDay(NOW, NOW + DAY),
        YearDay(NOW + 3 * DAY, NOW + 4 * DAY),
    )


def test_weeks_that_together_leave_no_gap_are_not_followed_for_ever() -> None:
    first, second = grant(weekly("Mon-Wed 00:00-24:00")), grant(weekly("Thu-Sun 00:00-24:00"))
    held = hold([first, second], WEEKS, BERLIN, NOW)
    assert held is not None
    assert held.limits == (WeekDay((0, 1, 2, 3, 4, 5, 6), 0, 1440),)


def test_what_happens_with_the_hub_down_is_said() -> None:
    stay = grant(Always(), starts=NOW, ends=at(BERLIN, 2026, 11, 29, 11))
    assert hub_down([stay], YEARS, BERLIN, NOW).startswith("The lock ends it by itself, with the hub down too")
    assert hub_down([stay], PLAIN, BERLIN, NOW) == (
        "The lock cannot end it: with the hub down at the end at Sun 29 Nov 2026 11:00,"
        " the code works on until the hub is back."
    )
    assert hub_down([stay], None, BERLIN, NOW).startswith("What the lock can do is not known yet")
    assert hub_down([stay], None, BERLIN, NOW, schedules=True).startswith("Its model can hold codes to times, but")
    assert hub_down([stay], None, BERLIN, NOW, schedules=False).startswith("The lock cannot end it")
    assert hub_down([stay], YEARS, BERLIN, NOW, schedules=False).startswith("The lock ends it by itself")
    assert hub_down([grant(Always())], PLAIN, BERLIN, NOW) == ""
    assert hub_down([OFFICE], WEEKS, BERLIN, NOW).startswith("The lock keeps to the hours of the week by itself, with")
    ending = msgspec.structs.replace(OFFICE, ends=at(BERLIN, 2026, 12, 6))
    assert "but not to the end" in hub_down([ending], WEEKS, BERLIN, NOW)


def opens(held: tuple[Limit, ...], when: int) -> bool:
    local = instant(when).astimezone(BERLIN)
    minute = local.hour * 60 + local.minute
    return any(
        limit.begins <= when < limit.ends
        if isinstance(limit, YearDay)
        else local.weekday() in limit.days and limit.begins <= minute < limit.ends
        for limit in held
    )


windows = st.tuples(st.integers(0, 10079), st.integers(1, 3000)).map(lambda found: (found[0], sum(found)))
schedules = st.one_of(
    st.just(Always()),
    st.lists(windows, min_size=1, max_size=3).map(lambda found: Weekly(tuple(found))),
    st.sampled_from([dates("2026-10-24..2026-10-26 22:00-03:00"), dates("2026-10-25"), Dates(())]),
)
edges = st.one_of(st.just(0), st.integers(-5 * 1440, 10 * 1440))


@st.composite
def grants(draw: st.DrawFn) -> Grant:
    now = at(BERLIN, 2026, 10, 23, 12)
    starts, ends = draw(edges), draw(edges)
    return grant(
        draw(schedules),
        made=now - 6 * DAY,
        starts=now + starts * MINUTE if starts else 0,
        ends=now + ends * MINUTE if ends else 0,
    )


@settings(max_examples=120, deadline=None)
@given(st.lists(grants(), min_size=1, max_size=3), st.sampled_from([YEARS, WEEKS, BOTH, PLAIN]))
def test_while_it_is_held_a_lock_opens_just_when_the_grants_hold(given_: list[Grant], rules: Rules) -> None:
    now = at(BERLIN, 2026, 10, 23, 12)
    held = hold(given_, rules, BERLIN, now)
    if held is None:
        assert all(following(one, BERLIN, now) is None for one in given_)
        return
    span = range(now, min(held.ends or 1 << 62, now + 4 * DAY), 7 * MINUTE)
    for when in span:
        wanted = any(
            begin <= when < (end or 1 << 62) for one in given_ for begin, end in spans(one, BERLIN, when, when + 1)
        )
        if held.limits is None or held.limits == ():
            # The hub puts it on the lock and takes it off: exactly one time, without a gap.
            assert wanted == (held.begins <= when)
        elif when >= held.begins - DAY:
            # Days of the week go on over the end of one of several grants: the hub looks again then.
            week = isinstance(held.limits[0], WeekDay)
            assert opens(held.limits, when) == wanted or (week and not wanted and len(given_) > 1)


@settings(max_examples=60, deadline=None)
@given(grants(), st.sampled_from([YEARS, WEEKS, BOTH]), st.integers(0, 4 * 1440))
def test_what_a_lock_holds_one_grant_to_stays_the_same_until_it_is_over(
    given_: Grant, rules: Rules, later: int
) -> None:
    now = at(BERLIN, 2026, 10, 23, 12)
    held = hold([given_], rules, BERLIN, now)
    if held is None or not held.limits or held.begins > now + later * MINUTE:
        return
    again = hold([given_], rules, BERLIN, now + later * MINUTE)
    # A week may give way to days of the year, or begin, once its start is past.
    if (not held.ends or now + later * MINUTE < held.ends) and isinstance(held.limits[0], YearDay):
        assert again is not None
        assert again.limits == held.limits
