"""Nightlatch over the real Zigbee2MQTT and the real Matter server: journal, phone, auto-lock, and how soon."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from nightlatch.model.event import Event
from rigs.matter.rig import MatterRig
from rigs.zigbee.rig import LOCK, ZigbeeRig
from tests.rigs.guard import Guard, guarding
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

[[people]]
id = "anastasia"
name = "Anastasia Featherstone"
role = "resident"
credentials = ["front/1"]

[[alerts.notices]]
people = ["anastasia"]
channels = ["phone"]

[[sources]]
kind = "{kind}"
url = "{url}"
"""


@pytest.fixture
def over_zigbee(owner: Owner, zigbee_rig: ZigbeeRig) -> Iterator[Guard]:
    for order in ("manual lock", "batt 82"):
        zigbee_rig.do(order)
    house = HOUSE.format(bind="zigbee2mqtt:0x000d6f0011223344", kind="zigbee2mqtt", url=zigbee_rig.mqtt_url)
    with guarding(owner, house) as guard:
        yield guard
    zigbee_rig.do("batt 82")


@pytest.fixture
def over_matter(owner: Owner, matter_rig: MatterRig) -> Iterator[Guard]:
    house = HOUSE.format(bind=f"matter:{matter_rig.server.node}", kind="matter", url=matter_rig.url)
    with guarding(owner, house) as guard:
        yield guard
    for act in ({"act": "turn", "to": "locked"}, {"act": "door", "open": False}, {"act": "battery", "percent": 87}):
        matter_rig.act(act)


def at_the_front(kind: str) -> Callable[[Event], bool]:
    return lambda event: (event.kind, event.about) == (kind, "lock:front")


def test_what_a_zigbee_lock_tells_reaches_the_phone(over_zigbee: Guard, zigbee_rig: ZigbeeRig) -> None:
    guard, do = over_zigbee, zigbee_rig.do
    used = guard.measure("zigbee keypad", lambda: do("keypad 1"), at_the_front("unlocked"), "unlocked by Anastasia")
    assert (used.by, used.slot, used.person) == ("code", 1, "anastasia")

    def wrong_codes() -> None:
        for _ in range(3):
            do("badpin")

    guard.measure("zigbee wrong codes", wrong_codes, at_the_front("wrong_code"), "wrong codes")
    guard.measure("zigbee battery", lambda: do("batt 9"), at_the_front("battery"), "battery")
    assert LOCK not in guard.phone.texts()
    assert "Featherstone" not in guard.phone.texts()


def test_what_a_matter_lock_tells_reaches_the_phone(over_matter: Guard, matter_rig: MatterRig) -> None:
    guard = over_matter

    def act(**given: Any) -> Callable[[], Any]:
        return lambda: matter_rig.act(given)

    used = guard.measure(
        "matter keypad",
        act(act="turn", to="unlocked", userIndex=1),
        at_the_front("unlocked"),
        "unlocked by Anastasia",
    )
    assert (used.by, used.slot, used.person) == ("code", 1, "anastasia")

    def wrong_codes() -> None:
        for _ in range(3):
            matter_rig.act({"act": "wrongCode"})

    guard.measure("matter wrong codes", wrong_codes, at_the_front("wrong_code"), "wrong codes")
    tamper = act(act="alarm", name="frontEsceutcheonRemoved")
    guard.measure("matter tamper", tamper, at_the_front("tamper"), "tamper")
    guard.measure("matter jam", act(act="alarm", name="lockJammed"), at_the_front("jammed"), "jammed")
    guard.measure("matter battery", act(act="battery", percent=9), at_the_front("battery"), "battery")
    guard.measure("matter forced", act(act="alarm", name="doorForcedOpen"), at_the_front("door_forced"), "forced")
