"""Ways that the owner switched off."""

from __future__ import annotations

import pytest

from nightlatch.model.event import By
from tests.unit.guard.detections.play import Player, at, event, home

ID = "remote-or-voice-unlock"
OFF = home(remote=False, voice=False)


@pytest.mark.parametrize(("by", "way"), [("remote", "remotely"), ("voice", "by voice")])
def test_a_way_that_is_switched_off_is_told(by: By, way: str) -> None:
    (noticed,) = Player(ID, OFF).hear(event(at(0), "unlocked", by=by))
    assert noticed.what == f"Front door was unlocked {way}, though that is switched off."


@pytest.mark.parametrize("by", ["remote", "voice"])
@pytest.mark.parametrize("needed", [True, None])
def test_a_way_that_is_needed_or_was_never_spoken_of_is_not_told(by: By, needed: bool | None) -> None:
    assert Player(ID, home(remote=needed, voice=needed)).hear(event(at(0), "unlocked", by=by)) == []


def test_each_way_is_judged_by_itself() -> None:
    player = Player(ID, home(remote=True, voice=False))
    assert player.hear(event(at(0), "unlocked", by="remote")) == []
    assert len(player.hear(event(at(1), "unlocked", by="voice"))) == 1


def test_what_we_were_asked_to_unlock_is_not_told_for_a_minute() -> None:
    player = Player(ID, OFF)
    assert player.hear(event(at(0), "command", name="unlock"), event(at(60), "unlocked", by="remote")) == []
    player.restart()
    assert len(player.hear(event(at(61), "unlocked", by="remote"))) == 1


def test_a_command_to_another_lock_explains_nothing() -> None:
    ours = event(at(0), "command", "lock:back", name="unlock")
    assert len(Player(ID, OFF).hear(ours, event(at(1), "unlocked", by="remote"))) == 1


@pytest.mark.parametrize("by", ["code", "key", "thumb", ""])
def test_other_ways_are_not_its_case(by: By) -> None:
    assert Player(ID, OFF).hear(event(at(0), "unlocked", by=by)) == []
