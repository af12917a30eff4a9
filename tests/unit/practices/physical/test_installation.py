from __future__ import annotations

from typing import Any

import pytest

from nightlatch.model.door import Door
from nightlatch.model.evidence import Grade
from nightlatch.model.lock import Lock
from nightlatch.practices.physical.installation import practice
from tests.unit.practices.builder import fix_of, home, judge, make, verdict


@pytest.mark.parametrize(
    ("check", "facts", "expected"),
    [
        ("mounting", {"mounting": "to_maker_torque"}, "pass"),
        ("mounting", {"mounting": "by_hand"}, "fail medium"),
        ("mounting", {"mounting": "loose"}, "fail medium"),
        ("mounting", {}, "unknown"),
        ("strike-plate", {"strike_plate": "reinforced"}, "pass"),
        ("strike-plate", {"strike_plate": "standard"}, "fail medium"),
        ("strike-plate", {"strike_plate": "none"}, "fail medium"),
        ("strike-plate", {}, "unknown"),
        ("screws", {"screws_mm": 75}, "pass"),
        ("screws", {"screws_mm": 74}, "fail medium"),
        ("screws", {}, "unknown"),
        ("aligned", {"aligned": True}, "pass"),
        ("aligned", {"aligned": True, "jams_30_days": 1}, "pass"),
        ("aligned", {"aligned": False}, "fail medium"),
        ("aligned", {"aligned": True, "jams_30_days": 2}, "fail medium"),
        ("aligned", {"jams_30_days": 4}, "fail medium"),
        ("aligned", {"jams_30_days": 0}, "unknown"),
        ("aligned", {}, "unknown"),
    ],
)
def test_a_door_is_judged_by_each_part_that_holds_the_lock(check: str, facts: dict[str, Any], expected: str) -> None:
    door = make(Door, "front", **facts)
    assert verdict(practice, check, door) == expected
    if expected.startswith("fail"):
        assert fix_of(practice, check, door).steps[-1].startswith("Tell Nightlatch: nightlatch answer door:front ")


def test_repeated_jams_contradict_a_door_that_was_declared_aligned() -> None:
    door = make(Door, "front", aligned=(True, Grade.DECLARED))
    lock = make(Lock, "front", door=door, jams_30_days=4)
    found = judge(practice, "aligned", door, home(door, lock))
    assert found.because == "The bolt jammed 4 times in 30 days, which contradicts that it slides in freely."
    assert found.evidence == (lock.jams_30_days, door.aligned)


def test_jams_of_a_lock_in_another_door_do_not_count() -> None:
    front, back = make(Door, "front", aligned=True), make(Door, "back")
    lock = make(Lock, "back", door=back, jams_30_days=4)
    assert verdict(practice, "aligned", front, home(front, back, lock)) == "pass"


def test_a_profile_may_allow_shorter_screws() -> None:
    door = make(Door, "front", screws_mm=60)
    assert verdict(practice, "screws", door, home(door, limits={"installation.screws-mm": 50})) == "pass"


def test_the_fix_names_the_lock_model_whose_manual_gives_the_torque() -> None:
    door = make(Door, "front", mounting="loose")
    lock = make(Lock, "front", door=door, maker="Yale", model="YRD450")
    assert "the Yale YRD450" in fix_of(practice, "mounting", door, home(door, lock)).summary
