"""A link to a scripted broker: what it asks, what it believes, and how it ends."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from nightlatch.ecosystems import _mqtt, _mqtt_session, _pairing
from nightlatch.ecosystems._zigbee2mqtt import link as _link
from nightlatch.ecosystems._zigbee2mqtt import live, orders
from nightlatch.ecosystems.zigbee2mqtt import Zigbee2Mqtt
from nightlatch.errors import SourceError
from nightlatch.model.command import LockDoor, Outcome, SetParameter, UnlockDoor
from nightlatch.model.lock import Lock
from tests.unit.ecosystems.asking import context
from tests.unit.ecosystems.fake_mqtt import FakeBroker, listening
from tests.unit.ecosystems.hearing import Ear, hearing
from tests.unit.ecosystems.test_zigbee2mqtt import LOCK, STATE, retained

TOPIC = "zigbee2mqtt/front_door"
CLOSED = {"state": "LOCK", "lock_state": "locked", "battery": 82}
OPEN = {**CLOSED, "state": "UNLOCK", "lock_state": "unlocked"}
KEYPAD = {"action": "unlock", "action_source_name": "keypad", "action_user": 3}


class Bridge(FakeBroker):
    """A broker with a Zigbee2MQTT and one lock behind it. `lock` is its state; None: it answers nothing."""

    def __init__(self, lock: dict[str, Any] | None = STATE, **topics: Any) -> None:
        super().__init__(retained(**topics))
        self.lock = lock
        self.echo: dict[str, Any] = {}
        self.moves = True

    def say(self, topic: str, payload: bytes) -> None:
        super().say(topic, payload)
        order = json.loads(payload) if topic.startswith(TOPIC) else {}
        if self.lock is None:
            return
        if topic == f"{TOPIC}/get":
            self.tell(self.lock)
        elif topic == f"{TOPIC}/set":
            if self.echo:
                self.tell({**self.lock, **self.echo})
            if self.moves and "state" in order:
                self.lock = {**self.lock, **(CLOSED if order["state"] == "LOCK" else OPEN)}
                self.tell(self.lock)
            elif self.moves:
                self.lock = {**self.lock, **order}

    def tell(self, content: dict[str, Any], topic: str = TOPIC) -> None:
        self.say(topic, json.dumps(content).encode())


def plug(url: str) -> Zigbee2Mqtt:
    return Zigbee2Mqtt(Zigbee2Mqtt.Settings(url=url), context("zigbee2mqtt"))


REF = Zigbee2Mqtt(Zigbee2Mqtt.Settings(url="mqtt://127.0.0.1"), context("zigbee2mqtt")).ref(Lock, LOCK)


@asynccontextmanager
async def heard(broker: Bridge) -> AsyncIterator[Ear]:
    async with listening(broker.serve) as url, hearing(plug(url)) as ear:
        yield ear


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_mqtt, "ANSWER_SECONDS", 0.5)
    monkeypatch.setattr(live, "BRIDGE_SECONDS", 0.3)
    monkeypatch.setattr(_link, "BRIDGE_SECONDS", 0.3)
    monkeypatch.setattr(_link, "STATES_SECONDS", 0.3)
    monkeypatch.setattr(_pairing, "HOLD_SECONDS", 0.05)
    monkeypatch.setattr(orders, "MOVE_SECONDS", 0.2)
    monkeypatch.setattr(orders, "ANSWER_SECONDS", 0.2)


async def test_the_states_come_first_and_are_the_lock_s_own_answer() -> None:
    broker = Bridge()
    async with heard(broker) as ear:
        (state,) = ear.states
        assert (state.about, state.bolt, state.battery, state.reachable) == (str(REF), "thrown", 82, True)
        assert state.at > 0
        assert (f"{TOPIC}/get", b'{"state":""}') in broker.published


async def test_a_lock_that_does_not_answer_is_a_state_of_which_nothing_is_known() -> None:
    async with heard(Bridge(lock=None)) as ear:
        (state,) = ear.states
        assert (state.bolt, state.at, state.reachable) == (None, 0, None)


async def test_an_unlock_at_the_keypad_is_one_event_with_its_slot_and_the_message() -> None:
    broker = Bridge()
    async with heard(broker) as ear:
        broker.tell(OPEN)
        broker.tell({**OPEN, **KEYPAD, "users": {"3": {"status": "enabled", "pin_code": 264813}}})
        event = await ear.event("unlocked")
        assert (event.about, event.by, event.slot, event.resync) == (str(REF), "code", 3, False)
        assert json.loads(event.raw)["users"]["3"] == {"status": "enabled", "pin_code": "••••"}
        await asyncio.sleep(0.1)
        assert len(ear.events) == 1


async def test_a_movement_without_an_action_is_told_a_moment_later() -> None:
    broker = Bridge()
    async with heard(broker) as ear:
        broker.tell(OPEN)
        assert (await ear.event("unlocked")).by == ""


async def test_what_the_broker_kept_is_told_between_an_empty_state_and_the_present_one() -> None:
    broker = Bridge()
    broker.queued = [(TOPIC, json.dumps(one).encode()) for one in (CLOSED, OPEN, {**OPEN, **KEYPAD})]
    broker.queued.append(("zigbee2mqtt/lamp", b"{}"))
    async with heard(broker) as ear:
        await ear.until(lambda one: len(one.states) == 2)
        first, event, last = ear.all[:3]
        assert (ear.states[0], ear.states[1]) == (first, last)
        assert (ear.states[0].bolt, ear.states[1].bolt) == (None, "thrown")
        assert event is ear.events[0]
        assert (ear.events[0].kind, ear.events[0].slot, ear.events[0].resync) == ("unlocked", 3, True)


async def test_the_session_keeps_its_name_over_restarts() -> None:
    broker = Bridge()
    async with listening(broker.serve) as url:
        for _ in range(2):
            async with hearing(plug(url)):
                pass
    assert len(broker.ids) == 2
    assert len(set(broker.ids)) == 1


async def test_joining_is_told_when_it_is_opened_and_closed_and_when_it_is_found_open() -> None:
    broker = Bridge()
    topic = "zigbee2mqtt/bridge/info"
    info = json.loads(broker.retained[topic])
    async with listening(broker.serve) as url:
        one = plug(url)
        async with hearing(one) as ear:
            for open_ in (True, True, False, True):
                broker.say(topic, json.dumps({**info, "permit_join": open_}).encode())
            await ear.until(lambda one: len(one.events) == 3)
            kinds = [event.kind for event in ear.events]
            assert kinds == ["join_opened", "join_closed", "join_opened"]
            assert {event.about for event in ear.events} == {"hub:zigbee2mqtt:bridge"}
        async with hearing(one) as ear:  # closed while nobody was listening
            closed = await ear.event("join_closed")
            assert closed.resync


async def test_availability_is_told_as_offline_and_online() -> None:
    broker = Bridge()
    broker.retained[f"{TOPIC}/availability"] = b'{"state":"online"}'
    async with heard(broker) as ear:
        for word in ("offline", "offline", "online"):
            broker.say(f"{TOPIC}/availability", json.dumps({"state": word}).encode())
        await ear.until(lambda one: len(one.events) == 2)
        assert [event.kind for event in ear.events] == ["offline", "online"]


async def test_a_lock_that_leaves_is_offline_and_one_that_joins_is_listened_to() -> None:
    broker = Bridge()
    topic = "zigbee2mqtt/bridge/devices"
    devices = json.loads(broker.retained[topic])
    async with heard(broker) as ear:
        broker.say(topic, json.dumps(devices[:1]).encode())
        left = await ear.event("offline")
        assert left.detail == "it left the Zigbee network"
        broker.say(topic, json.dumps(devices).encode())
        await ear.event("online")
        await ear.until(lambda one: one.states[-1].bolt == "thrown")


async def test_a_lock_that_is_renamed_is_heard_under_its_new_name() -> None:
    broker = Bridge()
    topic = "zigbee2mqtt/bridge/devices"
    devices = json.loads(broker.retained[topic])
    devices[1]["friendly_name"] = "hall/front"
    async with heard(broker) as ear:
        broker.say(topic, json.dumps(devices).encode())
        await asyncio.sleep(0.1)
        broker.tell({**CLOSED, "action": "key_lock"}, "zigbee2mqtt/hall/front")
        assert (await ear.event("locked")).about == str(REF)


@pytest.mark.parametrize("payload", [b"", b"\xff\xfe", b"[7]", b"null", b"{", b'{"a":' * 100, b'"x"', b"7"])
async def test_a_message_that_makes_no_sense_is_passed_by(payload: bytes) -> None:
    broker = Bridge()
    async with heard(broker) as ear:
        for topic in (TOPIC, "zigbee2mqtt/bridge/info", "zigbee2mqtt/bridge/devices", f"{TOPIC}/availability"):
            FakeBroker.say(broker, topic, payload)
        broker.tell({**CLOSED, "action": "key_lock"})
        await ear.event("locked")
        assert ear.error is None


@pytest.mark.parametrize(
    ("command", "ending", "what"),
    [
        (UnlockDoor(REF), "evidence", "bolt retracted"),
        (LockDoor(REF), "evidence", "bolt thrown"),
        (SetParameter(REF, "auto_relock_s", 60), "evidence", "the lock reports 60 s"),
        (SetParameter(REF, "auto_relock_s", -1), "refused", "auto_relock_time is a number of seconds below 2^32"),
        (SetParameter(REF, "wrong_code_limit", 3), "refused", "Zigbee2MQTT cannot set wrong_code_limit of this lock"),
        (LockDoor(plug("mqtt://x").ref(Lock, "0x9")), "refused", "Zigbee2MQTT has no such lock"),
    ],
)
async def test_a_command_ends_in_what_the_lock_reports(command: Any, ending: str, what: str) -> None:
    async with heard(Bridge()) as ear:
        outcome = await ear.link.command(command)
        assert (outcome.ending, outcome.what) == (ending, what)
        assert bool(outcome.at) is (ending == "evidence")


async def test_a_hoped_for_state_is_no_evidence() -> None:
    broker = Bridge(lock=CLOSED)
    broker.moves, broker.echo = False, {"state": "UNLOCK"}
    async with heard(broker) as ear:
        outcome = await ear.link.command(UnlockDoor(REF))
        assert (outcome.ending, outcome.what) == ("refused", "the lock reports its bolt thrown")
        assert ear.events == []


async def test_a_hoped_for_setting_is_neither_evidence_nor_an_event() -> None:
    broker = Bridge(lock={**CLOSED, "auto_relock_time": 30})
    broker.moves, broker.echo = False, {"auto_relock_time": 60}
    async with heard(broker) as ear:
        outcome = await ear.link.command(SetParameter(REF, "auto_relock_s", 60))
        assert (outcome.ending, outcome.what) == ("refused", "the lock reports 30 s")
        assert ear.events == []


async def test_a_report_of_something_else_with_the_remembered_bolt_is_no_evidence() -> None:
    broker = Bridge(lock=CLOSED)
    async with heard(broker) as ear:
        broker.lock = None
        order = asyncio.create_task(ear.link.command(LockDoor(REF)))
        for battery in range(80, 70, -1):
            await asyncio.sleep(0.1)
            FakeBroker.say(broker, TOPIC, json.dumps({**CLOSED, "battery": battery}).encode())
        assert (await order).ending == "unknown"


async def test_silence_is_unknown() -> None:
    broker = Bridge()
    async with heard(broker) as ear:
        broker.lock = None
        outcome = await ear.link.command(UnlockDoor(REF))
        assert outcome == Outcome("unknown", "the lock did not answer when asked for its bolt")


@pytest.mark.parametrize(
    ("why", "ending", "what"),
    [
        ("Error: failed (Status 'FAILURE')", "refused", "the lock declined (status FAILURE)"),
        ("Error: failed (timed out after 10000ms)", "unknown", "Zigbee2MQTT could not reach the lock"),
    ],
)
async def test_a_failure_in_the_bridge_s_log_ends_the_order(why: str, ending: str, what: str) -> None:
    broker = Bridge()
    async with heard(broker) as ear:
        broker.lock = None
        order = asyncio.create_task(ear.link.command(UnlockDoor(REF)))
        await asyncio.sleep(0.1)
        log = {"level": "error", "message": f"Publish 'set' 'state' to 'front_door' failed: '{why}'"}
        broker.tell(log, "zigbee2mqtt/bridge/logging")
        outcome = await order
        assert (outcome.ending, outcome.what) == (ending, what)


async def test_orders_to_one_lock_wait_for_each_other() -> None:
    broker = Bridge()
    async with heard(broker) as ear:
        first, second = await asyncio.gather(ear.link.command(UnlockDoor(REF)), ear.link.command(LockDoor(REF)))
        assert (first.what, second.what) == ("bolt retracted", "bolt thrown")


async def test_an_order_whose_connection_ends_is_unknown_and_the_next_is_an_error() -> None:
    broker = Bridge()
    async with heard(broker) as ear:
        broker.lock = None
        order = asyncio.create_task(ear.link.command(UnlockDoor(REF)))
        await asyncio.sleep(0.1)
        broker.drop()
        assert (await order).ending == "unknown"
        await ear.ended()
        with pytest.raises(SourceError, match="the broker ended the connection"):
            await ear.link.command(UnlockDoor(REF))


async def test_a_bridge_that_stops_ends_the_link() -> None:
    broker = Bridge()
    async with heard(broker) as ear:
        broker.say("zigbee2mqtt/bridge/state", b'{"state":"offline"}')
        assert "Zigbee2MQTT has stopped" in str(await ear.ended())


async def test_a_bridge_that_does_not_run_is_one_clear_error() -> None:
    async with listening(Bridge(state={"state": "offline"}).serve) as url:
        with pytest.raises(SourceError, match="Zigbee2MQTT is not running"):
            async with plug(url).connect():
                pass


async def test_a_broker_that_goes_away_ends_the_link() -> None:
    broker = Bridge()
    async with heard(broker) as ear:
        broker.drop()
        assert "the broker ended the connection" in str(await ear.ended())


async def test_a_broker_that_lost_what_it_retained_is_no_reason_to_forget_the_locks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_link, "AGAIN_SECONDS", 0.1)
    broker = Bridge()
    async with listening(broker.serve) as url:
        one = plug(url)
        async with hearing(one):
            pass
        broker.retained = {"zigbee2mqtt/bridge/state": b'{"state":"online"}'}
        async with hearing(one) as ear:
            assert ear.states[0].bolt == "thrown"


async def test_a_broker_that_is_gone_without_a_word_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_mqtt_session, "KEEPALIVE_SECONDS", 1)
    broker = Bridge()
    async with heard(broker) as ear:
        monkeypatch.setattr("tests.unit.ecosystems.fake_mqtt.PINGREQ", -1)  # no more answers to pings
        assert isinstance(await ear.ended(), SourceError)


async def test_a_message_that_is_too_large_ends_the_link() -> None:
    broker = Bridge()
    async with heard(broker) as ear:
        FakeBroker.say(broker, TOPIC, bytes(9 * 1024 * 1024))
        assert "sent a message of more than 8 MiB" in str(await ear.ended())


async def test_a_flood_ends_the_link_and_not_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_mqtt_session, "MOST_WAITING", 0)
    broker = Bridge()
    async with listening(broker.serve) as url:
        with pytest.raises(SourceError, match="messages at once"):
            async with plug(url).connect():
                pass


async def test_a_topic_that_the_account_may_not_read_is_named() -> None:
    broker = Bridge()
    broker.refused = {TOPIC}
    async with listening(broker.serve) as url:
        with pytest.raises(SourceError, match=f"does not let this account read {TOPIC}"):
            async with plug(url).connect():
                pass


async def test_without_the_broker_s_address_there_are_no_events(tmp_path: Any) -> None:
    one = Zigbee2Mqtt(Zigbee2Mqtt.Settings(data=tmp_path), context("zigbee2mqtt"))
    with pytest.raises(SourceError, match='Set "url"'):
        async with one.connect():
            pass
