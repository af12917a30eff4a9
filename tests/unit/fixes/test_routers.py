from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from nightlatch.fixes import routers
from nightlatch.model.evidence import Claim, Grade, Ref, Same
from nightlatch.model.finding import Fix
from nightlatch.model.home import Home
from nightlatch.model.hub import Hub
from nightlatch.model.network import Wifi, Zone
from nightlatch.model.router import Router
from nightlatch.model.thing import Thing
from nightlatch.model.values import PortMapping
from tests.unit.practices.builder import home, make
from tests.unit.sources.routers import DATA, NOW, collect, merged

ALL = (
    routers.disable_upnp, routers.remove_port_forward, routers.separate_iot_zone, routers.block_zone_forwarding,
    routers.wifi_encryption, routers.wifi_pmf, routers.wifi_phrase, routers.rename_wifi, routers.wps_off,
    routers.set_admin_password, routers.close_wan_admin, routers.update_router, routers.rename_router,
)  # fmt: skip
SAMPLES = {
    "openwrt": DATA / "openwrt" / "house",
    "mikrotik": DATA / "mikrotik" / "house7.rsc",
    "pfsense": DATA / "pfsense" / "house.xml",
    "opnsense": DATA / "opnsense" / "house.xml",
}


def sample(kind: str) -> Home:
    return merged(collect(kind, SAMPLES[kind]), kind)


def named(in_home: Home, kind: type[Thing], label: str) -> Thing:
    (found,) = [thing for thing in in_home.all(kind) if thing.label == label]
    return found


@pytest.mark.parametrize("fix", ALL)
def test_every_fix_says_what_to_do_for_every_router_and_thing(fix: Callable[[Thing, Home], Fix]) -> None:
    homes = [home(make(Router, "box")), home(), *map(sample, SAMPLES)]
    for one in homes:
        for thing in (one, *one.all(Router), *one.all(Zone), *one.all(Wifi), make(Hub, "hub")):
            made = fix(thing, one)
            assert made.summary.endswith(".")
            assert made.steps
            assert all(step.strip() == step and step for step in made.steps)


def test_a_router_of_unknown_software_is_spoken_of_in_plain_words() -> None:
    router = make(Router, "box", address="192.168.0.1")
    steps = routers.disable_upnp(router, home(router)).steps
    assert steps[0] == "Sign in to the router at http://192.168.0.1."
    assert not any("uci" in step for step in steps)


def test_an_address_that_is_none_is_not_repeated() -> None:
    router = make(Router, "box", address="$(reboot)", software="openwrt")
    assert "$(reboot)" not in str(routers.set_admin_password(router, home(router)))


def test_openwrt_is_told_the_section_to_change() -> None:
    one = sample("openwrt")
    router = one.all(Router)[0]
    assert routers.disable_upnp(router, one).steps[0] == "uci set upnpd.config.enabled='0'"
    assert "uci set firewall.hass.enabled='0'" in routers.remove_port_forward(router, one).steps
    things = named(one, Wifi, "Elm Things")
    assert "uci set wireless.@wifi-iface[3].wps_pushbutton='0'" in routers.wps_off(things, one).steps
    assert "uci set wireless.@wifi-iface[3].ieee80211w='1'" in routers.wifi_pmf(things, one).steps


def test_openwrts_better_access_points_stay_as_they_are() -> None:
    one = sample("openwrt")
    steps = routers.wifi_encryption(named(one, Wifi, "Elm"), one).steps
    assert any("default_radio0" in step for step in steps)
    assert not any("default_radio1" in step for step in steps)
    assert sum("default_radio" in step for step in routers.rename_wifi(named(one, Wifi, "Elm"), one).steps) == 2


def test_a_zone_that_is_closed_already_is_offered_before_a_new_one_is_made() -> None:
    one = sample("openwrt")
    assert "The zone guest is there already" in routers.separate_iot_zone(one, one).steps[0]
    alone = home(make(Router, "box", software="openwrt"))
    assert any("uci set network.iot=interface" in step for step in routers.separate_iot_zone(alone, alone).steps)


def test_a_new_zone_takes_a_subnet_that_is_free() -> None:
    taken = make(Zone, "lan", subnets=("192.168.20.0/24", "192.168.30.0/23", "not a network"))
    one = home(make(Router, "box", software="openwrt"), taken)
    assert any("192.168.40.1/24" in step for step in routers.separate_iot_zone(one, one).steps)


def test_only_the_zones_that_open_into_the_main_one_are_closed() -> None:
    one = sample("openwrt")
    for thing in (one, named(one, Zone, "iot"), named(one, Zone, "guest")):
        assert routers.block_zone_forwarding(thing, one).steps[0] == "uci set firewall.@forwarding[2].enabled='0'"


@pytest.mark.parametrize(
    ("where", "command"),
    [
        (
            "etc/config/firewall:3 (firewall.@defaults[0].forward) to lan",
            "uci set firewall.@defaults[0].forward='REJECT'",
        ),
        ("etc/config/firewall:3 (firewall.dns), only for dest_port 53 to lan", "uci set firewall.dns.enabled='0'"),
    ],
)
def test_a_policy_is_turned_round_and_a_rule_is_switched_off(where: str, command: str) -> None:
    lan, iot, box = Ref("zone", "openwrt:lan"), Ref("zone", "openwrt:iot"), Ref("router", "openwrt:router")
    claims = [
        Router.software.claim(box, "openwrt"), Zone.name.claim(lan, "lan"), Zone.role.claim(lan, "main"),
        Zone.opens_to_v4.claim(iot, (lan,), where=where),
    ]  # fmt: skip
    one = merged(claims, "openwrt")
    assert command in routers.block_zone_forwarding(one, one).steps


def test_wan_administration_is_closed_at_the_rule_that_opens_it() -> None:
    box = Ref("router", "openwrt:router")
    where = "etc/config/firewall:9 (firewall.remote) admits SSH; etc/config/firewall:4 (firewall.wan.input) admits SSH"
    one = merged([Router.software.claim(box, "openwrt"), Router.wan_admin.claim(box, True, where=where)], "openwrt")
    steps = routers.close_wan_admin(one.all(Router)[0], one).steps
    assert steps[:2] == ("uci set firewall.remote.enabled='0'", "uci set firewall.wan.input='REJECT'")


def test_names_from_a_hostile_backup_never_reach_a_command() -> None:
    box, wifi, zone = Ref("router", "openwrt:router"), Ref("wifi", "openwrt:x"), Ref("zone", "openwrt:lan")
    bad = "a'; reboot; '"
    one = merged(
        [
            Router.software.claim(box, "openwrt"),
            Router.upnp.claim(box, True, where=f"etc/config/upnpd:1 (upnpd.{bad}.enabled)"),
            Router.port_forwards.claim(box, (), where=f"etc/config/firewall:1 (firewall.{bad})"),
            Wifi.name.claim(wifi, bad),
            Wifi.security.claim(wifi, "wpa", where=f"etc/config/wireless:1 (wireless.{bad}.encryption)"),
            Same(wifi, f"openwrt:wireless.{bad}"),
            Zone.name.claim(zone, bad),
        ],
        "openwrt",
    )
    for fix in ALL:
        for thing in (one, *one.all(Router), *one.all(Wifi)):
            for step in fix(thing, one).steps:
                assert not (step.startswith(("uci", "/")) and "reboot;" in step)


def test_routeros_gets_a_rule_before_all_others_for_both_families() -> None:
    one = sample("mikrotik")
    steps = routers.block_zone_forwarding(one, one).steps
    assert [step.split()[0] for step in steps] == ["/ip", "/ipv6"]
    assert all("in-interface=vlan20-iot out-interface=bridge" in step and "place-before=" in step for step in steps)


def test_routeros_is_told_the_profile_or_security_to_change() -> None:
    one = sample("mikrotik")
    steps = routers.wifi_encryption(named(one, Wifi, "Elm Guests"), one).steps
    assert steps[0].startswith(
        '/interface wifi security set [find name="guest-sec"] authentication-types=wpa2-psk,wpa3-psk'
    )
    six = merged(collect("mikrotik", DATA / "mikrotik" / "house6.rsc"), "mikrotik")
    steps = routers.wifi_encryption(named(six, Wifi, "Visitors"), six).steps
    assert 'security-profiles set [find name="old"]' in steps[0]
    assert "unicast-ciphers=aes-ccm" in steps[0]
    assert routers.wps_off(named(six, Wifi, "MikroTik-0A1B2C"), six).steps[0].endswith("wps-mode=disabled")


def test_routeros_switches_off_the_forward_that_is_there() -> None:
    one = sample("mikrotik")
    step = routers.remove_port_forward(one.all(Router)[0], one).steps[0]
    assert step == '/ip firewall nat disable [find where chain=dstnat to-addresses="192.168.88.10" dst-port="8443"]'
    odd = make(Router, "box", software="routeros", port_forwards=(PortMapping("tcp", "1]; reboot", "1.2.3.4", "1"),))
    assert not any("reboot" in step for step in routers.remove_port_forward(odd, home(odd)).steps)


def test_routeros_closes_its_own_uplink_to_administration_and_to_ipv6() -> None:
    one = sample("mikrotik")
    router = one.all(Router)[0]
    steps = routers.close_wan_admin(router, one).steps
    assert [step.split()[0] for step in steps[:2]] == ["/ip", "/ipv6"]
    assert all("chain=input action=drop connection-state=new in-interface=ether1 " in step for step in steps[:2])
    wide = PortMapping("tcp", "any", "any host behind bridge (IPv6)", "any")
    bare = make(Router, "box", software="routeros", port_forwards=(wide,))
    step = routers.remove_port_forward(bare, home(bare)).steps[0]
    assert step.startswith("/ipv6 firewall filter add chain=forward action=drop")
    assert "in-interface-list=WAN" in step


def test_pfsense_and_opnsense_have_menus_of_their_own() -> None:
    paths = {}
    for kind in ("pfsense", "opnsense"):
        one = sample(kind)
        router = one.all(Router)[0]
        paths[kind] = [fix(router, one).steps[0] for fix in (routers.update_router, routers.set_admin_password)]
        assert re.search(r"\w+ > \w+", paths[kind][0])
    assert paths["pfsense"] != paths["opnsense"]
    one = sample("pfsense")
    assert 'filter rule "Administration from anywhere"' in routers.close_wan_admin(one.all(Router)[0], one).steps[0]


def test_of_two_routers_the_one_that_rules_the_thing_is_meant() -> None:
    front, attic = Ref("router", "openwrt:front/router"), Ref("router", "mikrotik:attic/router")
    zone, by_zone, by_source = (
        Ref("zone", "openwrt:front/lan"),
        Ref("wifi", "other:Elm"),
        Ref("wifi", "mikrotik:attic/Up"),
    )
    claims: list[Claim] = [
        Router.software.claim(front, "openwrt"), Router.software.claim(attic, "routeros"),
        Zone.router.claim(zone, front), Wifi.zone.claim(by_zone, zone), Wifi.name.claim(by_source, "Up"),
    ]  # fmt: skip
    one = merged(claims, "x")
    found = [routers.router_of(wifi, one) for wifi in (one.all(Wifi))]
    assert [router.ref.key if router else None for router in found] == ["openwrt:front/router", "mikrotik:attic/router"]
    assert routers.router_of(one, one) is None
    assert {fact.grade for fact in one.all(Router)[0].facts().values()} == {Grade.RECORDED}
    assert one.at == NOW
