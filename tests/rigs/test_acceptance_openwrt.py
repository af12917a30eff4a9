"""Line 7: an OpenWrt backup with four open doors; the report's own commands, typed at the router, close them."""

from __future__ import annotations

import pytest

from tests.rigs.openwrt import BACKUP, FILES, FLAT, GUEST_KEY, HOME_KEY
from tests.rigs.owner import Finding, Owner
from tests.rigs.uci import Router, UciError

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


def test_the_commands_for_a_zone_of_its_own_make_one_in_which_the_hub_passes(owner: Owner) -> None:
    router = Router(FLAT)
    router.backup(owner.folder / "backup.tar.gz")
    owner.configure(BACKUP.replace("192.168.20.5", "192.168.10.5"))
    finding = owner.audit().finding("segregated-network/hub-zone", "hub:pi")
    assert (finding["verdict"], finding["summary"]) == (
        "fail",
        "It lives on lan, the zone of phones and laptops.",
    )
    follow(finding, router)
    router.backup(owner.folder / "backup.tar.gz")
    report = owner.audit()
    assert report.finding("segregated-network/hub-zone", "hub:pi")["verdict"] == "fail"
    [subnet] = report.facts("zone:openwrt:iot")["subnets"]["value"]
    owner.configure(BACKUP.replace("192.168.20.5", subnet.replace("0/24", "5")))
    report = owner.audit()
    assert report.finding("segregated-network/hub-zone", "hub:pi")["verdict"] == "pass"
    assert report.facts("zone:openwrt:lan")["opens_to_v4"]["value"] == ["zone:openwrt:iot", "zone:openwrt:wan"]
    assert report.facts("wifi:openwrt:NEW NAME")["zone"]["value"] == "zone:openwrt:iot"
    assert report.finding("wifi-security/cipher", "wifi:openwrt:NEW NAME")["verdict"] == "pass"


def test_a_command_that_is_not_committed_is_in_no_backup(router: Router) -> None:
    router.type("uci set upnpd.config.enabled='0'")
    assert "option enabled '1'" in router.files["etc/config/upnpd"]
    router.type("uci commit upnpd")
    assert "option enabled '0'" in router.files["etc/config/upnpd"]


def test_a_command_for_a_section_that_is_not_there_is_refused(router: Router) -> None:
    with pytest.raises(UciError, match="Entry not found"):
        router.type("uci set firewall.@forwarding[4].enabled='0'")
