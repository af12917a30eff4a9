from __future__ import annotations

from typing import Any

import pytest

from nightlatch.model.evidence import Grade
from nightlatch.model.hub import Hub
from nightlatch.model.lock import Lock
from nightlatch.practices.maintenance.activity_alerts import practice
from tests.unit.practices.builder import ago, fix_of, home, judge, make, verdict

ALL = ("failed_codes", "tamper", "low_battery", "offline")


@pytest.mark.parametrize(
    ("check", "facts", "expected"),
    [
        ("channel", {"alert_channel": True}, "pass"),
        ("channel", {"alert_channel": False}, "fail high"),
        ("channel", {}, "unknown"),
        ("channel-tested", {"alert_tested_on": ago(90)}, "pass"),
        ("channel-tested", {"alert_tested_on": ago(91)}, "fail medium"),
        ("channel-tested", {"alert_channel": False}, "not_applicable"),
        ("channel-tested", {"alert_channel": True}, "unknown"),
        ("channel-tested", {}, "unknown"),
        ("detections", {"alerts_on": ALL}, "pass"),
        ("detections", {"alerts_on": ALL[:3]}, "fail high"),
        ("detections", {"alerts_on": ()}, "fail high"),
        ("detections", {"alert_channel": True}, "unknown"),
        ("log-read", {"log_read_on": ago(30)}, "pass"),
        ("log-read", {"log_read_on": ago(31)}, "fail medium"),
        ("log-read", {}, "unknown"),
    ],
)
def test_a_home_is_judged_by_what_reaches_a_person(check: str, facts: dict[str, Any], expected: str) -> None:
    elm = home(**facts)
    assert verdict(practice, check, elm) == expected
    if expected.startswith("fail"):
        assert fix_of(practice, check, elm).steps


def test_what_raises_no_alert_is_named() -> None:
    found = judge(practice, "detections", home(alerts_on=("failed_codes", "tamper")))
    assert found.because == "No alert is raised by a low battery or a lock that no longer answers."


def test_the_fix_names_the_menu_of_the_hub_at_hand() -> None:
    elm = home(make(Hub, "ha", software="homeassistant"), alert_channel=False)
    steps = fix_of(practice, "channel", elm).steps
    assert "nightlatch run" in steps[0]
    assert "Settings > Automations" in steps[-1]


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"can_report_wrong_code": True}, "pass"),
        ({"can_report_wrong_code": (True, Grade.CATALOGUED)}, "pass"),
        ({"can_report_wrong_code": False}, "fail medium"),
        ({"can_report_wrong_code": False, "can_keypad": False}, "not_applicable"),
        ({"can_keypad": True}, "unknown"),
        ({}, "unknown"),
    ],
)
def test_a_lock_that_cannot_report_wrong_codes_fails_mildly(facts: dict[str, Any], expected: str) -> None:
    assert verdict(practice, "reports-wrong-codes", make(Lock, "front", **facts)) == expected


def test_the_nearest_substitute_depends_on_what_the_lock_can_report() -> None:
    silent = make(Lock, "front", can_report_wrong_code=False, can_report_tamper=False, can_lockout=False)
    tamper = make(Lock, "front", can_report_wrong_code=False, can_report_tamper=True)
    assert "door sensor" in fix_of(practice, "reports-wrong-codes", silent).steps[0]
    assert "tamper report" in fix_of(practice, "reports-wrong-codes", tamper).steps[0]


def test_without_a_channel_nothing_can_raise_an_alert_and_one_finding_is_enough() -> None:
    assert verdict(practice, "detections", home(alert_channel=(False, Grade.DECLARED))) == "not_applicable"
    assert verdict(practice, "channel", home(alert_channel=(False, Grade.DECLARED))) == "fail high"
