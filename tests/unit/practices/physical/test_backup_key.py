from __future__ import annotations

from typing import Any

import pytest

from nightlatch.model.door import Door
from nightlatch.model.lock import Lock
from nightlatch.practices.physical.backup_key import practice
from tests.unit.practices.builder import ago, fix_of, home, judge, make, verdict


def front(door: dict[str, Any], **lock: Any) -> tuple[Door, Lock]:
    made = make(Door, "front", **door)
    return made, make(Lock, "front", door=made, **lock)


@pytest.mark.parametrize(
    ("door", "lock", "expected"),
    [
        ({}, {"can_cylinder": True}, "pass"),
        ({"other_way_in": True}, {"can_cylinder": False}, "pass"),
        ({"other_way_in": True}, {}, "pass"),
        ({"backup_key": "key_safe"}, {}, "pass"),
        ({"other_way_in": False}, {"can_cylinder": False}, "fail high"),
        ({}, {"can_cylinder": False}, "unknown"),
        ({"other_way_in": False}, {}, "unknown"),
        ({"backup_key": "none"}, {}, "unknown"),
        ({}, {}, "unknown"),
        ({"exterior": False}, {"can_cylinder": False}, "not_applicable"),
    ],
)
def test_a_door_needs_a_mechanical_or_another_way_in(door: dict[str, Any], lock: dict[str, Any], expected: str) -> None:
    made = front(door, **lock)
    assert verdict(practice, "way-in", made[0], home(*made)) == expected


def test_another_door_with_a_key_is_a_way_in() -> None:
    keyless = front({"exterior": True, "other_way_in": False}, can_cylinder=False)
    back = make(Door, "back", exterior=True, backup_key="trusted_person")
    found = judge(practice, "way-in", keyless[0], home(*keyless, back))
    assert found.because == "A resident gets in by another exterior door."
    assert back.backup_key in found.evidence


def test_another_door_of_which_nothing_is_known_leaves_it_open() -> None:
    keyless = front({"exterior": True, "other_way_in": False}, can_cylinder=False)
    assert verdict(practice, "way-in", keyless[0], home(*keyless, make(Door, "back", exterior=True))) == "unknown"


def test_of_two_locks_in_a_door_the_one_without_a_keyhole_decides() -> None:
    door, one = front({"other_way_in": False}, can_cylinder=True)
    two = make(Lock, "latch", door=door, can_cylinder=False)
    assert verdict(practice, "way-in", door, home(door, one, two)) == "fail high"


def test_what_is_not_known_of_the_lock_is_asked_of_the_lock() -> None:
    door, lock = front({"other_way_in": False})
    (question,) = fix_of(practice, "way-in", door, home(door, lock)).steps
    assert question.endswith("nightlatch answer lock:front can_cylinder VALUE")


@pytest.mark.parametrize(
    ("door", "lock", "expected"),
    [
        ({"backup_key": "trusted_person"}, {}, "pass"),
        ({"backup_key": "key_safe"}, {}, "pass"),
        ({"backup_key": "off_site"}, {}, "pass"),
        ({"backup_key": "hidden_outside"}, {}, "fail high"),
        ({"backup_key": "inside_only"}, {}, "fail high"),
        ({"backup_key": "none"}, {}, "fail high"),
        ({}, {}, "unknown"),
        ({}, {"can_cylinder": True}, "unknown"),
        ({}, {"can_cylinder": False}, "not_applicable"),
        ({"exterior": False}, {}, "not_applicable"),
    ],
)
def test_the_spare_key_is_in_safe_hands(door: dict[str, Any], lock: dict[str, Any], expected: str) -> None:
    made = front(door, **lock)
    assert verdict(practice, "key-holder", made[0], home(*made)) == expected
    if expected.startswith("fail"):
        assert fix_of(practice, "key-holder", made[0], home(*made)).steps


@pytest.mark.parametrize(
    ("door", "lock", "expected"),
    [
        ({"backup_key_checked_on": ago(365)}, {}, "pass"),
        ({"backup_key_checked_on": ago(366)}, {}, "fail medium"),
        ({"backup_key_checked_on": ago(-30)}, {}, "unknown"),
        ({}, {}, "unknown"),
        ({"backup_key": "none"}, {}, "not_applicable"),
        ({}, {"can_cylinder": False}, "not_applicable"),
        ({"exterior": False}, {}, "not_applicable"),
    ],
)
def test_the_spare_key_is_tried_once_a_year(door: dict[str, Any], lock: dict[str, Any], expected: str) -> None:
    made = front(door, **lock)
    assert verdict(practice, "key-tried", made[0], home(*made)) == expected
    if expected.startswith("fail"):
        steps = fix_of(practice, "key-tried", made[0], home(*made)).steps
        assert steps[-1].endswith(f"nightlatch answer door:front backup_key_checked_on {ago(0)}")
