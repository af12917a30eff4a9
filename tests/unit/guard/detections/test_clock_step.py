"""Clocks that are set."""

from __future__ import annotations

from tests.unit.guard.detections.play import HOUR, Player, at, event

ID = "clock-step"


def test_an_hour_back_is_told_with_its_way_and_length() -> None:
    (noticed,) = Player(ID).hear(event(at(0) - HOUR, "clock_step", "home", since=at(0)))
    assert noticed.what == (
        "The clock was set back by 60 minutes: times in the journal before and after do not compare."
    )
    assert noticed.at == at(0) - HOUR


def test_a_step_forward_is_told_too() -> None:
    (noticed,) = Player(ID).hear(event(at(0) + 3 * HOUR, "clock_step", "home", since=at(0)))
    assert "forward by 3 hours" in noticed.what


def test_seconds_are_not_told() -> None:
    assert Player(ID).hear(event(at(59), "clock_step", "home", since=at(0))) == []
    assert len(Player(ID, least_s=10).hear(event(at(59), "clock_step", "home", since=at(0)))) == 1
