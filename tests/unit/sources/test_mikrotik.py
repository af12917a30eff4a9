from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightlatch.errors import NightlatchError, ReadError
from nightlatch.model.evidence import Claim, Same
from nightlatch.sources import _routeros
from tests.unit.sources.routers import DATA, assert_silent, collect, facts, gap, opens, places

SEVEN = DATA / "mikrotik" / "house7.rsc"
SIX = DATA / "mikrotik" / "house6.rsc"
ROUTER = "router:mikrotik:router"


def changed(path: Path, tmp_path: Path, *changes: tuple[str, str]) -> Path:
    text = path.read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    file = tmp_path / "export.rsc"
    file.write_text(text)
    return file


def test_the_header_gives_version_model_serial_and_date() -> None:
    for path, version in ((SEVEN, "7.16.1"), (SIX, "6.49.17")):
        items = collect("mikrotik", path)
        assert facts(items, ROUTER)["version"] == version
        assert {item.at for item in items if isinstance(item, Claim)} == {datetime(2026, 10, 3, 19, 2, 11, tzinfo=UTC)}
        assert any(isinstance(item, Same) and item.key.startswith("serial:HX") for item in items)


def test_upnp_is_read_and_off_when_a_whole_export_leaves_it_out() -> None:
    items = collect("mikrotik", SEVEN)
    assert facts(items, ROUTER)["upnp"] is True
    assert places(items, ROUTER)["upnp"] == "house7.rsc:78 (/ip upnp enabled)"
    assert facts(items, ROUTER)["natpmp"] is False
    assert facts(collect("mikrotik", SIX), ROUTER)["upnp"] is False


def test_a_part_of_the_configuration_proves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "part.rsc"
    path.write_text("# by RouterOS 7.1\n/ip firewall filter\nadd action=accept chain=forward\n")
    items = collect("mikrotik", path)
    assert not facts(items, ROUTER).keys() & {"upnp", "natpmp", "wan_admin", "port_forwards"}
    assert "part of the configuration" in gap(items, "router.upnp").reason


def test_isolation_is_judged_for_each_family() -> None:
    items = collect("mikrotik", SEVEN)
    v4, v6 = opens(items, "mikrotik:vlan20-iot")
    assert "mikrotik:bridge" in v4
    assert v6 == []
    assert opens(items, "mikrotik:vlan30-guest") == (["mikrotik:ether1"], [])


def test_rules_by_address_isolate_as_well_as_rules_by_interface() -> None:
    assert opens(collect("mikrotik", SIX), "mikrotik:wlan3")[0] == ["mikrotik:ether1"]


@pytest.mark.parametrize(
    ("rule", "closed"),
    [
        ("add action=drop chain=forward in-interface=vlan20-iot out-interface=bridge", True),
        ("add action=drop chain=forward in-interface=vlan20-iot out-interface=bridge disabled=yes", False),
        ("add action=drop chain=forward in-interface=vlan20-iot out-interface=bridge protocol=tcp", False),
        ("add action=drop chain=forward in-interface=vlan20-iot out-interface=bridge connection-state=invalid", False),
        ("add action=drop chain=forward in-interface=vlan20-iot out-interface-list=!WAN", True),
        ("add action=drop chain=forward src-address=192.168.20.0/25 dst-address=192.168.88.0/24", False),
        ("add action=drop chain=forward src-address=192.168.0.0/16 dst-address=192.168.88.0/24", True),
        ("add action=jump chain=forward in-interface=vlan20-iot jump-target=things\nadd action=drop chain=things "
         "out-interface=!ether1", True),
        ("add action=jump chain=forward jump-target=forward", False),
        ("add action=drop chain=forward dst-address-list=inside src-address-list=things\n/ip firewall address-list\n"
         "add address=192.168.88.0/24 list=inside\nadd address=192.168.20.0/24 list=things", True),
    ],
)  # fmt: skip
def test_a_rule_closes_a_zone_only_when_it_stops_every_connection(tmp_path: Path, rule: str, closed: bool) -> None:
    before = "/ip firewall filter\n"
    items = collect("mikrotik", changed(SEVEN, tmp_path, (f"\n{before}", f"\n{before}{rule}\n{before}")))
    assert ("mikrotik:bridge" not in opens(items, "mikrotik:vlan20-iot")[0]) is closed


def test_a_rule_that_lets_a_part_through_is_told_as_such(tmp_path: Path) -> None:
    rule = 'add action=accept chain=forward comment="printer" dst-address=192.168.88.9 in-interface=vlan30-guest\n'
    path = changed(SEVEN, tmp_path, ("\n/ip firewall filter\n", f"\n/ip firewall filter\n{rule}"))
    items = collect("mikrotik", path)
    assert "mikrotik:bridge" in opens(items, "mikrotik:vlan30-guest")[0]
    assert 'comment="printer"), in part to bridge' in places(items, "zone:mikrotik:vlan30-guest")["opens_to_v4"]


def test_without_ipv6_nothing_opens_over_it(tmp_path: Path) -> None:
    path = changed(
        SEVEN, tmp_path, ("/ipv6 firewall filter\n", "/ipv6 settings\nset disable-ipv6=yes\n/ipv6 firewall filter\n")
    )
    assert opens(collect("mikrotik", path), "mikrotik:bridge")[1] == []


def test_the_internet_reaches_a_service_that_a_rule_lets_in() -> None:
    items = collect("mikrotik", SEVEN)
    assert facts(items, ROUTER)["wan_admin"] is True
    assert "winbox from ether1" in places(items, ROUTER)["wan_admin"]
    assert facts(collect("mikrotik", SIX), ROUTER)["wan_admin"] is False


def test_a_service_bound_to_an_address_is_left_to_the_owner(tmp_path: Path) -> None:
    path = changed(SEVEN, tmp_path, ("set ftp disabled=yes", "set ftp disabled=yes\nset winbox address=203.0.113.0/24"))
    items = collect("mikrotik", path)
    assert "wan_admin" not in facts(items, ROUTER)
    assert "winbox" in gap(items, "router.wan_admin").reason


def test_no_filter_at_all_leaves_the_administration_open(tmp_path: Path) -> None:
    path = tmp_path / "open.rsc"
    path.write_text(
        "/interface bridge\nadd name=bridge\n/ip address\nadd address=10.0.0.1/24 interface=bridge\n"
        "/ip dhcp-client\nadd interface=ether1\n/system identity\nset name=x\n"
    )
    assert facts(collect("mikrotik", path), ROUTER)["wan_admin"] is True


def test_port_forwards_from_the_internet_are_named() -> None:
    (mapping,) = facts(collect("mikrotik", SEVEN), ROUTER)["port_forwards"]
    assert str(mapping) == "tcp 8443 -> 192.168.88.10:443 (bridge-ui)"


def test_without_a_rule_for_ipv6_every_host_is_open_to_the_internet(tmp_path: Path) -> None:
    rule = 'comment="defconf: drop everything else" \\\n    in-interface-list=!LAN'
    path = changed(SEVEN, tmp_path, (rule, f"{rule} disabled=yes"))
    items = collect("mikrotik", path)
    assert "tcp any -> any host behind bridge (IPv6):any" in map(str, facts(items, ROUTER)["port_forwards"])


def test_new_and_old_wifi_packages_are_read() -> None:
    seven, six = collect("mikrotik", SEVEN), collect("mikrotik", SIX)
    assert facts(seven, "wifi:mikrotik:Elm")["security"] == "wpa2_wpa3"
    assert facts(seven, "wifi:mikrotik:Elm Guests")["security"] == "wpa_wpa2"
    assert facts(seven, "wifi:mikrotik:Elm Guests")["tkip"] is True
    assert facts(seven, "wifi:mikrotik:Elm Guests")["zone"].key == "mikrotik:vlan30-guest"
    assert facts(six, "wifi:mikrotik:MikroTik-0A1B2C")["security"] == "wpa2"
    assert facts(six, "wifi:mikrotik:MikroTik-0A1B2C")["default_name"] is True
    assert facts(six, "wifi:mikrotik:Visitors")["phrase_score"] == 0
    assert facts(six, "wifi:mikrotik:Visitors")["zone"].key == "mikrotik:wlan3"


def test_hidden_phrases_are_a_gap_and_no_open_network(tmp_path: Path) -> None:
    path = changed(
        SEVEN, tmp_path, (' \\\n    passphrase="walnut ferry copper lantern 42"', ""), (" passphrase=visitor1", ""),
        ("authentication-types=wpa2-psk,wpa3-psk ", ""),
    )  # fmt: skip
    items = collect("mikrotik", path)
    assert "security" not in facts(items, "wifi:mikrotik:Elm")
    assert "hidden" in gap(items, "wifi.phrase_score").reason


def test_a_wireless_network_without_a_profile_is_open(tmp_path: Path) -> None:
    path = changed(SIX, tmp_path, ("security-profile=old ", "security-profile=free "), ("name=old", "name=old2"))
    assert facts(collect("mikrotik", path), "wifi:mikrotik:Visitors")["security"] == "open"


def test_the_old_capsman_is_a_gap(tmp_path: Path) -> None:
    path = changed(SEVEN, tmp_path, ("/system clock", "/caps-man security\nadd name=x\n/system clock"))
    assert "CAPsMAN" in gap(collect("mikrotik", path), "wifi.security").reason


def test_users_are_not_in_an_export() -> None:
    assert "users" in gap(collect("mikrotik", SEVEN), "router.admin_password_set").reason


def test_no_phrase_leaves_the_source() -> None:
    assert_silent(collect("mikrotik", SEVEN), "walnut", "visitor1")
    assert_silent(collect("mikrotik", SIX), "radish", "12345678")


def test_continued_lines_quotes_and_groups_are_read() -> None:
    text = (
        '/ip/firewall/filter add comment="a \\"b\\" \\\n    c\\\\" chain=\\\n    forward\n'
        "/interface wifi\nset [ find default-name=wifi1 ] security.wps=disable .ft=yes configuration.ssid=a .mode=ap\n"
    )
    first, second = _routeros.parse(text, "f").lines
    assert (first.menu, first.get("comment"), first.get("chain"), first.number) == (
        "/ip firewall filter", 'a "b" c\\', "forward", 1,
    )  # fmt: skip
    assert second.selector == "default-name=wifi1"
    assert second.values == {
        "security.wps": "disable", "security.ft": "yes", "configuration.ssid": "a", "configuration.mode": "ap",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("hello world\n", "not a line"),
        ('/ip upnp\nset enabled="yes\n', "not closed"),
        ("/ip upnp\nset [ find\n", "not closed"),
        ("/ip upnp\nset enabled=\\\n", "continued line"),
        ("", "holds no configuration"),
        ("/ip upnp\nset a=" + "x" * 70_000, "more than 65536"),
    ],
)
def test_damaged_exports_are_told(tmp_path: Path, text: str, problem: str) -> None:
    path = tmp_path / "export.rsc"
    path.write_text(text)
    with pytest.raises(ReadError, match=problem) as caught:
        collect("mikrotik", path)
    assert "export.rsc" in caught.value.where


def test_binary_backups_and_other_encodings_are_told(tmp_path: Path) -> None:
    path = tmp_path / "x.backup"
    for content in (b"\x88\xac\xa1\xb1" + bytes(40), "/ip upnp\nset a=ü".encode("latin-1")):
        path.write_bytes(content)
        with pytest.raises(ReadError):
            collect("mikrotik", path)


@pytest.mark.parametrize("noise", ['"', "[", "(", "\\", '"\\"', "a=", "[ ]", "\\\n"])
def test_the_parser_stays_fast_on_what_is_made_to_slow_it(noise: str) -> None:
    began = time.monotonic()
    text = "/ip upnp\nset " + "\nset ".join([noise * (60_000 // len(noise))] * 30)
    try:
        _routeros.parse(text, "f")
    except ReadError as error:
        assert error.where.startswith("f:")
    assert time.monotonic() - began < 10


def test_rules_that_jump_in_circles_end_in_time(tmp_path: Path) -> None:
    jumps = "".join(f"add action=jump chain=c{n % 20} jump-target=c{(n * 7 + 1) % 20}\n" for n in range(400))
    path = changed(
        SEVEN,
        tmp_path,
        ("\n/ip firewall filter\n", f"\n/ip firewall filter\nadd action=jump chain=forward jump-target=c0\n{jumps}"),
    )
    began = time.monotonic()
    collect("mikrotik", path)
    assert time.monotonic() - began < 10


PIECES = st.sampled_from(
    [
        '"',
        "[",
        "]",
        "(",
        ")",
        "\\",
        "=",
        ",",
        ".",
        "!",
        "#",
        "\n",
        " ",
        "/ip address",
        "/interface wifi",
        "/ip firewall filter",
        "add",
        "set",
        "find",
        "chain=forward",
        "address=1.2.3.4/99",
        "interface=ether1",
        "action=jump",
        "jump-target=forward",
        "configuration=x",
        "ssid=",
        "name=x",
        "/system identity",
        "list=WAN",
        "/interface list member",
    ]
)


@given(st.lists(PIECES, max_size=60).map(" ".join))
def test_any_text_gives_items_or_one_clear_error(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.getbasetemp() / "fuzz.rsc"
    path.write_text(text)
    try:
        collect("mikrotik", path)
    except NightlatchError as error:
        assert "fuzz.rsc" in str(error)
