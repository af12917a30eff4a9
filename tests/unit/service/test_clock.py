from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest

from nightlatch.model.event import micros
from nightlatch.service.clock import ClockWatch, steady


class Clocks:
    def __init__(self) -> None:
        self.now = datetime(2026, 11, 22, 12, tzinfo=UTC)
        self.steady = 100.0

    def pass_(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        self.steady += seconds

    def watch(self) -> ClockWatch:
        return ClockWatch(lambda: self.now, lambda: self.steady)


def test_time_that_passes_is_no_step() -> None:
    clocks = Clocks()
    watch = clocks.watch()
    for seconds in (1, 0.5, 3600, 86400):
        clocks.pass_(seconds)
        assert watch.look() is None


def test_the_steady_clock_goes_on_while_the_machine_sleeps(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = {time.CLOCK_BOOTTIME: 30_000.0, time.CLOCK_MONOTONIC: 1_200.0}
    monkeypatch.setattr(time, "clock_gettime", shown.__getitem__)
    assert steady() == 30_000.0


def test_a_clock_set_back_by_an_hour_is_told_once_with_what_it_would_have_shown() -> None:
    clocks = Clocks()
    watch = clocks.watch()
    clocks.pass_(10)
    right = clocks.now
    clocks.now -= timedelta(hours=1)
    event = watch.look()
    assert event is not None
    assert (event.kind, event.value, event.since, event.at) == ("clock_step", -3600, micros(right), micros(clocks.now))
    assert event.detail == "the clock was set back by 3600 s, from 2026-11-22 12:00 UTC"
    clocks.pass_(1)
    assert watch.look() is None


def test_a_machine_that_slept_shows_in_the_time_between_two_looks_and_is_no_step() -> None:
    clocks = Clocks()
    watch = clocks.watch()
    clocks.pass_(1)
    assert watch.look() is None
    assert watch.away_s == 1
    clocks.pass_(3600)
    assert watch.look() is None
    assert watch.away_s == 3600


def test_a_clock_that_is_slewed_is_left_alone() -> None:
    clocks = Clocks()
    watch = clocks.watch()
    for _ in range(100):
        clocks.pass_(60)
        clocks.now += timedelta(milliseconds=30)
        assert watch.look() is None
