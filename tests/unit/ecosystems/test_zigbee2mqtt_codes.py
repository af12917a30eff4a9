"""Codes over a scripted Zigbee2MQTT: what is proven, when its memory and its log say different things."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightlatch.ecosystems._zigbee2mqtt import codes, doorlock
from nightlatch.ecosystems._zigbee2mqtt import link as _link
from nightlatch.ecosystems._zigbee2mqtt.doorlock import TAGS
from nightlatch.model.command import ClearCode, CloseJoin, Command, LockDoor, Outcome, ReadCodes, SetCode
from nightlatch.model.hub import Hub
from nightlatch.secrets import Secret
from tests.unit.ecosystems.test_zigbee2mqtt import retained
from tests.unit.ecosystems.test_zigbee2mqtt_link import CLOSED, REF, TOPIC, Bridge, heard, plug

PIN, OTHER = "264813", "0972"
LOG = "zigbee2mqtt/bridge/logging"
NAME = "front_door"


class Coded(Bridge):
    """A bridge whose lock has slots. What it tells of a slot stays in `users`, as Zigbee2MQTT keeps it.

    `heeds`: the lock does what it is told; `replies`: it answers questions; `logs`: the log tells of it;
    `loses`: what is written is lost, and the log says so with this text.
    """

    def __init__(self, *, expose: bool = False, logs: bool = True, info: Mapping[str, Any] | None = None) -> None:
        def change(said: dict[str, Any]) -> None:
            said["config"]["device_options"] = {"expose_pin": expose}
            said["zigbee_herdsman_converters"] = {"version": "26.105.0"}
            said.update(info or {})

        super().__init__(lock=dict(CLOSED))
        self.retained = retained(change)
        self.slots: dict[int, str] = {}
        self.users: dict[str, dict[str, Any]] = {}
        self.expose, self.logs = expose, logs
        self.heeds = self.replies = True
        self.masked = False
        self.loses = ""
        self.attributes = {"numOfPinUsersSupported": 30, "minPinLen": 4, "maxPinLen": 8}
        self.orders: list[dict[str, Any]] = []

    def say(self, topic: str, payload: bytes) -> None:
        order = json.loads(payload) if topic == f"{TOPIC}/set" else {}
        if zcl := order.get("zclcommand"):
            super().say(f"{TOPIC}/zcl", b"{}")
            self.orders.append(zcl)
            self._zcl(zcl)
        elif read := order.get("read"):
            self._read(read["attributes"])
        elif topic == f"{TOPIC}/get":
            self.tell_state()
        else:
            super().say(topic, payload)

    def tell_state(self, **more: Any) -> None:
        self.tell({**CLOSED, **({"users": self.users} if self.users else {}), **more})

    def log(self, message: str) -> None:
        if self.logs:
            self.tell({"level": "info", "message": message}, LOG)

    def _zcl(self, zcl: dict[str, Any]) -> None:
        payload, command = zcl["payload"], zcl["command"]
        seen, slot = json.dumps(zcl["log_payload"], separators=(",", ":")), payload["userid"]
        if command == "getPinCode":
            if not self.replies:
                return
            pin = self.slots.get(slot, "")
            user = self.users.setdefault(str(slot), {})
            user["status"] = "enabled" if pin else "available"
            if pin and self.expose and not self.masked:
                user["pin_code"] = pin
            self.tell_state()
            self.log(f"zhc:tz: Invoked ZCL command closuresDoorLock.getPinCode with payload '{seen}'")
        elif self.loses:
            self.log(f"z2m: Publish 'set' 'zclcommand' to '{NAME}' failed: 'Error: x.{command}({seen}) {self.loses}'")
        elif self.heeds and command == "setPinCode":
            self.slots[slot] = payload["pincodevalue"]
            self.tell_state(action="pin_code_added", action_user=slot)
        elif self.heeds:
            self.slots.pop(slot, None)

    def _read(self, names: list[str]) -> None:
        if missing := [
            name for name in names if name.startswith(("num", "min", "max")) and name not in self.attributes
        ]:
            self.log(f"z2m: Publish 'set' 'read' to '{NAME}' failed: '{missing} (Status 'UNSUPPORTED_ATTRIBUTE')'")
            return
        found = {name: self.attributes.get(name, 1) for name in names}
        self.log(f"zhc:tz: Read result of 'closuresDoorLock': {json.dumps(found)}")


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_link, "STATES_SECONDS", 0.3)
    monkeypatch.setattr(_link, "JOIN_SECONDS", 0.3)
    monkeypatch.setattr(codes, "CODE_SECONDS", 1.0)
    monkeypatch.setattr(codes, "DEAF_SECONDS", 0.1)
    monkeypatch.setattr(codes, "STATE_SECONDS", 0.1)


async def carried_out(broker: Coded, *commands: Command) -> Outcome:
    async with heard(broker) as ear:
        for command in commands:
            outcome = await ear.link.command(command)
        assert not any(pin in repr((outcome, ear.all)) for pin in (PIN, OTHER))
        return outcome


def set_code(pin: str = PIN, slot: int = 7) -> SetCode:
    return SetCode(REF, slot, Secret(pin))


async def test_no_pin_is_in_what_zigbee2mqtt_would_log_and_nothing_is_kept_for_later() -> None:
    broker = Coded()
    assert (await carried_out(broker, set_code())).ending == "evidence"
    for order in broker.orders:
        assert PIN not in json.dumps(order["log_payload"])
        assert order["options"]["sendPolicy"] == "immediate"
        assert not (order["logging"] and "pincodevalue" in order["payload"])


async def test_what_zigbee2mqtt_remembers_of_a_slot_is_no_answer() -> None:
    broker = Coded()
    broker.users = {"7": {"status": "available"}}  # from long ago
    broker.replies = False

    async def chatter() -> None:
        while True:
            await asyncio.sleep(0.05)
            broker.tell_state()

    talking = asyncio.create_task(chatter())
    outcome = await carried_out(broker, ClearCode(REF, 7))
    talking.cancel()
    assert (outcome.ending, [(one.status, one.proof) for one in outcome.slots]) == ("unknown", [("empty", "assumed")])


async def test_a_slot_is_emptied_before_a_presence_proves_another_code() -> None:
    broker = Coded()
    broker.slots = {7: OTHER}
    outcome = await carried_out(broker, set_code())
    assert (outcome.ending, outcome.slots[0].proof) == ("evidence", "presence")
    asked = [order["command"] for order in broker.orders]
    assert asked == ["getPinCode", "clearPinCode", "getPinCode", "setPinCode", "getPinCode"]
    broker.heeds = False
    assert (await carried_out(broker, set_code(OTHER))).why == "unheeded"


async def test_a_pin_from_before_the_slot_was_emptied_is_no_proof() -> None:
    broker = Coded(expose=True)
    assert (await carried_out(broker, set_code())).slots[0].proof == "value"
    assert (await carried_out(broker, ClearCode(REF, 7))).ending == "evidence"
    broker.masked = True
    outcome = await carried_out(broker, set_code(OTHER))  # Zigbee2MQTT still shows the first one
    assert (outcome.ending, outcome.slots[0].proof, outcome.slots[0].code) == ("evidence", "presence", None)


@pytest.mark.parametrize(
    ("loses", "ending", "why"),
    [
        ("failed (Timeout after 7700ms)", "unknown", ""),
        ("failed (Status 'DUPLICATE_EXISTS')", "refused", "duplicate"),
        ("failed (Status 'INSUFFICIENT_SPACE')", "refused", "full"),
        ("failed (Status 'UNSUP_COMMAND')", "refused", "unsupported"),
        ("failed (Status 'FAILURE')", "refused", ""),
    ],
)
async def test_how_a_write_failed_is_told_by_the_log(loses: str, ending: str, why: str) -> None:
    broker = Coded()
    broker.loses = loses
    outcome = await carried_out(broker, set_code())
    assert (outcome.ending, outcome.why, outcome.slots[0].status) == (ending, why, "empty")


async def test_without_the_log_a_slot_that_changes_is_proven_and_no_other() -> None:
    broker = Coded(logs=False, info={"config": {"advanced": {"log_level": "error"}}})
    assert (await carried_out(broker, set_code())).ending == "evidence"
    again = await carried_out(broker, ReadCodes(REF, (7,)))
    assert (again.ending, again.slots[0].proof) == ("unknown", "assumed")


async def test_rules_that_the_lock_tells_one_by_one_or_not_at_all() -> None:
    broker = Coded()
    outcome = await carried_out(broker, ReadCodes(REF))
    assert outcome.rules is not None
    assert (outcome.rules.slots, outcome.rules.shortest, outcome.rules.longest, outcome.sent) == (29, 4, 8, 1)
    del broker.attributes["minPinLen"]
    outcome = await carried_out(broker, ReadCodes(REF))
    assert outcome.rules is not None
    assert (outcome.rules.slots, outcome.rules.shortest, outcome.rules.longest, outcome.sent) == (29, None, 8, 4)
    broker.attributes.clear()
    outcome = await carried_out(broker, ReadCodes(REF))
    assert outcome.rules is not None
    assert (outcome.rules.slots, outcome.rules.shortest) == (249, None)  # as the catalogue has it


async def test_an_old_zigbee2mqtt_is_told_apart() -> None:
    broker = Coded(info={"zigbee_herdsman_converters": {"version": "21.30.0"}})
    outcome = await carried_out(broker, set_code())
    assert (outcome.ending, outcome.why, broker.orders) == ("refused", "unsupported", [])


async def test_reading_many_slots_gives_way_to_the_bolt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codes, "CODE_SECONDS", 20.0)
    broker = Coded()
    async with heard(broker) as ear:
        reading = asyncio.create_task(ear.link.command(ReadCodes(REF, tuple(range(1, 30)))))
        await asyncio.sleep(0.01)
        moved = await ear.link.command(LockDoor(REF))
        assert moved.ending == "evidence"
        outcome = await reading
        assert (outcome.ending, len(outcome.slots), outcome.sent) == ("evidence", 29, 29)


async def test_no_command_about_codes_or_the_network_moves_a_bolt() -> None:
    broker = Coded()
    for command in (set_code(), ClearCode(REF, 7), ReadCodes(REF), ReadCodes(REF, (7,)), CloseJoin(REF)):
        await carried_out(broker, command)
    assert not any(topic == f"{TOPIC}/set" for topic, _ in broker.published)


@pytest.mark.parametrize(("after", "ending"), [(False, "evidence"), (True, "refused"), (None, "unknown")])
async def test_a_network_is_closed_when_the_bridge_says_so_afterwards(after: bool | None, ending: str) -> None:
    broker = Coded()
    if after is not None:
        about = json.loads(broker.retained["zigbee2mqtt/bridge/info"])
        answer = json.dumps({**about, "permit_join": after}).encode()
        broker.answers["zigbee2mqtt/bridge/request/permit_join"] = ("zigbee2mqtt/bridge/info", answer)
    outcome = await carried_out(broker, CloseJoin(plug("mqtt://x").ref(Hub, "bridge")))
    assert outcome.ending == ending


words = st.text(max_size=40) | st.sampled_from(["z2m: Publish 'set' 'read' to 'front_door' failed: 'x'", "Read result"])


@given(words | st.builds(lambda text: f"zhc:tz: Read result of 'closuresDoorLock': {text}", st.text(max_size=60)))
def test_no_line_of_a_log_breaks_the_reading(line: str) -> None:
    for tag in TAGS:
        told = doorlock.told(line, tag)
        assert told is None or all(0 <= value <= 0xFFFF for value in told.values())
    failed = doorlock.failure(line, NAME)
    assert failed is None or failed.what
    assert doorlock.bears(line, "0") in (True, False)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


@given(
    st.dictionaries(st.sampled_from(["status", "pin_code", "x"]), json_values),
    st.none() | st.just({"status": "available"}),
)
def test_whatever_is_told_of_a_slot_only_digits_are_a_code(said: dict[str, Any], before: dict[str, Any] | None) -> None:
    found = doorlock.slot_of(7, said, before, "presence")
    assert found.code is None or (said["pin_code"].isdecimal() and found.proof == "value")
    assert found.status != "empty" or said["status"] == "available"


@given(st.integers(), st.text(max_size=5), st.sampled_from(TAGS))
def test_attributes_are_only_taken_from_the_lock_that_was_asked(value: int, text: str, tag: frozenset[str]) -> None:
    content = {"numOfPinUsersSupported": value, "maxPinLen": text, **dict.fromkeys(tag, 1)}
    line = "Read result of 'closuresDoorLock': " + msgspec.json.encode(content).decode()
    told = doorlock.told(line, tag)
    assert told is not None
    assert told == ({"numOfPinUsersSupported": value} if 0 <= value <= 0xFFFF else {})
    assert all(doorlock.told(line, other) is None for other in TAGS if other != tag)


def test_a_failure_of_another_device_is_not_taken() -> None:
    line = "z2m: Publish 'set' 'zclcommand' to 'front_door_2' failed: 'x'"
    assert doorlock.failure(line, NAME) is None
    assert doorlock.failure(line, "front_door_2") == doorlock.Failed("zclcommand")
