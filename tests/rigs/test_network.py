"""An owner whose router opens ports, or keeps smart devices apart, or does not: asked from where they stand."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest

from rigs.network.rig import HOST, HOST_V6, ROUTER, Firewall, NetworkRig, Segment
from tests.rigs.owner import Owner, Report, known

pytestmark = pytest.mark.rig

HUB = f"""
[[hubs]]
id = "pi"
name = "Raspberry Pi"

[[answers]]
about = "hub:pi"
fact = "lan_address"
value = "{HOST["lan"]}"
on = 2026-10-01
"""
BACKUP = '[[sources]]\nkind = "openwrt"\npath = "backup"\n'
UPNPD = "config upnpd 'config'\n\toption enabled '1'\n\toption enable_upnp '1'\n\toption enable_natpmp '1'\n"
NETWORK = f"""
config interface 'lan'
	option proto 'static'
	option ipaddr '{ROUTER["lan"]}/24'

config interface 'iot'
	option proto 'static'
	option ipaddr '{ROUTER["iot"]}/24'

config interface 'wan'
	option proto 'dhcp'
"""
FIREWALL = """
config zone
	option name 'lan'
	list network 'lan'
	option input 'ACCEPT'

config zone
	option name 'wan'
	list network 'wan'
	option input 'REJECT'
	option masq '1'

config forwarding
	option src 'lan'
	option dest 'wan'
"""


def igd(segment: Literal["lan", "iot"] = "lan") -> str:
    return f'[[sources]]\nkind = "igd"\ngateway = "{ROUTER[segment]}"\n'


def isolation(more: str = "") -> str:
    return f'[[sources]]\nkind = "isolation"\ntargets = ["{HOST["lan"]}", "{HOST_V6["lan"]}"]\n{more}'


def audit(rig: NetworkRig, folder: Path, segment: Segment, configuration: str) -> Report:
    """What an owner's audit says on a machine of this segment."""
    owner = Owner(folder)
    owner.place = rig.command(segment)
    owner.configure(configuration)
    return owner.audit("--no-store", "--fail-on", "never")


def backup(folder: Path) -> None:
    """An OpenWrt backup that has UPnP on, unpacked."""
    config = folder / "backup" / "etc" / "config"
    config.mkdir(parents=True)
    for name, text in (("network", NETWORK), ("firewall", FIREWALL), ("upnpd", UPNPD)):
        (config / name).write_text(text)


def test_a_mapping_to_the_hub_is_critical_and_gone_once_upnp_is_off(network_rig: NetworkRig, tmp_path: Path) -> None:
    network_rig.firewall("isolated")
    network_rig.upnp_on()
    network_rig.map_port(8123, "hass")
    on = audit(network_rig, tmp_path, "lan", HUB + igd())
    mapping = on.finding("upnp/no-mapping-to-a-lock")
    assert (mapping["verdict"], mapping["severity"]) == ("fail", "critical")
    assert f"tcp 8123 -> {HOST['lan']}:8123 (hass)" in mapping["summary"]
    assert "Raspberry Pi" in mapping["summary"]
    assert [on.finding(f"upnp/{check}")["verdict"] for check in ("off", "natpmp-off")] == ["fail", "fail"]
    facts = on.facts("router:igd:router")
    assert known([facts["upnp"], facts["model"]]) == [
        ("upnp", True, "observed", "igd"),
        ("model", "Test Gateway", "observed", "igd"),
    ]

    network_rig.upnp_off()
    off = audit(network_rig, tmp_path, "lan", HUB + igd())
    assert [off.finding(f"upnp/{check}")["verdict"] for check in ("off", "natpmp-off")] == ["pass", "pass"]
    assert off.finding("upnp/no-mapping-to-a-lock")["verdict"] == "not_applicable"
    [evidence] = off.finding("upnp/off")["evidence"]
    assert f"port unreachable (ICMP 3/3) from {ROUTER['lan']}" in evidence["where"]
    assert f"asked from {HOST['lan']}" in evidence["where"]


def test_without_a_mapping_the_list_is_empty_and_passes(network_rig: NetworkRig, tmp_path: Path) -> None:
    network_rig.upnp_on()
    try:
        report = audit(network_rig, tmp_path, "lan", HUB + igd())
    finally:
        network_rig.upnp_off()
    assert report.finding("upnp/no-mapping-to-a-lock")["verdict"] == "pass"
    assert report.finding("upnp/off")["verdict"] == "fail"


@pytest.mark.parametrize(
    ("upnp", "natpmp", "expected"), [(True, False, ["fail", "pass"]), (False, True, ["unknown", "fail"])]
)
def test_upnp_and_natpmp_are_told_apart(
    network_rig: NetworkRig, tmp_path: Path, upnp: bool, natpmp: bool, expected: list[str]
) -> None:
    network_rig.upnp_on(upnp=upnp, natpmp=natpmp)
    try:
        report = audit(network_rig, tmp_path, "lan", igd())
    finally:
        network_rig.upnp_off()
    assert [report.finding(f"upnp/{check}")["verdict"] for check in ("off", "natpmp-off")] == expected


def test_asking_changes_nothing_in_the_router(network_rig: NetworkRig, tmp_path: Path) -> None:
    network_rig.upnp_on()
    try:
        network_rig.map_port(8123, "hass")
        before = network_rig.rules()
        audit(network_rig, tmp_path, "lan", igd())
        assert network_rig.rules() == before
        assert "8123" in before
    finally:
        network_rig.upnp_off()


def test_a_router_that_shuts_a_segment_out_may_still_serve_the_others(network_rig: NetworkRig, tmp_path: Path) -> None:
    network_rig.firewall("isolated")
    network_rig.upnp_on()
    try:
        report = audit(network_rig, tmp_path, "iot", igd("iot"))
    finally:
        network_rig.upnp_off()
    for check in ("off", "natpmp-off", "no-mapping-to-a-lock"):
        assert report.finding(f"upnp/{check}")["verdict"] == "unknown"
    assert "may serve others" in report.source("igd")["reason"]


@pytest.mark.parametrize("segment", ["lan", "iot"])
def test_the_router_of_the_backup_is_the_one_that_was_asked(
    network_rig: NetworkRig, tmp_path: Path, segment: Literal["lan", "iot"]
) -> None:
    backup(tmp_path)
    network_rig.firewall("open")
    report = audit(network_rig, tmp_path, segment, BACKUP + igd(segment))
    assert report.subjects("router") == ["router:openwrt:router"]
    finding = report.finding("upnp/off")
    # The backup has UPnP on: what did not answer here may be on for others.
    assert finding["verdict"] == "unknown"
    assert "the router's configuration has it on" in finding["summary"]


@pytest.mark.parametrize(
    ("firewall", "more", "probe"),
    [
        ("open", "", "fail"),
        ("v4-only", "", "fail"),
        ("reject", "", "pass"),
        ("isolated", "", "unknown"),
        ("isolated", "targets_answer = true\n", "pass"),
    ],
)
def test_the_probe_tells_what_the_firewall_lets_through(
    network_rig: NetworkRig, tmp_path: Path, firewall: Firewall, more: str, probe: str
) -> None:
    network_rig.firewall(firewall)
    report = audit(network_rig, tmp_path, "iot", isolation("ports = [22]\n" + more))
    assert report.finding("segregated-network/probe")["verdict"] == probe


def test_isolation_for_ipv4_only_is_named_so(network_rig: NetworkRig, tmp_path: Path) -> None:
    network_rig.firewall("v4-only")
    configuration = isolation("ports = [22]\ntargets_answer = true\n")
    report = audit(network_rig, tmp_path, "iot", configuration)
    finding = report.finding("segregated-network/probe")
    assert finding["verdict"] == "fail"
    assert "Isolation holds for IPv4 only" in finding["summary"]
    facts = report.facts("home")
    assert known([facts["isolated_v4"], facts["isolated_v6"]]) == [
        ("isolated_v4", True, "declared", "isolation"),
        ("isolated_v6", False, "observed", "isolation"),
    ]
    assert f"from {HOST_V6['lan']} (probed from {HOST_V6['iot']})" in facts["isolated_v6"]["where"]


def test_a_service_that_the_firewall_lets_through_is_found(network_rig: NetworkRig, tmp_path: Path) -> None:
    network_rig.firewall("reject", let_through=8080)
    with network_rig.service("lan", 8080):
        configuration = isolation("ports = [8080]\n").replace(f', "{HOST_V6["lan"]}"', "")
        facts = audit(network_rig, tmp_path, "iot", configuration).facts("home")
    assert facts["isolated_v4"]["value"] is False
    assert "TCP port 8080 accepts a connection" in facts["isolated_v4"]["where"]


def test_beside_its_targets_the_probe_only_says_that_they_answer(network_rig: NetworkRig, tmp_path: Path) -> None:
    network_rig.firewall("isolated")
    configuration = f'[[sources]]\nkind = "isolation"\nports = [22]\ntargets = ["{ROUTER["lan"]}"]\n'
    report = audit(network_rig, tmp_path, "lan", configuration)
    assert report.finding("segregated-network/probe")["verdict"] == "unknown"
    assert "stands in the same network, where it answers" in report.source("isolation")["reason"]


def test_the_routers_own_address_proves_nothing(network_rig: NetworkRig, tmp_path: Path) -> None:
    network_rig.firewall("open")
    configuration = f'[[sources]]\nkind = "isolation"\nports = [80]\ntargets = ["{ROUTER["lan"]}"]\n'
    report = audit(network_rig, tmp_path, "iot", configuration)
    assert report.finding("segregated-network/probe")["verdict"] == "unknown"
    assert "an address of the router itself" in report.source("isolation")["reason"]
