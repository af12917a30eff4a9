from __future__ import annotations

from typing import Any

import pytest

from nightlatch.model.door import Door
from nightlatch.model.evidence import Grade
from nightlatch.model.lock import Lock
from nightlatch.practices.emergency.fail_safe import practice
from tests.unit.practices.builder import ago, fix_of, home, make, ref, verdict


@pytest.mark.parametrize(
    ("check", "facts", "expected"),
    [
        ("stays-locked", {"on_flat_battery": "stays_locked"}, "pass"),
        ("stays-locked", {"on_flat_battery": ("stays_locked", Grade.CATALOGUED)}, "pass"),
        ("stays-locked", {"on_flat_battery": "stays_as_is"}, "pass"),
        ("stays-locked", {"on_flat_battery": "unlocks"}, "fail high"),
        ("stays-locked", {}, "unknown"),
        ("auto-lock", {"auto_lock_by": "lock"}, "pass"),
        ("auto-lock", {"auto_relock_s": 30}, "pass"),
        ("auto-lock", {"auto_relock_s": 30, "auto_lock_by": "hub"}, "pass"),
        ("auto-lock", {"auto_lock_by": "hub"}, "fail high"),
        ("auto-lock", {"auto_lock_by": "hub", "auto_relock_s": 0}, "fail high"),
        ("auto-lock", {"auto_lock_by": "hub", "auto_relock_s": (30, Grade.CATALOGUED)}, "fail high"),
        ("auto-lock", {"auto_lock_by": "nobody"}, "not_applicable"),
        ("auto-lock", {"auto_relock_s": 0}, "unknown"),
        ("auto-lock", {"auto_relock_s": (30, Grade.CATALOGUED)}, "unknown"),
        ("auto-lock", {}, "unknown"),
        ("flat-battery-tested", {"flat_battery_tested_on": ago(365)}, "pass"),
        ("flat-battery-tested", {"flat_battery_tested_on": ago(366)}, "fail medium"),
        ("flat-battery-tested", {}, "unknown"),
        ("power-cut-tested", {"power_cut_tested_on": ago(0)}, "pass"),
        ("power-cut-tested", {"power_cut_tested_on": ago(366)}, "fail medium"),
        ("power-cut-tested", {}, "unknown"),
        ("network-loss-tested", {"network_loss_tested_on": ago(1)}, "pass"),
        ("network-loss-tested", {"network_loss_tested_on": ago(366)}, "fail medium"),
        ("network-loss-tested", {}, "unknown"),
    ],
)
def test_a_lock_is_judged_by_what_it_does_when_something_fails(
    check: str, facts: dict[str, Any], expected: str
) -> None:
    lock = make(Lock, "front", **facts)
    assert verdict(practice, check, lock) == expected
    if expected.startswith("fail"):
        assert fix_of(practice, check, lock).steps


@pytest.mark.parametrize(
    ("door", "expected"),
    [
        ({"egress_without_power": True}, "pass"),
        ({"egress_without_power": False}, "fail high"),
        ({}, "unknown"),
    ],
)
def test_people_inside_can_always_leave(door: dict[str, Any], expected: str) -> None:
    front = make(Door, "front", **door)
    lock = make(Lock, "front", door=front)
    elm = home(front, lock)
    assert verdict(practice, "way-out", lock, elm) == expected
    if expected != "pass":
        assert "nightlatch answer door:front egress_without_power" in fix_of(practice, "way-out", lock, elm).steps[-1]


def test_a_lock_of_no_known_door_leaves_the_way_out_unknown() -> None:
    assert verdict(practice, "way-out", make(Lock, "front")) == "unknown"
    assert verdict(practice, "way-out", make(Lock, "front", door=ref(Door, "gone"))) == "unknown"


def test_the_test_that_is_asked_for_names_its_own_fact() -> None:
    lock = make(Lock, "front", power_cut_tested_on=ago(500))
    assert fix_of(practice, "power-cut-tested", lock).steps[-1].endswith(f"power_cut_tested_on {ago(0)}")
