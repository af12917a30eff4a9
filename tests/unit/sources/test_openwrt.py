from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nightlatch.errors import NightlatchError, ReadError
from nightlatch.fixes import routers
from nightlatch.model.network import Wifi, Zone
from nightlatch.model.router import Router
from nightlatch.sources import _uci
from tests.unit.sources.routers import DATA, assert_silent, backup, collect, facts, gap, merged, opens, places

HOUSE = DATA / "openwrt" / "house"
ROUTER = "router:openwrt:router"


def house(**changes: str | None) -> dict[str, str]:
    """The sample house's files; a change replaces one of etc/config, None leaves it out."""
    files = {str(path.relative_to(HOUSE)): path.read_text() for path in HOUSE.rglob("*") if path.is_file()}
    for name, content in changes.items():
        full = name.replace("__", "/") if "__" in name else f"etc/config/{name}"
        files.pop(full, None)
        if content is not None:
            files[full] = content
    return files


def firewall(*more: str, without: str = "") -> str:
    text = (HOUSE / "etc/config/firewall").read_text()
    assert without in text
    return "\n".join((text.replace(without, "") if without else text, *more))


FORWARDING = "config forwarding\n\toption src 'iot'\n\toption dest 'lan'\n"


def test_a_backup_with_four_flaws_shows_each_with_its_file_line_and_section(tmp_path: Path) -> None:
    items = collect("openwrt", backup(tmp_path / "b.tar.gz", house()))
    assert facts(items, ROUTER)["upnp"] is True
    assert places(items, ROUTER)["upnp"] == "etc/config/upnpd:4 (upnpd.config.enable_upnp)"
    assert facts(items, ROUTER)["admin_password_set"] is False
    assert places(items, ROUTER)["admin_password_set"].startswith("etc/shadow:1 ")
    assert "openwrt:lan" in opens(items, "openwrt:iot")[0]
    assert "etc/config/firewall:45 (firewall.@forwarding[2]) to lan" in places(items, "zone:openwrt:iot")["opens_to_v4"]
    assert facts(items, "wifi:openwrt:Elm Guests")["security"] == "wpa_wpa2"
    where = places(items, "wifi:openwrt:Elm Guests")["security"]
    assert where == "etc/config/wireless:33 (wireless.guest_radio0.encryption)"


def test_each_of_the_four_flaws_has_its_uci_commands(tmp_path: Path) -> None:
    home = merged(collect("openwrt", backup(tmp_path / "b.tar.gz", house())), "openwrt")
    router = home.all(Router)[0]
    assert "uci set upnpd.config.enabled='0'" in routers.disable_upnp(router, home).steps
    assert any(step.startswith("passwd") for step in routers.set_admin_password(router, home).steps)
    (iot,) = [zone for zone in home.all(Zone) if zone.label == "iot"]
    assert "uci set firewall.@forwarding[2].enabled='0'" in routers.block_zone_forwarding(iot, home).steps
    (guests,) = [wifi for wifi in home.all(Wifi) if wifi.label == "Elm Guests"]
    assert "uci set wireless.guest_radio0.encryption='sae-mixed'" in routers.wifi_encryption(guests, home).steps


def test_folder_and_backup_say_the_same(tmp_path: Path) -> None:
    path = backup(tmp_path / "b.tar.gz", house())
    from_backup, from_folder = collect("openwrt", path), collect("openwrt", HOUSE)
    for about in (ROUTER, "zone:openwrt:iot", "wifi:openwrt:Elm"):
        assert facts(from_backup, about) == facts(from_folder, about)


def test_no_key_password_or_hash_leaves_the_source() -> None:
    items = collect("openwrt", HOUSE)
    assert_silent(items, "violin-orbit", "welcome123", "dial-up-word", "b7e0a2d94c5f")


def test_the_folder_of_the_configuration_alone_leaves_the_password_open() -> None:
    items = collect("openwrt", HOUSE / "etc/config")
    assert "etc/shadow" in gap(items, "router.admin_password_set").reason
    assert facts(items, ROUTER)["upnp"] is True


@pytest.mark.parametrize(
    ("line", "is_set"),
    [("root:::0:99999:7:::", False), ("root:$1$abc$def:1:0:99999:7:::", True), ("root:!:1:0:::::", True)],
)
def test_the_root_password_is_empty_or_not(tmp_path: Path, line: str, is_set: bool) -> None:
    items = collect("openwrt", backup(tmp_path / "b.tar.gz", house(etc__shadow=f"daemon:*:::\n{line}\n")))
    assert facts(items, ROUTER)["admin_password_set"] is is_set
    assert places(items, ROUTER)["admin_password_set"].startswith("etc/shadow:2 ")
    assert_silent(items, "$1$abc$def")


def test_a_zone_without_forwarding_opens_nothing_inside(tmp_path: Path) -> None:
    items = collect("openwrt", backup(tmp_path / "b", house(firewall=firewall(without=FORWARDING))))
    assert opens(items, "openwrt:iot") == (["openwrt:wan"], ["openwrt:wan"])


def test_a_rule_that_stops_everything_closes_a_forwarding(tmp_path: Path) -> None:
    rule = "config rule\n option src 'iot'\n option dest 'lan'\n option proto 'all'\n option target 'REJECT'\n"
    items = collect("openwrt", backup(tmp_path / "b", house(firewall=firewall(rule))))
    assert opens(items, "openwrt:iot")[0] == ["openwrt:wan"]


def test_a_rule_for_one_family_leaves_the_other_open(tmp_path: Path) -> None:
    rule = "config rule\n option src 'iot'\n option dest 'lan'\n option family 'ipv4'\n option target 'DROP'\n"
    items = collect("openwrt", backup(tmp_path / "b", house(firewall=firewall(rule))))
    assert opens(items, "openwrt:iot") == (["openwrt:wan"], ["openwrt:lan", "openwrt:wan"])


def test_a_narrow_rule_that_accepts_is_an_opening_and_says_how_narrow(tmp_path: Path) -> None:
    rule = (
        "config rule 'dns'\n option src 'iot'\n option dest 'lan'\n option dest_ip '192.168.7.2'\n"
        " option dest_port '53'\n option target 'ACCEPT'\n"
    )
    items = collect("openwrt", backup(tmp_path / "b", house(firewall=firewall(rule, without=FORWARDING))))
    assert opens(items, "openwrt:iot") == (["openwrt:lan", "openwrt:wan"], ["openwrt:wan"])
    assert (
        "(firewall.dns), only for dest_ip 192.168.7.2, dest_port 53 to lan"
        in places(items, "zone:openwrt:iot")["opens_to_v4"]
    )


def test_a_rule_for_ping_or_one_that_is_off_opens_nothing(tmp_path: Path) -> None:
    rules = (
        "config rule\n option src 'iot'\n option dest 'lan'\n option proto 'icmp'\n option target 'ACCEPT'\n"
        "config rule\n option src 'iot'\n option dest 'lan'\n option enabled '0'\n option target 'ACCEPT'\n"
    )
    items = collect("openwrt", backup(tmp_path / "b", house(firewall=firewall(rules, without=FORWARDING))))
    assert opens(items, "openwrt:iot")[0] == ["openwrt:wan"]


def test_a_default_policy_of_accept_opens_every_zone(tmp_path: Path) -> None:
    text = firewall(without=FORWARDING).replace("forward 'REJECT'", "forward 'ACCEPT'", 1)
    items = collect("openwrt", backup(tmp_path / "b", house(firewall=text)))
    assert "openwrt:lan" in opens(items, "openwrt:guest")[0]
    assert "(firewall.@defaults[0].forward) to lan" in places(items, "zone:openwrt:guest")["opens_to_v4"]


def test_rules_of_the_owners_own_make_isolation_unknown(tmp_path: Path) -> None:
    files = house(etc__firewall_user=None) | {"etc/firewall.user": "# only a comment\n"}
    assert opens(collect("openwrt", backup(tmp_path / "a", files)), "openwrt:guest")
    files["etc/firewall.user"] = "iptables -I FORWARD -j ACCEPT\n"
    items = collect("openwrt", backup(tmp_path / "b", files))
    assert "opens_to_v4" not in facts(items, "zone:openwrt:guest")
    assert "etc/firewall.user" in gap(items, "zone.opens_to_v4", "zone:openwrt:guest").reason
    assert "etc/firewall.user" in gap(items, "router.wan_admin").reason


@pytest.mark.parametrize(
    "changes",
    [
        {"firewall": ""},
        {"firewall": None},
        {"firewall": "config zone\n option name 'lan'\n option network 'lan'\n"},
        {"network": "config interface 'lan'\n option proto 'dhcp'\n"},
    ],
)
def test_an_access_point_yields_gaps_and_no_pass(tmp_path: Path, changes: dict[str, str | None]) -> None:
    items = collect("openwrt", backup(tmp_path / "b", house(upnpd=None, **changes)))
    known = facts(items, ROUTER)
    assert not known.keys() & {"upnp", "natpmp", "wan_admin", "port_forwards"}
    assert not any("opens_to_v4" in facts(items, f"zone:openwrt:{zone}") for zone in ("lan", "iot", "guest"))
    assert "zone" not in facts(items, "wifi:openwrt:Elm")
    assert gap(items, "router.upnp").reason
    assert facts(items, "wifi:openwrt:Elm Guests")["security"] == "wpa_wpa2"


def test_upnp_that_is_on_is_told_even_of_an_access_point(tmp_path: Path) -> None:
    items = collect("openwrt", backup(tmp_path / "b", house(firewall="")))
    assert facts(items, ROUTER)["upnp"] is True
    assert "natpmp" not in facts(items, ROUTER)


@pytest.mark.parametrize(
    ("text", "upnp", "natpmp"),
    [
        (None, False, False),
        ("config upnpd 'config'\n option enabled '0'\n", False, False),
        ("config upnpd 'config'\n option enabled 'on'\n option enable_upnp '0'\n", False, True),
        ("config upnpd 'config'\n", True, True),
    ],
)
def test_upnp_is_on_when_its_service_is(tmp_path: Path, text: str | None, upnp: bool, natpmp: bool) -> None:
    known = facts(collect("openwrt", backup(tmp_path / "b", house(upnpd=text))), ROUTER)
    assert (known["upnp"], known["natpmp"]) == (upnp, natpmp)


@pytest.mark.parametrize(
    ("encryption", "security", "tkip"),
    [
        ("none", "open", False), ("wep+shared", "wep", False), ("psk", "wpa", None), ("psk-mixed", "wpa_wpa2", None),
        ("psk-mixed+tkip+ccmp", "wpa_wpa2", True), ("psk2", "wpa2", False), ("psk2+tkip+aes", "wpa2", True),
        ("psk2/aes", "wpa2", False), ("sae-mixed", "wpa2_wpa3", False), ("sae", "wpa3", False), ("owe", "owe", False),
        ("wpa2", "enterprise", False), ("wpa3", "enterprise", False),
    ],
)  # fmt: skip
def test_every_encryption_is_told_apart(tmp_path: Path, encryption: str, security: str, tkip: bool | None) -> None:
    text = f"config wifi-iface 'a'\n option ssid 'Elm'\n option network 'lan'\n option encryption '{encryption}'\n"
    items = collect("openwrt", backup(tmp_path / "b", house(wireless=text)))
    known = facts(items, "wifi:openwrt:Elm")
    assert known["security"] == security
    assert known.get("tkip") == tkip


def test_an_encryption_that_is_not_known_is_a_gap(tmp_path: Path) -> None:
    text = "config wifi-iface 'a'\n option ssid 'Elm'\n option network 'lan'\n option encryption 'rot13'\n"
    items = collect("openwrt", backup(tmp_path / "b", house(wireless=text)))
    assert "security" not in facts(items, "wifi:openwrt:Elm")
    assert "(wireless.a.encryption)" in gap(items, "wifi.security").reason


def test_a_network_is_judged_by_its_weakest_access_point_and_names_it() -> None:
    items = collect("openwrt", HOUSE)
    assert facts(items, "wifi:openwrt:Elm")["security"] == "wpa2_wpa3"
    assert facts(items, "wifi:openwrt:Elm")["pmf"] == "optional"
    where = places(items, "wifi:openwrt:Elm")["security"]
    assert "default_radio0" in where
    assert "default_radio1" not in where


def test_an_access_point_that_is_off_does_not_count_beside_one_that_is_on(tmp_path: Path) -> None:
    off = "config wifi-iface 'b'\n option ssid 'Elm'\n option encryption 'none'\n option disabled '1'\n"
    text = "config wifi-iface 'a'\n option ssid 'Elm'\n option encryption 'sae'\n option key 'x'\n" + off
    items = collect("openwrt", backup(tmp_path / "b", house(wireless=text)))
    assert facts(items, "wifi:openwrt:Elm")["security"] == "wpa3"
    assert facts(items, "wifi:openwrt:Elm")["enabled"] is True
    items = collect("openwrt", backup(tmp_path / "b", house(wireless=off)))
    assert facts(items, "wifi:openwrt:Elm")["enabled"] is False


def test_a_raw_key_is_no_strong_phrase() -> None:
    items = collect("openwrt", HOUSE)
    assert "phrase_score" not in facts(items, "wifi:openwrt:Elm Things")
    assert "64 hex digits" in gap(items, "wifi.phrase_score").reason
    assert facts(items, "wifi:openwrt:Elm")["phrase_score"] == 4
    assert facts(items, "wifi:openwrt:Elm Guests")["phrase_score"] < 3


def test_wps_and_client_isolation_are_read() -> None:
    items = collect("openwrt", HOUSE)
    assert facts(items, "wifi:openwrt:Elm Things")["wps"] is True
    assert facts(items, "wifi:openwrt:Elm")["wps"] is False
    assert facts(items, "zone:openwrt:guest")["client_isolation"] is True
    assert facts(items, "zone:openwrt:lan")["client_isolation"] is False


def test_networks_of_a_zone_may_be_a_list_or_words() -> None:
    items = collect("openwrt", HOUSE)
    assert facts(items, "zone:openwrt:lan")["subnets"] == ("192.168.7.0/24",)
    assert facts(items, "zone:openwrt:iot")["subnets"] == ("192.168.20.0/24",)
    assert facts(items, "zone:openwrt:wan")["role"] == "wan"


def test_port_forwards_are_named_with_their_section() -> None:
    items = collect("openwrt", HOUSE)
    (mapping,) = facts(items, ROUTER)["port_forwards"]
    assert str(mapping) == "tcp 8123 -> 192.168.7.10:8123 (Home Assistant)"
    assert places(items, ROUTER)["port_forwards"] == "etc/config/firewall:76 (firewall.hass)"


def test_a_rule_that_opens_a_host_over_ipv6_is_a_port_forward(tmp_path: Path) -> None:
    rule = (
        "config rule\n option name 'hub'\n option src 'wan'\n option dest 'lan'\n option family 'ipv6'\n"
        " option proto 'tcp'\n option dest_ip '2001:db8::5'\n option dest_port '8123'\n option target 'ACCEPT'\n"
    )
    items = collect("openwrt", backup(tmp_path / "b", house(firewall=firewall(rule))))
    assert "tcp 8123 -> 2001:db8::5:8123 (hub)" in map(str, facts(items, ROUTER)["port_forwards"])


SSH = (
    "config rule 'remote'\n option src 'wan'\n option proto 'tcp'\n option dest_port '20-23'\n option target 'ACCEPT'\n"
)


@pytest.mark.parametrize(
    ("changes", "open_", "where"),
    [
        ({}, False, "firewall.@zone[3].input"),
        ({"firewall": firewall(SSH)}, True, "(firewall.remote) admits SSH"),
        ({"firewall": firewall(SSH.replace("'tcp'", "'udp'"))}, False, "no rule"),
        ({"firewall": firewall().replace("input 'REJECT'", "input 'ACCEPT'")}, True, "(firewall.@zone[3].input)"),
        ({"firewall": firewall(SSH), "dropbear": "config dropbear\n option Port '2222'\n"}, False, "no rule"),
        ({"firewall": firewall(SSH), "dropbear": "config dropbear\n option Interface 'lan'\n"}, False, "no rule"),
        (
            {"firewall": firewall(SSH.replace("ACCEPT", "DROP").replace("remote", "closed"), SSH)},
            False,
            "no rule",
        ),
    ],
)
def test_whether_the_internet_reaches_the_administration(
    tmp_path: Path, changes: dict[str, str], open_: bool, where: str
) -> None:
    items = collect("openwrt", backup(tmp_path / "b", house(**changes)))
    assert facts(items, ROUTER)["wan_admin"] is open_
    assert where in places(items, ROUTER)["wan_admin"]


def test_administration_open_to_one_address_only_is_left_to_the_owner(tmp_path: Path) -> None:
    rule = SSH + " option src_ip '203.0.113.7'\n"
    items = collect("openwrt", backup(tmp_path / "b", house(firewall=firewall(rule))))
    assert "wan_admin" not in facts(items, ROUTER)
    assert "203.0.113.7" in gap(items, "router.wan_admin").reason


def test_a_redirect_to_the_routers_own_page_opens_its_administration(tmp_path: Path) -> None:
    rule = (
        "config redirect\n option src 'wan'\n option src_dport '9443'\n option dest_ip '192.168.7.1'\n"
        " option dest_port '443'\n"
    )
    items = collect("openwrt", backup(tmp_path / "b", house(firewall=firewall(rule))))
    assert facts(items, ROUTER)["wan_admin"] is True


def test_the_release_is_a_gap_unless_its_file_is_there(tmp_path: Path) -> None:
    assert "release" in gap(collect("openwrt", HOUSE), "router.version").reason
    release = {"etc/openwrt_release": "DISTRIB_ID='OpenWrt'\nDISTRIB_RELEASE='24.10.2'\n"}
    board = {"etc/board.json": '{"model": {"id": "glinet,gl-mt3000", "name": "GL.iNet GL-MT3000"}}'}
    items = collect("openwrt", backup(tmp_path / "b", house() | release | board))
    known = facts(items, ROUTER)
    assert (known["version"], known["maker"], known["model"]) == ("24.10.2", "glinet", "GL.iNet GL-MT3000")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("config zone\n option name 'lan\n", 2),
        ("option name 'x'\n", 1),
        ("config\n", 1),
        ("config zone\n\n nonsense here\n", 3),
        ("config zone\n option name\n", 2),
        ('config zone\n option a "b\\', 2),
    ],
)
def test_damaged_uci_is_told_with_file_and_line_and_without_its_values(tmp_path: Path, text: str, line: int) -> None:
    with pytest.raises(ReadError) as caught:
        collect("openwrt", backup(tmp_path / "b", house(firewall=text)))
    assert caught.value.where == f"etc/config/firewall:{line}"


def test_uci_quotes_escapes_lists_and_comments_are_read() -> None:
    text = "package x\nconfig a 'n' # c\n option o 'it'\\''s'\n list l \"q\\\"q\"\n list l b;option p 'two\nlines'\n"
    (section,) = _uci.parse(text, "etc/config/x").sections
    assert section.values == {"o": ["it's"], "l": ['q"q', "b"], "p": ["two\nlines"]}
    assert section.where("p") == "etc/config/x:5 (x.n.p)"


def test_sections_without_a_name_are_counted_as_uci_counts_them() -> None:
    sections = _uci.parse("config a\nconfig a 'n'\nconfig b\nconfig a\n", "etc/config/x").sections
    assert [section.id for section in sections] == ["@a[0]", "n", "@b[0]", "@a[2]"]


@pytest.mark.parametrize("name", ["key", "key1", "password", "private_key", "sae_password", "auth_secret"])
def test_secret_options_do_not_show(name: str) -> None:
    (section,) = _uci.parse(f"config a\n option {name} 'hunter2'\n", "f").sections
    assert "hunter2" not in repr(vars(section))


def test_another_encoding_is_told_with_its_file(tmp_path: Path) -> None:
    files: dict[str, bytes | str] = {
        **house(),
        "etc/config/wireless": "config wifi-iface\n option ssid 'Tür'".encode("latin-1"),
    }
    with pytest.raises(ReadError, match=r"^etc/config/wireless:2: is not UTF-8"):
        collect("openwrt", backup(tmp_path / "b", files))


def test_an_archive_or_folder_of_something_else_is_told(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="none of OpenWrt's configuration"):
        collect("openwrt", backup(tmp_path / "b", {"photo.jpg": b"x"}))
    (tmp_path / "folder").mkdir()
    with pytest.raises(ReadError, match="sysupgrade -b"):
        collect("openwrt", tmp_path / "folder")


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("config x\n")
    (tmp_path / "config").mkdir()
    (tmp_path / "config/network").symlink_to(tmp_path / "secret")
    with pytest.raises(ReadError, match="leads out"):
        collect("openwrt", tmp_path / "config")


def test_huge_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="larger than"):
        collect("openwrt", backup(tmp_path / "b", house(firewall="#" * 3_000_000)))
    with pytest.raises(ReadError, match="more than"):
        collect("openwrt", backup(tmp_path / "b", house(firewall="config zone\n" * 100_000)))


@pytest.mark.parametrize("noise", ["'", '"', "\\", '"\\a', "a'b'", "config a\n", "option ", "#\n"])
def test_the_parser_stays_fast_on_what_is_made_to_slow_it(noise: str) -> None:
    began = time.monotonic()
    text = noise * (2_000_000 // len(noise))
    try:
        _uci.parse(text, "f")
    except ReadError as error:
        assert error.where.startswith("f:")
    assert time.monotonic() - began < 10


WORDS = st.sampled_from(
    [
        "config",
        "option",
        "list",
        "zone",
        "rule",
        "name",
        "'lan'",
        "src",
        "dest",
        "'wan'",
        "network",
        "'",
        '"',
        "\\",
        "#",
        ";",
        "target",
        "ACCEPT",
        "dest_port",
        "'99999999999999'",
        "ipaddr",
        "'1.2.3.4/99'",
        "encryption",
        "\n",
        " ",
        "\x00",
    ]
)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(WORDS, max_size=60).map(" ".join), st.sampled_from(["firewall", "network", "wireless", "upnpd", "system"])
)
def test_any_configuration_gives_items_or_one_clear_error(
    tmp_path_factory: pytest.TempPathFactory, text: str, name: str
) -> None:
    path = tmp_path_factory.getbasetemp() / "fuzz-openwrt"
    try:
        collect("openwrt", backup(path, house(**{name: text})))
    except NightlatchError as error:
        assert f"etc/config/{name}" in str(error)


@given(st.text(max_size=200))
def test_any_text_as_uci_gives_sections_or_one_clear_error(text: str) -> None:
    try:
        _uci.parse(text, "f")
    except NightlatchError as error:
        assert error.where.startswith("f:")
