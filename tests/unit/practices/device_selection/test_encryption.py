from __future__ import annotations

from typing import Any

import pytest

from nightlatch.model.evidence import Grade
from nightlatch.model.hub import Hub
from nightlatch.model.lock import Lock
from nightlatch.practices.device_selection.encryption import practice
from tests.unit.practices.builder import fix_of, home, judge, make, verdict


@pytest.mark.parametrize(
    ("security", "expected"),
    [
        ("s2_access_control", "pass"),
        ("s2_authenticated", "pass"),
        ("s2_unauthenticated", "fail medium"),
        ("s0", "fail high"),
        ("none", "fail critical"),
        ("matter", "pass"),
        ("tls", "pass"),
        ("ble", "unknown"),
        ("zigbee", "unknown"),
    ],
)
def test_each_security_class_has_its_verdict(security: str, expected: str) -> None:
    assert verdict(practice, "radio-link", make(Lock, "front", security=security)) == expected


def test_a_lock_without_security_is_told_apart_from_s0() -> None:
    bare = judge(practice, "radio-link", make(Lock, "front", security="none"))
    s0 = judge(practice, "radio-link", make(Lock, "front", security="s0"))
    assert "no security" in bare.because and "S0" in s0.because


def test_a_link_that_nobody_told_is_unknown_and_so_is_what_the_model_could_do() -> None:
    assert verdict(practice, "radio-link", make(Lock, "front")) == "unknown"
    possible = make(Lock, "front", security=("s2_access_control", Grade.CATALOGUED))
    assert verdict(practice, "radio-link", possible) == "unknown"


@pytest.mark.parametrize(
    ("key", "expected"), [("private", "pass"), ("published_default", "fail critical"), ("weak", "fail critical")]
)
def test_a_zigbee_link_is_as_good_as_its_networks_key(key: str, expected: str) -> None:
    hub = make(Hub, "z2m", software="zigbee2mqtt", network_key=key)
    lock = make(Lock, "front", security="zigbee", hub=hub)
    assert verdict(practice, "radio-link", lock, home(hub, lock)) == expected
    assert verdict(practice, "network-key", hub) == expected


def test_a_zigbee_link_whose_key_is_not_known_is_unknown_and_says_why() -> None:
    hub = make(Hub, "z2m", software="zigbee2mqtt")
    lock = make(Lock, "front", security="zigbee", hub=hub)
    found = judge(practice, "radio-link", lock, home(hub, lock))
    assert found.verdict == "unknown" and "key" in found.because


@pytest.mark.parametrize(
    ("software", "expected"),
    [
        ("zwave-js", "not_applicable"),
        ("matter-server", "not_applicable"),
        ("homeassistant", "not_applicable"),
        ("zigbee2mqtt", "unknown"),
        ("another", "not_applicable"),
    ],
)
def test_only_a_hub_with_a_zigbee_network_needs_its_key(software: str, expected: str) -> None:
    assert verdict(practice, "network-key", make(Hub, "hub", software=software)) == expected


def test_home_assistant_with_a_zigbee_lock_of_its_own_needs_the_key() -> None:
    hub = make(Hub, "ha", software="homeassistant")
    lock = make(Lock, "front", security="zigbee", hub=hub)
    assert verdict(practice, "network-key", hub, home(hub, lock)) == "unknown"


def test_a_hub_without_any_facts_is_unknown() -> None:
    for check in ("network-key", "hub-port", "mqtt-tls", "mqtt-acl"):
        assert verdict(practice, check, make(Hub, "hub")) == "unknown"


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"mqtt_off_host": True, "mqtt_tls": False}, "fail high"),
        ({"mqtt_off_host": True, "mqtt_tls": True}, "pass"),
        ({"mqtt_tls": True}, "pass"),
        ({"mqtt_off_host": False}, "pass"),
        ({"mqtt_off_host": False, "mqtt_tls": False}, "pass"),
        ({"mqtt_off_host": True}, "unknown"),
        ({"mqtt_tls": False}, "unknown"),
    ],
)
def test_pins_in_plain_text_matter_only_where_they_leave_the_host(facts: dict[str, bool], expected: str) -> None:
    assert verdict(practice, "mqtt-tls", make(Hub, "z2m", software="zigbee2mqtt", **facts)) == expected


def test_a_broker_without_access_list_fails() -> None:
    bad = make(Hub, "z2m", mqtt_acl=False)
    assert verdict(practice, "mqtt-acl", bad) == "fail high"
    assert verdict(practice, "mqtt-acl", make(Hub, "z2m", mqtt_acl=True)) == "pass"
    assert verdict(practice, "mqtt-acl", make(Hub, "js", software="zwave-js")) == "not_applicable"
    assert fix_of(practice, "mqtt-acl", bad).steps


@pytest.mark.parametrize("radio", ["ble", "wifi", "proprietary"])
def test_a_link_of_the_makers_own_is_unknown_and_its_maker_is_to_be_asked(radio: str) -> None:
    lock = make(Lock, "front", radio=(radio, Grade.DECLARED), maker="Nuki")
    found = judge(practice, "radio-link", lock)
    assert found.verdict == "unknown" and "cannot be read from outside" in found.because
    assert "Ask Nuki" in fix_of(practice, "radio-link", lock).steps[0]


def test_the_published_key_is_fixed_by_generating_one() -> None:
    hub = make(Hub, "z2m", network_key="published_default")
    assert any("GENERATE" in step for step in fix_of(practice, "network-key", hub).steps)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"tls": True}, "pass"),
        ({"tls": True, "listens": "network"}, "pass"),
        ({"tls": False, "listens": "loopback"}, "pass"),
        ({"listens": "loopback"}, "pass"),
        ({"tls": False, "listens": "network"}, "fail medium"),
        ({"tls": False, "listens": "network", "trusted_proxies": ("172.30.33.0/24",)}, "unknown"),
        ({"tls": False, "listens": "network", "trusted_proxies": ()}, "fail medium"),
        ({"tls": False}, "unknown"),
        ({"listens": "network"}, "unknown"),
    ],
)
def test_what_goes_to_the_hub_over_the_network_is_encrypted(facts: dict[str, Any], expected: str) -> None:
    assert verdict(practice, "hub-port", make(Hub, "hub", **facts)) == expected


@pytest.mark.parametrize(
    ("software", "step"), [("homeassistant", "https://"), ("zigbee2mqtt", "ssl_cert"), ("zwave-js", "127.0.0.1")]
)
def test_each_hub_is_encrypted_in_its_own_way(software: str, step: str) -> None:
    hub = make(Hub, "hub", software=software, tls=False, listens="network")
    assert any(step in one for one in fix_of(practice, "hub-port", hub).steps)
