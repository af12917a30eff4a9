"""Forced doors."""

from __future__ import annotations

import pytest

from nightlatch.model.finding import Severity
from tests.unit.guard.detections.play import Player, at, event


@pytest.mark.parametrize("about", ["lock:front", "door:front"])
def test_a_forced_door_is_critical_whether_its_lock_or_its_sensor_tells(about: str) -> None:
    (noticed,) = Player("forced-door").hear(event(at(0), "door_forced", about))
    assert noticed.what == "Front door was forced open."
    assert (noticed.severity, noticed.about) == (Severity.CRITICAL, "door:front")


def test_closing_a_forced_door_does_not_end_the_case() -> None:
    assert len(Player("forced-door").hear(event(at(0), "door_forced"), event(at(5), "door_closed"))) == 1
