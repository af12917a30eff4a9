from __future__ import annotations

from typing import Any

import pytest

from nightlatch.model.evidence import Grade
from nightlatch.model.hub import Hub
from nightlatch.model.lock import Lock
from nightlatch.practices.maintenance.updates import practice
from tests.unit.practices.builder import ago, fix_of, home, judge, make, verdict

OFFERED: list[tuple[dict[str, Any], str]] = [
    ({"update_available": False}, "pass"),
    ({"update_available": True, "update_since": ago(30)}, "pass"),
    ({"update_available": True, "update_since": ago(31)}, "fail high"),
    ({"update_available": True}, "unknown"),
    ({"update_version": "1.2"}, "unknown"),
    ({}, "unknown"),
]


@pytest.mark.parametrize(("facts", "expected"), OFFERED)
def test_a_locks_update_may_wait_30_days(facts: dict[str, Any], expected: str) -> None:
    assert verdict(practice, "lock-firmware", make(Lock, "front", **facts)) == expected


@pytest.mark.parametrize(("facts", "expected"), OFFERED)
def test_a_hubs_update_may_wait_30_days(facts: dict[str, Any], expected: str) -> None:
    assert verdict(practice, "hub-software", make(Hub, "z2m", **facts)) == expected


def test_a_lock_that_cannot_be_updated_is_told_apart() -> None:
    fixed = make(Lock, "front", can_update=(False, Grade.CATALOGUED))
    assert verdict(practice, "lock-firmware", fixed) == "not_applicable"
    assert verdict(practice, "lock-automatic", fixed) == "not_applicable"


def test_an_update_that_is_offered_counts_more_than_what_the_catalogue_says_of_the_model() -> None:
    lock = make(Lock, "front", can_update=(False, Grade.CATALOGUED), update_available=True, update_since=ago(60))
    assert verdict(practice, "lock-firmware", lock) == "fail high"


def test_the_finding_names_the_version_and_the_wait() -> None:
    lock = make(Lock, "front", firmware="1.0", update_available=True, update_version="1.2", update_since=ago(60))
    found = judge(practice, "lock-firmware", lock)
    assert found.because == f"Version 1.2 has been offered since {ago(60)}, for 60 days."
    assert lock.firmware in found.evidence


def test_a_fresh_update_passes_with_the_advice_to_install_it() -> None:
    lock = make(Lock, "front", update_available=True, update_since=ago(3), update_version="2.0")
    assert fix_of(practice, "lock-firmware", lock).steps


def test_a_loosened_profile_lets_updates_wait_longer() -> None:
    hub = make(Hub, "z2m", update_available=True, update_since=ago(60))
    assert verdict(practice, "hub-software", hub, home(hub, limits={"updates.days": 90})) == "pass"


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"auto_update": True}, "pass"),
        ({"auto_update": False}, "fail medium"),
        ({"auto_update": (True, Grade.CATALOGUED)}, "unknown"),
        ({}, "unknown"),
    ],
)
def test_locks_and_hubs_update_themselves(facts: dict[str, Any], expected: str) -> None:
    lock, hub = make(Lock, "front", **facts), make(Hub, "ha", software="homeassistant", **facts)
    assert verdict(practice, "lock-automatic", lock) == expected
    assert verdict(practice, "hub-automatic", hub) == expected
    if expected.startswith("fail"):
        assert "nightlatch answer lock:front auto_update true" in fix_of(practice, "lock-automatic", lock).steps[-1]
        assert "Settings > System > Updates" in fix_of(practice, "hub-automatic", hub).steps[0]


def test_every_failing_update_has_its_next_step() -> None:
    facts: dict[str, Any] = {"update_available": True, "update_since": ago(90)}
    assert fix_of(practice, "lock-firmware", make(Lock, "front", **facts)).steps
    assert fix_of(practice, "hub-software", make(Hub, "z2m", software="zigbee2mqtt", **facts)).steps


def test_an_update_since_an_unknown_day_is_installed_or_dated() -> None:
    lock = make(Lock, "front", update_available=True)
    steps = fix_of(practice, "lock-firmware", lock).steps
    assert any("Firmware update" in step for step in steps)
    assert steps[-1].endswith("nightlatch answer lock:front update_since VALUE")
