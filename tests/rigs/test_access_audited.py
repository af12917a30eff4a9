"""The audit after a code was granted: what the hub tells of it and what the ledger knows are about one credential."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from rigs.matter.rig import MatterRig
from rigs.zigbee.rig import ZigbeeRig
from rigs.zwave.rig import ZwaveRig
from tests.rigs.owner import Owner, Report
from tests.rigs.zwave import YALE, holds

pytestmark = [pytest.mark.rig, pytest.mark.timeout(240)]

HOUSE = """
[[doors]]
id = "front"
name = "Front door"

[[locks]]
id = "front"
name = "Front door lock"
door = "front"
bind = ["{bind}"]

[[sources]]
kind = "{kind}"
url = "{url}"
"""
CONFIG = ("-c", "nightlatch.toml")
OTHERS = "593717"


class Granted:
    """An owner's home with one lock, on which there is a code for Anna."""

    def __init__(self, owner: Owner, house: str) -> None:
        self.owner = owner
        owner.configure(house)
        self.do("people", "add", "anna", "--name", "Anna Almeida", "--yes")
        self.do("grant", "add", "--to", "anna", "--doors", "front", "--yes")
        self.do("sync", "--yes")
        (self.line,) = [one for one in self.ask("ledger") if one["person"] == "anna"]

    def do(self, *arguments: str) -> str:
        done = self.owner.run(*arguments, *CONFIG)
        assert done.returncode == 0, f"{arguments}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def ask(self, *arguments: str) -> Any:
        return json.loads(self.do(*arguments, "--format", "json"))

    def judged_once(self) -> Report:
        """An audit in which every finding about codes is about one thing; that the report has no PIN."""
        report = self.owner.audit()
        # A hub may remember other slots, of codes that are on the lock no more.
        slot = self.line["slot"]
        (subject,) = (
            one
            for one in report.subjects("credential")
            if report.facts(one).get("slot", {}).get("value") == slot or one.endswith(f"/{slot}")
        )
        assert subject == f"credential:front/{slot}"
        assert report.finding("least-privilege/explained", subject)["verdict"] == "pass"
        facts = report.facts(subject)
        assert facts["person"]["value"] == "Anna Almeida"
        (shown,) = self.ask("code", "show", "anna", "--yes")["codes"]
        assert not holds(json.dumps(report.said), shown["pin"])
        return report


def test_over_zwave_they_are_one(owner: Owner, fresh_zwave_rig: Callable[..., ZwaveRig]) -> None:
    rig = fresh_zwave_rig(YALE)
    rig.do("forget_codes", node=YALE)
    home = Granted(owner, HOUSE.format(bind="zwavejs:3", kind="zwavejs", url=rig.url))
    home.judged_once()


def test_over_zigbee_they_are_one(owner: Owner, zigbee_rig: ZigbeeRig) -> None:
    bind = "zigbee2mqtt:0x000d6f0011223344"
    home = Granted(owner, HOUSE.format(bind=bind, kind="zigbee2mqtt", url=zigbee_rig.mqtt_url))
    home.judged_once()


def test_over_matter_they_are_one_though_users_and_pins_are_counted_apart(owner: Owner, matter_rig: MatterRig) -> None:
    house = HOUSE.format(bind=f"matter:{matter_rig.server.node}", kind="matter", url=matter_rig.url)
    try:
        matter_rig.server.add_user(5, "Somebody", OTHERS, number=1)
        home = Granted(owner, house)
        assert home.line["slot"] == 1
        strange = json.loads(owner.run("access", "adopt", "--format", "json", *CONFIG).stdout)["codes"]
        assert [(one["slot"], one["name"]) for one in strange] == [(5, "Somebody")]
        report = owner.audit()
        ours, theirs = "credential:front/1", "credential:front/5"
        assert sorted(report.subjects("credential")) == [ours, theirs]
        assert report.verdicts("least-privilege/explained") == {ours: "pass", theirs: "fail"}
        for subject, slot in ((ours, 1), (theirs, 5)):
            assert report.facts(subject)["slot"]["value"] == slot
        for finding in report.said["findings"]:
            assert not finding["contradicts"], finding
    finally:
        for user in matter_rig.act({"act": "memory"})["users"]:
            matter_rig.server.remove_user(user["userIndex"])
