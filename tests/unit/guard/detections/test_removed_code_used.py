"""Codes that open after they are gone."""

from __future__ import annotations

from nightlatch.model.finding import Severity
from tests.unit.guard.detections.play import Player, at, berlin, event

ID = "removed-code-used"


def test_a_code_that_opens_after_it_was_reported_removed_is_critical_and_says_since_when() -> None:
    player = Player(ID)
    player.hear(event(berlin("2026-11-20T18:00"), "code_removed", slot=3))
    player.restart()
    (noticed,) = player.hear(event(berlin("2026-11-22T12:00"), "unlocked", by="code", slot=3))
    assert noticed.what == (
        "Front door was unlocked with the code in slot 3, which the lock had reported removed on 2026-11-20 at 18:00."
    )
    assert noticed.severity is Severity.CRITICAL


def test_a_slot_that_was_filled_again_is_in_order() -> None:
    events = [event(at(0), "code_removed", slot=3), event(at(1), "code_added", slot=3)]
    assert Player(ID).hear(*events, event(at(2), "unlocked", by="code", slot=3)) == []


def test_another_slot_and_another_lock_are_in_order() -> None:
    player = Player(ID)
    player.hear(event(at(0), "code_removed", slot=3))
    assert player.hear(event(at(1), "unlocked", by="code", slot=4)) == []
    assert player.hear(event(at(1), "unlocked", "lock:back", by="code", slot=3)) == []


def test_a_slot_that_nightlatch_filled_again_is_in_order_where_the_lock_does_not_tell_of_it() -> None:
    for value in ("setting", "present", "foreign", "kept"):
        player = Player(ID)
        player.hear(event(at(0), "code_removed", slot=3), event(at(1), "ledger", slot=3, value=value))
        assert player.hear(event(at(2), "unlocked", by="code", slot=3)) == []
