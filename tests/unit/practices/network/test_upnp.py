from __future__ import annotations

from typing import Any

import pytest

from nightlatch.model.evidence import Fact, Gap, Grade, Ref
from nightlatch.model.hub import Hub
from nightlatch.model.lock import Lock
from nightlatch.model.router import Router
from nightlatch.model.values import PortMapping
from nightlatch.practices.network.upnp import practice
from nightlatch.text import host_of
from tests.unit.practices.builder import NOW, home, judge, make, verdict

TO_HUB = PortMapping("tcp", "8123", "192.168.1.5", "8123", "hass")
TO_CONSOLE = PortMapping("udp", "3074", "192.168.1.40", "3074", "console")
HUB = make(Hub, "ha", name="Home Assistant", address="192.168.1.5:8123")


@pytest.mark.parametrize(("check", "field"), [("off", "upnp"), ("natpmp-off", "natpmp")])
def test_upnp_and_its_siblings_are_off(check: str, field: str) -> None:
    on, off = make(Router, "r", **{field: True}), make(Router, "r", **{field: False})
    assert verdict(practice, check, on) == "fail high"
    assert verdict(practice, check, off) == "pass"
    assert verdict(practice, check, make(Router, "r")) == "unknown"
    assert verdict(practice, check, on, home(on, needs=(("upnp",), Grade.DECLARED))) == "pass"
    assert verdict(practice, check, on, home(on, needs=(("remote",), Grade.DECLARED))) == "fail high"


@pytest.mark.parametrize(("check", "field"), [("off", "upnp"), ("natpmp-off", "natpmp")])
def test_off_where_it_was_asked_is_not_off_while_the_configuration_has_it_on(check: str, field: str) -> None:
    def router(live: Grade, *others: tuple[bool, Grade]) -> Router:
        told = [Fact(Ref("router", "r"), field, value, grade, "openwrt", NOW) for value, grade in others]
        off = Fact(Ref("router", "r"), field, False, live, "igd", NOW, others=tuple(told))
        sibling = Fact(Ref("router", "r"), {"upnp": "natpmp", "natpmp": "upnp"}[field], False, live, "igd", NOW)
        return Router("r", {off.name: off, sibling.name: sibling})

    doubtful = router(Grade.OBSERVED, (True, Grade.RECORDED))
    assert verdict(practice, check, doubtful) == "unknown"
    assert verdict(practice, "no-mapping-to-a-lock", doubtful) == "unknown"
    assert verdict(practice, check, router(Grade.OBSERVED, (True, Grade.DECLARED))) == "pass"
    assert verdict(practice, check, router(Grade.RECORDED, (True, Grade.RECORDED))) == "pass"


def test_a_list_of_ports_that_is_cut_short_proves_no_absence() -> None:
    gap = Gap((Router.upnp_mappings.path,), "the list is endless", "Look.", source="test")

    def router(mappings: tuple[PortMapping, ...], source: str) -> Router:
        fact = Fact(Ref("router", "r"), "upnp_mappings", mappings, Grade.OBSERVED, source, NOW)
        return Router("r", {fact.name: fact}, gaps={fact.name: (gap,)})

    check = "no-mapping-to-a-lock"
    for mappings in ((), (TO_CONSOLE,)):
        part, whole = router(mappings, "test"), router(mappings, "igd")
        assert verdict(practice, check, part, home(part, HUB)) == "unknown"
        assert verdict(practice, check, whole, home(whole, HUB)) == "pass"
    bad = router((TO_HUB,), "test")
    assert verdict(practice, check, bad, home(bad, HUB)) == "fail critical"


@pytest.mark.parametrize(
    ("check", "field"), [("no-mapping-to-a-lock", "upnp_mappings"), ("no-forward-to-a-lock", "port_forwards")]
)
def test_a_port_that_leads_to_a_hub_is_critical(check: str, field: str) -> None:
    def router(*mappings: PortMapping) -> Router:
        return make(Router, "r", **{field: mappings})

    bad, harmless, none = router(TO_CONSOLE, TO_HUB), router(TO_CONSOLE), router()
    assert verdict(practice, check, bad, home(bad, HUB)) == "fail critical"
    assert "Home Assistant (tcp 8123" in judge(practice, check, bad, home(bad, HUB)).because
    assert verdict(practice, check, harmless, home(harmless, HUB)) == "pass"
    assert verdict(practice, check, none, home(none, HUB)) == "pass"
    assert verdict(practice, check, make(Router, "r"), home(HUB)) == "unknown"


@pytest.mark.parametrize("address", [None, "127.0.0.1:3000", "localhost", "homeassistant.local:8123", "10.0.0.256"])
def test_a_port_that_leads_inside_is_unknown_while_a_hubs_address_is(address: str | None) -> None:
    facts: dict[str, Any] = {"name": "Zigbee", **({} if address is None else {"address": address})}
    placeless = make(Hub, "z2m", **facts)
    router = make(Router, "r", port_forwards=(TO_CONSOLE,))
    found = judge(practice, "no-forward-to-a-lock", router, home(router, HUB, placeless))
    assert found.verdict == "unknown" and "Zigbee" in found.because
    assert "nightlatch answer hub:z2m lan_address" in str(found.fix)


def test_an_owner_may_say_which_address_a_hub_has() -> None:
    placed = make(Hub, "z2m", address="127.0.0.1:3000", lan_address=("192.168.1.40", Grade.DECLARED))
    router = make(Router, "r", port_forwards=(TO_CONSOLE,))
    assert verdict(practice, "no-forward-to-a-lock", router, home(router, placed)) == "fail critical"


def test_of_two_hubs_on_one_computer_the_one_with_the_port_is_named() -> None:
    beside = make(Hub, "z2m", name="Zigbee2MQTT", address="192.168.1.5:8080")
    router = make(Router, "r", port_forwards=(TO_HUB,))
    told = judge(practice, "no-forward-to-a-lock", router, home(router, beside, HUB)).because
    assert "Home Assistant" in told and "Zigbee2MQTT" not in told
    other = make(Router, "r", port_forwards=(PortMapping("tcp", "22", "192.168.1.5", "22"),))
    told = judge(practice, "no-forward-to-a-lock", other, home(other, beside, HUB)).because
    assert "Home Assistant" in told and "Zigbee2MQTT" in told


def test_a_port_is_unknown_in_a_home_whose_hubs_nobody_told() -> None:
    router = make(Router, "r", port_forwards=(TO_CONSOLE,))
    assert verdict(practice, "no-forward-to-a-lock", router, home(router)) == "unknown"


def test_a_port_may_lead_to_a_lock_itself_and_a_radio_lock_has_no_address() -> None:
    router = make(Router, "r", port_forwards=(PortMapping("tcp", "443", "192.168.1.9", "443"),))
    wifi_lock = make(Lock, "wifi", radio="wifi", address="192.168.1.9")
    radio_lock = make(Lock, "radio", radio="zwave")
    assert verdict(practice, "no-forward-to-a-lock", router, home(router, wifi_lock)) == "fail critical"
    assert verdict(practice, "no-forward-to-a-lock", router, home(router, HUB, radio_lock)) == "pass"


def test_with_upnp_and_natpmp_off_no_device_can_have_opened_a_port() -> None:
    both = make(Router, "r", upnp=False, natpmp=False)
    assert verdict(practice, "no-mapping-to-a-lock", both) == "not_applicable"
    assert verdict(practice, "no-mapping-to-a-lock", make(Router, "r", upnp=False)) == "unknown"


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("192.168.1.5", "192.168.1.5"),
        ("192.168.1.5:8123", "192.168.1.5"),
        ("ws://192.168.1.5:3000/path", "192.168.1.5"),
        ("mqtt://user@192.168.1.5:1883", "192.168.1.5"),
        ("[fd00::5]:8123", "fd00::5"),
        ("fd00::5", "fd00::5"),
        ("hub.lan:80", "hub.lan"),
        ("", ""),
    ],
)
def test_the_host_of_an_address_is_found(address: str, host: str) -> None:
    assert host_of(address) == host


def test_of_two_hubs_on_one_computer_neither_is_said_to_be_reached() -> None:
    zigbee = make(Hub, "z2m", name="Zigbee2MQTT", lan_address="192.168.1.5")
    assistant = make(Hub, "ha", name="Home Assistant", lan_address="192.168.1.5")
    router = make(Router, "r", port_forwards=(TO_HUB,))
    found = judge(practice, "no-forward-to-a-lock", router, home(router, zigbee, assistant))
    assert "leads to the computer of Zigbee2MQTT and Home Assistant (tcp 8123" in found.because
    assert found.because.count("8123 ->") == 1


def test_a_port_leads_to_nothing_that_opens_a_door_where_no_hub_and_no_lock_is_on_the_network() -> None:
    router = make(Router, "r", port_forwards=(TO_CONSOLE,))
    ble, wifi = make(Lock, "front", radio="ble"), make(Lock, "front", radio="wifi")
    none = (False, Grade.DECLARED)
    assert verdict(practice, "no-forward-to-a-lock", router, home(router, ble, has_hub=none)) == "pass"
    assert verdict(practice, "no-forward-to-a-lock", router, home(router, ble)) == "unknown"
    assert verdict(practice, "no-forward-to-a-lock", router, home(router, wifi, has_hub=none)) == "unknown"
    assert verdict(practice, "no-forward-to-a-lock", router, home(router, has_hub=none)) == "unknown"
