import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightlatch.access.feeds.reading import Booking, Reading
from nightlatch.access.feeds.renewing import Known, Renewal, renewed
from nightlatch.access.schedules.wall import DAY
from tests.unit.access.feeds.calendars import NOW

NONE: frozenset[str] = frozenset()


def stay(key: str, first: int, nights: int = 3) -> Booking:
    return Booking(key, NOW + first * DAY, NOW + (first + nights) * DAY)


def granted(*bookings: Booking, ended: bool = False) -> list[Known]:
    return [Known(one, f"grant of {one.key}", ended) for one in bookings]


def told(*bookings: Booking, closed: int = 0, given_up: tuple[str, ...] = ()) -> Reading:
    return Reading(bookings, len(bookings) + closed, frozenset(given_up))


A, B, C = stay("a", 5), stay("b", 10), stay("c", 20)


def test_a_first_reading_makes_every_stay_new() -> None:
    assert renewed([], told(A, B), NONE, NOW) == Renewal(new=(A, B))


def test_the_same_reading_again_changes_nothing() -> None:
    assert renewed(granted(A, B), told(A, B), NONE, NOW) == Renewal()


def test_a_moved_stay_changes_its_grant() -> None:
    later = stay("a", 6)
    assert renewed(granted(A, B), told(later, B), NONE, NOW) == Renewal(moved=((granted(A)[0], later),))


def test_a_vanished_stay_is_cancelled_by_the_second_reading_without_it() -> None:
    first = renewed(granted(A, B), told(B), NONE, NOW)
    assert first == Renewal(missing=frozenset("a"))
    assert renewed(granted(A, B), told(B), first.missing, NOW).cancelled == tuple(granted(A))


def test_a_stay_that_comes_back_in_between_is_not_cancelled() -> None:
    first = renewed(granted(A, B), told(B), NONE, NOW)
    second = renewed(granted(A, B), told(A, B), first.missing, NOW)
    assert second == Renewal()


def test_an_empty_reading_changes_nothing_however_often() -> None:
    missing = NONE
    for _ in range(5):
        done = renewed(granted(A, B), told(), missing, NOW)
        assert done == Renewal(missing=missing, kept=("it is empty, and 2 stays that it had are kept",))
        missing = done.missing


def test_all_stays_missing_at_once_are_kept_however_often_though_closed_days_are_told() -> None:
    missing = NONE
    for _ in range(5):
        done = renewed(granted(A, B), told(closed=3), missing, NOW)
        assert (done.cancelled, done.kept) == ((), ("all 2 stays to come are missing from it, and are kept",))
        missing = done.missing


def test_the_only_stay_is_cancelled_when_the_calendar_goes_on_without_it() -> None:
    first = renewed(granted(A), told(closed=2), NONE, NOW)
    assert first.cancelled == ()
    assert renewed(granted(A), told(closed=2), first.missing, NOW).cancelled == tuple(granted(A))


def test_a_stay_that_has_begun_or_begins_today_is_never_ended_by_being_left_out() -> None:
    running, today = stay("a", -1), Booking("d", NOW + DAY // 2, NOW + 3 * DAY)
    missing = NONE
    for _ in range(3):
        done = renewed(granted(running, today, B), told(B), missing, NOW)
        assert done.cancelled == ()
        missing = done.missing


def test_an_entry_that_says_that_it_is_cancelled_is_at_once() -> None:
    running = stay("a", -1)
    done = renewed(granted(running, B), told(B, given_up=("a",)), NONE, NOW)
    assert done == Renewal(cancelled=tuple(granted(running)))


def test_a_stay_whose_entry_has_another_uid_keeps_its_grant() -> None:
    other = stay("z", 5)
    assert renewed(granted(A, B), told(other, B), NONE, NOW) == Renewal(moved=((granted(A)[0], other),))


def test_two_guests_of_the_same_dates_keep_a_grant_each_when_their_uids_change() -> None:
    first, second = stay("a", 5), stay("b", 5)
    done = renewed(granted(first, second), told(stay("y", 5), stay("z", 5)), NONE, NOW)
    assert [(one.grant, booking.key) for one, booking in done.moved] == [("grant of a", "y"), ("grant of b", "z")]
    assert not done.new


def test_what_the_owner_ended_is_not_granted_again() -> None:
    assert renewed(granted(A, ended=True), told(A, B), NONE, NOW) == Renewal(new=(B,))


def test_what_is_over_is_neither_new_nor_missing() -> None:
    over = stay("a", -5)
    assert renewed(granted(over), told(over, B), NONE, NOW) == Renewal(new=(B,))
    assert renewed([], told(over), NONE, NOW) == Renewal()


def test_a_stay_made_longer_on_its_last_day_goes_on() -> None:
    ended, longer = stay("a", -3, 3), stay("a", -3, 5)
    assert renewed(granted(ended), told(longer), NONE, NOW).moved == ((granted(ended)[0], longer),)


stays = st.builds(stay, st.sampled_from("abcdef"), st.integers(-6, 30), st.integers(1, 5))
some = st.lists(stays, max_size=5, unique_by=lambda one: one.key)


@given(
    some, st.lists(st.builds(told), max_size=0), st.lists(st.sampled_from(["empty", "fails"]), min_size=1, max_size=6)
)
def test_no_run_of_empty_readings_ever_revokes_or_grants(
    before: list[Booking], _: list[Reading], run: list[str]
) -> None:
    missing = NONE
    for kind in run:
        if kind == "fails":
            continue  # nothing is renewed then
        done = renewed(granted(*before), told(), missing, NOW)
        assert (done.new, done.moved, done.cancelled) == ((), (), ())
        missing = done.missing


@given(some, st.lists(st.tuples(some, st.integers(0, 2)), min_size=1, max_size=6))
def test_only_stays_that_two_readings_in_a_row_left_out_are_cancelled(
    before: list[Booking], readings: list[tuple[list[Booking], int]]
) -> None:
    missing, former = NONE, None
    known = granted(*before)
    for bookings, closed in readings:
        done = renewed(known, told(*bookings, closed=closed), missing, NOW)
        keys = {one.key for one in bookings}
        for one in done.cancelled:
            if one.booking.key in keys:
                # It says that it is over by now.
                assert all(told_.ends <= NOW for told_ in bookings if told_.key == one.booking.key)
                continue
            assert former is not None
            assert one.booking.key not in former
            assert one.booking.begins > NOW + DAY
            assert bookings or closed
        assert len({one.key for one in done.new}) == len(done.new)
        assert not {one.key for one in done.new} & {one.booking.key for one in known}
        if bookings or closed:
            former = keys
        missing = done.missing


@pytest.mark.parametrize("closed", [0, 4])
def test_a_reading_never_both_ends_and_moves_a_stay(closed: int) -> None:
    done = renewed(granted(A, B, C), told(stay("a", 7), C, closed=closed), frozenset("b"), NOW)
    assert [one.booking.key for one, _ in done.moved] == ["a"]
    assert [one.booking.key for one in done.cancelled] == ["b"]
