"""Doors that open through a thrown bolt."""

from __future__ import annotations

import pytest

from nightlatch.model.event import Event, Kind
from tests.unit.guard.detections.play import Player, at, event, home

ID = "opened-while-locked"
SHUT = (event(at(0), "door_closed"), event(at(5), "locked"))


def told(*events: Event) -> list[str]:
    player = Player(ID)
    found = player.hear(*SHUT, *events)
    return [one.what for one in found + player.wait(at(100_000))]


def test_a_locked_door_that_opens_without_an_unlocking_is_told_after_a_grace() -> None:
    assert told(event(at(60), "door_opened")) == [
        "Front door was opened while the lock said that its bolt was thrown; no unlocking was heard."
    ]


def test_an_unlocking_before_the_opening_explains_it() -> None:
    assert told(event(at(50), "unlocked"), event(at(60), "door_opened")) == []


def test_an_unlocking_that_is_heard_a_little_late_explains_it_too() -> None:
    assert told(event(at(60), "door_opened"), event(at(74), "unlocked")) == []
    assert len(told(event(at(60), "door_opened"), event(at(76), "unlocked"))) == 1


def test_a_bolt_that_was_thrown_into_an_open_door_holds_nothing() -> None:
    player = Player(ID)
    player.hear(event(at(0), "door_opened"), event(at(1), "locked"), event(at(2), "door_closed"))
    player.hear(event(at(3), "door_opened"))
    assert player.wait(at(1000)) == []


def test_a_door_whose_state_was_never_told_is_not_judged() -> None:
    player = Player(ID)
    player.hear(event(at(0), "locked"), event(at(1), "door_opened"))
    assert player.wait(at(1000)) == []


@pytest.mark.parametrize("kind", ["offline", "disconnected", "jammed"])
def test_a_lock_that_went_away_may_have_been_unlocked_unheard(kind: Kind) -> None:
    assert told(event(at(50), kind), event(at(60), "door_opened")) == []


def test_an_opening_that_was_found_out_after_a_reconnect_proves_nothing() -> None:
    assert told(event(at(60), "door_opened", resync=True)) == []


def test_a_sensor_of_the_door_tells_of_the_lock_on_it() -> None:
    player = Player(ID)
    player.hear(
        event(at(0), "door_closed", "door:front"), event(at(1), "locked"), event(at(9), "door_opened", "door:front")
    )
    (noticed,) = player.wait(at(1000))
    assert (noticed.about, noticed.at) == ("lock:front", at(24))


def test_of_two_locks_on_a_door_the_one_that_stayed_locked_is_told() -> None:
    both = home(door_of={"lock:front": "door:front", "lock:top": "door:front"})
    player = Player(ID, both)
    player.hear(event(at(0), "door_closed"), event(at(1), "locked"), event(at(2), "locked", "lock:top"))
    player.hear(event(at(3), "unlocked"), event(at(4), "door_opened"))
    assert [one.about for one in player.wait(at(1000))] == ["lock:top"]


def test_a_restart_between_the_opening_and_the_grace_changes_nothing() -> None:
    player = Player(ID)
    player.hear(*SHUT)
    player.restart()
    player.hear(event(at(60), "door_opened"))
    player.restart()
    assert len(player.wait(at(1000))) == 1
