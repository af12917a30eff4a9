"""`nightlatch fix` on real hubs: what the audit found is put right, read back, and found right by the next audit."""

from __future__ import annotations

import json

import pytest

from rigs.zwave.rig import ZwaveRig
from tests.rigs.guard import SERVICE, Guard, Phone
from tests.rigs.owner import Owner
from tests.rigs.zwave import YALE, set_at_the_lock

pytestmark = pytest.mark.rig

HOUSE = """
[[doors]]
id = "front"
name = "Front door"

[[locks]]
id = "front"
name = "Front door lock"
door = "front"
bind = ["zwavejs:3"]

[[sources]]
kind = "zwavejs"
url = "{url}"
"""
LIMIT, LOCKOUT = 4, 7
CHECK = "tamper-resistance/lockout"


def test_a_lockout_that_is_off_is_switched_on_and_proven(owner: Owner, zwave_rig: ZwaveRig) -> None:
    owner.configure(HOUSE.format(url=zwave_rig.url))
    with set_at_the_lock(zwave_rig, YALE, LIMIT, 200), set_at_the_lock(zwave_rig, YALE, LOCKOUT, 10):
        found = owner.audit().finding(CHECK, "lock:front")
        assert (found["verdict"], found["fix"]["automatic"]) == ("fail", True)
        shown = owner.run("fix", CHECK, "--dry-run", "-c", "nightlatch.toml")
        assert shown.returncode == 0 and "wrong_code_limit to 5" in shown.stdout
        assert owner.audit().finding(CHECK, "lock:front")["verdict"] == "fail"
        unasked = owner.run("fix", CHECK, "-c", "nightlatch.toml")
        assert unasked.returncode == 2 and "--yes" in unasked.stderr
        done = owner.run("fix", CHECK, "--yes", "-c", "nightlatch.toml", "--format", "json")
        endings = [outcome["ending"] for one in json.loads(done.stdout) for outcome in one["outcomes"]]
        assert (done.returncode, endings) == (0, ["evidence", "evidence"]), done.stdout + done.stderr
        assert owner.audit().finding(CHECK, "lock:front")["verdict"] == "pass"


def test_a_running_service_does_it_and_its_journal_tells(owner: Owner, zwave_rig: ZwaveRig) -> None:
    phone = Phone()
    owner.secrets["PHONE"] = phone.url
    owner.configure(HOUSE.format(url=zwave_rig.url) + SERVICE)
    guard = Guard(owner, phone)
    with set_at_the_lock(zwave_rig, YALE, LIMIT, 200):
        guard.start()
        try:
            guard.connected()
            done = owner.run("fix", CHECK, "--yes", "-c", "nightlatch.toml")
            assert done.returncode == 0, done.stdout + done.stderr
            told = guard.event(lambda event: event.kind == "outcome" and event.name.endswith("wrong_code_limit"))
            assert told.value == "evidence"
        finally:
            guard.stop()
            phone.close()
