"""Codes that are nobody's."""

from __future__ import annotations

from tests.unit.guard.detections.play import Player, at, event, holder, home

ID = "unknown-code"
KNOWN = home(holders={("lock:front", 3): holder()})


def test_a_slot_that_is_nobodys_is_told_with_its_door_and_slot() -> None:
    (noticed,) = Player(ID, KNOWN).hear(event(at(0), "unlocked", by="tag", slot=4))
    assert noticed.what == "Front door was unlocked with the tag in slot 4, which is nobody's."
    assert (noticed.key, noticed.person) == ("lock:front/4", "")


def test_the_same_slot_of_another_lock_is_another_code() -> None:
    assert len(Player(ID, KNOWN).hear(event(at(0), "unlocked", "lock:back", by="code", slot=3))) == 1


def test_an_explained_code_and_a_turn_by_hand_are_not_told() -> None:
    player = Player(ID, KNOWN)
    assert player.hear(event(at(0), "unlocked", by="code", slot=3), event(at(1), "unlocked", by="thumb")) == []


def test_while_no_code_at_all_is_explained_it_is_silent() -> None:
    assert Player(ID).hear(event(at(0), "unlocked", by="code", slot=4)) == []
