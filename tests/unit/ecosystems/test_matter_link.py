"""A link to a scripted Matter server: what it believes, what it asks, and how it ends."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import pytest
from aiohttp import WSMsgType, web
from hypothesis import given, settings
from hypothesis import strategies as st

from nightlatch.ecosystems import _calls, _pairing
from nightlatch.ecosystems._matter import link as _link
from nightlatch.ecosystems._matter import orders
from nightlatch.ecosystems._matter.happenings import NodeEvent, happening
from nightlatch.ecosystems._matter.server import Node
from nightlatch.ecosystems._matter.watch import Watch
from nightlatch.ecosystems.matter import Matter
from nightlatch.errors import SourceError
from nightlatch.model.command import LockDoor, SetParameter, UnlockDoor
from nightlatch.model.event import KINDS, Event
from nightlatch.model.lock import Lock
from tests.unit.ecosystems.asking import context
from tests.unit.ecosystems.fake_matter import INFO, LOCK, node, talking
from tests.unit.ecosystems.hearing import Ear, hearing

REF = Matter(Matter.Settings(url="ws://x:1/ws"), context("matter")).ref(Lock, 1)


class House:
    """A Matter server with nodes that it can tell of. `lock` is the lock's own memory, which reads answer from."""

    def __init__(self, *nodes: dict[str, Any]) -> None:
        self.nodes = list(nodes) or [node()]
        self.lock: dict[str, Any] = dict(self.nodes[0]["attributes"])
        self.deaf = False
        self.declines = ""
        self.moves = True
        self.asked: list[dict[str, Any]] = []
        self.socket: web.WebSocketResponse | None = None

    async def talk(self, socket: web.WebSocketResponse) -> None:
        self.socket = socket
        await socket.send_str(json.dumps(INFO))
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                asked = json.loads(message.data)
                self.asked.append(asked)
                answer = self.answer(asked["command"], asked["args"])
                if answer is not None:
                    await socket.send_str(json.dumps({"message_id": asked["message_id"], **answer}))

    def answer(self, command: str, args: dict[str, Any]) -> dict[str, Any] | None:
        if command == "start_listening":
            return {"result": self.nodes}
        if self.deaf:
            return None
        if command == "read_attribute":
            return {"result": {path: self.lock[path] for path in args["attribute_path"] if path in self.lock}}
        if self.declines:
            return {"error_code": 0, "details": self.declines}
        if self.moves and command == "write_attribute":
            self.lock[args["attribute_path"]] = args["value"]
        elif self.moves:
            self.lock["1/257/0"] = 1 if args["command_name"] == "LockDoor" else 2
        return {"result": None}

    async def say(self, event: str, data: object) -> None:
        assert self.socket is not None
        await self.socket.send_str(json.dumps({"event": event, "data": data}))

    async def happen(self, event: int, number: int = 1, **data: Any) -> None:
        where = {"node_id": 1, "endpoint_id": 1, "cluster_id": 257}
        clock = {"priority": 2, "timestamp": 1795355756319, "timestamp_type": 1}
        await self.say("node_event", {**where, **clock, "event_id": event, "event_number": number, "data": data})


@asynccontextmanager
async def heard(house: House, *, states: int = 1) -> AsyncIterator[Ear]:
    plug = partial(Matter, context=context("matter"))
    async with talking(house.talk) as url, hearing(plug(Matter.Settings(url=url)), states=states) as ear:
        yield ear


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_link, "STATES_S", 0.3)
    monkeypatch.setattr(_pairing, "HOLD_SECONDS", 0.05)
    monkeypatch.setattr(orders, "MOVE_S", 0.1)
    monkeypatch.setattr(orders, "COMMAND_S", 0.3)
    monkeypatch.setattr(orders, "TOTAL_S", 1.5)


async def test_the_state_is_what_the_lock_itself_says_and_not_the_server_s_copy() -> None:
    house = House()
    house.lock["1/257/0"] = 2
    async with heard(house) as ear:
        (state,) = ear.states
        assert (state.bolt, state.door, state.battery, state.relock_s) == ("retracted", "closed", 87, 0)
        assert (state.reachable, state.security, bool(state.at)) == (True, "matter", True)
        await asyncio.sleep(0.1)
        assert ear.events == []


async def test_a_lock_that_does_not_answer_is_told_from_the_copy_without_a_time() -> None:
    house = House()
    house.deaf = True
    async with heard(house) as ear:
        assert (ear.states[0].bolt, ear.states[0].at) == ("thrown", 0)


async def test_a_door_is_as_fresh_as_the_lock_last_told_of_it() -> None:
    house = House()
    async with heard(house) as ear:
        (state,) = ear.states
        assert (state.door, state.door_at) == ("closed", state.at)
    house.deaf = True
    async with heard(house) as ear:
        assert (ear.states[0].door, ear.states[0].door_at) == ("closed", 0)
    without = {path: value for path, value in LOCK.items() if path != "1/257/3"}
    async with heard(House(node(1, {**without, "1/257/65532": 0x191}))) as ear:
        assert (ear.states[0].door, ear.states[0].door_at) == (None, None)


def test_an_order_s_look_at_the_bolt_says_nothing_of_the_door() -> None:
    watch = Watch("lock:matter:1", "matter", Node(1, True, dict(LOCK)), 1)
    watch.fresh({"1/257/0": 1, "1/257/3": 1}, 5)
    watch.fresh({"1/257/0": 1}, 9)
    assert (watch.state.at, watch.state.door_at) == (9, 5)
    watch.changed("1/257/3", 0, 12, {})
    assert watch.state.door_at == 12


async def test_of_two_locks_on_one_node_each_has_its_own_name() -> None:
    other = {path.replace("1/", "2/", 1): value for path, value in LOCK.items() if path.startswith("1/")}
    async with heard(House(node(7, {**LOCK, **other})), states=2) as ear:
        assert [state.about for state in ear.states] == ["lock:matter:7-1", "lock:matter:7-2"]


async def test_a_changed_attribute_and_its_event_are_one_unlock() -> None:
    house = House()
    async with heard(house) as ear:
        await house.say("attribute_updated", [1, "1/257/0", 2])
        await house.happen(2, lockOperationType=1, operationSource=3, userIndex=3, fabricIndex=None)
        event = await ear.event("unlocked")
        assert (event.about, event.by, event.slot, event.detail) == (str(REF), "code", 3, "")
        await asyncio.sleep(0.1)
        assert len(ear.events) == 1


async def test_an_event_that_comes_twice_is_told_once() -> None:
    house = House()
    async with heard(house) as ear:
        for number in (5, 5, 6):
            await house.happen(3, number, operationError=1, operationSource=3)
        await ear.until(lambda one: len(one.events) == 2)
        await asyncio.sleep(0.05)
        assert [event.kind for event in ear.events] == ["wrong_code", "wrong_code"]


@pytest.mark.parametrize(
    ("event", "data", "kind", "by", "detail"),
    [
        (2, {"lockOperationType": 0, "operationSource": 4}, "locked", "auto", ""),
        (2, {"lockOperationType": 0, "operationSource": 5}, "locked", "touch", ""),
        (2, {"lockOperationType": 1, "operationSource": 7, "fabricIndex": 1}, "unlocked", "remote", ""),
        (2, {"lockOperationType": 1, "operationSource": 7, "fabricIndex": 2}, "unlocked", "remote", "by fabric 2"),
        (2, {"lockOperationType": 1, "operationSource": 9}, "unlocked", "biometric", ""),
        (2, {"lockOperationType": 4, "operationSource": 1}, "unlocked", "manual", "latch pulled"),
        (
            3,
            {"operationError": 3, "operationSource": 3},
            "wrong_code",
            "code",
            "a code of the lock outside its schedule",
        ),
        (0, {"alarmCode": 0}, "jammed", "", ""),
        (0, {"alarmCode": 1}, "tamper", "", "the lock was reset to its factory settings"),
        (0, {"alarmCode": 4}, "keypad_disabled", "", "too many wrong codes"),
        (0, {"alarmCode": 5}, "tamper", "", "the front was taken off"),
        (4, {"lockDataType": 6, "dataOperationType": 0, "userIndex": 3}, "code_added", "", "a PIN"),
        (4, {"lockDataType": 2, "dataOperationType": 1, "userIndex": 3}, "code_removed", "", "a user"),
        (4, {"lockDataType": 3, "dataOperationType": 1, "userIndex": 3}, "code_changed", "", "a schedule"),
    ],
)
def test_each_event_of_the_cluster_has_its_meaning(
    event: int, data: dict[str, Any], kind: str, by: str, detail: str
) -> None:
    found = happening(event, data, own_fabric=1)
    assert found is not None
    assert (found.kind, found.by, found.detail, found.slot) == (kind, by, detail, data.get("userIndex", 0))


@pytest.mark.parametrize(
    ("event", "data"),
    [
        (0, {"alarmCode": 3}),
        (0, {}),
        (2, {"lockOperationType": None}),
        (2, {"lockOperationType": True}),
        (4, {"lockDataType": 2, "dataOperationType": 0}),
        (9, {}),
    ],
)
def test_what_says_nothing_that_matters_is_no_event(event: int, data: dict[str, Any]) -> None:
    assert happening(event, data, own_fabric=1) is None


def test_the_lock_s_own_clock_counts_only_when_it_is_one_and_near() -> None:
    at = 1795355756_000_000
    event = NodeEvent(1, 1, 257, 2, 1, timestamp=1795355756_319, timestamp_type=1)
    assert event.told(at) == 1795355756_319_000
    assert NodeEvent(1, 1, 257, 2, 1, timestamp=1795355756_319, timestamp_type=0).told(at) == 0
    assert NodeEvent(1, 1, 257, 2, 1, timestamp=5, timestamp_type=1).told(at) == 0


async def test_door_battery_settings_and_reach_are_told_when_they_change() -> None:
    house = House()
    async with heard(house) as ear:
        for path, value in (("1/257/3", 0), ("1/257/3", 3), ("1/47/12", 175), ("1/47/12", 24), ("1/257/48", 0)):
            await house.say("attribute_updated", [1, path, value])
        await house.happen(0, alarmCode=6)  # the door was forced, as the attribute said already
        await house.say("node_updated", node(available=False))
        await house.say("node_updated", {**node(), "attributes": {**LOCK, "1/257/3": 3, "1/47/12": 24, "1/257/48": 0}})
        await ear.event("online")
        assert [(event.kind, event.name, event.value) for event in ear.events[:5]] == [
            ("door_opened", "", ""),
            ("door_forced", "", ""),
            ("battery", "", 12),
            ("parameter_changed", "wrong_code_limit", 0),
            ("offline", "", ""),
        ]


async def test_what_a_lock_did_while_the_server_did_not_reach_it_is_found_out_late() -> None:
    house = House()
    async with heard(house) as ear:
        await house.say("node_updated", node(available=False))
        offline = await ear.event("offline")
        await house.say("attribute_updated", [1, "1/257/3", 0])
        await house.say("node_updated", {**node(), "attributes": {**LOCK, "1/257/0": 2, "1/257/3": 0}})
        moved = await ear.event("unlocked")
        opened, online = await ear.event("door_opened"), await ear.event("online")
        assert (offline.resync, online.resync) == (False, False)
        assert (opened.resync, opened.since, moved.resync, moved.since) == (True, offline.at, True, offline.at)
        await house.say("attribute_updated", [1, "1/257/0", 1])
        again = await ear.event("locked")
        assert (again.resync, again.since) == (False, 0)


async def test_a_lock_that_was_out_of_reach_from_the_start_moved_at_an_unknown_time() -> None:
    async with heard(house := House(node(available=False))) as ear:
        await house.say("node_updated", {**node(), "attributes": {**LOCK, "1/257/0": 2}})
        moved = await ear.event("unlocked")
        assert (moved.resync, moved.since) == (True, 0)


async def test_nodes_come_and_go() -> None:
    house = House()
    async with heard(house) as ear:
        await house.say("node_added", node(2))
        await ear.until(lambda one: len(one.states) == 2)
        await house.say("node_removed", 2)
        assert (await ear.event("offline")).about == "lock:matter:2"


@pytest.mark.parametrize(
    "data",
    [None, 7, [], [1], [1, 2, 3], ["x", "1/257/0", 2], {}, {"node_id": "x"}, [1, "1/257/x", 5], [9, "1/257/0", 2]],
)
@pytest.mark.parametrize("event", ["attribute_updated", "node_event", "node_updated", "node_removed", "other", ""])
async def test_a_message_that_makes_no_sense_is_passed_by(event: str, data: object) -> None:
    house = House()
    async with heard(house) as ear:
        await house.say(event, data)
        await house.happen(0, 3, alarmCode=5)
        await ear.event("tamper")
        assert ear.error is None


async def test_what_happens_before_the_states_are_told_stands_between_two_states() -> None:
    house = House()
    house.deaf = True  # so that the states wait
    async with talking(house.talk) as url:
        one = Matter(Matter.Settings(url=url), context("matter"))
        async with one.connect() as link:
            ear = Ear(link)
            await house.happen(2, lockOperationType=1, operationSource=3, userIndex=3)
            await ear.until(lambda now: len(now.states) == 2)
            ear.task.cancel()
    first, second = ear.states
    assert (first.bolt, second.bolt) == (None, "thrown")
    assert [(event.kind, event.resync) for event in ear.events] == [("unlocked", True)]


@pytest.mark.parametrize(
    ("command", "ending", "what"),
    [
        (UnlockDoor(REF), "evidence", "bolt retracted"),
        (LockDoor(REF), "evidence", "bolt thrown"),
        (SetParameter(REF, "auto_relock_s", 30), "evidence", "the lock reports 30"),
        (SetParameter(REF, "pin_for_remote", 1), "evidence", "the lock reports True"),
        (SetParameter(REF, "language", 1), "refused", "this lock has no setting language in Matter"),
        (SetParameter(REF, "one_touch", 1), "refused", "this lock has no setting one_touch in Matter"),
        (LockDoor(Matter(Matter.Settings(url="ws://x:1"), context("matter")).ref(Lock, 9)), "refused", "no such lock"),
    ],
)
async def test_a_command_ends_in_what_the_lock_says(command: Any, ending: str, what: str) -> None:
    house = House()
    async with heard(house) as ear:
        outcome = await ear.link.command(command)
        assert outcome.ending == ending
        assert what in outcome.what
        sent = [asked["args"] for asked in house.asked if asked["command"] == "device_command"]
        assert all(args["timed_request_timeout_ms"] > 0 for args in sent)


async def test_success_without_a_movement_is_a_refusal() -> None:
    house = House()
    house.moves = False
    async with heard(house) as ear:
        outcome = await ear.link.command(UnlockDoor(REF))
        assert (outcome.ending, outcome.what) == ("refused", "the lock reports its bolt thrown")
        outcome = await ear.link.command(SetParameter(REF, "auto_relock_s", 30))
        assert (outcome.ending, outcome.what) == ("refused", "the lock reports 0")


@pytest.mark.parametrize(
    ("words", "ending", "what"),
    [
        ("InteractionModelError: InvalidCommand (0x85)", "refused", "the lock declined (status InvalidCommand)"),
        ("Node 1 is not (yet) available.", "unknown", "the Matter server refused device_command (error 0)"),
    ],
)
async def test_an_error_is_a_refusal_only_when_it_is_the_lock_s(words: str, ending: str, what: str) -> None:
    house = House()
    house.declines = words
    async with heard(house) as ear:
        outcome = await ear.link.command(UnlockDoor(REF))
        assert (outcome.ending, outcome.what) == (ending, what)


async def test_silence_is_unknown() -> None:
    house = House()
    async with heard(house) as ear:
        house.deaf = True
        outcome = await ear.link.command(UnlockDoor(REF))
        assert (outcome.ending, outcome.what) == ("unknown", "the lock did not answer within 1.5 s")


async def test_an_order_whose_connection_ends_is_unknown_and_the_next_is_an_error() -> None:
    house = House()
    async with heard(house) as ear:
        house.deaf = True
        order = asyncio.create_task(ear.link.command(UnlockDoor(REF)))
        await asyncio.sleep(0.05)
        assert house.socket is not None
        await house.socket.close()
        assert (await order).ending == "unknown"
        await ear.ended()
        with pytest.raises(SourceError, match="closed the connection"):
            await ear.link.command(UnlockDoor(REF))


def _big(house: House) -> Any:
    return house.say("attribute_updated", [1, "1/257/0", "x" * 10_000_000])


@pytest.mark.parametrize(
    ("end", "what"),
    [
        (lambda house: house.say("server_shutdown", None), "shuts down"),
        (lambda house: house.socket.close(), "closed the connection"),
        (lambda house: house.socket.send_bytes(b"\0"), "sent binary data"),
        (_big, "bytes unasked"),
    ],
)
async def test_each_end_of_the_connection_is_one_clear_error(end: Callable[[House], Any], what: str) -> None:
    house = House()
    async with heard(house) as ear:
        await end(house)
        assert what in str(await ear.ended())


async def test_a_server_that_is_gone_without_a_word_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nightlatch.ecosystems.matter.HEARTBEAT_S", 0.4)
    done = asyncio.Event()
    house = House()

    async def talk(socket: web.WebSocketResponse) -> None:
        await socket.send_str(json.dumps(INFO))
        for _ in range(2):  # start_listening and the first reading; then it hears nothing any more, pings included
            asked = json.loads((await socket.receive()).data)
            answer = house.answer(asked["command"], asked["args"])
            await socket.send_str(json.dumps({"message_id": asked["message_id"], **(answer or {})}))
        await done.wait()

    async with talking(talk) as url, hearing(Matter(Matter.Settings(url=url), context("matter"))) as ear:
        assert isinstance(await ear.ended(), SourceError)
        done.set()


def test_the_heartbeat_is_short() -> None:
    assert _calls.HEARTBEAT_S <= 30


VALUES = st.none() | st.booleans() | st.integers() | st.text(max_size=4) | st.lists(st.integers(), max_size=2)
PATHS = st.sampled_from(("1/257/0", "1/257/3", "1/257/35", "1/257/48", "1/47/12", "1/257/x", "2/257/0", ""))
FIELDS = st.sampled_from(("lockOperationType", "operationSource", "userIndex", "alarmCode", "doorState", "fabricIndex"))


@given(
    st.lists(
        st.tuples(PATHS, VALUES) | st.tuples(st.integers(0, 5), st.dictionaries(FIELDS, VALUES, max_size=4)),
        max_size=10,
    )
)
@settings(max_examples=200, deadline=None)
def test_nothing_that_a_lock_says_breaks_the_watch(said: list[tuple[Any, Any]]) -> None:
    watch = Watch("lock:matter:1", "matter", Node(1, True, dict(LOCK)), 1)
    found: list[Event] = []
    for number, (what, value) in enumerate(said):
        if isinstance(what, str):
            found += watch.changed(what, value, number, {"data": value})
        else:
            found += watch.told(NodeEvent(1, 1, 257, what, number, data=value), number, {"data": value})
    for event in [*found, *watch.pairing.release()]:
        assert event.kind in KINDS
        assert 0 <= event.slot < 0xFFFE
    assert watch.state.battery is None or 0 <= watch.state.battery <= 100
