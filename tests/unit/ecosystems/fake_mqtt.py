"""A broker of a few lines (MQTT 3.1.1 and 5, quality of service 0 and 1), and peers that are none."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from paho.mqtt.client import topic_matches_sub

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
Answers = dict[str, tuple[str, bytes]]

CONNECT, CONNACK, PUBLISH, PUBACK, SUBSCRIBE, SUBACK, UNSUBSCRIBE, UNSUBACK = 1, 2, 3, 4, 8, 9, 10, 11
PINGREQ, PINGRESP = 12, 13
REFUSED = 5


def packet(kind: int, body: bytes, flags: int = 0) -> bytes:
    size, length = bytearray(), len(body)
    while True:
        length, low = divmod(length, 128)
        size.append(low | (128 if length else 0))
        if not length:
            return bytes([kind << 4 | flags]) + bytes(size) + body


def publish(topic: str, payload: bytes, *, retained: bool, v5: bool = False) -> bytes:
    name = topic.encode()
    properties = b"\0" if v5 else b""
    return packet(PUBLISH, len(name).to_bytes(2, "big") + name + properties + payload, flags=1 if retained else 0)


async def read(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """The first byte (kind and flags) and the body of a packet."""
    kind = (await reader.readexactly(1))[0]
    length = shift = 0
    while True:
        byte = (await reader.readexactly(1))[0]
        length |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return kind, await reader.readexactly(length)


class FakeBroker:
    """`retained` is published to who subscribes; a publish on a topic of `answers` is answered.

    Without `accounts` nobody is refused; with `strangers_see_nothing`, clients without a name are let in
    but get no messages. `published` is what clients sent; `queued` is sent to who connects, before anything else.
    Topics of `refused` may not be subscribed to (MQTT 5).
    """

    def __init__(
        self,
        retained: dict[str, bytes],
        answers: Answers | None = None,
        accounts: dict[str, str] | None = None,
        *,
        strangers_see_nothing: bool = False,
    ) -> None:
        self.retained = retained
        self.strangers_see_nothing = strangers_see_nothing
        self.answers = answers or {}
        self.accounts = accounts or {}
        self.published: list[tuple[str, bytes]] = []
        self.queued: list[tuple[str, bytes]] = []
        self.refused: set[str] = set()
        self.ids: list[str] = []
        self._five: set[asyncio.StreamWriter] = set()
        self._clients: dict[asyncio.StreamWriter, list[str]] = {}

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        stranger = False
        try:
            while True:
                first, body = await read(reader)
                kind = first >> 4
                if kind == CONNECT and body[6] == 5:
                    self._five.add(writer)
                    self.ids.append(_client_id(body))
                    writer.write(packet(CONNACK, b"\0\0\0"))
                    self._clients[writer] = []
                    for topic, payload in self.queued:
                        writer.write(publish(topic, payload, retained=False, v5=True))
                elif kind == CONNECT and not self._admits(body):
                    writer.write(packet(CONNACK, bytes([0, REFUSED])))
                    return
                elif kind == CONNECT:
                    stranger = not body[7] & 0x80  # the flag that says that a user name follows
                    writer.write(packet(CONNACK, b"\0\0"))
                    self._clients[writer] = []
                elif kind == SUBSCRIBE:
                    self._subscribe(writer, body, blind=stranger and self.strangers_see_nothing)
                elif kind == UNSUBSCRIBE:
                    writer.write(packet(UNSUBACK, body[:2] + (b"\0\0" if writer in self._five else b"")))
                elif kind == PUBLISH:
                    size = int.from_bytes(body[:2], "big")
                    topic, at = body[2 : 2 + size].decode(), 2 + size
                    if first & 6:
                        writer.write(packet(PUBACK, body[at : at + 2]))
                        at += 2
                    self.say(topic, body[at + (writer in self._five) :])
                elif kind == PINGREQ:
                    writer.write(packet(PINGRESP, b""))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self._clients.pop(writer, None)
            self._five.discard(writer)
            writer.close()

    def drop(self) -> None:
        """Cut every connection."""
        for writer in self._clients:
            writer.transport.abort()

    def _admits(self, body: bytes) -> bool:
        """The user name and password after protocol name, level, flags, keep-alive, client id and will."""
        fields, at = [], 10
        while at < len(body):
            size = int.from_bytes(body[at : at + 2], "big")
            fields.append(body[at + 2 : at + 2 + size].decode())
            at += 2 + size
        before = 3 if body[7] & 4 else 1  # the client's id, and where the flag says so the topic and text of its will
        user, password = (*fields[before:], "", "")[:2]
        return not self.accounts or self.accounts.get(user) == password

    def _subscribe(self, writer: asyncio.StreamWriter, body: bytes, *, blind: bool) -> None:
        five = writer in self._five
        filters, at = [], 3 if five else 2
        while at < len(body):
            size = int.from_bytes(body[at : at + 2], "big")
            filters.append(body[at + 2 : at + 2 + size].decode())
            at += 3 + size
        granted = bytes(135 if one in self.refused else 0 for one in filters)
        writer.write(packet(SUBACK, body[:2] + (b"\0" if five else b"") + granted))
        if blind:
            return
        self._clients[writer] += filters
        for topic, payload in self.retained.items():
            if any(topic_matches_sub(one, topic) for one in filters):
                writer.write(publish(topic, payload, retained=True, v5=five))

    def say(self, topic: str, payload: bytes) -> None:
        self.published.append((topic, payload))
        messages = [(topic, payload)]
        if topic in self.answers:
            messages.append(self.answers[topic])
        for writer, filters in self._clients.items():
            for name, text in messages:
                if any(topic_matches_sub(one, name) for one in filters):
                    writer.write(publish(name, text, retained=False, v5=writer in self._five))


def _client_id(body: bytes) -> str:
    """Of a CONNECT packet of MQTT 5: behind protocol, level, flags, keep-alive and the properties."""
    at = 11 + body[10]
    size = int.from_bytes(body[at : at + 2], "big")
    return body[at + 2 : at + 2 + size].decode()


@asynccontextmanager
async def listening(handler: Handler, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """A server on loopback; gives its mqtt:// or mqtts:// address."""
    tasks: set[asyncio.Task[None]] = set()

    async def run(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await handler(reader, writer)
        except asyncio.CancelledError:
            writer.close()
        finally:
            tasks.discard(task)

    server = await asyncio.start_server(run, "127.0.0.1", 0, ssl=tls)
    try:
        yield f"{'mqtts' if tls else 'mqtt'}://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(60)


async def closing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.close()


async def speaking_http(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n" * 50)
    await asyncio.sleep(60)


async def admitting_then_silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await read(reader)
    writer.write(packet(CONNACK, b"\0\0"))
    await asyncio.sleep(60)


async def admitting_then_closing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await read(reader)
    writer.write(packet(CONNACK, b"\0\0"))
    await read(reader)
    writer.close()


async def flooding(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await read(reader)
    writer.write(packet(CONNACK, b"\0\0"))
    _kind, body = await read(reader)
    writer.write(packet(SUBACK, body[:2] + bytes(4)))
    for number in range(200):
        writer.write(publish(f"zigbee2mqtt/{number}", bytes(1024 * 1024), retained=False))
        await writer.drain()
    await asyncio.sleep(60)


async def sending_a_huge_message(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await read(reader)
    writer.write(packet(CONNACK, b"\0\0"))
    _kind, body = await read(reader)
    writer.write(packet(SUBACK, body[:2] + bytes(4)))
    writer.write(publish("zigbee2mqtt/bridge/info", bytes(9 * 1024 * 1024), retained=True))
    await asyncio.sleep(60)
