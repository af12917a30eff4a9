"""Batteries that fall faster than they used to."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from nightlatch.guard.detections.battery_falling import slope
from nightlatch.model.event import Event
from tests.unit.guard.detections.play import Player, at, event

ID = "battery-falling"


def reports(charge: Callable[[float], float], days: float, since: float = 0, per_day: int = 4) -> list[Event]:
    """What a lock reports: whole per cents, some times a day."""
    times = (since + number / per_day for number in range(int(days * per_day)))
    return [event(at(days=day), "battery", value=round(charge(day))) for day in times]


def usual(day: float) -> float:
    """0.2 % a day for 30 days."""
    return 100 - 0.2 * day


def faster(day: float) -> float:
    """Then 2 % a day."""
    return usual(30) - 2 * (day - 30)


def test_a_tenfold_fall_is_told_once_with_both_rates() -> None:
    player = Player(ID)
    assert player.hear_all(reports(usual, 30)) == []
    (noticed,) = player.hear_all(reports(faster, 9, since=30))
    assert noticed.what.startswith("Front door: the lock's battery lost ")
    assert noticed.what.endswith(" it lost 0.2 % a day.")


def test_a_battery_that_always_fell_so_fast_is_not_told() -> None:
    assert Player(ID).hear_all(reports(lambda day: 100 - 2 * day, 45)) == []


@pytest.mark.parametrize("seed", range(10))
def test_cold_nights_and_odd_reports_are_tolerated(seed: int) -> None:
    odd = random.Random(seed)

    def noisy(day: float) -> float:
        night = 3 if day % 1 >= 0.5 else 0
        return usual(day) - night + odd.choice((-1, 0, 0, 1)) - (30 if odd.random() < 0.01 else 0)

    assert Player(ID).hear_all(reports(noisy, 120)) == []


@pytest.mark.parametrize("seed", range(10))
def test_a_real_fall_is_found_in_that_noise(seed: int) -> None:
    odd = random.Random(seed)

    def noisy(day: float) -> float:
        night = 3 if day % 1 >= 0.5 else 0
        return (usual(day) if day < 30 else faster(day)) - night + odd.choice((-1, 0, 0, 1))

    assert [one.over for one in Player(ID).hear_all(reports(noisy, 42))][:1] == [False]


def test_a_week_of_history_is_not_judged_by() -> None:
    assert Player(ID).hear_all([*reports(usual, 7), *reports(lambda day: 90 - 2 * (day - 7), 8, since=7)]) == []


def test_a_new_battery_begins_a_new_history_and_ends_the_case() -> None:
    player = Player(ID)
    player.hear_all(reports(usual, 30))
    assert len(player.hear_all(reports(faster, 9, since=30))) == 1
    (over,) = player.hear_all(reports(lambda _: 100, 3, since=39))
    assert over.over


def test_it_is_over_when_the_rate_is_as_before() -> None:
    player = Player(ID)
    player.hear_all(reports(usual, 30))
    player.hear_all(reports(faster, 9, since=30))
    found = player.hear_all(reports(lambda day: faster(39) - 0.2 * (day - 39), 12, since=39))
    assert [one.over for one in found] == [True]


def test_restarts_every_day_change_nothing() -> None:
    player, told = Player(ID), []
    for number, one in enumerate([*reports(usual, 30), *reports(faster, 9, since=30)]):
        if number % 4 == 2:
            player.restart()
        told += player.hear(one)
    assert len(told) == 1


def test_the_slope_is_the_median_of_all_pairs_so_that_one_odd_day_does_not_move_it() -> None:
    line = [(day, 100.0 - day) for day in range(9)]
    assert slope(line) == -1
    assert slope([*line[:4], (4, 20.0), *line[5:]]) == -1


def test_what_is_no_charge_is_passed_by() -> None:
    odd = [event(at(days=day), "battery", value=value) for day in range(30) for value in ("low", -5, 10**400)]
    assert Player(ID).hear_all(odd) == []
