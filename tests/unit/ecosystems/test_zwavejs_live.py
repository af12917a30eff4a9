"""A link to a Z-Wave JS server: states first, events after, commands beside them, and every way it can break."""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import suppress
from typing import Any

import pytest

from nightlatch.ecosystems._zwavejs import asking, conversation, link
from nightlatch.ecosystems._zwavejs.story import Story
from nightlatch.errors import SourceError
from nightlatch.model.event import Event, State
from tests.unit.ecosystems.fake_zwavejs import (
    VERSION,
    FakeServer,
    Socket,
    code_values,
    served,
)
from tests.unit.ecosystems.test_zwavejs_events import OTHER_PIN, PIN, SENSED, value
from tests.unit.ecosystems.zwavejs_link import (
    LOCKED,
    UNLOCKED,
    Ear,
    door,
    keypad,
    listening,
    plug,
    quick,
    update,
)
from tests.unit.guard.simulating import Kept, until
from tests.unit.guard.simulating import listening as hearing_all

__all__ = ["quick"]
pytestmark = pytest.mark.usefixtures("quick")


# States


async def test_the_states_of_all_locks_come_first_freshly_read() -> None:
    server = FakeServer(door(*SENSED, value(128, "level", 55), *code_values({2: PIN})), door(node=7))
    server.operation = {**LOCKED, "doorStatus": "open"}
    async with listening(server) as ear:
        await ear.has(2)
    first, second = ear.states
    assert (first.about, first.bolt, first.door, first.battery) == ("lock:zwavejs:3", "thrown", "open", 55)
    assert first.at > 0
    assert first.door_at == first.at
    assert (second.about, second.reachable, second.security) == ("lock:zwavejs:7", True, "s2_access_control")
    assert list(first.codes or {}) == [2]
    assert PIN not in repr(ear.all)
    assert server.asked == [(3, 98, "get", ()), (7, 98, "get", ())]


async def test_a_dead_lock_is_not_asked_and_its_state_is_only_remembered() -> None:
    server = FakeServer(door(status=3))
    async with listening(server) as ear:
        await ear.has(1)
    [state] = ear.states
    assert (state.bolt, state.at, state.reachable) == ("retracted", 0, False)
    assert (state.door, state.door_at) == ("closed", 0)
    assert server.asked == []


async def test_a_lock_that_answers_late_delays_no_other_and_its_state_follows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link, "FRESH_S", 0.1)
    server = FakeServer(door())
    server.operation, server.mute = LOCKED, {"get"}
    async with listening(server) as ear:
        await ear.has(1)
        assert (ear.states[0].bolt, ear.states[0].at) == ("retracted", 0)
        await server.tell(**keypad())
        await ear.has(2)
        assert ear.kinds == ["unlocked"]
        number = next(one["messageId"] for one in server.commands if one.get("methodName") == "get")
        await server.send({"type": "result", "messageId": number, "success": True, "result": {"response": LOCKED}})
        await ear.has(3)
        assert (ear.states[1].bolt, ear.states[1].at > 0) == ("thrown", True)


async def test_an_unlocking_while_the_locks_are_asked_is_told_once_with_who_it_was() -> None:
    server, kept = FakeServer(door()), Kept()
    server.operation = LOCKED
    async with served(server) as url, hearing_all(plug(url), intake=kept) as listener:
        await until(lambda: "lock:zwavejs:3" in listener.states)
        server.mute = {"get"}
        await server.sockets[-1].close()
        await until(lambda: len(kept.of("connected")) == 2 and len(server.commands) > 3)
        await server.tell(**keypad())
        await until(lambda: kept.of("unlocked"))
        await until(lambda: listener.states["lock:zwavejs:3"].bolt == "retracted")
        await asyncio.sleep(0.2)
    assert [(one.by, one.slot, one.resync) for one in kept.of("unlocked")] == [("code", 4, False)]


async def test_a_connection_that_comes_and_goes_does_not_drain_the_locks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "BURST", 2)
    server = FakeServer(door())
    async with served(server) as url:
        one = plug(url)
        for _ in range(4):
            async with one.connect() as open_link:
                ear = Ear(open_link)
                await ear.has(1)
                ear.task.cancel()
    assert len(server.asked) == 2


def test_a_budget_fills_up_again() -> None:
    budget = asking.Budget()
    assert [budget.spend(1e6) for _ in range(asking.BURST + 1)] == [True] * asking.BURST + [False]
    assert not budget.spend(1e6 + asking.REFILL_S / 2)
    assert budget.spend(1e6 + asking.REFILL_S * 1.1)


async def test_what_is_told_between_subscribing_and_the_answer_is_not_lost() -> None:
    class Eager(FakeServer):
        def answer(self, command: dict[str, Any]) -> dict[str, Any]:
            if command["command"] == "start_listening":
                self.early = asyncio.create_task(self.tell(**keypad()))
            return super().answer(command)

    async with listening(Eager(door())) as ear:
        await ear.has(3)
    assert [type(one) for one in ear.all] == [State, Event, State]


async def test_codes_that_were_deleted_at_the_keypad_stay_so_after_a_reconnect() -> None:
    server = FakeServer(door(*SENSED, *code_values({2: PIN, 5: OTHER_PIN})))
    async with served(server) as url:
        one = plug(url)
        for expected in ([2, 5], [2]):
            async with one.connect() as open_link:
                ear = Ear(open_link)
                await ear.has(1)
                assert list(ear.states[0].codes or {}) == expected
                args = {"type": 6, "event": 13, "parameters": {"userId": 5}}
                await server.tell(source="node", event="notification", nodeId=3, ccId=113, args=args)
                await ear.has(2)
                ear.task.cancel()


# Events


async def test_events_come_as_they_happen_with_the_message_beside_them() -> None:
    server = FakeServer(door())
    async with listening(server) as ear:
        await ear.has(1)
        await server.tell(**keypad(7))
        await ear.has(2)
    [event] = ear.events
    assert (event.kind, event.by, event.slot, event.source) == ("unlocked", "code", 7, "zwavejs")
    assert json.loads(event.raw)["event"]["nodeId"] == 3


async def test_a_bolt_that_nobody_explains_is_told_after_a_moment() -> None:
    server = FakeServer(door())
    async with listening(server) as ear:
        await ear.has(1)
        await server.tell(**update(98, "boltStatus", "locked"))
        await ear.has(2)
    assert [(one.kind, one.by) for one in ear.events] == [("locked", "")]


async def test_a_mode_that_another_program_set_is_told_once_the_lock_confirms_it() -> None:
    server = FakeServer(door())
    server.operation = UNLOCKED
    async with listening(server) as ear:
        await ear.has(1)
        await server.tell(**update(98, "currentMode", 255))
        await asyncio.sleep(0.2)
        assert ear.events == []
        server.operation = LOCKED
        await server.tell(**update(98, "currentMode", 255))
        await ear.has(2)
    assert ear.kinds == ["locked"]
    assert len(server.asked) == 3


async def test_a_bolt_that_moved_just_before_the_connection_broke_is_still_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(link, "HOLD_S", 60)
    server = FakeServer(door())
    async with listening(server) as ear:
        await ear.has(1)
        await server.tell(**update(98, "boltStatus", "locked"))
        await server.sockets[0].close()
        assert "closed the connection" in str(await ear.ended())
    assert ear.kinds == ["locked"]


async def test_the_network_opened_for_new_devices_is_told_once() -> None:
    server = FakeServer(door())
    async with listening(server) as ear:
        await ear.has(1)
        for event, more in (
            ("inclusion started", {"strategy": 0}),
            ("inclusion state changed", {"state": 1}),
            ("inclusion stopped", {}),
            ("inclusion state changed", {"state": 0}),
        ):
            await server.tell(source="controller", event=event, **more)
        await ear.has(3)
    assert [(one.kind, one.about) for one in ear.events] == [
        ("join_opened", "hub:zwavejs:controller"),
        ("join_closed", "hub:zwavejs:controller"),
    ]


async def test_a_network_that_was_opened_or_closed_unheard_is_told_after_connecting() -> None:
    server, kept = FakeServer(door()), Kept()
    server.state["controller"]["inclusionState"] = 1
    async with served(server) as url, hearing_all(plug(url), intake=kept):
        await until(lambda: kept.of("join_opened"))
        server.state["controller"]["inclusionState"] = 0
        await server.sockets[-1].close()
        await until(lambda: kept.of("join_closed"))
        await server.sockets[-1].close()
        await until(lambda: len(kept.of("connected")) == 3)
    told = kept.of("join_opened", "join_closed")
    assert [(one.kind, one.resync) for one in told] == [("join_opened", True), ("join_closed", True)]


async def test_a_lock_that_joins_is_heard_and_one_that_leaves_is_said_to_be_gone() -> None:
    server = FakeServer(door())
    async with listening(server) as ear:
        await ear.has(1)
        await server.tell(source="node", event="ready", nodeId=9, nodeState=door(*code_values({1: PIN}), node=9))
        await server.tell(source="node", event="ready", nodeId=10, nodeState={"nodeId": 10})
        await server.tell(**keypad(node=9))
        await server.tell(
            source="controller", event="node removed", node=door(*code_values({1: PIN}), node=9), reason=0
        )
        await server.tell(**keypad(node=9))
        await server.tell(**keypad(node=3))
        await ear.has(5)
    assert [one.about for one in ear.all] == [f"lock:zwavejs:{node}" for node in (3, 9, 9, 9, 3)]
    assert ear.kinds == ["unlocked", "offline", "unlocked"]
    assert ear.events[1].detail == "it was removed from the hub"
    assert PIN not in repr(ear.all)


async def test_a_jammed_radio_is_told_of_the_hub() -> None:
    server = FakeServer(door())
    async with listening(server) as ear:
        await ear.has(1)
        await server.tell(source="controller", event="status changed", status=2)
        await ear.has(2)
    [event] = ear.events
    assert (event.kind, event.about) == ("tamper", "hub:zwavejs:controller")


async def test_messages_that_make_no_sense_are_passed_by() -> None:
    server = FakeServer(door())
    async with listening(server) as ear:
        await ear.has(1)
        for nonsense in ("", "[", "[[]]", "null", '{"type": "event", "event": {"nodeId": "x"}}', "[" * 5000, "\x00"):
            await server.send(nonsense)
        await server.tell(**keypad(node=77))
        await server.tell(**keypad())
        await ear.has(2)
    assert ear.kinds == ["unlocked"]


# Breaking


async def test_a_server_that_talks_nonsense_only_is_given_up() -> None:
    server = FakeServer(door())
    async with listening(server) as ear:
        await ear.has(1)
        for _ in range(conversation.STRANGE + 1):
            await server.send("{}")
        assert (await ear.ended()).what == "the Z-Wave JS server sends what makes no sense"


async def test_a_huge_message_that_nobody_asked_for_is_refused() -> None:
    server = FakeServer(door())
    async with listening(server) as ear:
        await ear.has(1)
        await server.send(json.dumps({"type": "event", "event": {"source": "x" * 10_000_000}}))
        error = await ear.ended()
    assert error.what.startswith("the Z-Wave JS server sent a message of 100000")
    assert isinstance(error, SourceError)


async def test_a_driver_that_restarts_breaks_the_connection_so_that_all_is_asked_anew() -> None:
    server = FakeServer(door())
    async with listening(server) as ear:
        await ear.has(1)
        await server.tell(source="driver", event="driver ready")
        assert (await ear.ended()).what == "the Z-Wave JS server restarted its driver"


@pytest.mark.parametrize(
    "event",
    [
        {"source": "controller", "event": "status changed", "status": 1},
        {"source": "driver", "event": "error", "error": "The serial port closed (ZW0100)"},
    ],
)
async def test_a_stick_that_is_lost_breaks_the_connection(event: dict[str, Any]) -> None:
    server = FakeServer(door())
    async with listening(server) as ear:
        await ear.has(1)
        await server.tell(**event)
        assert (await ear.ended()).what == "the Z-Wave JS server gets no answer from its controller stick"


async def test_a_stick_that_is_still_lost_is_said_when_connecting() -> None:
    server = FakeServer(door())
    server.state["controller"]["status"] = 1
    with pytest.raises(SourceError, match="controller stick"):
        async with listening(server):
            pass


async def test_a_half_open_connection_is_found_out_by_asking(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversation, "SILENT_AFTER_S", 0.1)
    monkeypatch.setattr(link, "CHECK_S", 0.1)
    server = FakeServer(door())
    async with listening(server) as ear:
        await ear.has(1)
        await asyncio.sleep(0.5)
        assert ear.error is None
        assert [one["command"] for one in server.commands].count("controller.get_state") >= 2
        server.mute = {"controller.get_state"}
        started = time.monotonic()
        # The fake tells a statistic with each question: it is no half-open connection until that ends too.
        server.sockets[0].send_json = _never  # type: ignore[method-assign]
        assert "did not answer within 0.1 s" in str(await ear.ended())
        assert time.monotonic() - started < 2


async def _never(*_: Any, **__: Any) -> None:
    return None


async def test_a_defect_is_raised_and_not_swallowed(monkeypatch: pytest.MonkeyPatch) -> None:
    server = FakeServer(door())

    def broken(*_: Any) -> Any:
        raise ZeroDivisionError

    async with listening(server) as ear:
        await ear.has(1)
        monkeypatch.setattr(Story, "take", broken)
        await server.tell(**keypad())
        await asyncio.wait([ear.task], timeout=5)
        assert isinstance(ear.task.exception(), ZeroDivisionError)


@pytest.mark.parametrize("mute", ["set_api_schema", "start_listening"])
async def test_a_server_that_does_not_answer_costs_bounded_time(monkeypatch: pytest.MonkeyPatch, mute: str) -> None:
    monkeypatch.setattr("nightlatch.ecosystems._zwavejs.server.ANSWER_S", 0.2)
    monkeypatch.setattr(conversation.Conversation.ask, "__defaults__", (0.2,))
    monkeypatch.setattr(link, "CHECK_S", 0.2)
    server = FakeServer(door())
    server.mute = {mute}
    with pytest.raises(SourceError, match="did not answer"):
        async with asyncio.timeout(20), listening(server):
            pass


# Floods


async def test_a_flood_waits_for_its_reader_and_nothing_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversation, "WAITING", 50)
    server = FakeServer(door())
    async with listening(server) as ear:
        await ear.has(1)
        ear.task.cancel()
        with suppress(asyncio.CancelledError):
            await ear.task
        talk: conversation.Conversation = ear.link._conversation  # type: ignore[attr-defined]
        for number in range(300):
            await server.tell(**keypad(number + 1))
        await asyncio.sleep(0.2)
        assert len(talk._heard) == 50
        slots = [heard.slot for _ in range(300) if isinstance(heard := await talk.next(), Event)]
    assert slots == list(range(1, 301))


async def test_a_reader_that_is_too_slow_is_told_what_it_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversation, "WAITING", 50)
    monkeypatch.setattr(conversation, "SLOW_S", 0.2)
    server = FakeServer(door())
    async with served(server) as url, plug(url).connect() as open_link:
        for number in range(300):
            await server.tell(**keypad(number + 1))
        await asyncio.sleep(0.5)
        ear = Ear(open_link)
        error = await ear.ended()
    assert error.what == "the Z-Wave JS server told more than 50 events that could not be taken within 0 s"
    assert len(ear.events) == 50


async def test_the_first_message_must_still_be_a_version() -> None:
    async def peer(socket: Socket) -> None:
        await socket.send_json({**VERSION, "type": "hello"})
        await socket.receive()

    with pytest.raises(SourceError, match="it did not begin with its version"):
        async with listening(peer):
            pass


@pytest.mark.parametrize("live", [True, False])
async def test_a_server_that_refuses_to_tell_its_state_is_one_clear_error(live: bool) -> None:
    class Refusing(FakeServer):
        def answer(self, command: dict[str, Any]) -> dict[str, Any]:
            refused = {"success": False, "errorCode": "unknown_error"}
            return refused if command["command"] == "start_listening" else super().answer(command)

    with pytest.raises(SourceError, match=r"\(unknown_error\)"):
        if live:
            async with listening(Refusing(door())):
                pass
        else:
            async with served(Refusing(door())) as url:
                [item async for item in plug(url).collect()]
