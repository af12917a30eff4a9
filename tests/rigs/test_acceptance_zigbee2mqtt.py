"""Line 4: a real Zigbee2MQTT with three open doors; each is found, and passes once fixed as the report says."""

from __future__ import annotations

import json
import re

import pytest

from rigs.zigbee.rig import LOCK, ZigbeeRig
from tests.rigs.fixtures_zigbee import Changed
from tests.rigs.owner import Finding, Owner, known, steps

pytestmark = pytest.mark.rig

HOUSE = """
[[doors]]
id = "front"
name = "Front door"
exterior = true

[[locks]]
id = "front"
name = "Front door lock"
door = "front"
bind = ["zigbee2mqtt:0x000d6f0011223344"]

[[answers]]
about = "home"
fact = "needs"
value = []
on = 2026-10-01

[[sources]]
kind = "zigbee2mqtt"
url = "{rig.mqtt_url}"
data = "{rig.data}"
"""
JOINING, PAGE, KEY = "unused-features/joining", "default-credentials/frontend-sign-in", "encryption/network-key"
DOORS = {
    # check: (severity, the evidence, the place that the report must name)
    JOINING: ("medium", ("permit_join", True, "observed", "zigbee2mqtt"), r"zigbee2mqtt/bridge/info \(permit_join\)"),
    PAGE: (
        "high",
        ("frontend_sign_in", False, "recorded", "zigbee2mqtt"),
        r"configuration\.yaml:\d+ \(frontend\.auth_token\)",
    ),
    KEY: (
        "critical",
        ("network_key", "published_default", "recorded", "zigbee2mqtt"),
        # The newer of the two files that hold it.
        r"configuration\.yaml:\d+ \(advanced\.network_key\)|coordinator_backup\.json \(network_key\.key\)",
    ),
}
TOKEN = "correct horse battery"


@pytest.fixture
def at_home(owner: Owner, zigbee_rig: ZigbeeRig) -> Owner:
    owner.configure(HOUSE.format(rig=zigbee_rig))
    return owner


def close_joining(rig: ZigbeeRig, finding: Finding) -> None:
    told = re.search(r"publish to zigbee2mqtt/(\S+) the payload (.*)", steps(finding))
    assert told is not None
    since = rig.traffic.mark()
    rig.traffic.publish(told[1], json.loads(told[2]))
    rig.traffic.wait("bridge/info", lambda info: not info["permit_join"], since=since)


def ask_for_a_token(rig: ZigbeeRig, finding: Finding) -> None:
    told = re.search(
        r"frontend\.auth_token: '(!secret\.yaml auth_token)', and put the token in secret\.yaml", steps(finding)
    )
    assert told is not None
    (rig.data / "secret.yaml").write_text(f"auth_token: {TOKEN}\n")
    rig.restart(auth_token=told[1])


def make_a_key(rig: ZigbeeRig, finding: Finding) -> None:
    assert "set advanced.network_key: GENERATE" in steps(finding)
    assert "move coordinator_backup.json out of the data folder" in steps(finding)
    (rig.data / "coordinator_backup.json").rename(rig.folder / "coordinator_backup.json")
    rig.restart(network_key="generate")


def test_three_open_doors_are_found_and_each_passes_once_fixed_as_the_report_says(
    at_home: Owner, zigbee_rig: ZigbeeRig, changed_zigbee: Changed
) -> None:
    fixes = {JOINING: close_joining, PAGE: ask_for_a_token, KEY: make_a_key}
    # Nobody is there to use the open page: the address belongs to this machine, and the lock is simulated.
    with changed_zigbee(network_key="published", frontend_host="0.0.0.0"):
        zigbee_rig.permit_join(True)
        report = at_home.audit()
        assert report.exit_code == 1
        for check, (severity, evidence, where) in DOORS.items():
            finding = report.finding(check)
            assert (finding["verdict"], finding["severity"]) == ("fail", severity)
            assert known(finding["evidence"])[0] == evidence
            assert re.fullmatch(where, finding["evidence"][0]["where"])
        assert report.finding("encryption/radio-link", "lock:front")["verdict"] == "fail"
        closed: list[str] = []
        for check, fix in fixes.items():
            fix(zigbee_rig, report.finding(check))
            closed.append(check)
            report = at_home.audit()
            verdicts = {check: report.finding(check)["verdict"] for check in DOORS}
            assert verdicts == {check: "pass" if check in closed else "fail" for check in DOORS}
        assert report.finding("encryption/radio-link", "lock:front")["verdict"] == "pass"
    said = "".join(path.read_text("latin-1") for path in at_home.files())
    assert LOCK in said
    assert TOKEN not in said
