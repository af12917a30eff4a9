"""Bolts that jam again and again."""

from __future__ import annotations

from tests.unit.guard.detections.play import Player, at, event

ID = "repeated-jams"


def test_three_jams_in_a_week_are_told() -> None:
    player = Player(ID)
    assert player.hear(event(at(0), "jammed"), event(at(days=3), "jammed")) == []
    player.restart()
    (noticed,) = player.hear(event(at(days=7), "jammed"))
    assert noticed.what == ("Front door: the bolt jammed 3 times within 7 days; check how the door meets its frame.")


def test_three_jams_over_a_longer_time_are_not() -> None:
    assert Player(ID).hear(*(event(at(days=day), "jammed") for day in (0, 4, 8, 12))) == []


def test_after_it_was_told_the_count_begins_anew() -> None:
    assert len(Player(ID).hear(*(event(at(days=day / 10), "jammed") for day in range(6)))) == 2
