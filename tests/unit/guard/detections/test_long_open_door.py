"""Doors that stand open."""

from __future__ import annotations

from tests.unit.guard.detections.play import MINUTE, Player, at, event

ID = "long-open-door"


def test_a_door_that_stands_open_for_ten_minutes_is_told_when_they_are_over() -> None:
    player = Player(ID)
    assert player.hear(event(at(0), "door_opened")) == []
    assert player.wait(at(599)) == []
    (noticed,) = player.hear(event(at(700), "online", "lock:back"))
    assert noticed.what == "Front door has stood open for 10 minutes."
    assert noticed.at == at(600)


def test_a_door_that_is_closed_in_time_is_not_told() -> None:
    player = Player(ID)
    player.hear(event(at(0), "door_opened"), event(at(599), "door_closed"))
    assert player.wait(at(5000)) == []


def test_it_is_over_when_the_door_is_closed() -> None:
    player = Player(ID)
    player.hear(event(at(0), "door_opened"))
    player.wait(at(700))
    player.restart()
    (over,) = player.hear(event(at(800), "door_closed"))
    assert (over.over, over.what) == (True, "Front door is closed again.")


def test_a_second_report_of_the_same_opening_does_not_start_anew() -> None:
    player = Player(ID)
    player.hear(event(at(0), "door_opened"), event(at(500), "door_opened", "door:front"))
    assert len(player.wait(at(601))) == 1
    assert player.wait(at(0) + 60 * MINUTE) == []


def test_a_door_that_was_forced_stands_open_too() -> None:
    player = Player(ID)
    player.hear(event(at(0), "door_forced"))
    assert len(player.wait(at(601))) == 1


def test_a_restart_while_it_is_open_does_not_start_the_wait_anew() -> None:
    player = Player(ID)
    player.hear(event(at(0), "door_opened"))
    player.wait(at(300))
    player.restart()
    (noticed,) = player.wait(at(601))
    assert noticed.at == at(600)
