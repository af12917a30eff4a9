"""Intake over MQTT: `python -m benchmarks.intake_mqtt`.

A process of its own hands a local Mosquitto what Zigbee2MQTT publishes when codes are typed at locks, as fast as the
broker takes it (quality of service 0, Zigbee2MQTT's own). `Link.hear` takes turns with a bare aiomqtt client (MQTT 5,
as Nightlatch's) that throws the same messages away, once as they come and once decoded.
"""

from __future__ import annotations

import argparse
import asyncio
import getpass
import itertools
import json
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiomqtt
import msgspec

from benchmarks.figures import Figure, Results, machine, table
from nightlatch.ecosystems.zigbee2mqtt import Zigbee2Mqtt
from nightlatch.model.event import Event
from nightlatch.plugs import Context
from nightlatch.secrets import Fingerprinter
from rigs.launch import Process, free_port
from rigs.zigbee.broker import program

SPEED = "Intake over MQTT, messages a second"
RATIO = "How near Link.hear comes to aiomqtt alone"
OURS, BARE, DECODING = "Link.hear", "aiomqtt, messages thrown away", "aiomqtt, JSON decoded and thrown away"
TYPED, ALARMS = "codes typed (2 messages, 1 event each)", "wrong codes (every message an event)"

LOCKS = tuple(f"0x00000000000000{number:02x}" for number in range(1, 9))
BLOCK = 800
"""Messages in a block that is sent again and again: 8 locks, 100 messages each."""
STATE = {"battery": 82, "linkquality": 120, "auto_relock_time": 30, "users": {"3": {"status": "enabled"}}}
SHUT, OPEN = ({"state": word.upper(), "lock_state": f"{word}ed"} for word in ("lock", "unlock"))


def messages(kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """A block of messages, each with its lock."""
    for turn in range(BLOCK // len(LOCKS) // 2):
        for lock in LOCKS:
            if kind == ALARMS:
                wrong = {"action": "unlock_failure_invalid_pin_or_id", "action_source_name": "keypad", "action_user": 0}
                yield from [(lock, {**STATE, **SHUT, **wrong})] * 2
            else:
                now, action = (OPEN, "unlock") if turn % 2 == 0 else (SHUT, "lock")
                yield lock, {**STATE, **now}
                yield lock, {**STATE, **now, "action": action, "action_source_name": "keypad", "action_user": 3}


def packet(first: int, body: bytes) -> bytes:
    """A packet of MQTT 3.1.1."""
    size, length = bytearray(), len(body)
    while length or not size:
        length, low = divmod(length, 128)
        size.append(low | (128 if length else 0))
    return bytes([first]) + bytes(size) + body


def publish(topic: str, payload: bytes, *, retain: bool = False) -> bytes:
    """A message of quality of service 0."""
    name = topic.encode()
    return packet(0x31 if retain else 0x30, len(name).to_bytes(2, "big") + name + payload)


def send(port: int, blocks: int) -> None:
    """Retains what a bridge retains; then, for each line of stdin, sends that kind of block so many times."""
    exposes = [{"type": "lock", "name": ""}, {"type": "enum", "name": "action"}]
    definition = {"model": "YRD226HA2619", "vendor": "Yale", "exposes": exposes}
    devices = [{"ieee_address": lock, "friendly_name": lock, "definition": definition} for lock in LOCKS]
    retained: dict[str, object] = {
        "bridge/state": {"state": "online"},
        "bridge/info": {"version": "2.14.1", "permit_join": False, "config": {}},
        "bridge/devices": devices,
        # Nobody answers here when a lock is asked: of locks that are offline no answer is awaited.
        **{f"{lock}/availability": {"state": "offline"} for lock in LOCKS},
    }
    ready = {}
    for kind in (TYPED, ALARMS):
        encoded = [publish(f"zigbee2mqtt/{lock}", json.dumps(content).encode()) for lock, content in messages(kind)]
        ready[kind] = b"".join(encoded)
    with socket.create_connection(("127.0.0.1", port)) as broker:
        broker.sendall(packet(0x10, b"\0\4MQTT\4\2\0\0" + b"\0\6sender"))
        broker.recv(4)
        for topic, content in retained.items():
            broker.sendall(publish(f"zigbee2mqtt/{topic}", json.dumps(content).encode(), retain=True))
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        for line in sys.stdin:
            for _ in range(blocks):
                broker.sendall(ready[line.strip()])


# The clients

Go = Callable[[], None]


async def ours(port: int, go: Go, events: int, count: int) -> float:
    """Messages a second through Link.hear."""
    context = Context("zigbee2mqtt", "zigbee2mqtt", datetime.now(UTC), Fingerprinter())
    settings = Zigbee2Mqtt.Settings(url=f"mqtt://127.0.0.1:{port}")
    async with Zigbee2Mqtt(settings, context).connect() as link:
        states = heard = 0
        begin = 0.0
        async for one in link.hear():
            if isinstance(one, Event):
                begin = begin or time.perf_counter()
                heard += one.kind in ("locked", "unlocked", "wrong_code")
                if heard == events:
                    break
            elif not begin and (states := states + 1) == len(LOCKS):
                go()
        return count / (time.perf_counter() - begin)


async def bare(port: int, go: Go, count: int, decode: Callable[[bytes], object]) -> float:
    """Messages a second through aiomqtt alone, each given to `decode`."""
    async with aiomqtt.Client("127.0.0.1", port, protocol=aiomqtt.ProtocolVersion.V5) as client:
        await client.subscribe([(f"zigbee2mqtt/{lock}", 0) for lock in LOCKS])
        go()
        begin = 0.0
        heard = 0
        async for message in client.messages:
            begin = begin or time.perf_counter()
            decode(bytes(message.payload) if isinstance(message.payload, bytes) else b"")
            heard += 1
            if heard == count:
                break
        return count / (time.perf_counter() - begin)


@contextmanager
def broker(folder: Path) -> Iterator[int]:
    """The port of a Mosquitto that drops nothing."""
    port = free_port()
    lines = (f"listener {port} 127.0.0.1", "allow_anonymous true", "persistence false", f"user {getpass.getuser()}")
    settings = folder / "mosquitto.conf"
    settings.write_text("\n".join((*lines, "max_queued_messages 0", "max_queued_bytes 0", "")))
    process = Process("mosquitto", [program("mosquitto"), "-c", str(settings)], folder=folder, log=folder / "log")
    try:
        process.wait_port(port)
        yield port
    finally:
        process.stop()


@contextmanager
def sender(port: int, blocks: int) -> Iterator[Callable[[str], None]]:
    """What has a kind of block sent."""
    command = [sys.executable, "-m", "benchmarks.intake_mqtt", "--send", str(port), "--blocks", str(blocks)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None
    assert process.stdout is not None
    stdin = process.stdin
    process.stdout.readline()

    def go(kind: str) -> None:
        stdin.write(f"{kind}\n")
        stdin.flush()

    try:
        yield go
    finally:
        process.kill()
        process.communicate()


def intake(rounds: int = 5, blocks: int = 50) -> list[Figure]:
    """All clients in every round, one after the other, on both kinds of traffic."""
    speeds: dict[tuple[str, str], list[float]] = {}
    count = blocks * BLOCK
    with tempfile.TemporaryDirectory() as folder, broker(Path(folder)) as port, sender(port, blocks) as start:
        for turn in range(rounds + 1):
            for kind, events in ((TYPED, count // 2), (ALARMS, count)):

                def go(kind: str = kind) -> None:
                    start(kind)

                for client, speed in (
                    (BARE, asyncio.run(bare(port, go, count, len))),
                    (DECODING, asyncio.run(bare(port, go, count, msgspec.json.decode))),
                    (OURS, asyncio.run(ours(port, go, events, count))),
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
    parser.add_argument("--send", type=int, help="the port of a broker: be the sender")
    parser.add_argument("--blocks", type=int, default=50, help=f"blocks of {BLOCK} messages in each run")
    chosen = parser.parse_args(arguments)
    if chosen.send is not None:
        send(chosen.send, chosen.blocks)
        return 0
    sys.stdout.write(table(Results(machine(), tuple(intake(blocks=chosen.blocks)), (), ())) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
