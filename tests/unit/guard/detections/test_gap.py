"""Time in which nobody listened."""

from __future__ import annotations

from nightlatch.model.event import Event
from tests.unit.guard.detections.play import HOUR, Player, at, berlin, event, home

ID = "gap"
HUB = "hub:zwavejs:controller"
HOME = home(names={HUB: "Z-Wave JS"})


def gap(begin: int, end: int) -> Event:
    return event(end, "gap", HUB, since=begin)


def test_a_long_gap_is_told_with_its_times() -> None:
    (noticed,) = Player(ID, HOME).hear(gap(berlin("2026-11-22T12:00"), berlin("2026-11-22T13:10")))
    assert noticed.what == "Z-Wave JS: nothing was heard for 70 minutes, from 2026-11-22 12:00 to 13:10."


def test_a_short_gap_is_not_told() -> None:
    assert Player(ID, HOME).hear(gap(at(0), at(899))) == []


def test_five_short_gaps_in_a_day_are_many() -> None:
    player = Player(ID, HOME)
    assert player.hear(*(gap(at(number * 100), at(number * 100 + 5)) for number in range(4))) == []
    player.restart()
    (noticed,) = player.hear(gap(at(0) + 23 * HOUR, at(5) + 23 * HOUR))
    assert noticed.what == "Z-Wave JS: 5 gaps in what was heard within a day."


def test_a_gap_a_day_is_not_many() -> None:
    assert Player(ID, HOME).hear(*(gap(at(days=day), at(5, days=day)) for day in range(20))) == []


def test_a_long_gap_over_the_night_of_a_clock_change_has_its_true_length() -> None:
    (noticed,) = Player(ID, HOME).hear(gap(berlin("2026-10-25T01:30"), berlin("2026-10-25T03:30")))
    assert noticed.what == "Z-Wave JS: nothing was heard for 3 hours, from 2026-10-25 01:30 to 03:30."
