from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from nightlatch.model.evidence import Grade
from nightlatch.model.hub import Hub
from nightlatch.model.lock import Lock
from nightlatch.model.people import Credential
from nightlatch.practices.setup.least_privilege import practice
from tests.unit.practices.builder import NOW, fix_of, home, judge, make, verdict

SOON, PAST, FAR = NOW + timedelta(days=3), NOW - timedelta(days=3), NOW + timedelta(days=400)


def code(**facts: Any) -> Credential:
    return make(Credential, "zwavejs:3/2", **{"slot": 2, **facts})


@pytest.mark.parametrize(
    ("check", "facts", "expected"),
    [
        ("explained", {"person": "Ana"}, "pass"),
        ("explained", {}, "unknown"),
        ("explained", {"person": (" Nobody ", Grade.DECLARED)}, "fail high"),
        ("own-controller", {"foreign_creator": True}, "fail high"),
        ("own-controller", {"foreign_creator": False}, "pass"),
        ("own-controller", {}, "unknown"),
        ("not-expired", {"ends": SOON}, "pass"),
        ("not-expired", {"ends": PAST}, "fail critical"),
        ("not-expired", {"ends": NOW}, "fail critical"),
        ("not-expired", {"ends": PAST, "enabled": True}, "fail critical"),
        ("not-expired", {"ends": PAST, "enabled": False}, "pass"),
        ("not-expired", {"role": "resident"}, "not_applicable"),
        ("not-expired", {"role": "guest"}, "unknown"),
        ("not-expired", {}, "unknown"),
        ("visitor-bounded", {"role": "guest", "ends": SOON, "scheduled": True}, "pass"),
        ("visitor-bounded", {"role": "guest", "ends": SOON, "scheduled": False}, "fail high"),
        ("visitor-bounded", {"role": "service", "scheduled": False}, "fail high"),
        ("visitor-bounded", {"role": "service", "ends": FAR, "scheduled": True}, "fail high"),
        ("visitor-bounded", {"role": "guest", "scheduled": True}, "unknown"),
        ("visitor-bounded", {"role": "guest", "ends": SOON}, "unknown"),
        ("visitor-bounded", {"role": "guest"}, "unknown"),
        ("visitor-bounded", {"role": "regular"}, "not_applicable"),
        ("visitor-bounded", {}, "unknown"),
    ],
)
def test_every_code_is_explained_and_every_visit_ends(check: str, facts: dict[str, Any], expected: str) -> None:
    assert verdict(practice, check, code(**facts)) == expected


def test_only_matter_tells_who_made_a_code() -> None:
    lock = make(Lock, "front", radio="zwave")
    pin = code(lock=lock)
    assert verdict(practice, "own-controller", pin, home(lock, pin)) == "not_applicable"


def test_an_expired_code_is_removed_by_nightlatch_where_it_can_prove_it() -> None:
    lock = make(Lock, "zwavejs:3", name="Front", hub=make(Hub, "zwavejs", software="zwave-js"))
    pin = code(lock=lock, ends=PAST)
    fix = fix_of(practice, "not-expired", pin, home(lock, pin))
    assert fix.automatic and "code_slot 2" in fix.steps[1]
    app_only = make(Lock, "nuki", name="Front", maker="Nuki")
    assert not fix_of(practice, "not-expired", code(lock=app_only, ends=PAST), home(app_only)).automatic


def test_a_zigbee_code_is_removed_by_its_own_payload() -> None:
    lock = make(Lock, "zigbee2mqtt:0x000d6f0011223344")
    pin = code(lock=lock, ends=PAST)
    step = fix_of(practice, "not-expired", pin, home(lock, pin)).steps[1]
    assert 'zigbee2mqtt/0x000d6f0011223344/set the payload {"pin_code":{"user":2,"pin_code":null}}' in step


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"users": 3, "admins": 1}, "pass"),
        ({"users": 1, "admins": 1}, "pass"),
        ({"users": 2, "admins": 2}, "fail medium"),
        ({"users": 6, "admins": 3}, "fail medium"),
        ({"users": 6, "admins": 2}, "pass"),
        ({"users": 2}, "unknown"),
        ({"admins": 2}, "unknown"),
        ({"software": "zwave-js"}, "not_applicable"),
        ({"software": "homeassistant"}, "unknown"),
        ({}, "unknown"),
    ],
)
def test_not_everybody_administers_the_hub(facts: dict[str, Any], expected: str) -> None:
    assert verdict(practice, "few-admins", make(Hub, "ha", **facts)) == expected


def test_everybody_being_an_administrator_is_said_in_numbers() -> None:
    assert "2 of 2 accounts" in judge(practice, "few-admins", make(Hub, "ha", users=2, admins=2)).because


def test_a_lock_whose_codes_were_not_read_stays_unknown() -> None:
    assert verdict(practice, "codes-known", make(Lock, "front")) == "unknown"
    assert verdict(practice, "codes-known", make(Lock, "front", codes_read=True)) == "not_applicable"


def test_a_code_that_another_hub_of_the_owner_made_passes_once_they_say_whose_it_is() -> None:
    foreign = code(foreign_creator=True, created_by="fabric 2")
    assert verdict(practice, "own-controller", foreign) == "fail high"
    assert "person NAME" in fix_of(practice, "own-controller", foreign).steps[0]
    assert verdict(practice, "own-controller", code(foreign_creator=True, person="Ana")) == "pass"
    assert verdict(practice, "own-controller", code(foreign_creator=True, person="nobody")) == "fail high"
