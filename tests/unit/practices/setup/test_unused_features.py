from __future__ import annotations

from typing import Any

import pytest

from nightlatch.model.evidence import Grade
from nightlatch.model.hub import Hub
from nightlatch.model.lock import Lock
from nightlatch.practices.setup.unused_features import practice
from tests.unit.practices.builder import fix_of, home, judge, make, verdict

ON = [
    ("remote-access", {"remote_access": True}, "remote"),
    ("remote-access", {"external_url": "https://home.example.org"}, "remote"),
    ("remote-access", {"remote_access": False, "external_url": "https://home.example.org"}, "remote"),
    ("cloud", {"cloud_connected": True}, "cloud"),
    ("voice", {"voice_exposed": ("lock.front (alexa)",)}, "voice"),
    ("joining", {"permit_join": True}, "join"),
]
OFF = [
    ("remote-access", {"remote_access": False}),
    ("remote-access", {"remote_access": False, "external_url": ""}),
    ("cloud", {"cloud_connected": False}),
    ("voice", {"voice_exposed": ()}),
    ("joining", {"permit_join": False}),
]


@pytest.mark.parametrize(("check", "facts", "need"), ON)
def test_a_feature_that_is_on_is_judged_by_whether_it_is_needed(check: str, facts: dict[str, Any], need: str) -> None:
    hub = make(Hub, "hub", **facts)
    assert verdict(practice, check, hub, home(hub, needs=((), Grade.DECLARED))) == "fail medium"
    assert verdict(practice, check, hub, home(hub, needs=((need,), Grade.DECLARED))) == "pass"
    unasked = judge(practice, check, hub, home(hub))
    assert unasked.verdict == "unknown" and "never said" in unasked.because
    assert "nightlatch answer home needs" in str(fix_of(practice, check, hub, home(hub)).steps)


@pytest.mark.parametrize(("check", "facts"), OFF)
def test_a_feature_that_is_off_passes_whatever_is_needed(check: str, facts: dict[str, Any]) -> None:
    assert verdict(practice, check, make(Hub, "hub", **facts)) == "pass"


@pytest.mark.parametrize("check", ["remote-access", "cloud", "voice", "joining"])
def test_a_feature_that_nobody_told_of_is_unknown(check: str) -> None:
    assert verdict(practice, check, make(Hub, "hub")) == "unknown"


@pytest.mark.parametrize(
    ("check", "software"),
    [
        ("remote-access", "zwave-js"),
        ("cloud", "zigbee2mqtt"),
        ("voice", "matter-server"),
        ("joining", "homeassistant"),
    ],
)
def test_software_without_the_feature_needs_no_check(check: str, software: str) -> None:
    assert verdict(practice, check, make(Hub, "hub", software=software)) == "not_applicable"


def test_an_address_alone_does_not_prove_that_the_hub_is_closed() -> None:
    assert verdict(practice, "remote-access", make(Hub, "hub", external_url="")) == "unknown"


def test_open_joining_is_closed_by_nightlatch_itself() -> None:
    hub = make(Hub, "z2m", software="zigbee2mqtt", permit_join=True)
    fix = fix_of(practice, "joining", hub, home(hub, needs=((), Grade.DECLARED)))
    assert fix.automatic and '{"time": 0}' in fix.steps[0]


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"pin_for_remote": True}, "pass"),
        ({"pin_for_remote": False}, "fail medium"),
        ({"pin_for_remote": (True, Grade.CATALOGUED), "radio": "matter"}, "unknown"),
        ({"radio": "zwave"}, "not_applicable"),
        ({"radio": "matter"}, "unknown"),
        ({}, "unknown"),
    ],
)
def test_a_remote_unlock_asks_for_a_pin(facts: dict[str, Any], expected: str) -> None:
    assert verdict(practice, "pin-for-remote", make(Lock, "front", **facts)) == expected


def test_the_fix_names_the_matter_attribute() -> None:
    lock = make(Lock, "matter:1/5", pin_for_remote=False)
    fix = fix_of(practice, "pin-for-remote", lock)
    assert fix.automatic and '"attribute_path":"1/257/51"' in fix.steps[-1]


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"remote_access": (False, Grade.DECLARED)}, "pass"),
        ({"remote_access": (True, Grade.DECLARED)}, "fail medium"),
        ({"radio": "zigbee"}, "not_applicable"),
        ({"radio": "zwave"}, "not_applicable"),
        ({"radio": ("zwave", Grade.CATALOGUED)}, "unknown"),
        ({"radio": ("zigbee", Grade.DECLARED)}, "unknown"),
        ({"radio": "matter"}, "unknown"),
        ({"radio": ("ble", Grade.DECLARED)}, "unknown"),
        ({}, "unknown"),
    ],
)
def test_the_makers_own_way_to_the_lock_is_judged_where_there_may_be_one(facts: dict[str, Any], expected: str) -> None:
    lock = make(Lock, "front", **facts)
    assert verdict(practice, "lock-remote-access", lock, home(lock, needs=((), Grade.DECLARED))) == expected


def test_a_needed_feature_is_listed_beside_the_ones_listed_before() -> None:
    lock = make(Lock, "front", remote_access=(True, Grade.DECLARED))
    here = home(lock, needs=(("voice",), Grade.DECLARED))
    assert fix_of(practice, "lock-remote-access", lock, here).steps[-1].endswith("answer home needs voice,remote")
    assert verdict(practice, "lock-remote-access", lock, home(lock, needs=(("remote",), Grade.DECLARED))) == "pass"
