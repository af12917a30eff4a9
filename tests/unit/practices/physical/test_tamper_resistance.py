from __future__ import annotations

from typing import Any

import pytest

from nightlatch.model.evidence import Grade
from nightlatch.model.lock import Lock
from nightlatch.practices.physical.tamper_resistance import practice
from tests.unit.practices.builder import fix_of, home, judge, make, verdict


@pytest.mark.parametrize(
    ("check", "facts", "expected"),
    [
        ("lockout", {"wrong_code_limit": 5}, "pass"),
        ("lockout", {"wrong_code_limit": 3, "wrong_code_lockout_s": 60}, "pass"),
        ("lockout", {"wrong_code_limit": 0}, "fail high"),
        ("lockout", {"wrong_code_limit": 5, "wrong_code_lockout_s": 0}, "fail high"),
        ("lockout", {"wrong_code_limit": 10}, "fail high"),
        ("lockout", {"can_keypad": False}, "not_applicable"),
        ("lockout", {"can_lockout": False}, "not_applicable"),
        ("lockout", {"can_keypad": True, "can_lockout": True}, "unknown"),
        ("lockout", {"wrong_code_limit": (5, Grade.CATALOGUED)}, "unknown"),
        ("lockout", {"wrong_code_limit": (0, Grade.CATALOGUED)}, "unknown"),
        ("lockout", {"wrong_code_lockout_s": 60}, "unknown"),
        ("tamper-alarm", {"tamper_alarm": True}, "pass"),
        ("tamper-alarm", {"tamper_alarm": False}, "fail high"),
        ("tamper-alarm", {"tamper_alarm": False, "can_tamper_alarm": True}, "fail high"),
        ("tamper-alarm", {"can_tamper_alarm": False}, "not_applicable"),
        ("tamper-alarm", {"tamper_alarm": False, "can_tamper_alarm": False}, "not_applicable"),
        ("tamper-alarm", {"tamper_alarm": (True, Grade.CATALOGUED)}, "unknown"),
        ("tamper-alarm", {"can_tamper_alarm": (True, Grade.CATALOGUED)}, "unknown"),
        ("tamper-report", {"can_report_tamper": True}, "pass"),
        ("tamper-report", {"can_report_tamper": False}, "fail medium"),
        ("tamper-report", {"can_report_tamper": False, "can_tamper_alarm": False}, "not_applicable"),
        ("tamper-report", {}, "unknown"),
        ("cylinder", {"cylinder_grade": "high"}, "pass"),
        ("cylinder", {"cylinder_grade": "standard"}, "fail medium"),
        ("cylinder", {"cylinder_grade": "low"}, "fail high"),
        ("cylinder", {"cylinder_grade": "none"}, "not_applicable"),
        ("cylinder", {"can_cylinder": False}, "not_applicable"),
        ("cylinder", {"can_cylinder": True}, "unknown"),
        ("cylinder", {}, "unknown"),
        ("keypad-sheltered", {"keypad_sheltered": True}, "pass"),
        ("keypad-sheltered", {"keypad_sheltered": False}, "fail low"),
        ("keypad-sheltered", {"can_keypad": False}, "not_applicable"),
        ("keypad-sheltered", {"can_keypad": True}, "unknown"),
        ("keypad-sheltered", {}, "unknown"),
    ],
)
def test_a_lock_is_judged_by_what_resists_and_reports_tampering(
    check: str, facts: dict[str, Any], expected: str
) -> None:
    lock = make(Lock, "front", **facts)
    assert verdict(practice, check, lock) == expected
    if expected.startswith("fail"):
        assert fix_of(practice, check, lock).steps


def test_the_lockout_is_told_with_its_numbers() -> None:
    lock = make(Lock, "front", wrong_code_limit=3, wrong_code_lockout_s=60)
    assert judge(practice, "lockout", lock).because == "The keypad locks out after 3 wrong codes, for 60 seconds."


def test_a_profile_may_allow_more_tries() -> None:
    lock = make(Lock, "front", wrong_code_limit=10)
    assert verdict(practice, "lockout", lock, home(lock, limits={"tamper-resistance.wrong-codes": 10})) == "pass"


def test_the_fix_of_a_missing_lockout_names_the_parameter_of_the_model() -> None:
    lock = make(
        Lock,
        "front",
        radio="zwave",
        zwave_id=("0x0129:0x8104:0x45d5", Grade.OBSERVED),
        maker="Yale",
        model="Yale YRD420",
        wrong_code_limit=0,
    )
    fix = fix_of(practice, "lockout", lock)
    assert fix.steps
    assert any("parameter" in step.lower() for step in fix.steps), fix.steps
