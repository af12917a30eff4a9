"""Tampering."""

from __future__ import annotations

from nightlatch.model.finding import Severity
from tests.unit.guard.detections.play import Player, at, event, home


def test_every_report_of_tampering_is_told_as_critical_under_one_key() -> None:
    told = Player("tamper").hear(event(at(0), "tamper"), event(at(9), "tamper"))
    assert [one.what for one in told] == ["Front door: the lock reports tampering."] * 2
    assert {(one.key, one.severity) for one in told} == {("lock:front", Severity.CRITICAL)}


def test_a_lock_without_a_door_is_called_by_its_own_name_and_a_nameless_one_by_its_key() -> None:
    told = Player("tamper", home(door_of={})).hear(event(at(0), "tamper"), event(at(0), "tamper", "lock:zwavejs:9"))
    assert [one.what for one in told] == [
        "Front lock: the lock reports tampering.",
        "zwavejs:9: the lock reports tampering.",
    ]
