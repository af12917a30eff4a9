"""The live link against Home Assistants that behave, and some that do not."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import WSMsgType, web
from hypothesis import given, settings
from hypothesis import strategies as st

from nightlatch.ecosystems import _calls, _feed
from nightlatch.ecosystems._homeassistant import link as linked
from nightlatch.ecosystems.homeassistant import HomeAssistant
from nightlatch.ecosystems.interface import Link
from nightlatch.errors import NightlatchError, SourceError
from nightlatch.model.command import LockDoor, Outcome, UnlockDoor
from nightlatch.model.event import Event, State
from nightlatch.model.lock import Lock
from nightlatch.secrets import Secret
from tests.unit.ecosystems.asking import context
from tests.unit.ecosystems.fake_homeassistant import (
    DEVICE,
    ENTITIES,
    TOKEN,
    ZWAVE_LOCK,
    FakeHomeAssistant,
    serve,
    state,
)

FRONT, GATE = "lock:homeassistant:lock.front", "lock:homeassistant:lock.gate"
REFUSED = {"success": False, "error": {"code": "unauthorized", "message": "Unauthorized"}}


class Home(FakeHomeAssistant):
    """Two locks. `act` is done when a service is called; `push` tells subscribers of a change.

    `silent` holds commands that are not answered, `refused` those that are refused.
    """

    def __init__(self, answers: dict[str, Any] | None = None) -> None:
        super().__init__({"get_config": {"version": "2024.3.3", "state": "RUNNING"}, **(answers or {})})
        self.shown: dict[str, dict[str, Any]] = {"lock.front": {"s": "locked"}, "lock.gate": {"s": "unlocked"}}
        self.said: list[dict[str, Any]] = []
        self.act: Callable[[str, str], Awaitable[Any]] | None = None
        self.refused: set[str] = set()
        self.silent: set[str] = set()
        self.socket: web.WebSocketResponse | None = None
        self._entities: int | None = None
        self._events: dict[str, int] = {}
        self.subscribed: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)

    async def talk(self, request: web.Request) -> web.WebSocketResponse:
        self.socket = socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_json({"type": "auth_required", "ha_version": "2024.3.3"})
        assert (await socket.receive_json())["access_token"] == TOKEN
        await socket.send_json({"type": "auth_ok", "ha_version": "2024.3.3"})
        tasks = set()
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                asked = json.loads(message.data)
                self.said.append(asked)
                tasks.add(asyncio.create_task(self._handle(asked)))
        await asyncio.gather(*tasks, return_exceptions=True)
        return socket

    async def _handle(self, asked: dict[str, Any]) -> None:
        kind, id_ = asked["type"], asked["id"]
        if kind in self.silent:
            return
        if kind in self.refused or asked.get("event_type") in self.refused:
            await self.send({"id": id_, "type": "result", **REFUSED})
            return
        if kind == "call_service" and self.act is not None:
            await self.act(asked["target"]["entity_id"], asked["service"])
        result = self.answers.get(kind)
        await self.send({"id": id_, "type": "result", "success": True, "result": result})
        if kind == "subscribe_entities":
            self._entities = id_
            await self.push(a={one: self.shown[one] for one in asked["entity_ids"] if one in self.shown})
        elif kind == "subscribe_events":
            self._events[asked["event_type"]] = id_
            self.subscribed[asked["event_type"]].set()

    async def send(self, message: Any) -> None:
        assert self.socket is not None
        await self.socket.send_str(message if isinstance(message, str) else json.dumps(message))

    async def push(self, **changes: Any) -> None:
        await self.send({"id": self._entities, "type": "event", "event": changes})

    async def show(self, entity_id: str, **new: Any) -> None:
        self.shown[entity_id] = {**self.shown.get(entity_id, {}), **new}
        await self.push(c={entity_id: {"+": new}})

    async def fire(self, event_type: str, **data: Any) -> None:
        event = {"event_type": event_type, "data": data, "context": {"id": "C9"}}
        await self.send({"id": self._events[event_type], "type": "event", "event": event})

    def calls(self) -> list[dict[str, Any]]:
        return [one for one in self.said if one["type"] == "call_service"]


class Ears:
    """What was heard, and the error that ended it."""

    def __init__(self, link: Link) -> None:
        self.link = link
        self.heard: asyncio.Queue[Any] = asyncio.Queue()

    async def listen(self) -> None:
        try:
            async for one in self.link.hear():
                self.heard.put_nowait(one)
        except NightlatchError as error:
            self.heard.put_nowait(error)

    async def next(self) -> Any:
        async with asyncio.timeout(5):
            return await self.heard.get()

    async def command(self, make: type[LockDoor | UnlockDoor], entity_id: str) -> Outcome:
        plug = HomeAssistant(HomeAssistant.Settings(url="http://h:1", token=Secret("t")), context("homeassistant"))
        return await self.link.command(make(plug.ref(Lock, entity_id)))


@asynccontextmanager
async def listening(home: Home, first: int = 2) -> AsyncIterator[Ears]:
    """Heard after the first states."""
    async with serve(home) as url:
        plug = HomeAssistant(HomeAssistant.Settings(url=url, token=Secret(TOKEN)), context("homeassistant"))
        async with plug.connect() as link:
            ears = Ears(link)
            task = asyncio.create_task(ears.listen())
            for _ in range(first):
                assert isinstance(await ears.next(), State)
            yield ears
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linked, "COMMAND_S", 0.4)
    monkeypatch.setattr(linked, "HOLD_S", 0.05)
    monkeypatch.setattr(linked, "SETTLE_S", 0.05)


def moves(home: Home, *states: str) -> Callable[[str, str], Awaitable[Any]]:
    """What a lock does that is told to: it shows these states."""

    async def act(entity_id: str, _: str) -> None:
        for one in states:
            await home.show(entity_id, s=one)

    return act


async def test_it_subscribes_to_the_locks_and_to_the_sensors_of_their_devices_only() -> None:
    home = Home()
    home.shown["sensor.front_battery"] = {"s": "61.0"}
    async with listening(home):
        pass

    (asked,) = [one for one in home.said if one["type"] == "subscribe_entities"]
    assert asked["entity_ids"] == ["lock.front", "lock.gate", "sensor.front_battery"]
    heard = [one["event_type"] for one in home.said if one["type"] == "subscribe_events"]
    assert set(heard) == {
        "entity_registry_updated",
        "automation_triggered",
        "alexa_smart_home",
        "google_assistant_command",
        "zwave_js_notification",
    }


async def test_a_home_without_locks_is_subscribed_to_nothing() -> None:
    home = Home({"get_states": [state("light.a", "on")], "config/entity_registry/list": [], "entity/source": {}})
    async with listening(home, first=0) as ears:
        await home.subscribed["google_assistant_command"].wait()
        outcome = await ears.command(LockDoor, "lock.front")

    assert not [one for one in home.said if one["type"] == "subscribe_entities"]
    assert (outcome.ending, outcome.what) == ("refused", "Home Assistant has no such lock")


async def test_it_waits_for_a_home_assistant_that_is_starting(monkeypatch: pytest.MonkeyPatch) -> None:
    home = Home({"get_config": {"state": "STARTING"}})
    async with listening(home, first=0) as ears:
        await asyncio.sleep(0.2)
        assert {one["type"] for one in home.said} == {"get_config"}
        home.answers["get_config"] = {"state": "RUNNING"}
        assert isinstance(await ears.next(), State)


async def test_a_lock_that_moves_after_the_call_is_evidence_however_the_call_ends() -> None:
    home = Home()
    home.act = moves(home, "unlocking", "unlocked")
    home.shown["lock.gate"] = {**home.shown.get("lock.gate", {}), "s": "locked"}
    async with listening(home) as ears:
        outcome = await ears.command(UnlockDoor, "lock.gate")
        home.silent.add("call_service")
        late = asyncio.create_task(ears.command(LockDoor, "lock.gate"))
        await asyncio.sleep(0.1)
        await home.show("lock.gate", s="locked")

        assert (await late).ending == "evidence"
    assert (outcome.ending, outcome.what, outcome.where) == ("evidence", "bolt retracted", "state of lock.gate")
    assert home.calls()[0]["target"] == {"entity_id": "lock.gate"}


async def test_a_z_wave_lock_s_state_that_follows_the_command_is_no_evidence() -> None:
    home = Home()
    home.act = moves(home, "unlocked")
    async with listening(home) as ears:
        outcome = await ears.command(UnlockDoor, "lock.front")
    assert (outcome.ending, outcome.what) == (
        "unknown",
        "Home Assistant shows unlocked, which follows the command; the lock did not report its bolt",
    )


@pytest.mark.parametrize(("event", "ending"), [(4, "evidence"), (11, "refused")])
async def test_what_a_z_wave_lock_notifies_ends_the_command(event: int, ending: str) -> None:
    home = Home()

    async def act(entity_id: str, _: str) -> None:
        await home.show(entity_id, s="unlocked")
        await home.fire("zwave_js_notification", device_id=DEVICE["id"], type=6, event=event, parameters={})

    home.act = act
    async with listening(home) as ears:
        await home.subscribed["zwave_js_notification"].wait()
        outcome = await ears.command(UnlockDoor, "lock.front")
    assert outcome.ending == ending


async def test_success_alone_is_not_evidence() -> None:
    home = Home()
    async with listening(home) as ears:
        outcome = await ears.command(LockDoor, "lock.gate")
        same = await ears.command(LockDoor, "lock.front")

    assert (outcome.ending, outcome.what) == ("unknown", "no new state was reported within 0.4 s")
    assert same.what == "no new state was reported within 0.4 s; it showed locked before"


async def test_attributes_that_change_are_not_evidence() -> None:
    home = Home()

    async def act(entity_id: str, _: str) -> None:
        await home.show(entity_id, a={"battery_level": 3})

    home.act = act
    async with listening(home) as ears:
        assert (await ears.command(LockDoor, "lock.front")).ending == "unknown"


@pytest.mark.parametrize(
    ("states", "ending", "what"),
    [
        (["locking", "jammed"], "refused", "the bolt jammed"),
        (["locking", "unlocked"], "refused", "the lock reported unlocked instead"),
        (["locking", "unavailable"], "unknown", "Home Assistant lost the lock before it reported"),
        (["locking"], "unknown", "no new state was reported within 0.4 s"),
    ],
)
async def test_another_state_is_no_evidence(states: list[str], ending: str, what: str) -> None:
    home = Home()
    home.act = moves(home, *states)
    async with listening(home) as ears:
        outcome = await ears.command(LockDoor, "lock.gate")

    assert (outcome.ending, outcome.what) == (ending, what)


async def test_a_refusal_is_told_without_the_words_of_the_integration() -> None:
    home = Home()
    async with listening(home) as ears:
        home.refused.add("call_service")
        outcome = await ears.command(LockDoor, "lock.gate")

    assert outcome.ending == "refused"
    assert outcome.what == "Home Assistant refused it (unauthorized): the token's user may not command it"


@pytest.mark.parametrize("options", [{}, {"lock": {"default_code": "4711"}}])
async def test_a_lock_that_wants_a_code_is_sent_a_command_only_where_home_assistant_has_the_code(
    options: dict[str, Any],
) -> None:
    home = Home({"config/entity_registry/list": [{**ZWAVE_LOCK, "options": options}, *ENTITIES[1:]]})
    home.shown["lock.front"] = {"s": "locked", "a": {"code_format": "^\\d{4}$"}}
    async with listening(home) as ears:
        outcome = await ears.command(UnlockDoor, "lock.front")

    assert len(home.calls()) == len(options)
    assert (outcome.ending == "refused") is not bool(options)
    assert "4711" not in repr(home.calls()) + repr(outcome)


async def test_a_defect_in_what_is_made_of_a_message_ends_the_connection_as_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(*_: object) -> None:
        raise KeyError("a defect")

    monkeypatch.setattr(linked.Watch, "changed", broken)
    home = Home()
    with pytest.raises(KeyError, match="a defect"):
        async with listening(home) as ears:
            await home.show("lock.front", s="unlocked")
            assert isinstance(await ears.next(), SourceError)


async def test_commands_to_two_locks_run_beside_each_other() -> None:
    home = Home()
    home.silent.add("call_service")
    async with listening(home) as ears:
        both = [asyncio.create_task(ears.command(UnlockDoor, one)) for one in ("lock.front", "lock.gate")]
        await asyncio.sleep(0.1)
        await home.show("lock.gate", s="locked")
        await home.show("lock.front", s="jammed")
        front, gate = await asyncio.gather(*both)

    assert (front.what, gate.what) == ("the bolt jammed", "the lock reported locked instead")


async def test_a_connection_that_breaks_leaves_a_command_unknown_and_the_next_one_unsent() -> None:
    home = Home()

    async def act(*_: str) -> None:
        assert home.socket is not None
        await home.socket.close()

    home.act = act
    async with listening(home) as ears:
        outcome = await ears.command(LockDoor, "lock.gate")
        error = await ears.next()
        with pytest.raises(SourceError):
            await ears.command(LockDoor, "lock.gate")

    assert (outcome.ending, outcome.what) == (
        "unknown",
        "it was sent, and then the Home Assistant closed the connection",
    )
    assert isinstance(error, SourceError)
    assert len(home.calls()) == 1


async def test_who_it_was_is_joined_to_the_change_and_waited_for_no_longer_than_that() -> None:
    home = Home()
    async with listening(home) as ears:
        await home.show("lock.front", s="unlocked", lc=1.0)
        await home.fire("zwave_js_notification", device_id=DEVICE["id"], type=6, event=6, parameters={"userId": 3})
        joined = await ears.next()
        await home.show("lock.front", s="locked", lc=2.0)
        alone = await ears.next()

    assert (joined.kind, joined.by, joined.slot) == ("unlocked", "code", 3)
    assert (alone.kind, alone.by) == ("locked", "")


async def test_without_the_right_to_hear_events_it_is_still_heard_what_happens() -> None:
    home = Home()
    home.refused |= {"automation_triggered", "alexa_smart_home", "google_assistant_command", "zwave_js_notification"}
    async with listening(home) as ears:
        await home.show("lock.gate", s="locked")

        assert (await ears.next()).kind == "locked"


async def test_a_lock_that_is_renamed_is_found_anew() -> None:
    home = Home()
    async with listening(home) as ears:
        home.answers["get_states"] = [state("lock.front", "locked"), state("lock.garden", "locked")]
        home.answers["entity/source"] = {}
        home.shown["lock.garden"] = {"s": "locked"}
        changed = {"action": "update", "entity_id": "lock.garden", "old_entity_id": "lock.gate"}
        await home.fire("entity_registry_updated", **changed, changes={"entity_id": "lock.gate"})
        found = {(await ears.next()).about for _ in range(2)}
        await home.show("lock.garden", s="unlocked")
        event = await ears.next()

    assert found == {FRONT, "lock:homeassistant:lock.garden"}
    assert event.about == "lock:homeassistant:lock.garden"
    assert [one["subscription"] for one in home.said if one["type"] == "unsubscribe_events"] != []


async def test_what_changes_elsewhere_in_the_registry_is_passed_by() -> None:
    home = Home()
    async with listening(home) as ears:
        await home.fire("entity_registry_updated", action="create", entity_id="light.a")
        await home.fire("entity_registry_updated", action="update", entity_id="lock.gate", changes={"icon": None})
        await asyncio.sleep(0.2)
        await home.show("lock.gate", s="locked")

        assert (await ears.next()).kind == "locked"
    assert len([one for one in home.said if one["type"] == "subscribe_entities"]) == 1


@pytest.mark.parametrize(
    "sent", ["[]", "{", '{"type": 3}', '{"type": "event", "id": 6, "event": {"c": 7}}', "[" * 9000]
)
async def test_one_message_that_makes_no_sense_is_passed_by(sent: str) -> None:
    home = Home()
    async with listening(home) as ears:
        for id_ in range(20):
            await home.send(sent.replace("6", str(id_)))
        await home.show("lock.gate", s="locked")

        assert (await ears.next()).kind == "locked"


async def test_a_peer_that_only_talks_nonsense_is_something_else() -> None:
    home = Home()
    async with listening(home) as ears:
        for _ in range(_calls.STRANGE + 1):
            await home.send("nonsense")
        error = await ears.next()

    assert "is not valid JSON" in str(error)


async def test_a_huge_message_unasked_ends_the_link() -> None:
    home = Home()
    async with listening(home) as ears:
        await home.subscribed["zwave_js_notification"].wait()
        await home.send(json.dumps({"type": "event", "id": 1, "event": "x" * 10_000_000}))
        error = await ears.next()

    assert "sent 10000039 bytes unasked" in str(error)


async def test_what_nobody_takes_ends_the_link_instead_of_filling_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_feed, "MOST", 50)
    home = Home()
    async with serve(home) as url:
        plug = HomeAssistant(HomeAssistant.Settings(url=url, token=Secret(TOKEN)), context("homeassistant"))
        async with plug.connect() as link:
            heard = aiter(link.hear())
            first = await anext(heard)
            for number in range(60):
                await home.show("lock.gate", s=("locked", "unlocked")[number % 2])
            await asyncio.sleep(0.2)
            rest = []
            with pytest.raises(SourceError, match="more than 50 events wait"):
                async for one in heard:
                    rest.append(one)

    assert isinstance(first, State)
    assert len(rest) == 51


async def test_a_connection_whose_other_end_is_gone_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_calls, "HEARTBEAT_S", 0.2)
    home = Home()

    async def deaf(request: web.Request) -> web.WebSocketResponse:
        # A socket that is never read again answers no ping: as one whose other end has lost its power.
        socket = web.WebSocketResponse(autoping=False)
        await socket.prepare(request)
        await socket.send_json({"type": "auth_required", "ha_version": "2024.3.3"})
        await socket.receive_json()
        await socket.send_json({"type": "auth_ok", "ha_version": "2024.3.3"})
        await asyncio.sleep(3)
        return socket

    monkeypatch.setattr(home, "talk", deaf)
    async with serve(home) as url:
        plug = HomeAssistant(HomeAssistant.Settings(url=url, token=Secret(TOKEN)), context("homeassistant"))
        async with plug.connect() as link:
            with pytest.raises(SourceError, match="did not answer in time"):
                async with asyncio.timeout(2):
                    await anext(aiter(link.hear()))


async def test_the_folder_alone_gives_no_events(tmp_path: Any) -> None:
    plug = HomeAssistant(HomeAssistant.Settings(config=tmp_path), context("homeassistant"))

    assert not plug.connects
    with pytest.raises(SourceError, match=r'Set "url" and "token" of this source\.'):
        async with plug.connect():
            pass


@settings(max_examples=20)
@given(st.lists(st.one_of(st.text(max_size=200), st.binary(max_size=40).map(repr)), max_size=30))
def test_any_text_leaves_one_error_or_the_next_event(sent: list[str]) -> None:
    async def run() -> Any:
        home = Home()
        async with listening(home) as ears:
            for one in sent:
                await home.send(one)
            await home.show("lock.gate", s="locked")
            return await ears.next()

    heard = asyncio.run(run())
    assert isinstance(heard, Event)
    assert heard.kind == "locked"
