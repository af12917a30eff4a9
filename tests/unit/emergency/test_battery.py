"""How long a battery lasts: told from its history, never from less than that."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightlatch.emergency.battery import DAY, EMPTY, FARTHEST, Forecast, Sample, forecast

NOW = 20_000 * DAY


def falling(days: int, per_day: float, last: float = 50.0, until: int = NOW) -> list[Sample]:
    """A charge that falls evenly, told once a day, the last time at `until`."""
    return [(until - day * DAY, min(last + day * per_day, 100.0)) for day in range(days)][::-1]


def test_an_even_fall_goes_on_as_it_was() -> None:
    found = forecast(falling(40, 0.5), NOW)
    assert found.days == pytest.approx((50 - EMPTY) / 0.5)
    assert found.least == pytest.approx(80)
    assert found.most == pytest.approx(80)
    assert found.charge == 50


def test_whole_percents_and_noise_give_a_span_around_the_truth() -> None:
    noisy = [(at, round(charge) + (number % 3 - 1)) for number, (at, charge) in enumerate(falling(60, 0.4))]
    found = forecast(noisy, NOW)
    assert found.days is not None
    assert found.least is not None
    assert found.most is not None
    assert found.least < 100 < found.most
    assert found.days == pytest.approx(100, rel=0.1)


@pytest.mark.parametrize("days", [1, 4, 13])
def test_a_short_history_foretells_nothing_and_says_what_is_missing(days: int) -> None:
    found = forecast(falling(days, 1), NOW)
    assert found.days is None
    assert found.why == f"{15 - days} more days of its history are needed"
    assert found.charge == 50


def test_nothing_told_is_not_an_empty_battery() -> None:
    assert forecast([], NOW) == Forecast(why="its history begins with the next report")


def test_a_lithium_battery_that_holds_its_voltage_is_not_said_to_last_for_ever() -> None:
    found = forecast(falling(60, 0, last=100), NOW)
    assert (found.days, found.least, found.most) == (None, None, None)
    assert found.why == "its charge has hardly fallen in 59 days"


def test_a_new_battery_begins_a_new_history() -> None:
    old = falling(60, 1, last=20, until=NOW - 20 * DAY)
    new = falling(20, 0.5, last=90)
    assert forecast(old + new, NOW) == forecast(new, NOW)
    assert forecast(old + new[:3], new[2][0]).why == "12 more days of its history are needed"


def test_one_report_of_a_full_battery_between_others_is_an_error_and_no_new_battery() -> None:
    history = falling(40, 0.5)
    history[20] = (history[20][0], 100.0)
    found = forecast(history, NOW)
    assert found.days == pytest.approx(80, rel=0.05)


def test_a_battery_below_the_end_has_nothing_left() -> None:
    found = forecast(falling(30, 1, last=5), NOW)
    assert (found.days, found.least, found.most) == (0, 0, 0)


def test_time_that_passed_since_the_last_report_is_counted() -> None:
    late = forecast(falling(40, 0.5, until=NOW - 10 * DAY), NOW)
    assert late.days == pytest.approx(70)


def test_reports_from_a_clock_that_ran_ahead_do_not_count() -> None:
    history = falling(40, 0.5)
    assert forecast([*history, (NOW + 400 * DAY, 3.0)], NOW) == forecast(history, NOW)


CHARGES = st.floats() | st.floats(-5, 105)
SAMPLES = st.lists(st.tuples(st.integers(-(10**17), 10**17), CHARGES), max_size=60)
NEAR = st.lists(st.tuples(st.integers(NOW - 100 * DAY, NOW), st.integers(0, 100)), max_size=80)


@given(SAMPLES, st.integers(-(10**17), 10**17))
def test_whatever_is_told_the_forecast_is_a_span_of_days_or_none_with_a_reason(samples: list[Sample], now: int) -> None:
    sound(forecast(samples, now))


@given(NEAR)
def test_whatever_a_home_reports_the_forecast_is_a_span_of_days_or_none_with_a_reason(samples: list[Sample]) -> None:
    sound(forecast(samples, NOW))


def sound(found: Forecast) -> None:
    if found.days is None:
        assert found.why
        assert found.least is None
        assert found.most is None
        return
    assert found.least is not None
    assert not found.why
    for one in (found.days, found.least, found.most):
        assert one is None or (math.isfinite(one) and one >= 0)
    assert found.least <= found.days <= FARTHEST
    assert found.most is None or found.days <= found.most


@given(st.integers(15, 60), st.floats(0.3, 2), st.floats(1.01, 4), st.floats(15, 80))
def test_a_battery_that_falls_faster_never_lasts_longer(days: int, rate: float, times: float, last: float) -> None:
    slow = [(NOW - day * DAY, last + day * rate * 0.1) for day in range(days)]
    fast = [(NOW - day * DAY, last + day * rate * 0.1 * times) for day in range(days)]
    one, other = forecast(slow, NOW), forecast(fast, NOW)
    if one.days is not None and other.days is not None:
        assert other.days <= one.days + 1e-6


@given(NEAR, st.randoms(use_true_random=False))
def test_the_order_in_which_reports_come_does_not_matter(samples: list[Sample], chance: object) -> None:
    mixed = list(samples)
    chance.shuffle(mixed)  # type: ignore[attr-defined]
    assert forecast(mixed, NOW) == forecast(samples, NOW)


@given(st.lists(st.integers(0, 60), min_size=3, max_size=40))
def test_a_jump_up_by_a_new_battery_forgets_all_before(before: list[int]) -> None:
    new = falling(20, 0.5, last=85)
    old = [(new[0][0] - (number + 1) * DAY, charge) for number, charge in enumerate(before)]
    assert forecast([*old, *new], NOW) == forecast(new, NOW)
