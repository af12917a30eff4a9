from __future__ import annotations

from typing import Any

import pytest

from nightlatch.emergency.failures import FAILURES
from nightlatch.model.door import Door
from nightlatch.model.home import Home
from nightlatch.model.hub import Hub
from nightlatch.model.lock import Lock
from nightlatch.model.people import Credential
from nightlatch.practices.emergency.recovery import practice
from tests.unit.practices.builder import ago, fix_of, home, judge, make, verdict

CHECKS = [failure.value.replace("_", "-") for failure in FAILURES]


def keyless(**facts: Any) -> Home:
    """A flat with one door, a lock without a keyhole, one resident's code on it, and nothing else."""
    hub = make(Hub, "z2m", on_ups=False)
    door = make(Door, "front", exterior=True, other_way_in=False)
    lock = make(
        Lock,
        "front",
        door=door,
        hub=hub,
        can_cylinder=False,
        can_keypad=True,
        opens_by_phone=False,
        emergency_power="none",
        **facts,
    )
    code = make(Credential, "ana", lock=lock, form="pin", enabled=True, role="resident")
    return home(hub, door, lock, code)


@pytest.mark.parametrize("check", CHECKS)
def test_there_is_a_check_for_each_failure_and_it_is_unknown_without_doors(check: str) -> None:
    assert verdict(practice, check, home()) == "unknown"


@pytest.mark.parametrize(
    ("check", "expected"),
    [
        ("battery", "fail high"),
        ("power-cut", "pass"),
        ("internet", "pass"),
        ("hub", "pass"),
        ("phone", "pass"),
        ("account", "pass"),
        ("keypad", "unknown"),
        ("jam", "fail high"),
    ],
)
def test_a_keyless_lock_with_a_code_locks_out_by_battery_and_jam(check: str, expected: str) -> None:
    elm = keyless()
    assert verdict(practice, check, elm) == expected
    assert judge(practice, check, elm).because.endswith(".")
    if expected.startswith("fail"):
        fix = fix_of(practice, check, elm)
        assert fix.summary == "Make a second way in at front."


def test_what_is_not_known_is_named_and_asked_for() -> None:
    door = make(Door, "front", exterior=True, other_way_in=False)
    lock = make(Lock, "front", door=door, can_cylinder=True)
    elm = home(door, lock)
    assert "where the spare key is" in judge(practice, "hub", elm).because
    asked = fix_of(practice, "hub", elm).steps
    assert any("nightlatch answer door:front backup_key VALUE" in step for step in asked)
    assert not any("other_way_in" in step for step in asked)


def test_a_lock_of_no_known_door_is_asked_for_its_door() -> None:
    elm = home(make(Lock, "front", can_cylinder=False))
    assert verdict(practice, "battery", elm) == "unknown"
    assert "which door front is fitted to" in fix_of(practice, "battery", elm).steps[0]


def test_an_interior_door_locks_nobody_out() -> None:
    office = make(Door, "office", exterior=False, other_way_in=False)
    lock = make(Lock, "office", door=office, can_cylinder=False, can_keypad=False, opens_by_phone=False)
    front = make(Door, "front", exterior=True, backup_key="key_safe")
    elm = home(office, lock, front, make(Lock, "front", door=front))
    assert verdict(practice, "battery", elm) == "pass"


def test_the_way_that_remains_is_told_with_its_evidence() -> None:
    door = make(Door, "front", name="Front door", exterior=True, backup_key="trusted_person")
    elm = home(door, make(Lock, "front", door=door))
    found = judge(practice, "battery", elm)
    assert found.because == (
        "With the lock's battery flat, a way in remains: Front door by the key that a trusted person holds."
    )
    assert door.backup_key in found.evidence


@pytest.mark.parametrize(
    ("check", "facts", "expected"),
    [
        ("sheet-printed", {"recovery_sheet_printed_on": ago(365)}, "pass"),
        ("sheet-printed", {"recovery_sheet_printed_on": ago(366)}, "fail medium"),
        ("sheet-printed", {}, "unknown"),
        ("drilled", {"recovery_drilled_on": ago(365)}, "pass"),
        ("drilled", {"recovery_drilled_on": ago(366)}, "fail medium"),
        ("drilled", {}, "unknown"),
    ],
)
def test_the_recovery_sheet_is_printed_and_drilled_once_a_year(
    check: str, facts: dict[str, Any], expected: str
) -> None:
    elm = home(**facts)
    assert verdict(practice, check, elm) == expected
    if expected.startswith("fail"):
        assert fix_of(practice, check, elm).steps[-1].startswith("Tell Nightlatch: nightlatch answer home recovery_")
