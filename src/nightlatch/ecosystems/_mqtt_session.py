"""A lasting conversation with an MQTT broker, which keeps for us what comes while we are away.

MQTT 5 (OASIS standard of 2019): the session outlives the connection (clean start off, session expiry), so that
messages of quality of service 1 wait at the broker; and the broker is told which messages are too large for us.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from hashlib import blake2b
from typing import cast

import aiomqtt
import msgspec
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from nightlatch.ecosystems import _mqtt
from nightlatch.ecosystems._mqtt import MESSAGE_LIMIT, Broker, silent
from nightlatch.errors import SourceError
from nightlatch.reading.files import MIB
from nightlatch.secrets import Secret

KEEPALIVE_SECONDS = 10
"""How often a silent broker is pinged; one that is gone without a word is found out within twice that."""
AWAY_SECONDS = 7 * 24 * 3600
"""How long the broker keeps our session while we are away."""
_OVERHEAD = 64 * 1024
"""A topic's longest name: what a message has beside its payload."""

MOST_WAITING = 20_000
"""Messages that came and were not taken yet; a peer that sends more at once is cut off."""


class Arrival(msgspec.Struct, frozen=True):
    """One message; a retained one may be of any age."""

    topic: str
    payload: bytes
    retained: bool
    at: int
    """When it came, µs since 1970."""


def client_id(*parts: str) -> str:
    """A name that stays the same over restarts of one installation, and differs from any other's; 23 characters."""
    digest = blake2b("/".join((socket.gethostname(), *parts)).encode(), digest_size=6)
    return f"nightlatch-{digest.hexdigest()}"


class _Inlet(asyncio.Queue[aiomqtt.Message]):
    """Takes messages as they come: waiting at a queue costs the client library a task for each message."""

    def __init__(self, clock: Callable[[], int]) -> None:
        super().__init__()
        self.waiting: list[Arrival] = []
        self.news = asyncio.Event()
        self._clock = clock

    def put_nowait(self, item: aiomqtt.Message) -> None:
        """Called by the client library; `get` never gives anything."""
        if len(self.waiting) < MOST_WAITING:
            payload = item.payload if isinstance(item.payload, bytes | bytearray) else b""
            self.waiting.append(Arrival(item.topic.value, bytes(payload), bool(item.retain), self._clock()))
        self.news.set()


class Session:
    """An open connection with a session that lasts."""

    def __init__(
        self, client: aiomqtt.Client, broker: Broker, inlet: _Inlet, ending: asyncio.Future[aiomqtt.Message]
    ) -> None:
        self.broker = broker
        self._client = client
        self._inlet = inlet
        self._ending = ending

    async def arrivals(self) -> list[Arrival]:
        """The messages that have come since the last call, at least one. SourceError when they are too much."""
        await self._inlet.news.wait()
        self._inlet.news.clear()
        arrived, self._inlet.waiting = self._inlet.waiting, []
        if len(arrived) >= MOST_WAITING:
            raise SourceError(f"sent {MOST_WAITING} messages at once", where=str(self.broker))
        if any(len(one.payload) > MESSAGE_LIMIT for one in arrived):
            raise SourceError(f"sent a message of more than {MESSAGE_LIMIT // MIB} MiB", where=str(self.broker))
        return arrived

    async def subscribe(self, *topics: str, qos: int = 1) -> None:
        """Listen to topics; the broker sends what it retains of each. SourceError when it refuses one."""
        with _mqtt.explained(self.broker):
            wanted = [(topic, SubscribeOptions(qos=qos)) for topic in topics]
            granted = await self._client.subscribe(wanted, timeout=_mqtt.ANSWER_SECONDS)
        for topic, reason in zip(topics, granted, strict=False):
            if isinstance(reason, ReasonCode) and reason.is_failure:
                raise SourceError(
                    f"the broker does not let this account read {topic}",
                    where=str(self.broker),
                    todo="Give the account that right in the broker's access list.",
                )

    async def unsubscribe(self, *topics: str) -> None:
        """Listen to topics no longer."""
        with _mqtt.explained(self.broker):
            await self._client.unsubscribe(list(topics), timeout=_mqtt.ANSWER_SECONDS)

    async def publish(self, topic: str, payload: bytes) -> None:
        """Hand a message to the broker. That it took it says nothing of who reads it."""
        with _mqtt.explained(self.broker):
            await self._client.publish(topic, payload, qos=1, timeout=_mqtt.ANSWER_SECONDS)

    async def ended(self) -> None:
        """Wait for the end of the connection, and raise the SourceError that says why."""
        with _mqtt.explained(self.broker):
            await asyncio.shield(self._ending)


@contextlib.asynccontextmanager
async def open_session(
    broker: Broker, username: str | None, password: Secret | None, identifier: str, clock: Callable[[], int]
) -> AsyncIterator[Session]:
    """A session at a broker, or the SourceError that says why there is none."""
    inlet = _Inlet(clock)
    lasting = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # the library's, which has no types here
    lasting.SessionExpiryInterval = AWAY_SECONDS
    lasting.MaximumPacketSize = MESSAGE_LIMIT + _OVERHEAD
    client = aiomqtt.Client(
        broker.host,
        broker.port,
        username=username,
        password=password.reveal() if password is not None else None,
        tls_context=ssl.create_default_context() if broker.tls else None,
        timeout=_mqtt.ANSWER_SECONDS,
        logger=silent,
        protocol=aiomqtt.ProtocolVersion.V5,
        identifier=identifier,
        clean_start=False,
        properties=lasting,
        keepalive=KEEPALIVE_SECONDS,
        queue_type=cast("type[asyncio.Queue[aiomqtt.Message]]", lambda **_: inlet),
    )
    try:
        with _mqtt.explained(broker):
            await client.__aenter__()
        # Messages go another way, so the only thing that ever comes here is the end. Somebody always waits for it:
        # the event loop complains of an end that nobody asked for.
        ending = asyncio.ensure_future(anext(aiter(client.messages)))
        await asyncio.sleep(0)
        try:
            yield Session(client, broker, inlet, ending)
        finally:
            ending.cancel()
            await asyncio.gather(ending, return_exceptions=True)
    finally:
        await _mqtt.leave(client)
