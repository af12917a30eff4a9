"""Live links to bad peers, all at once: one clear error each in its time, and a good one is heard beside them."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time

import pytest

from nightlatch.ecosystems.homeassistant import HomeAssistant
from nightlatch.errors import ReadError, SourceError
from nightlatch.model.event import Event
from nightlatch.secrets import Secret
from tests.slow.test_bad_peers import HELLO, MIB, Talk, frame, listening, peers_of, websocket
from tests.unit.ecosystems.asking import context
from tests.unit.ecosystems.fake_homeassistant import TOKEN, serve
from tests.unit.ecosystems.test_homeassistant_link import Home

WORD = "token-of-a-test"
PATIENCE_S = 70.0
MOST_S = 45.0
"""Connecting, 10 s, and an answer, 20 s, on a machine that is busy with 30 floods."""
EVERY_S = 0.1
USUAL_DELAY_S = 0.5
SIGNED_IN = frame(json.dumps(HELLO["homeassistant"]).encode()) + frame(b'{"type": "auth_ok", "ha_version": "1"}')
RUNNING = frame(b'{"type": "result", "id": 1, "success": true, "result": {"state": "RUNNING"}}')
EVENT = frame(b'{"type": "event", "id": 1, "event": {"c": {}}}')

PEERS: dict[str, Talk] = {
    **peers_of("homeassistant"),
    "signed-in-then-silent": websocket(SIGNED_IN),
    "signed-in-then-close": websocket(SIGNED_IN, b"\x88\x00"),
    "signed-in-then-garbage": websocket(SIGNED_IN, b"\xff" * 4096),
    "signed-in-then-nonsense": websocket(SIGNED_IN, again=frame(b"nonsense") * 100),
    "signed-in-then-events": websocket(SIGNED_IN, again=EVENT * 100),
    "signed-in-then-pings": websocket(SIGNED_IN, again=b"\x89\x00" * 1000),
    "signed-in-then-10-MB": websocket(
        SIGNED_IN, b"\x81\x7f" + (10 * MIB).to_bytes(8, "big") + b'"' + b"x" * (10 * MIB - 2) + b'"'
    ),
    "signed-in-then-huge": websocket(SIGNED_IN, b"\x81\x7f" + (2**62).to_bytes(8, "big"), again=b"x" * MIB),
    "running-then-silent": websocket(SIGNED_IN, RUNNING),
    "running-then-list": websocket(SIGNED_IN, RUNNING, frame(b'{"type":"result","id":2,"success":true,"result":7}')),
    "running-then-refused": websocket(SIGNED_IN, RUNNING, frame(b'{"type":"result","id":2,"error":{"code":"no"}}')),
}


def plug(url: str, token: str = WORD) -> HomeAssistant:
    return HomeAssistant(HomeAssistant.Settings(url=url, token=Secret(token)), context("homeassistant"))


async def error_of(port: int) -> tuple[str, float]:
    """What ends a link to a peer, and after how long."""
    began = time.monotonic()
    with pytest.raises((SourceError, ReadError)) as raised:
        async with plug(f"http://127.0.0.1:{port}").connect() as link:
            async for _ in link.hear():
                pass
    return str(raised.value), time.monotonic() - began


async def delays(stop: asyncio.Event) -> list[float]:
    """How late each event of a good Home Assistant comes while the others misbehave."""
    home = Home()
    found: list[float] = []
    async with serve(home) as url, plug(url, TOKEN).connect() as link:
        heard = aiter(link.hear())
        await anext(heard)
        await anext(heard)
        states = ("locked", "unlocked")
        while not stop.is_set():
            sent = time.monotonic()
            await home.show("lock.gate", s=states[len(found) % 2])
            assert isinstance(await anext(heard), Event)
            found.append(time.monotonic() - sent)
            await asyncio.sleep(EVERY_S)
    return found


async def test_each_bad_peer_fails_alone_in_its_time_and_a_good_one_is_heard_meanwhile() -> None:
    stop = asyncio.Event()
    with contextlib.ExitStack() as stack:
        ports = {name: stack.enter_context(listening(talk)) for name, talk in PEERS.items()}
        good = asyncio.create_task(delays(stop))
        async with asyncio.timeout(PATIENCE_S):
            errors = await asyncio.gather(*(error_of(port) for port in ports.values()))
        stop.set()
        late = sorted(await good)

    for (name, port), (error, seconds) in zip(ports.items(), errors, strict=True):
        assert f"127.0.0.1:{port}" in error, name
        assert WORD not in error, name
        assert "Traceback" not in error
        assert seconds < MOST_S, name
    # The bad peers' own threads flood from within this process: the usual delay is what counts.
    assert len(late) > 10
    assert late[len(late) // 2] < USUAL_DELAY_S
