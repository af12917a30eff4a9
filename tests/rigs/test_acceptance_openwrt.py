"""Line 7: an OpenWrt backup with four open doors; the report's own commands, typed at the router, close them."""

from __future__ import annotations

import pytest

from tests.rigs.owner import Finding, Owner
from tests.rigs.uci import Router, UciError

BACKUP = """
[[hubs]]
id = "pi"
name = "Raspberry Pi"

[[answers]]
about = "hub:pi"
fact = "lan_address"
value = "192.168.20.5"
on = 2026-10-01

[[sources]]
kind = "openwrt"
path = "backup.tar.gz"
"""
GUEST_KEY = "come in 4242"
HOME_KEY = "trellis9 Pumice quarto-vane"
FILES = {
    "etc/config/network": """
config interface 'loopback'
	option device 'lo'
	option proto 'static'
	list ipaddr '127.0.0.1/8'

config interface 'lan'
	option device 'br-lan.10'
	option proto 'static'
	list ipaddr '192.168.10.1/24'
	option ip6assign '60'

config interface 'iot'
	option device 'br-lan.20'
	option proto 'static'
	option ipaddr '192.168.20.1'
	option netmask '255.255.255.0'

config interface 'guest'
	option device 'br-guest'
	option proto 'static'
	option ipaddr '192.168.30.1'
	option netmask '255.255.255.0'

config interface 'wan'
	option device 'eth1'
	option proto 'dhcp'
""",
    "etc/config/firewall": """
config defaults
	option input 'REJECT'
	option output 'ACCEPT'
	option forward 'REJECT'

config zone
	option name 'lan'
	list network 'lan'
	option input 'ACCEPT'
	option output 'ACCEPT'
	option forward 'ACCEPT'

config zone
	option name 'iot'
	option network 'iot'
	option input 'REJECT'
	option output 'ACCEPT'
	option forward 'REJECT'

config zone
	option name 'guest'
	option network 'guest'
	option input 'REJECT'
	option output 'ACCEPT'
	option forward 'REJECT'

config zone
	option name 'wan'
	list network 'wan'
	option input 'REJECT'
	option output 'ACCEPT'
	option forward 'REJECT'
	option masq '1'

config forwarding
	option src 'lan'
	option dest 'wan'

config forwarding
	option src 'lan'
	option dest 'iot'

config forwarding
	option src 'iot'
	option dest 'lan'

config forwarding
	option src 'guest'
	option dest 'wan'
""",
    "etc/config/wireless": f"""
config wifi-device 'radio0'
	option type 'mac80211'
	option band '5g'

config wifi-iface 'default_radio0'
	option device 'radio0'
	option network 'lan'
	option mode 'ap'
	option ssid 'elm-inside'
	option encryption 'sae'
	option key '{HOME_KEY}'

config wifi-iface
	option device 'radio0'
	option network 'guest'
	option mode 'ap'
	option ssid 'elm-guests'
	option encryption 'psk-mixed'
	option key '{GUEST_KEY}'
	option isolate '1'
""",
    "etc/config/upnpd": """
config upnpd 'config'
	option enabled '1'
	option enable_upnp '1'
	option enable_natpmp '1'
	option internal_iface 'lan'
""",
    "etc/config/system": """
config system
	option hostname 'hallway'
	option timezone 'CET-1CEST,M3.5.0,M10.5.0/3'
""",
    "etc/config/dropbear": """
config dropbear
	option PasswordAuth 'on'
	option Port '22'
	option Interface 'lan'
""",
    "etc/shadow": "root::0:0:99999:7:::\ndaemon:*:0:0:99999:7:::\n",
}
DOORS = {
    # check: (subject, severity, the place that the report must name)
    "upnp/off": ("router:openwrt:router", "high", "etc/config/upnpd:4 (upnpd.config.enable_upnp)"),
    "segregated-network/hub-zone": ("hub:pi", "high", "etc/config/firewall:44 (firewall.@forwarding[2]) to lan"),
    "wifi-security/cipher": (
        "wifi:openwrt:elm-guests",
        "high",
        "etc/config/wireless:19 (wireless.@wifi-iface[1].encryption)",
    ),
    "default-credentials/router-password": (
        "router:openwrt:router",
        "critical",
        "etc/shadow:1 (root: password is empty)",
    ),
}
COMMANDS = (
    "uci set upnpd.config.enabled='0'",
    "uci set firewall.@forwarding[2].enabled='0'",
    "uci set wireless.@wifi-iface[1].encryption='sae-mixed'",
    "passwd",
)


@pytest.fixture
def router(owner: Owner) -> Router:
    """What the owner has: a router with the doors open, its backup, and a configuration that names it."""
    made = Router(FILES)
    made.backup(owner.folder / "backup.tar.gz")
    owner.configure(BACKUP)
    return made


def follow(finding: Finding, router: Router) -> None:
    """Do at the router what the report says to type there."""
    for step in finding["fix"]["steps"]:
        if step.startswith(("uci ", "wifi ", "/etc/init.d/")):
            router.type(step)
        elif step.startswith("passwd"):
            router.passwd()


@pytest.mark.usefixtures("router")
def test_four_open_doors_are_found_with_file_line_and_section(owner: Owner) -> None:
    report = owner.audit()
    assert report.exit_code == 1
    for check, (subject, severity, where) in DOORS.items():
        finding = report.finding(check, subject)
        assert (finding["verdict"], finding["severity"]) == ("fail", severity)
        [evidence] = [one for one in finding["evidence"] if one["where"] == where][:1]
        assert (evidence["grade"], evidence["source"]) == ("recorded", "openwrt")


@pytest.mark.usefixtures("router")
def test_the_printed_report_shows_each_place_and_each_command(owner: Owner) -> None:
    for form, report in owner.reports().items():
        for _, _, where in DOORS.values():
            assert where in report, form
        for command in COMMANDS:
            assert command in report, form


@pytest.mark.usefixtures("router")
def test_no_key_of_the_wifi_is_in_any_output_or_file(owner: Owner) -> None:
    (owner.folder / "backup.tar.gz").rename(owner.folder.parent / "backup.tar.gz")
    owner.configure(BACKUP.replace("backup.tar.gz", "../backup.tar.gz"))
    owner.report("-o", "report.html", "-o", "report.json", "-o", "report.md")
    for path in owner.files():
        assert GUEST_KEY not in path.read_text("latin-1")
        assert HOME_KEY not in path.read_text("latin-1")


@pytest.mark.parametrize("closed", DOORS)
def test_the_commands_for_a_door_close_that_one_and_no_other(owner: Owner, router: Router, closed: str) -> None:
    follow(owner.audit().finding(closed, DOORS[closed][0]), router)
    router.backup(owner.folder / "backup.tar.gz")
    report = owner.audit()
    assert {check: report.finding(check, subject)["verdict"] for check, (subject, _, _) in DOORS.items()} == {
        check: "pass" if check == closed else "fail" for check in DOORS
    }


def test_all_commands_together_close_all_four_and_leave_the_way_to_the_hub_open(owner: Owner, router: Router) -> None:
    before = owner.audit()
    for check, (subject, _, _) in DOORS.items():
        follow(before.finding(check, subject), router)
    router.backup(owner.folder / "backup.tar.gz")
    after = owner.audit()
    assert [after.finding(check, subject)["verdict"] for check, (subject, _, _) in DOORS.items()] == ["pass"] * 4
    assert {"/etc/init.d/miniupnpd stop", "/etc/init.d/firewall restart", "wifi reload"} <= set(router.restarted)
    assert after.facts("zone:openwrt:lan")["opens_to_v4"]["value"] == ["zone:openwrt:iot", "zone:openwrt:wan"]
    assert after.said["score"] > before.said["score"]


def test_a_command_that_is_not_committed_is_in_no_backup(router: Router) -> None:
    router.type("uci set upnpd.config.enabled='0'")
    assert "option enabled '1'" in router.files["etc/config/upnpd"]
    router.type("uci commit upnpd")
    assert "option enabled '0'" in router.files["etc/config/upnpd"]


def test_a_command_for_a_section_that_is_not_there_is_refused(router: Router) -> None:
    with pytest.raises(UciError, match="Entry not found"):
        router.type("uci set firewall.@forwarding[4].enabled='0'")
