"""Changes that Nightlatch did not make."""

from __future__ import annotations

import pytest

from nightlatch.model.event import Kind
from nightlatch.model.finding import Severity
from tests.unit.guard.detections.play import Player, at, event, holder, home

ID = "foreign-change"


@pytest.mark.parametrize(
    ("kind", "words", "severity"),
    [
        ("code_added", "appeared", Severity.HIGH),
        ("code_changed", "was changed", Severity.HIGH),
        ("code_removed", "was removed", Severity.MEDIUM),
    ],
)
def test_a_change_of_a_code_that_no_command_explains_is_told(kind: Kind, words: str, severity: Severity) -> None:
    household = home(holders={("lock:front", 3): holder("ben")})
    (noticed,) = Player(ID, household).hear(event(at(0), kind, slot=3))
    assert noticed.what == f"Front door: the code in slot 3 {words}, and not by Nightlatch."
    assert (noticed.severity, noticed.person) == (severity, "ben")


def test_our_own_command_explains_a_change_of_its_slot_for_two_minutes() -> None:
    player = Player(ID)
    ours = event(at(0), "command", slot=3, name="set_code")
    assert player.hear(ours, event(at(119), "code_added", slot=3)) == []
    player.restart()
    assert len(player.hear(event(at(119), "code_added", slot=4))) == 1
    assert len(player.hear(event(at(121), "code_changed", slot=3))) == 1


def test_a_code_that_appears_where_we_cleared_one_is_told() -> None:
    player = Player(ID)
    ours = event(at(0), "command", slot=3, name="clear_code")
    assert player.hear(ours, event(at(1), "code_removed", slot=3)) == []
    (noticed,) = player.hear(event(at(9), "code_added", slot=3))
    assert noticed.severity is Severity.HIGH


def test_a_setting_that_somebody_else_changed_is_told_by_its_name() -> None:
    (noticed,) = Player(ID).hear(event(at(0), "parameter_changed", name="auto_relock_s", value=0))
    assert noticed.what == "Front door: auto relock s of the lock was changed, and not by Nightlatch."
    assert noticed.severity is Severity.MEDIUM


def test_a_setting_that_we_changed_is_not_told() -> None:
    ours = event(at(0), "command", name="set_parameter")
    assert Player(ID).hear(ours, event(at(5), "parameter_changed", name="auto_relock_s")) == []


def test_a_command_to_lock_explains_no_change() -> None:
    ours = event(at(0), "command", name="lock")
    assert len(Player(ID).hear(ours, event(at(5), "parameter_changed", name="auto_relock_s"))) == 1
