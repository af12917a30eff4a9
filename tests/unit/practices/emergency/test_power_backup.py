from __future__ import annotations

from typing import Any

import pytest

from nightlatch.model.door import Door
from nightlatch.model.evidence import Grade
from nightlatch.model.hub import Hub
from nightlatch.model.lock import Lock
from nightlatch.model.router import Router
from nightlatch.practices.emergency.power_backup import practice
from tests.unit.practices.builder import fix_of, home, make, verdict


@pytest.mark.parametrize(
    ("check", "facts", "expected"),
    [
        ("battery", {"battery_percent": 30}, "pass"),
        ("battery", {"battery_percent": 29}, "fail high"),
        ("battery", {"battery_percent": 15}, "fail high"),
        ("battery", {"battery_percent": 14}, "fail critical"),
        ("battery", {"battery_percent": 80, "battery_low": True}, "fail high"),
        ("battery", {"battery_percent": 10, "battery_low": True}, "fail critical"),
        ("battery", {"battery_low": True}, "fail high"),
        ("battery", {"battery_low": False}, "unknown"),
        ("battery", {"battery_percent": (90, Grade.CATALOGUED)}, "unknown"),
        ("battery", {}, "unknown"),
        ("forecast", {"battery_days_left": 30}, "pass"),
        ("forecast", {"battery_days_left": 29}, "fail high"),
        ("forecast", {"battery_percent": 90}, "unknown"),
        ("forecast", {}, "unknown"),
        ("emergency-power", {"emergency_power": ("9V terminals", Grade.CATALOGUED)}, "pass"),
        ("emergency-power", {"emergency_power": "none"}, "unknown"),
        ("emergency-power", {}, "unknown"),
    ],
)
def test_a_locks_battery_is_judged_by_what_is_left(check: str, facts: dict[str, Any], expected: str) -> None:
    lock = make(Lock, "front", **facts)
    assert verdict(practice, check, lock) == expected
    if expected.startswith("fail"):
        assert fix_of(practice, check, lock).steps


def test_the_fix_names_the_battery_type_and_the_emergency_power_of_the_lock() -> None:
    lock = make(Lock, "front", battery_percent=9, battery_type="4×AA", emergency_power="9V terminals")
    fix = fix_of(practice, "battery", lock)
    assert "4×AA" in fix.summary
    assert fix.steps[-1] == "Should it go flat before: power it from outside by 9V terminals."


@pytest.mark.parametrize(
    ("door", "expected"),
    [
        ({"backup_key": "trusted_person", "other_way_in": False}, "pass"),
        ({"backup_key": "none", "other_way_in": False}, "fail high"),
        ({"backup_key": "none"}, "unknown"),
    ],
)
def test_a_lock_without_emergency_power_needs_another_way_in(door: dict[str, Any], expected: str) -> None:
    front = make(Door, "front", exterior=True, **door)
    lock = make(Lock, "front", door=front, emergency_power="none")
    elm = home(front, lock)
    assert verdict(practice, "emergency-power", lock, elm) == expected
    if expected.startswith("fail"):
        assert fix_of(practice, "emergency-power", lock, elm).steps


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"on_ups": True}, "pass"),
        ({"needed_to_enter": False}, "pass"),
        ({"on_ups": False, "needed_to_enter": False}, "pass"),
        ({"on_ups": False, "needed_to_enter": True}, "fail high"),
        ({"on_ups": False}, "unknown"),
        ({"needed_to_enter": True}, "unknown"),
        ({}, "unknown"),
    ],
)
def test_a_hub_is_on_a_ups_or_not_needed(facts: dict[str, Any], expected: str) -> None:
    hub = make(Hub, "z2m", **facts)
    assert verdict(practice, "hub-power", hub) == expected
    if expected.startswith("fail"):
        assert fix_of(practice, "hub-power", hub).steps


def test_a_hub_without_a_ups_is_not_needed_where_a_key_opens_every_door() -> None:
    hub = make(Hub, "z2m", on_ups=False)
    front = make(Door, "front", exterior=True, backup_key="key_safe")
    lock = make(Lock, "front", door=front, hub=hub)
    assert verdict(practice, "hub-power", hub, home(hub, front, lock)) == "pass"


@pytest.mark.parametrize(
    ("router", "door", "lock", "expected"),
    [
        ({"on_ups": True}, {}, {}, "pass"),
        ({}, {}, {}, "unknown"),
        ({"on_ups": False}, {}, {}, "unknown"),
        ({"on_ups": False}, {"backup_key": "key_safe"}, {}, "pass"),
        (
            {"on_ups": False},
            {"backup_key": "none", "other_way_in": False},
            {"can_keypad": False, "opens_by_phone": False},
            "fail high",
        ),
    ],
)
def test_a_router_is_on_a_ups_or_not_needed(
    router: dict[str, Any], door: dict[str, Any], lock: dict[str, Any], expected: str
) -> None:
    made, front = make(Router, "r", **router), make(Door, "front", exterior=True, **door)
    elm = home(made, front, make(Lock, "front", door=front, **lock))
    assert verdict(practice, "router-power", made, elm) == expected
    if expected.startswith("fail"):
        assert fix_of(practice, "router-power", made, elm).steps
