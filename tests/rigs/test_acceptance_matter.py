"""Line 5: a Matter lock that opens from afar without a PIN; its firmware, battery and users in the report."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest

from rigs.matter.rig import MatterRig
from tests.rigs.owner import Owner, known, steps

pytestmark = [pytest.mark.rig, pytest.mark.timeout(180)]

HOUSE = """
[[doors]]
id = "front"
name = "Front door"
exterior = true

[[locks]]
id = "front"
name = "Front door lock"
door = "front"
bind = ["matter:{rig.server.node}"]

[[sources]]
kind = "matter"
url = "{rig.url}"
"""
USERS = {1: ("Ana", "471109"), 2: ("Ben", "860253")}
REMOTE = "unused-features/pin-for-remote"


@pytest.fixture
def at_home(owner: Owner, matter_rig: MatterRig) -> Iterator[Owner]:
    """Ana and Ben have a code each."""
    owner.configure(HOUSE.format(rig=matter_rig))
    for slot, (name, pin) in USERS.items():
        matter_rig.server.add_user(slot, name, pin)
    yield owner
    for slot in USERS:
        matter_rig.server.remove_user(slot)


def test_a_remote_unlock_without_a_pin_is_found_and_passes_once_set_as_told(
    at_home: Owner, matter_rig: MatterRig
) -> None:
    finding = at_home.audit().finding(REMOTE, "lock:front")
    assert (finding["verdict"], finding["severity"]) == ("fail", "medium")
    assert "RequirePINforRemoteOperation is false" in finding["summary"]
    assert known(finding["evidence"]) == [("pin_for_remote", False, "observed", "matter")]
    assert finding["evidence"][0]["where"] == "1/257/51 (RequirePINforRemoteOperation)"

    told = re.search(r"Matter server: (\{.*\})", steps(finding))
    assert told is not None
    message = json.loads(told[1])
    matter_rig.server.client.command(message["command"], **message["args"])
    try:
        finding = at_home.audit().finding(REMOTE, "lock:front")
    finally:
        matter_rig.server.write(0x33, False)
    assert (finding["verdict"], finding["evidence"][0]["value"]) == ("pass", True)


def test_firmware_and_battery_are_read_and_judged(at_home: Owner, matter_rig: MatterRig) -> None:
    matter_rig.act({"act": "battery", "percent": 9})
    try:
        report = at_home.audit()
    finally:
        matter_rig.act({"act": "battery", "percent": 87})
    battery = report.finding("power-backup/battery", "lock:front")
    assert (battery["verdict"], battery["severity"]) == ("fail", "critical")
    assert ("battery_percent", 9, "observed", "matter") in known(battery["evidence"])
    assert known(report.finding("updates/lock-firmware", "lock:front")["evidence"]) == [
        ("firmware", "1.2.3", "observed", "matter")
    ]
    assert at_home.audit().finding("power-backup/battery", "lock:front")["verdict"] == "pass"


def test_the_users_are_listed_with_who_put_them_there_and_no_pin_with_them(at_home: Owner) -> None:
    report = at_home.audit("-o", "report.html", "-o", "report.md")
    users = {subject: report.facts(subject) for subject in report.subjects("credential")}
    assert {subject: (facts["name"]["value"], facts["slot"]["value"]) for subject, facts in users.items()} == {
        "credential:matter:1/1-1": ("Ana", 1),
        "credential:matter:1/1-2": ("Ben", 2),
    }
    assert {facts["lock"]["value"] for facts in users.values()} == {"lock:front"}
    assert report.verdicts("least-privilege/own-controller") == dict.fromkeys(users, "pass")
    # A Matter lock tells nobody its PINs: that is said, and is no pass.
    assert report.verdicts("default-credentials/no-default-code") == dict.fromkeys(users, "unknown")
    for path in at_home.files():
        for _, pin in USERS.values():
            assert pin not in path.read_text("latin-1")
    assert "Ana" in (at_home.folder / "report.html").read_text()
