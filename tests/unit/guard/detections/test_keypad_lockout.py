"""Keypads that lock out."""

from __future__ import annotations

from nightlatch.model.finding import Severity
from tests.unit.guard.detections.play import Player, at, event

ID = "keypad-lockout"


def test_a_locked_out_keypad_is_told_once_and_over_when_it_takes_codes_again() -> None:
    player = Player(ID)
    (noticed,) = player.hear(event(at(0), "keypad_disabled"), event(at(1), "keypad_disabled"))
    assert noticed.what == "Front door: the keypad locked out and takes no code."
    assert noticed.severity is Severity.HIGH
    player.restart()
    (over,) = player.hear(event(at(60), "keypad_enabled"))
    assert over.over
    assert over.key == noticed.key


def test_a_keypad_that_is_switched_on_without_having_been_off_is_no_news() -> None:
    assert Player(ID).hear(event(at(0), "keypad_enabled")) == []
