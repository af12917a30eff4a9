"""The matter ecosystem against servers that behave, and servers that do not."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nightlatch.ecosystems._matter import server as protocol
from nightlatch.ecosystems.matter import Matter
from nightlatch.errors import NightlatchError
from nightlatch.model.evidence import Claim, Grade, Item, Same
from nightlatch.model.hub import Hub
from nightlatch.model.lock import Lock
from nightlatch.model.people import Credential
from nightlatch.model.thing import Field
from tests.unit.ecosystems.asking import ask, claims, context, reasons, values
from tests.unit.ecosystems.fake_matter import INFO, LOCK, FakeMatter, node, serve, talking, user


def plug(url: str) -> Matter:
    return Matter(Matter.Settings(url=url), context("matter"))


async def read(fake: FakeMatter, **server: Any) -> list[Item]:
    async with serve(fake, **server) as url:
        items, error = await ask(plug(url))
    assert error is None
    return items


async def fails(talk: Any) -> str:
    async with talking(talk) as url:
        items, error = await ask(plug(url))
    assert error is not None
    assert values(items, Lock.bolt) == []
    return str(error).replace(url, "URL")


async def test_every_claim_is_of_a_field_that_the_ecosystem_says_it_gives() -> None:
    items = await read(FakeMatter(node(), users={1: user(1)}))
    given_fields = {field.path for field in Matter.gives}

    assert {f"{one.about.kind}.{one.fact}" for one in items if isinstance(one, Claim)} <= given_fields


async def test_only_reading_commands_are_sent() -> None:
    fake = FakeMatter(node(), users={1: user(1)})
    await read(fake)

    assert [(one["command"], one["args"].get("command_name")) for one in fake.asked] == [
        ("get_nodes", None),
        ("read_attribute", None),
        ("device_command", "GetUser"),
    ]


async def test_what_a_lock_is_and_how_it_is_set_is_read() -> None:
    items = await read(FakeMatter(node(7), users={}))
    expected: tuple[tuple[Field[Any], object], ...] = (
        (Lock.name, "Front door"),
        (Lock.matter_id, "0xfff1:0x8001"),
        (Lock.firmware, "1.2.3"),
        (Lock.battery_percent, 87),
        (Lock.battery_low, False),
        (Lock.bolt, "thrown"),
        (Lock.door_open, False),
        (Lock.wrong_code_limit, 3),
        (Lock.auto_relock_s, 0),
        (Lock.pin_for_remote, False),
        (Lock.pin_over_air, False),
        (Lock.can_schedule, True),
        (Lock.codes_read, True),
    )

    for field, value in expected:
        assert values(items, field, "matter:7") == [value], field


async def test_the_serial_number_and_the_fabric_are_the_lock_s_identity() -> None:
    items = await read(FakeMatter(node(7)))

    assert [one.key for one in items if isinstance(one, Same)] == ["matter:9af4751a7c421196/7", "serial:VL-0001"]


async def test_a_placeholder_of_a_serial_number_joins_nothing() -> None:
    items = await read(FakeMatter(node(7, {**LOCK, "0/40/15": "00000000"})))

    assert [one.key for one in items if isinstance(one, Same)] == ["matter:9af4751a7c421196/7"]


async def test_two_locks_behind_one_bridge_are_two_locks() -> None:
    bridged = {
        f"{at}/{path}": value
        for at in (3, 4)
        for path, value in (("57/15", f"SN-00{at}"), ("57/3", f"Lock {at}"), ("257/0", at - 2), ("257/65532", 0))
    }
    items = await read(FakeMatter(node(2, {"0/40/15": "BRIDGE-1", **bridged}, is_bridge=True)))

    assert values(items, Lock.name) == ["Lock 3", "Lock 4"]
    assert values(items, Lock.bolt) == ["thrown", "retracted"]
    assert [one.key for one in items if isinstance(one, Same)] == [
        "matter:9af4751a7c421196/2/3",
        "serial:SN-003",
        "matter:9af4751a7c421196/2/4",
        "serial:SN-004",
    ]


async def test_a_node_that_is_no_lock_is_left_out() -> None:
    items = await read(FakeMatter(node(1, {"0/40/3": "Lamp", "1/6/0": True})))

    assert values(items, Hub.locks) == [()]
    assert values(items, Lock.name) == []


async def test_users_are_read_until_there_is_no_next_one() -> None:
    fake = FakeMatter(node(), users={1: user(1, 4), 4: user(4, 9), 9: user(9)})
    items = await read(fake)

    assert values(items, Credential.slot) == [1, 4, 9]
    assert values(items, Lock.codes_read) == [True]


async def test_why_a_pin_is_not_judged_is_said() -> None:
    tag = [{"credentialType": 2, "credentialIndex": 1}]
    items = await read(FakeMatter(node(), users={1: user(1, 2), 2: user(2, credentials=tag)}))

    assert values(items, Credential.form) == ["pin", "tag"]
    assert reasons(items, Credential.default) == ["a Matter lock tells nobody its PINs"]


async def test_an_empty_first_slot_does_not_end_the_list() -> None:
    empty = {"userIndex": 1, "userName": None, "userStatus": None, "credentials": None, "nextUserIndex": 3}
    items = await read(FakeMatter(node(), users={1: empty, 3: user(3)}))

    assert values(items, Credential.slot) == [3]


async def test_a_user_of_another_fabric_is_foreign_and_named() -> None:
    fabrics = [*LOCK["0/62/1"], {"2": 0x1349, "5": "Apple Home", "254": 2}]
    items = await read(FakeMatter(node(1, {**LOCK, "0/62/1": fabrics}), users={1: user(1, creator=2)}))

    assert values(items, Credential.foreign_creator) == [True]
    assert values(items, Credential.created_by) == ["Apple Home (vendor 0x1349, fabric 2)"]
    assert values(items, Lock.controllers) == [
        ("this Matter server (vendor 0xfff1, fabric 1)", "Apple Home (vendor 0x1349, fabric 2)")
    ]


async def test_a_user_whose_creator_the_lock_does_not_know_is_not_called_foreign() -> None:
    items = await read(FakeMatter(node(), users={1: user(1, creator=None)}))

    assert values(items, Credential.foreign_creator) == []
    assert values(items, Credential.created_by) == ["the lock's own keypad, or a controller that is no longer paired"]


@pytest.mark.parametrize(
    ("said", "enabled", "scheduled"),
    [
        ({}, True, False),
        ({"userStatus": 3}, False, False),
        ({"userType": 2}, True, True),
        ({"userType": 4}, False, False),
    ],
)
async def test_status_and_type_of_a_user_tell_whether_and_when_it_opens(
    said: dict[str, int], enabled: bool, scheduled: bool
) -> None:
    items = await read(FakeMatter(node(), users={1: user(1, **said)}))

    assert (values(items, Credential.enabled), values(items, Credential.scheduled)) == ([enabled], [scheduled])


async def test_the_slot_of_a_code_is_its_users_number_whichever_number_the_code_has_of_its_kind() -> None:
    held = [{"credentialType": 1, "credentialIndex": 2}, {"credentialType": 2, "credentialIndex": 1}]
    items = await read(FakeMatter(node(), users={1: user(1, 5, credentials=None), 5: user(5, credentials=held)}))

    assert values(items, Credential.slot) == [5, 5]
    assert values(items, Credential.form) == ["pin", "tag"]


async def test_a_lock_that_counts_its_users_backwards_is_not_asked_for_ever() -> None:
    items = await read(FakeMatter(node(), users={1: user(1, 2), 2: user(2, 1)}))

    assert values(items, Credential.slot) == [1, 2]
    assert values(items, Lock.codes_read) == [False]


async def test_a_lock_without_user_management_is_not_asked_for_its_pins() -> None:
    fake = FakeMatter(node(1, {**LOCK, "1/257/65532": 0x1, "1/257/50": True}))
    items = await read(fake)

    assert values(items, Lock.pin_over_air) == [True]
    assert "would tell the codes themselves" in reasons(items, Credential.slot)[0]
    assert all(one["command"] != "device_command" for one in fake.asked)


async def test_a_lock_without_pins_has_no_keypad_and_no_slots() -> None:
    items = await read(FakeMatter(node(1, {**LOCK, "1/257/65532": 0x100, "1/257/18": 20})))

    assert values(items, Lock.can_keypad) == [False]
    assert values(items, Lock.code_slots) == []


async def test_what_the_server_knows_of_a_lock_out_of_reach_is_recorded_and_dated() -> None:
    items = await read(FakeMatter(node(available=False)))
    (firmware,) = claims(items, Lock.firmware)

    assert (firmware.grade, firmware.at) == (Grade.RECORDED, datetime(2026, 11, 20, 10, 25, 54, 872287, tzinfo=UTC))
    assert values(items, Lock.reachable) == [False]
    assert "not available" in reasons(items, Credential.slot)[0]


@pytest.mark.parametrize(("state", "available"), [(1, []), (4, [True]), (8, [True])])
async def test_an_update_is_offered_when_the_lock_is_fetching_one(state: int, available: list[bool]) -> None:
    items = await read(FakeMatter(node(1, {**LOCK, "0/42/2": state})))

    assert values(items, Lock.update_available) == available
    assert values(items, Lock.can_update) == [True]


async def test_attributes_of_the_wrong_type_are_not_taken() -> None:
    wrong = {"0/40/10": 5, "1/257/51": "no", "1/257/48": -1, "1/47/12": 4000, "1/257/0": 99, "0/62/1": "none"}
    items = await read(FakeMatter(node(1, {**LOCK, **wrong})))

    absent: tuple[Field[Any], ...] = (
        *(Lock.firmware, Lock.pin_for_remote, Lock.wrong_code_limit),
        *(Lock.battery_percent, Lock.bolt, Lock.controllers),
    )
    for field in absent:
        assert values(items, field) == []


async def test_events_between_question_and_answer_are_skipped() -> None:
    event = json.dumps({"event": "attribute_updated", "data": [1, "1/257/0", 2]})
    items = await read(FakeMatter(node()), between=event)

    assert values(items, Lock.bolt) == ["thrown"]


async def test_a_server_that_only_sends_events_is_given_up() -> None:
    async def talk(socket: web.WebSocketResponse) -> None:
        await socket.send_json(INFO)
        while not socket.closed:
            await socket.send_json({"event": "node_updated"})
            await asyncio.sleep(0)

    assert "sent 1000 messages but no answer to get_nodes" in await fails(talk)


async def test_something_else_at_the_address_is_named() -> None:
    async def talk(socket: web.WebSocketResponse) -> None:
        await socket.send_json({"type": "version", "driverVersion": "15"})

    assert await fails(talk) == (
        "URL: does not speak as a Matter server does: its first message is not what was expected: Object missing "
        "required field `schema_version`. Is this the address of a Matter server? It usually ends in :5580/ws."
    )


async def test_a_server_that_says_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "ANSWER_S", 0.1)

    async def talk(socket: web.WebSocketResponse) -> None:
        await asyncio.sleep(1)

    assert "did not answer in time" in await fails(talk)


async def test_a_server_that_stops_answering_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "ANSWER_S", 0.1)

    async def talk(socket: web.WebSocketResponse) -> None:
        await socket.send_json(INFO)
        await asyncio.sleep(1)

    assert "did not answer" in await fails(talk)


async def test_a_server_that_closes_is_one_clear_error() -> None:
    async def talk(socket: web.WebSocketResponse) -> None:
        await socket.send_json(INFO)
        await socket.receive()

    assert await fails(talk) == "URL: the Matter server closed the connection. Is it restarting? Look at its log."


async def test_a_refusal_names_the_command_and_the_error() -> None:
    async def talk(socket: web.WebSocketResponse) -> None:
        await socket.send_json(INFO)
        asked = await socket.receive_json()
        await socket.send_json({"message_id": asked["message_id"], "error_code": 9, "details": "no"})

    assert "the Matter server refused get_nodes (error 9)" in await fails(talk)


async def test_a_proxy_that_wants_a_sign_in_proves_that_it_is_asked_for() -> None:
    async def refuse(request: web.Request) -> web.StreamResponse:
        raise web.HTTPUnauthorized

    app = web.Application()
    app.router.add_get("/ws", refuse)
    async with TestServer(app) as server:
        items, error = await ask(plug(str(server.make_url("/ws")).replace("http", "ws")))

    assert values(items, Hub.asks_sign_in) == [True]
    assert "asks for sign-in" in str(error)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
paths = st.sampled_from([*LOCK, "0/42/2", "1/57/15", "1/257/37", "1/47/19", "x/257/1", "1/257", "٣/257/0"])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=st.dictionaries(paths, json_values, max_size=8), answers=st.dictionaries(st.integers(1, 4), json_values))
async def test_no_node_and_no_user_breaks_it(changes: dict[str, Any], answers: dict[int, Any]) -> None:
    async with serve(FakeMatter(node(1, {**LOCK, **changes}), users=answers)) as url:
        items, _ = await ask(plug(url))  # any other exception than a NightlatchError fails the test

    assert values(items, Hub.software) == ["matter-server"]


@settings(max_examples=60, deadline=None)
@given(messages=st.lists(json_values.map(json.dumps) | st.text(max_size=20), min_size=1, max_size=4))
async def test_no_first_message_breaks_it(messages: list[str]) -> None:
    async def talk(socket: web.WebSocketResponse) -> None:
        for message in messages:
            await socket.send_str(message)

    async with talking(talk) as url:
        _, error = await ask(plug(url))

    assert isinstance(error, NightlatchError)
