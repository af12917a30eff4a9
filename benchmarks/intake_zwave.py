"""Intake over the Z-Wave WebSocket: `python -m benchmarks.intake_zwave`.

A server in a process of its own sends what @zwave-js/server sends when codes are typed at keypads, as fast as the
socket takes it. `Link.hear` takes turns with a bare aiohttp client that throws the same frames away, once as they
come and once decoded.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import socket
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from hashlib import sha1
from typing import Any

import aiohttp
import msgspec

from benchmarks.figures import Figure, Results, machine, table
from nightlatch.ecosystems.zwavejs import ZwaveJs
from nightlatch.model.event import Event
from nightlatch.plugs import Context
from nightlatch.secrets import Fingerprinter

SPEED = "Intake over the Z-Wave WebSocket, messages a second"
RATIO = "How near Link.hear comes to aiohttp alone"
OURS, BARE, DECODING = "Link.hear", "aiohttp, frames thrown away", "aiohttp, JSON decoded and thrown away"
TYPED, ALARMS = "codes typed (11 messages, 1 event each)", "wrong codes (every message an event)"

NODES = range(2, 10)
DOOR_LOCK, NOTIFICATION = (98, "Door Lock"), (113, "Notification")
BLOCK = 880
"""Messages in a block that is sent again and again: 8 locks, 10 codes each."""

VERSION = {"type": "version", "homeId": 1, "driverVersion": "15.29.0", "minSchemaVersion": 0, "maxSchemaVersion": 50}


def update(node: int, class_: tuple[int, str], property_: str, new: Any, old: Any) -> dict[str, Any]:
    """A value that was updated."""
    ids = {"commandClassName": class_[1], "commandClass": class_[0], "endpoint": 0, "property": property_}
    args = {**ids, "newValue": new, "prevValue": old, "propertyName": property_}
    return {"source": "node", "event": "value updated", "nodeId": node, "args": args}


def notification(node: int, type_: int, event: int, words: str, **parameters: int) -> dict[str, Any]:
    """A notification."""
    args = {"type": type_, "event": event, "label": words, "eventLabel": words}
    return {
        "source": "node",
        "event": "notification",
        "nodeId": node,
        "endpointIndex": 0,
        "ccId": 113,
        "args": {**args, "parameters": parameters} if parameters else args,
    }


def typed(node: int, user: int, opens: bool) -> Iterator[dict[str, Any]]:
    """What the server sends when a code is typed: the driver's own updates, the notification, the lock's report."""
    new, old = (0, 255) if opens else (255, 0)
    handles = [False] * 4
    seconds = {"value": 0, "unit": "seconds"}
    yield update(node, NOTIFICATION, "alarmType", 0, 0)
    yield update(node, NOTIFICATION, "alarmLevel", 0, 0)
    yield update(node, DOOR_LOCK, "currentMode", new, old)
    yield notification(node, 6, 6 if opens else 5, "Access Control", userId=user)
    yield update(node, DOOR_LOCK, "insideHandlesCanOpenDoor", handles, handles)
    yield update(node, DOOR_LOCK, "outsideHandlesCanOpenDoor", handles, handles)
    yield update(node, DOOR_LOCK, "duration", seconds, seconds)
    yield update(node, DOOR_LOCK, "targetMode", new, old)
    yield update(node, DOOR_LOCK, "currentMode", new, new)
    yield update(node, DOOR_LOCK, "doorStatus", "closed", "closed")
    yield update(node, DOOR_LOCK, "boltStatus", "unlocked" if opens else "locked", "locked" if opens else "unlocked")


def block(kind: str) -> bytes:
    """A block of frames."""
    messages: list[dict[str, Any]] = []
    for turn in range(BLOCK // len(NODES) // 11):
        for node in NODES:
            messages += typed(node, turn + 1, turn % 2 == 0)
    if kind == ALARMS:
        messages = [notification(NODES[n % len(NODES)], 7, 4, "Tampering, invalid code") for n in range(BLOCK)]
    return b"".join(frame({"type": "event", "event": message}) for message in messages)


def frame(message: dict[str, Any]) -> bytes:
    """A WebSocket text frame as a server sends it (RFC 6455: unmasked)."""
    text = json.dumps(message, separators=(",", ":")).encode()
    size = len(text)
    head = bytes([size]) if size < 126 else b"\x7e" + size.to_bytes(2, "big")
    return b"\x81" + (head if size < 65_536 else b"\x7f" + size.to_bytes(8, "big")) + text


# The server


def serve(listener: socket.socket, blocks: int) -> None:
    """Holds one conversation after another; the path says which block is sent, and to whom."""
    ready = {kind: block(kind) for kind in (TYPED, ALARMS)}
    while True:
        peer, _ = listener.accept()
        with peer, peer.makefile("rb") as stream, suppress(ConnectionError):
            path = stream.readline().split()[1].decode()
            key = b""
            while (line := stream.readline().strip()) != b"":
                name, _, given = line.partition(b":")
                key = given.strip() if name.lower() == b"sec-websocket-key" else key
            accept = b64encode(sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
            peer.sendall(
                b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
            )
            if path.startswith("/link"):
                converse(peer, stream)
            for _ in range(blocks):
                peer.sendall(ready[ALARMS if path.endswith("alarms") else TYPED])
            stream.read(1)


def converse(peer: socket.socket, stream: Any) -> None:
    """Answers as @zwave-js/server does, until every lock was asked where its bolt is."""
    peer.sendall(frame(VERSION))
    asked = 0
    while asked < len(NODES):
        head = stream.read(2)
        size = head[1] & 0x7F
        size = int.from_bytes(stream.read(2), "big") if size == 126 else size
        mask = stream.read(4)
        question = json.loads(bytes(byte ^ mask[at % 4] for at, byte in enumerate(stream.read(size))))
        result: Any = {}
        if question["command"] == "start_listening":
            result = {"state": {"controller": {"status": 0}, "nodes": [lock(node) for node in NODES]}}
        if question["command"] == "endpoint.invoke_cc_api":
            asked += 1
            result = {"response": {"currentMode": 255, "boltStatus": "locked", "doorStatus": "closed"}}
        answer = {"type": "result", "success": True, "messageId": question["messageId"], "result": result}
        peer.sendall(frame(answer))


def lock(node: int) -> dict[str, Any]:
    """A Yale lock with bolt and door sensor."""
    values = {"boltStatus": "locked", "currentMode": 255, "doorStatus": "closed"}
    return {
        "nodeId": node,
        "status": 4,
        "ready": True,
        "highestSecurityClass": 1,
        "manufacturerId": 0x0129,
        "productType": 0x8104,
        "productId": 0x45D5,
        "endpoints": [{"index": 0, "commandClasses": [{"id": one, "version": 1} for one in (98, 99, 112, 113, 128)]}],
        "values": [
            {"commandClass": 98, "endpoint": 0, "property": name, "value": value} for name, value in values.items()
        ],
    }


# The clients


async def ours(url: str, messages: int, events: int) -> float:
    """Messages a second through Link.hear."""
    context = Context("zwavejs", "zwavejs", datetime.now(UTC), Fingerprinter())
    async with ZwaveJs(ZwaveJs.Settings(url=url), context).connect() as link:
        heard, begin = 0, 0.0
        async for one in link.hear():
            if isinstance(one, Event):
                begin = begin or time.perf_counter()
                heard += 1
                if heard == events:
                    break
        return messages / (time.perf_counter() - begin)


async def bare(url: str, messages: int, decode: Callable[[bytes], object]) -> float:
    """Messages a second through aiohttp alone, each given to `decode`."""
    async with aiohttp.ClientSession() as session, session.ws_connect(url, max_msg_size=2**24, decode_text=False) as ws:
        await ws.receive()
        begin = time.perf_counter()
        for _ in range(messages - 1):
            decode((await ws.receive()).data)
        return messages / (time.perf_counter() - begin)


@contextmanager
def server(blocks: int) -> Iterator[str]:
    """The address of the server."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        number = str(listener.fileno())
        command = [sys.executable, "-m", "benchmarks.intake_zwave", "--serve", number, "--blocks", str(blocks)]
        process = subprocess.Popen(command, pass_fds=[listener.fileno()])
        try:
            yield f"ws://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            process.kill()
            process.wait()


def intake(rounds: int = 5, blocks: int = 100) -> list[Figure]:
    """Both clients in every round, one after the other, on both kinds of traffic."""
    speeds: dict[tuple[str, str], list[float]] = {}
    messages = blocks * BLOCK
    with server(blocks) as url:
        for turn in range(rounds + 1):
            for kind, name, events in ((TYPED, "typed", messages // 11), (ALARMS, "alarms", messages)):
                for client, speed in (
                    (BARE, asyncio.run(bare(f"{url}/bare/{name}", messages, len))),
                    (DECODING, asyncio.run(bare(f"{url}/bare/{name}", messages, msgspec.json.decode))),
                    (OURS, asyncio.run(ours(f"{url}/link/{name}", messages, events))),
                ):
                    if turn:  # the first round warms up
                        speeds.setdefault((kind, client), []).append(speed)
    figures = [Figure(SPEED, f"{client}: {kind}", "/s", tuple(values)) for (kind, client), values in speeds.items()]
    for kind, floor in itertools.product((TYPED, ALARMS), (BARE, DECODING)):
        pairs = zip(speeds[kind, OURS], speeds[kind, floor], strict=True)
        figures.append(Figure(RATIO, f"{floor}: {kind}", "times", tuple(mine / other for mine, other in pairs)))
    return figures


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--serve", type=int, help="the number of an open socket: be the server")
    parser.add_argument("--blocks", type=int, default=100, help=f"blocks of {BLOCK} messages in each run")
    chosen = parser.parse_args(arguments)
    if chosen.serve is not None:
        with suppress(KeyboardInterrupt):
            serve(socket.socket(fileno=chosen.serve), chosen.blocks)
        return 0
    sys.stdout.write(table(Results(machine(), tuple(intake(blocks=chosen.blocks)), (), ())) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
