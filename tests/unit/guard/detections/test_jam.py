"""Jammed bolts."""

from __future__ import annotations

import pytest

from nightlatch.model.event import Kind
from tests.unit.guard.detections.play import Player, at, event


def test_a_jam_is_told_once_until_the_bolt_moves_again() -> None:
    player = Player("jam")
    (noticed,) = player.hear(event(at(0), "jammed"), event(at(5), "jammed"))
    assert noticed.what == "Front door: the bolt jammed; the door may not be locked."


@pytest.mark.parametrize("kind", ["locked", "unlocked"])
def test_it_is_over_when_the_bolt_moves_and_says_how_it_stands(kind: Kind) -> None:
    player = Player("jam")
    player.hear(event(at(0), "jammed"))
    player.restart()
    (over,) = player.hear(event(at(5), kind))
    assert (over.over, over.what) == (True, f"Front door: the bolt moves again, and is {kind}.")


def test_another_lock_does_not_end_it() -> None:
    player = Player("jam")
    player.hear(event(at(0), "jammed"))
    assert player.hear(event(at(5), "locked", "lock:back")) == []
