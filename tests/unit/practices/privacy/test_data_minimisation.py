from __future__ import annotations

from typing import Any

import pytest

from nightlatch.model.evidence import Grade
from nightlatch.model.hub import Hub
from nightlatch.model.lock import Lock
from nightlatch.model.network import Device
from nightlatch.model.router import Router
from nightlatch.model.thing import Thing
from nightlatch.model.values import HostContact
from nightlatch.practices.privacy.data_minimisation import practice
from tests.unit.practices.builder import fix_of, home, judge, make, verdict

CLOUD = HostContact("yalehome.com", "Yale", "cloud", 12)
TRACKER = HostContact("mixpanel.com", "Mixpanel", "telemetry", 3)
UPDATE = HostContact("updates.example", "Yale", "update", 3)
VOICE = HostContact("alexa.example", "Amazon", "voice", 3)
NOTHING: tuple[str, ...] = ()


def seen(*contacts: HostContact) -> Device:
    return make(Device, "bridge", address="192.168.20.5", contacts=contacts)


@pytest.mark.parametrize(
    ("contacts", "needs", "expected"),
    [
        ((), NOTHING, "pass"),
        ((UPDATE,), NOTHING, "pass"),
        ((CLOUD,), NOTHING, "fail medium"),
        ((CLOUD,), ("remote",), "pass"),
        ((CLOUD,), ("cloud",), "pass"),
        ((CLOUD,), ("voice",), "fail medium"),
        ((CLOUD, TRACKER), ("remote",), "fail medium"),
        ((TRACKER,), ("analytics",), "pass"),
        ((VOICE,), ("voice",), "pass"),
        ((CLOUD,), None, "unknown"),
        ((TRACKER,), None, "unknown"),
        ((), None, "pass"),
    ],
)
def test_what_a_hub_or_lock_talks_to_must_be_needed(
    contacts: tuple[HostContact, ...], needs: tuple[str, ...] | None, expected: str
) -> None:
    hub = make(Hub, "bridge", address="192.168.20.5:8080")
    lock = make(Lock, "front", radio="wifi", address="192.168.20.5")
    facts: dict[str, Any] = {} if needs is None else {"needs": needs}
    elm = home(hub, lock, seen(*contacts), **facts)
    assert verdict(practice, "hub-contacts", hub, elm) == expected
    assert verdict(practice, "lock-contacts", lock, elm) == expected


def test_without_a_dns_log_nobody_knows_what_a_hub_talks_to() -> None:
    hub = make(Hub, "bridge", address="192.168.20.5")
    assert verdict(practice, "hub-contacts", hub, home(hub, needs=NOTHING)) == "unknown"
    unlogged = make(Device, "bridge", address="192.168.20.5")
    assert verdict(practice, "hub-contacts", hub, home(hub, unlogged, needs=NOTHING)) == "unknown"
    elsewhere = make(Device, "tv", address="192.168.20.50", contacts=())
    assert verdict(practice, "hub-contacts", hub, home(hub, elsewhere, needs=NOTHING)) == "unknown"


def test_a_log_that_cannot_be_matched_asks_for_the_address() -> None:
    hub = make(Hub, "bridge")
    elm = home(hub, seen(CLOUD))
    assert "address" in judge(practice, "hub-contacts", hub, elm).because
    assert (
        fix_of(practice, "hub-contacts", hub, elm).steps[0].endswith("nightlatch answer hub:bridge lan_address VALUE")
    )


def test_the_address_that_the_owner_told_matches_a_hub_that_is_reached_on_the_same_machine() -> None:
    hub = make(Hub, "bridge", address="127.0.0.1:3000", lan_address="192.168.20.5")
    assert verdict(practice, "hub-contacts", hub, home(hub, seen(CLOUD), needs=NOTHING)) == "fail medium"


def test_a_device_is_matched_by_its_hardware_address_too() -> None:
    hub = Hub("bridge", keys=("mac:00:11:22:33:44:55",))
    device = make(Device, "bridge", mac="00:11:22:33:44:55", contacts=(CLOUD,))
    assert verdict(practice, "hub-contacts", hub, home(hub, device, needs=NOTHING)) == "fail medium"


def test_a_device_that_is_bound_to_a_lock_by_its_address_is_matched() -> None:
    lock = Lock("front", keys=("ip:192.168.20.5",))
    assert verdict(practice, "lock-contacts", lock, home(lock, seen(CLOUD), needs=NOTHING)) == "fail medium"


@pytest.mark.parametrize(
    "thing",
    [
        make(Lock, "front", model="Yale Linus"),
        make(Lock, "front", maker="Yale", radio="ble"),
        make(Hub, "ha", software="homeassistant"),
    ],
)
def test_a_device_that_may_be_the_lock_or_a_phone_is_named_and_asked_about(thing: Lock | Hub) -> None:
    elm = home(thing, seen(CLOUD, HostContact("analytics-api.home-assistant.io", "Home Assistant", "telemetry", 1)))
    check = f"{thing.kind}-contacts"
    assert verdict(practice, check, thing, elm) == "unknown"
    assert judge(practice, check, thing, elm).because.startswith("Its maker's servers were asked for by 192.168.20.5;")
    assert fix_of(practice, check, thing, elm).summary == "Find out which device 192.168.20.5 is."


def test_another_makers_servers_say_nothing_of_a_bluetooth_lock() -> None:
    lock = make(Lock, "front", maker="Nuki", radio="ble")
    assert verdict(practice, "lock-contacts", lock, home(lock, seen(CLOUD, UPDATE))) == "not_applicable"


def test_a_zigbee_lock_is_not_on_the_network_whatever_its_makers_app_does() -> None:
    lock = make(Lock, "front", maker="Yale", radio="zigbee")
    assert verdict(practice, "lock-contacts", lock, home(lock, seen(CLOUD))) == "not_applicable"


def test_an_ipv6_address_is_matched_with_and_without_its_port() -> None:
    device = make(Device, "bridge", address="fd00::5", contacts=(CLOUD,))
    for address in ("[fd00::5]:8123", "fd00::5"):
        hub = make(Hub, "bridge", address=address)
        assert verdict(practice, "hub-contacts", hub, home(hub, device, needs=NOTHING)) == "fail medium"


def test_the_radio_that_a_model_can_have_does_not_keep_this_lock_off_the_network() -> None:
    assert verdict(practice, "lock-contacts", make(Lock, "front", radio=("zwave", Grade.CATALOGUED))) == "unknown"


@pytest.mark.parametrize("radio", ["zwave", "zigbee", "ble"])
def test_a_lock_without_a_network_of_its_own_talks_to_nobody(radio: str) -> None:
    assert verdict(practice, "lock-contacts", make(Lock, "front", radio=radio)) == "not_applicable"


def test_the_unneeded_names_are_blocked_in_the_routers_own_words() -> None:
    hub = make(Hub, "bridge", address="192.168.20.5")
    for software, command in {
        "openwrt": "uci add_list dhcp.@dnsmasq[0].server='/yalehome.com/'",
        "routeros": "/ip dns static add name=yalehome.com match-subdomain=yes type=NXDOMAIN",
        "vendor": "Block in your DNS filter (Pi-hole, AdGuard Home, the router): yalehome.com.",
    }.items():
        elm = home(hub, seen(CLOUD, UPDATE), make(Router, "r", software=software), needs=NOTHING)
        assert command in fix_of(practice, "hub-contacts", hub, elm).steps


@pytest.mark.parametrize(
    ("kind", "check", "facts", "expected"),
    [
        (Hub, "analytics", {"analytics": False}, "pass"),
        (Hub, "analytics", {"analytics": True}, "fail medium"),
        (Hub, "analytics", {}, "unknown"),
        (Hub, "plain-pins", {"plain_pins": ()}, "pass"),
        (Hub, "plain-pins", {"plain_pins": ("cache/7e570001.values.jsonl",)}, "fail medium"),
        (Hub, "plain-pins", {}, "unknown"),
        (Hub, "private-files", {"open_files": ()}, "pass"),
        (Hub, "private-files", {"open_files": ("configuration.yaml (mode 0644)",)}, "fail medium"),
        (Hub, "private-files", {}, "unknown"),
        (Lock, "pin-over-air", {"pin_over_air": False}, "pass"),
        (Lock, "pin-over-air", {"pin_over_air": True}, "fail medium"),
        (Lock, "pin-over-air", {"pin_over_air": (True, Grade.CATALOGUED)}, "unknown"),
        (Lock, "pin-over-air", {"can_keypad": False}, "not_applicable"),
        (Lock, "pin-over-air", {}, "unknown"),
    ],
)
def test_nothing_that_need_not_be_kept_is_kept(
    kind: type[Thing], check: str, facts: dict[str, Any], expected: str
) -> None:
    thing = make(kind, "it", **facts)
    assert verdict(practice, check, thing) == expected
    if expected.startswith("fail"):
        assert fix_of(practice, check, thing).steps


def test_usage_data_that_is_listed_as_needed_passes() -> None:
    hub = make(Hub, "ha", analytics=True)
    assert verdict(practice, "analytics", hub, home(hub, needs=("analytics",))) == "pass"


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"journal_retention_days": 90}, "pass"),
        ({"journal_retention_days": 0}, "fail medium"),
        ({"journal_running": False}, "not_applicable"),
        ({"journal_running": True}, "unknown"),
        ({}, "unknown"),
    ],
)
def test_the_log_at_home_forgets(facts: dict[str, Any], expected: str) -> None:
    assert verdict(practice, "log-retention", home(**facts)) == expected


def test_a_hub_is_not_blamed_for_what_another_one_on_its_computer_asks_for() -> None:
    usage = HostContact("analytics-api.home-assistant.io", "Home Assistant", "telemetry", 1)
    assistant = make(Hub, "ha", software="homeassistant", lan_address="192.168.20.5")
    zigbee = make(Hub, "z2m", software="zigbee2mqtt", lan_address="192.168.20.5")
    here = home(assistant, zigbee, seen(usage), needs=NOTHING)
    assert verdict(practice, "hub-contacts", assistant, here) == "fail medium"
    assert verdict(practice, "hub-contacts", zigbee, here) == "pass"
    assert verdict(practice, "hub-contacts", zigbee, home(zigbee, seen(usage), needs=NOTHING)) == "fail medium"
