"""Access over the real Zigbee2MQTT and the real Matter server, proven by the locks' own memory."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from rigs.matter.rig import MatterRig
from rigs.zigbee.rig import ZigbeeRig
from tests.rigs.access import Home, clock
from tests.rigs.fixtures_zigbee import held
from tests.rigs.guard import guarding, say
from tests.rigs.owner import Owner

pytestmark = [pytest.mark.rig, pytest.mark.timeout(240)]

HOUSE = """
[[doors]]
id = "front"
name = "Front door"
exterior = true

[[locks]]
id = "front"
name = "Front door lock"
door = "front"
bind = ["{bind}"]

[[sources]]
kind = "{kind}"
url = "{url}"

[access]
deadline = "5s"
"""


@pytest.fixture
def over_zigbee(owner: Owner, zigbee_rig: ZigbeeRig) -> Iterator[Home]:
    house = HOUSE.format(bind="zigbee2mqtt:0x000d6f0011223344", kind="zigbee2mqtt", url=zigbee_rig.mqtt_url)
    with guarding(owner, house) as guard:
        home = Home(guard)
        yield home
        home.searched()


@pytest.fixture
def over_matter(owner: Owner, matter_rig: MatterRig) -> Iterator[Home]:
    house = HOUSE.format(bind=f"matter:{matter_rig.server.node}", kind="matter", url=matter_rig.url)
    matter_rig.act({"act": "clock", "ahead": 0, "east": 60})
    with guarding(owner, house) as guard:
        home = Home(guard)
        yield home
        home.searched()
    for act in ({"act": "mood", "is": "well"}, {"act": "clock"}, {"act": "turn", "to": "locked"}):
        matter_rig.act(act)
    for user in matter_rig.act({"act": "memory"})["users"]:
        matter_rig.server.remove_user(user["userIndex"])


def test_a_zigbee_lock_has_a_code_while_its_grant_runs_and_not_after(over_zigbee: Home, zigbee_rig: ZigbeeRig) -> None:
    home, begun = over_zigbee, time.time()
    (pin,) = home.welcome("anna", "Anna Almeida", "--doors", "front", "--until", clock(20))
    home.told("present")
    say(f"zigbee, grant to code read back: {time.time() - begun:.1f} s")
    assert list(held(zigbee_rig).values()) == [pin]
    assert zigbee_rig.do(f"type {pin}") == "opened"
    used = home.guard.event(lambda one: one.kind == "unlocked" and one.person == "anna")
    assert used.by == "code"
    home.told("absent")
    say(f"zigbee, end to proven gone: {time.time() - begun - 20:.1f} s")
    assert not held(zigbee_rig) and home.state("front") == {"anna": "absent"}


def test_a_matter_lock_holds_a_code_to_its_times_by_itself_and_it_is_taken_off_all_the_same(
    over_matter: Home, matter_rig: MatterRig
) -> None:
    home, begun = over_matter, time.time()
    (pin,) = home.welcome("anna", "Anna Almeida", "--doors", "front", "--from", clock(12), "--until", clock(30))
    early = home.told("present")
    say(f"matter, set {begun + 12 - early.at / 1e6:.1f} s before its begin, held by the lock")
    assert early.at / 1e6 < begun + 12
    assert home.state("front") == {"anna": "present"}
    home.told("absent")
    say(f"matter, end to proven gone: {time.time() - begun - 30:.1f} s")
    kept = matter_rig.act({"act": "memory"})
    assert (kept["users"], kept["credentials"], kept["yearDays"]) == ([], [], [])
    assert matter_rig.act({"act": "type", "pin": pin})["userIndex"] == 0
