"""Links to brokers, Matter and Z-Wave JS servers that misbehave, all at once: one clear error each, in its time."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import time
from collections.abc import Callable

import pytest

from nightlatch.ecosystems.interface import Live
from nightlatch.ecosystems.matter import Matter
from nightlatch.ecosystems.zigbee2mqtt import Zigbee2Mqtt
from nightlatch.ecosystems.zwavejs import ZwaveJs
from nightlatch.errors import ReadError, SourceError
from nightlatch.secrets import Secret
from tests.slow.test_bad_peers import HELLO, MIB, Talk, frame, listening, peers_of, silent, websocket
from tests.unit.ecosystems.asking import context
from tests.unit.ecosystems.fake_matter import node
from tests.unit.ecosystems.fake_zwavejs import lock

WORD = "pass-word-of-a-test"
PATIENCE_S = 90.0
MOST_S = 60.0
"""Connecting, an answer and the heartbeat, on a machine that is busy with 30 floods."""

ADMITTED = b"\x20\x03\x00\x00\x00"  # MQTT 5: no session, success, no properties
GREETED = frame(json.dumps(HELLO["matter"]).encode())
LISTENING = frame(json.dumps({"message_id": "1", "result": [node()]}).encode())


def admitted(sent: bytes = b"", again: bytes = b"") -> Talk:
    """A broker of MQTT 5 that lets everybody in."""

    def talk(peer: socket.socket) -> None:
        peer.sendall(ADMITTED + sent)
        while again:
            peer.sendall(again)
        silent(peer)

    return talk


BROKERS: dict[str, Talk] = {
    **peers_of("zigbee2mqtt"),
    "v5-then-silent": admitted(),
    "v5-then-close": lambda peer: peer.sendall(ADMITTED),
    "v5-then-garbage": admitted(b"\xff" * 4096),
    "v5-huge-packet": admitted(b"\x30\xff\xff\xff\x7f", again=b"x" * MIB),
    "v5-10-MB": admitted(b"\x30\x85\x80\x80\x05\x00\x01a\x00" + b"x" * (10 * MIB + 1)),
    "v5-flood": admitted(again=b"\x30\x05\x00\x01a\x00x" * 10_000),
    "v5-acknowledges-what-was-not-asked": admitted(b"\x90\x04\x00\x63\x00\x00" * 100),
    "v5-disconnects": admitted(b"\xe0\x02\x8b\x00"),
    "v5-refuses": lambda peer: peer.sendall(b"\x20\x03\x00\x86\x00"),
}
SERVERS: dict[str, Talk] = {
    **peers_of("matter"),
    "listening-then-close": websocket(GREETED, LISTENING, b"\x88\x00"),
    "listening-then-garbage": websocket(GREETED, LISTENING, b"\xff" * 4096),
    "listening-then-nonsense": websocket(GREETED, LISTENING, again=frame(b"nonsense") * 100),
    "listening-then-huge": websocket(GREETED, LISTENING, b"\x81\x7f" + (2**62).to_bytes(8, "big"), again=b"x" * MIB),
    "listening-then-10-MB": websocket(
        GREETED, LISTENING, b"\x81\x7f" + (10 * MIB).to_bytes(8, "big") + b'"' + b"x" * (10 * MIB - 2) + b'"'
    ),
    "listening-then-silent": websocket(GREETED, LISTENING),
    "listening-to-a-list": websocket(GREETED, frame(b'{"message_id": "1", "result": 7}')),
    "listening-is-refused": websocket(GREETED, frame(b'{"message_id": "1", "error_code": 9}')),
}


AGREED = frame(json.dumps(HELLO["zwavejs"]).encode()) + frame(b'{"type":"result","success":true,"messageId":"1"}')
STATE = {"state": {"nodes": [lock(status=3)]}}
SUBSCRIBED = AGREED + frame(
    json.dumps({"type": "result", "success": True, "messageId": "n1", "result": STATE}).encode()
)
HUBS: dict[str, Talk] = {
    **peers_of("zwavejs"),
    "agreed-then-silent": websocket(AGREED),
    "agreed-then-events": websocket(AGREED, again=frame(b'{"type":"event","event":{"source":"node"}}') * 100),
    "subscribed-then-close": websocket(SUBSCRIBED, b"\x88\x00"),
    "subscribed-then-garbage": websocket(SUBSCRIBED, b"\xff" * 4096),
    "subscribed-then-nonsense": websocket(SUBSCRIBED, again=frame(b"nonsense") * 100),
    "subscribed-then-empty-events": websocket(SUBSCRIBED, again=frame(b'{"type":"event"}') * 100),
    "subscribed-then-huge": websocket(SUBSCRIBED, b"\x81\x7f" + (2**62).to_bytes(8, "big"), again=b"x" * MIB),
    "subscribed-then-10-MB": websocket(
        SUBSCRIBED, b"\x81\x7f" + (10 * MIB).to_bytes(8, "big") + b'"' + b"x" * (10 * MIB - 2) + b'"'
    ),
    "subscribed-then-silent": websocket(SUBSCRIBED),
    "subscribed-to-a-list": websocket(AGREED, frame(b'{"type":"result","success":true,"messageId":"n1","result":[]}')),
    "subscribing-is-refused": websocket(AGREED, frame(b'{"type":"result","messageId":"n1","errorCode":"no"}')),
}


def broker(port: int) -> Live:
    where = f"mqtt://127.0.0.1:{port}"
    settings = Zigbee2Mqtt.Settings(url=where, username="a", password=Secret(WORD))
    return Zigbee2Mqtt(settings, context("zigbee2mqtt"))


def server(port: int) -> Live:
    return Matter(Matter.Settings(url=f"ws://127.0.0.1:{port}/ws"), context("matter"))


def hub(port: int) -> Live:
    return ZwaveJs(ZwaveJs.Settings(url=f"ws://127.0.0.1:{port}"), context("zwavejs"))


async def error_of(plug: Live) -> tuple[str, float]:
    """What ends a link, and after how long."""
    began = time.monotonic()
    with pytest.raises((SourceError, ReadError)) as raised:
        async with plug.connect() as link:
            async for _ in link.hear():
                pass
    return str(raised.value), time.monotonic() - began


@pytest.mark.timeout(180)
@pytest.mark.parametrize(("make", "peers"), [(broker, BROKERS), (server, SERVERS), (hub, HUBS)])
async def test_each_bad_peer_ends_a_link_with_one_clear_error(
    make: Callable[[int], Live], peers: dict[str, Talk]
) -> None:
    with contextlib.ExitStack() as stack:
        ports = {name: stack.enter_context(listening(talk)) for name, talk in peers.items()}
        async with asyncio.timeout(PATIENCE_S):
            errors = await asyncio.gather(*(error_of(make(port)) for port in ports.values()))
    for (name, port), (error, seconds) in zip(ports.items(), errors, strict=True):
        assert f"127.0.0.1:{port}" in error, name
        assert WORD not in error, name
        assert "Traceback" not in error, name
        assert seconds < MOST_S, name
