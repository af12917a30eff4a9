from __future__ import annotations

from typing import Any

import msgspec
import pytest

from nightlatch.audit.judge import run
from nightlatch.model.evidence import Grade
from nightlatch.model.hub import Hub
from nightlatch.model.lock import Lock
from nightlatch.model.network import Wifi
from nightlatch.model.people import Credential
from nightlatch.model.router import Router
from nightlatch.model.thing import Thing
from nightlatch.practices.setup.default_credentials import practice
from tests.unit.practices.builder import check_of, fix_of, home, make, verdict


def code(**facts: Any) -> Credential:
    return make(Credential, "zwavejs:3/2", **{"form": "pin", "slot": 2, **facts})


@pytest.mark.parametrize(
    ("credential", "expected"),
    [
        (code(default=True), "fail critical"),
        (code(default=True, form="master"), "fail critical"),
        (code(default=False), "pass"),
        (code(), "unknown"),
        (code(form="tag"), "not_applicable"),
        (code(form="fingerprint"), "not_applicable"),
        (make(Credential, "c"), "unknown"),
    ],
)
def test_a_code_that_is_a_known_default_fails(credential: Credential, expected: str) -> None:
    assert verdict(practice, "no-default-code", credential) == expected


def test_a_default_code_is_named_by_its_slot_and_never_by_its_digits() -> None:
    lock = make(Lock, "front", name="Front door")
    bad = code(default=True, lock=lock)
    (finding,) = run(check_of(practice, "no-default-code"), home(lock, bad))
    assert finding.fix is not None and "slot 2 of Front door" in finding.fix.summary
    assert not any(digits in str(msgspec.to_builtins(finding.fix)) for digits in ("1234", "0000", "1111"))


@pytest.mark.parametrize(
    ("locks", "expected"),
    [
        ((), "unknown"),
        ((make(Lock, "a", codes_read=True),), "not_applicable"),
        ((make(Lock, "a", codes_read=True), make(Lock, "b")), "unknown"),
        ((make(Lock, "a", codes_read=True), make(Lock, "b", can_keypad=False)), "not_applicable"),
    ],
)
def test_a_home_without_codes_is_judged_by_whether_every_lock_was_read(locks: tuple[Lock, ...], expected: str) -> None:
    (finding,) = run(check_of(practice, "no-default-code"), home(*locks))
    assert finding.verdict == expected and finding.summary
    assert bool(finding.evidence) == (expected == "not_applicable")


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({}, "unknown"),
        ({"codes_read": False}, "unknown"),
        ({"codes_read": True}, "not_applicable"),
        ({"can_keypad": False}, "not_applicable"),
        ({"can_keypad": True}, "unknown"),
    ],
)
def test_a_lock_whose_codes_were_not_read_stays_unknown(facts: dict[str, Any], expected: str) -> None:
    assert verdict(practice, "codes-known", make(Lock, "front", **facts)) == expected


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"asks_sign_in": True}, "pass"),
        ({"asks_sign_in": True, "listens": "network"}, "pass"),
        ({"asks_sign_in": False, "listens": "network"}, "fail high"),
        ({"asks_sign_in": False, "listens": "loopback"}, "pass"),
        ({"listens": "loopback"}, "pass"),
        ({"asks_sign_in": False}, "unknown"),
        ({"listens": "network"}, "unknown"),
        ({}, "unknown"),
        ({"software": "zigbee2mqtt"}, "not_applicable"),
        ({"software": "homeassistant"}, "not_applicable"),
        ({"software": "homeassistant", "asks_sign_in": True}, "pass"),
    ],
)
def test_a_port_that_asks_for_nothing_fails_when_the_network_reaches_it(facts: dict[str, Any], expected: str) -> None:
    assert verdict(practice, "hub-sign-in", make(Hub, "hub", **facts)) == expected


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"frontend_sign_in": True}, "pass"),
        ({"frontend_sign_in": False}, "fail high"),
        ({"frontend_sign_in": False, "listens": "network"}, "fail high"),
        ({"frontend_sign_in": False, "listens": "loopback"}, "pass"),
        ({"software": "zigbee2mqtt"}, "unknown"),
        ({"software": "zigbee2mqtt", "web_page": False}, "not_applicable"),
        ({"software": "zwave-js"}, "not_applicable"),
        ({}, "unknown"),
    ],
)
def test_a_web_page_without_a_token_fails(facts: dict[str, Any], expected: str) -> None:
    assert verdict(practice, "frontend-sign-in", make(Hub, "hub", **facts)) == expected


@pytest.mark.parametrize(
    ("check", "thing", "expected"),
    [
        ("mqtt-sign-in", make(Hub, "h", mqtt_anonymous=True), "fail high"),
        ("mqtt-sign-in", make(Hub, "h", mqtt_anonymous=False), "pass"),
        ("mqtt-sign-in", make(Hub, "h", software="matter-server"), "not_applicable"),
        ("mqtt-sign-in", make(Hub, "h"), "unknown"),
        ("trusted-networks", make(Hub, "h", trusted_networks=("192.168.1.0/24",)), "fail high"),
        ("trusted-networks", make(Hub, "h", trusted_networks=()), "pass"),
        ("trusted-networks", make(Hub, "h", software="zwave-js"), "not_applicable"),
        ("trusted-networks", make(Hub, "h", software="homeassistant"), "unknown"),
        ("router-password", make(Router, "r", admin_password_set=False), "fail critical"),
        ("router-password", make(Router, "r", admin_password_set=True), "pass"),
        ("router-password", make(Router, "r"), "unknown"),
        ("wifi-name", make(Wifi, "w", name="FRITZ!Box 7590", default_name=True), "fail low"),
        ("wifi-name", make(Wifi, "w", default_name=False), "pass"),
        ("wifi-name", make(Wifi, "w", default_name=True, enabled=False), "not_applicable"),
        ("wifi-name", make(Wifi, "w"), "unknown"),
        ("router-name", make(Router, "r", name="OpenWrt", default_name=True), "fail low"),
        ("router-name", make(Router, "r", default_name=False), "pass"),
        ("router-name", make(Router, "r"), "unknown"),
        ("hub-name", make(Hub, "h", name="homeassistant", default_name=True), "fail low"),
        ("hub-name", make(Hub, "h", default_name=False), "pass"),
        ("hub-name", make(Hub, "h"), "unknown"),
    ],
)
def test_open_services_and_factory_names_fail(check: str, thing: Thing, expected: str) -> None:
    assert verdict(practice, check, thing) == expected


def test_the_token_of_zigbee2mqtt_is_fixed_in_its_own_file() -> None:
    hub = make(Hub, "h", software="zigbee2mqtt", frontend_sign_in=False)
    assert any("frontend.auth_token" in step for step in fix_of(practice, "frontend-sign-in", hub).steps)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({}, "unknown"),
        ({"defaults_changed": (True, Grade.DECLARED)}, "pass"),
        ({"defaults_changed": (False, Grade.DECLARED)}, "fail critical"),
        ({"defaults_changed": (True, Grade.DECLARED), "codes_read": False}, "pass"),
        ({"defaults_changed": (False, Grade.DECLARED), "codes_read": True}, "not_applicable"),
        ({"can_keypad": False}, "not_applicable"),
    ],
)
def test_where_no_source_reads_the_codes_the_owners_word_counts(facts: dict[str, Any], expected: str) -> None:
    lock = make(Lock, "front", **facts)
    assert verdict(practice, "codes-known", lock) == expected


def test_a_home_of_which_no_code_was_read_is_judged_by_the_answer_for_each_lock() -> None:
    changed = make(Lock, "front", defaults_changed=(True, Grade.DECLARED))
    silent = make(Lock, "back")
    absent = check_of(practice, "no-default-code").absent
    assert absent is not None
    assert absent(home(changed)).verdict == "not_applicable"
    assert absent(home(changed, silent)).verdict == "unknown"
    assert absent(home(changed, make(Lock, "side", can_keypad=False))).verdict == "not_applicable"


@pytest.mark.parametrize("software", ["zwave-js", "zigbee2mqtt", "matter-server"])
def test_a_radio_server_has_no_name_on_the_network(software: str) -> None:
    assert verdict(practice, "hub-name", make(Hub, "hub", software=software)) == "not_applicable"
