"""Peers that are no Z-Wave JS server, or a bad one: one clear error each, within bounded time."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from typing import Any

import pytest
from aiohttp import web
from hypothesis import given, settings
from hypothesis import strategies as st

from nightlatch.ecosystems import _websocket
from nightlatch.ecosystems._zwavejs import server as wire
from nightlatch.ecosystems.zwavejs import ZwaveJs
from nightlatch.errors import NightlatchError, SourceError
from nightlatch.model.evidence import Item
from nightlatch.model.hub import Hub
from nightlatch.model.lock import Lock
from tests.unit.ecosystems.asking import ask, context, values
from tests.unit.ecosystems.fake_zwavejs import VERSION, FakeServer, Peer, Socket, answering, code_values, lock, served

PIN = "580391"


async def asked(url: str) -> tuple[list[Item], NightlatchError | None]:
    return await ask(ZwaveJs(ZwaveJs.Settings(url=url), context("zwavejs")))


async def error_of(peer: Peer) -> NightlatchError:
    async with served(peer) as url:
        _, error = await asked(url)
        assert error is not None
        assert error.where.startswith(url)
        assert error.todo or error.where
        return error


def saying(*messages: str | bytes) -> Peer:
    async def peer(socket: Socket) -> None:
        for message in messages:
            await (socket.send_str(message) if isinstance(message, str) else socket.send_bytes(message))
        await socket.receive()

    return peer


@pytest.mark.parametrize(
    ("message", "what"),
    [
        ("\x00\x01garbage", "is not valid JSON: JSON is malformed: invalid character (byte 0)"),
        ("", "is not valid JSON: Input data was truncated"),
        ('{"type": "version", "homeId": 1', "is not valid JSON: Input data was truncated"),
        (
            '{"type": "version", "homeId": "1"}',
            "is not what was expected: Expected `int | null`, got `str` - at `$.homeId`",
        ),
        ("[1]", "is not what was expected: Expected `object`, got `array`"),
        ("[" * 100_000, "nests deeper than 64 levels"),
        (b"\x00\xff", "the Z-Wave JS server sent binary data where JSON text was expected"),
        ('{"type": "auth_required"}', "the Z-Wave JS server is something else: it did not begin with its version"),
        ('{"type": "version", "maxSchemaVersion": 50}', "the Z-Wave JS server has not found its controller yet"),
    ],
)
async def test_a_first_message_that_is_no_version_is_one_clear_error(message: str | bytes, what: str) -> None:
    assert (await error_of(saying(message))).what == what


async def test_a_message_that_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_websocket, "MAX_MESSAGE", 2**20)
    error = await error_of(saying('"' + "x" * 2**21 + '"'))
    assert error.what == "the Z-Wave JS server sent a message of more than 1 MiB"


@pytest.mark.parametrize(
    ("code", "what"),
    [(1000, "the Z-Wave JS server closed the connection"), (1013, "the Z-Wave JS server is not ready yet")],
)
async def test_a_peer_that_closes_is_one_clear_error(code: int, what: str) -> None:
    async def peer(socket: Socket) -> None:
        await socket.close(code=code)

    assert (await error_of(peer)).what == what


@pytest.mark.parametrize("chatter", [False, True])
async def test_a_peer_that_never_answers_costs_bounded_time(monkeypatch: pytest.MonkeyPatch, chatter: bool) -> None:
    monkeypatch.setattr(wire, "ANSWER_S", 0.3)

    async def peer(socket: Socket) -> None:
        await socket.send_json(VERSION)
        while chatter and not socket.closed:
            await socket.send_json({"type": "event", "event": {}})
            await asyncio.sleep(0)
        await asyncio.sleep(1)

    started = time.monotonic()
    assert (await error_of(peer)).what == "the Z-Wave JS server did not answer in time"
    assert time.monotonic() - started < 5


async def test_a_lock_whose_answer_never_comes_leaves_the_others_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "ANSWER_S", 0.2)
    server = FakeServer(lock(3), lock(4))
    server.fail = {3: {"messageId": "an earlier one"}}
    async with served(server) as url:
        items, error = await asked(url)
    assert error is None
    assert values(items, Lock.reachable, "zwavejs:3") == [False]
    assert values(items, Lock.reachable, "zwavejs:4") == [True]


async def test_the_whole_conversation_ends_in_bounded_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "TOTAL_S", 0.0)
    async with served(FakeServer(lock())) as url:
        _, error = await asked(url)
    assert isinstance(error, SourceError)


async def test_a_web_page_instead_of_a_server_is_said() -> None:
    async def page(_: web.Request) -> web.Response:
        return web.Response(text="<html>")

    async with answering(page) as url:
        _, error = await asked(url)
    assert str(error) == f"{url}: the Z-Wave JS server is no WebSocket server (HTTP 200). Is the port right?"


@pytest.mark.parametrize("status", [401, 403])
async def test_a_peer_that_wants_sign_in_is_told_as_a_fact_too(status: int) -> None:
    async def refuse(_: web.Request) -> web.Response:
        return web.Response(status=status)

    async with answering(refuse) as url:
        items, error = await asked(url)
    assert values(items, Hub.asks_sign_in) == [True]
    assert error is not None
    assert error.what == f"the Z-Wave JS server asks for sign-in (HTTP {status})"


async def test_a_redirect_is_not_followed() -> None:
    visited: list[str] = []

    async def elsewhere(request: web.Request) -> web.StreamResponse:
        visited.append(request.path)
        raise web.HTTPFound("/elsewhere")

    async with answering(elsewhere) as url:
        _, error = await asked(url)
    assert visited == ["/"]
    assert error is not None
    assert error.what == "the Z-Wave JS server sends us elsewhere (HTTP redirect)"


@pytest.mark.parametrize(
    "noise", [b"", b"SSH-2.0-OpenSSH_9.6\r\n", b"HTTP/1.1 101 Switching\r\n\r\n", b"\x00" * 70_000]
)
async def test_a_port_that_speaks_something_else_is_said(noise: bytes) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(noise)
        writer.close()

    async with await asyncio.start_server(talk, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        _, error = await asked(f"ws://127.0.0.1:{port}")
    assert error is not None
    assert error.what.startswith("the Z-Wave JS server is no WebSocket server")


async def test_a_port_that_nobody_listens_on_is_said() -> None:
    async with await asyncio.start_server(lambda *_: None, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
    _, error = await asked(f"ws://127.0.0.1:{port}")
    assert error is not None
    assert error.what == "the Z-Wave JS server cannot be reached (Connection refused)"


async def test_a_host_name_that_is_not_known_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    _, error = await asked("ws://nowhere.invalid:3000")
    assert error is not None
    assert error.what == "the Z-Wave JS server cannot be reached (its host name is not known)"


@pytest.mark.parametrize("url", ["", "127.0.0.1:3000", "http://127.0.0.1:3000", "ws://", "ws://host:99999", "ws://["])
async def test_a_url_of_another_kind_is_refused_with_the_right_form(url: str) -> None:
    _, error = await asked(url)
    assert error is not None
    assert 'url = "ws://127.0.0.1:3000"' in error.todo


async def test_a_password_in_the_url_is_refused_and_not_repeated() -> None:
    _, error = await asked("ws://ana:hunter2@127.0.0.1:3000")
    assert error is not None
    assert "hunter2" not in str(error)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


def spoilt(whole: Any, path: list[int], replacement: Any) -> Any:
    """A copy of a JSON value with one part, found by walking `path`, replaced."""
    if not path or not isinstance(whole, dict | list) or not whole:
        return replacement
    at = path[0] % len(whole)
    if isinstance(whole, list):
        return [spoilt(one, path[1:], replacement) if n == at else one for n, one in enumerate(whole)]
    return {key: spoilt(one, path[1:], replacement) if n == at else one for n, (key, one) in enumerate(whole.items())}


def full_lock() -> dict[str, Any]:
    states = {"0": "idle", "3": "Tampering, product cover removed"}
    notification = {"commandClass": 113, "property": "Home Security", "propertyKey": "Cover status", "value": 0}
    return lock(
        values=(
            *code_values({2: PIN}),
            {"endpoint": 0, "commandClass": 98, "property": "boltStatus", "value": "locked"},
            {"endpoint": 0, "commandClass": 112, "property": 4, "value": 5, "metadata": {"valueSize": 1}},
            {"endpoint": 0, **notification, "metadata": {"states": states}},
        )
    )


def nothing_breaks(server: FakeServer) -> None:
    async def run() -> None:
        async with served(server) as url:
            items, error = await asked(url)
        assert PIN not in f"{items} {error}"
        json.dumps(str(error))

    asyncio.run(run())


@settings(max_examples=150, deadline=None)
@given(st.lists(st.integers(0, 40), min_size=1, max_size=7), JSON)
def test_a_state_with_any_part_spoilt_gives_facts_or_one_error(path: list[int], replacement: Any) -> None:
    server = FakeServer(full_lock(), slots=2)
    server.state = spoilt({"whole": server.state}, [0, *path], replacement)["whole"]
    nothing_breaks(server)


@settings(max_examples=100, deadline=None)
@given(JSON, JSON, JSON, JSON)
def test_locks_that_answer_nonsense_give_facts_or_one_error(
    operation: Any, battery: Any, parameter: Any, code: Any
) -> None:
    server = FakeServer(full_lock(), slots=2)
    server.operation, server.battery = operation, battery
    server.parameters = {4: parameter}
    server.codes = {2: code}
    server.notifications = parameter
    nothing_breaks(server)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.binary(max_size=60) | st.text(max_size=60) | JSON.map(json.dumps), min_size=1, max_size=3))
def test_any_messages_at_all_give_one_error(messages: list[str | bytes]) -> None:
    async def run() -> None:
        async with served(saying(json.dumps(VERSION), *messages)) as url:
            _, error = await asked(url)
        assert error is not None

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wire, "ANSWER_S", 0.1)
        asyncio.run(run())
