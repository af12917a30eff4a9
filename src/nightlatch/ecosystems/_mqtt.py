"""A bounded look at an MQTT broker: connect, listen, and say in one sentence why that failed."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from urllib.parse import urlsplit

import aiomqtt
import msgspec

from nightlatch.errors import ReadError, SourceError
from nightlatch.reading.files import MIB
from nightlatch.secrets import Secret
from nightlatch.tasks import heed_cancellation

ANSWER_SECONDS = 5.0
"""How long a broker may take to answer a connection or a subscription."""
MESSAGE_LIMIT = 8 * MIB
KEEP_LIMIT = 64 * MIB
_CLOSE_SECONDS = 0.5
_QUEUE = 2000
_REFUSALS = (134, 135)  # bad user name or password; not authorised (MQTT 5 codes, which aiomqtt uses throughout)

# What the libraries log of a broken peer is said by our own error; their lines would only disturb.
silent = logging.getLogger("nightlatch.mqtt")
silent.addHandler(logging.NullHandler())
silent.propagate = False


class Refused(SourceError):
    """The broker does not let this client in."""


class Broker(msgspec.Struct, frozen=True):
    """Where a broker listens, and whether it speaks TLS there."""

    host: str
    port: int
    tls: bool

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'mqtts' if self.tls else 'mqtt'}://{host}:{self.port}"


def parse(url: str) -> Broker:
    """The broker at `mqtt://host[:1883]` or `mqtts://host[:8883]`. ValueError, without the URL's text, if unusable."""
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").encode("idna").decode(), parts.port
    except ValueError:
        host, port = "", None
    else:
        if parts.username is not None or parts.password is not None:
            raise ValueError('the url may not hold a user or password: set "username" and "password"')
    if not host or parts.scheme not in ("mqtt", "mqtts"):
        raise ValueError('the url must look like "mqtt://192.168.1.5:1883" or "mqtts://broker.lan:8883"')
    tls = parts.scheme == "mqtts"
    return Broker(host, port or (8883 if tls else 1883), tls)


class Heard(msgspec.Struct, frozen=True):
    """One message; a retained one may be of any age."""

    payload: bytes
    retained: bool


class Inbox:
    """The newest message of each topic, within bounds."""

    def __init__(self, client: aiomqtt.Client, broker: Broker) -> None:
        self._client = client
        self.broker = broker
        self._kept = 0
        self.newest: dict[str, Heard] = {}

    async def subscribe(self, *topics: str) -> None:
        """Listen to topics; ReadError or SourceError when the broker fails. A refused topic stays silent."""
        with explained(self.broker):
            await self._client.subscribe([(topic, 0) for topic in topics], timeout=ANSWER_SECONDS)

    async def ask(self, topic: str, payload: bytes) -> None:
        """Publish a question; used for reads only."""
        with explained(self.broker):
            await self._client.publish(topic, payload, qos=0, timeout=ANSWER_SECONDS)

    async def until(self, done: Callable[[], bool], seconds: float) -> bool:
        """Listen until `done()` or until the time is up; whether it was done."""
        with explained(self.broker):
            try:
                async with asyncio.timeout(seconds):
                    while not done():
                        self._keep(await anext(aiter(self._client.messages)))
            except TimeoutError:
                return False
        return True

    def _keep(self, message: aiomqtt.Message) -> None:
        topic = message.topic.value
        payload = message.payload if isinstance(message.payload, bytes | bytearray) else b""
        if len(payload) > MESSAGE_LIMIT:
            raise ReadError(f"sent a message of more than {MESSAGE_LIMIT // MIB} MiB", where=str(self.broker))
        self._kept += len(payload)
        if self._kept > KEEP_LIMIT:
            raise ReadError(f"sent more than {KEEP_LIMIT // MIB} MiB", where=str(self.broker))
        self.newest[topic] = Heard(bytes(payload), bool(message.retain))


@contextlib.asynccontextmanager
async def connect(broker: Broker, username: str | None = None, password: Secret | None = None) -> AsyncIterator[Inbox]:
    """A connection to a broker. Refused, or another SourceError, when there can be none."""
    client = aiomqtt.Client(
        broker.host,
        broker.port,
        username=username,
        password=password.reveal() if password is not None else None,
        tls_context=ssl.create_default_context() if broker.tls else None,
        timeout=ANSWER_SECONDS,
        logger=silent,
        max_queued_incoming_messages=_QUEUE,
    )
    try:
        with explained(broker):
            await client.__aenter__()
        yield Inbox(client, broker)
    finally:
        await leave(client)


async def leave(client: aiomqtt.Client) -> None:
    """Say goodbye, which a broken peer never confirms; also after a failed entry, which leaves the socket open."""
    with _heeded(), contextlib.suppress(aiomqtt.MqttError, TimeoutError):
        async with asyncio.timeout(_CLOSE_SECONDS):
            await client.__aexit__(None, None, None)


@contextlib.contextmanager
def explained(broker: Broker) -> Iterator[None]:
    """What the client library raises in this block, as the SourceError that says it to people."""
    try:
        with _heeded():
            yield
    except aiomqtt.MqttCodeError as error:
        code = getattr(error.rc, "value", error.rc)
        if code in _REFUSALS:
            raise Refused(
                "the broker does not accept this user name and password",
                where=str(broker),
                todo='Set "username" and "password" of an account of the broker.',
            ) from None
        raise SourceError(f"the broker ended the connection ({error})", where=str(broker)) from None
    except aiomqtt.MqttError as error:
        raise _failure(str(error), broker) from None


@contextlib.contextmanager
def _heeded() -> Iterator[None]:
    """However this block ends: a cancellation that the client library lost meanwhile is found again."""
    try:
        yield
    finally:
        heed_cancellation()


def _failure(text: str, broker: Broker) -> SourceError:
    """The library gives only texts: those of the operating system, of OpenSSL, and its own."""
    where = str(broker)
    if "timed out" in text:
        return SourceError(
            f"no MQTT broker answered within {ANSWER_SECONDS:g} s",
            where=where,
            todo="Check the address and port, and that a broker listens there"
            + (" with TLS (mqtts)." if broker.tls else " without TLS (mqtt)."),
        )
    if "CERTIFICATE_VERIFY_FAILED" in text:
        return SourceError(
            "the broker's certificate is not trusted on this machine",
            where=where,
            todo="Add the authority that signed it to the system's trust store, or set SSL_CERT_FILE.",
        )
    if "SSL" in text:
        return SourceError("the broker does not speak TLS properly", where=where, todo="Is it a TLS port?")
    if "Disconnected" in text:
        return SourceError("the broker ended the connection", where=where)
    reason = text.partition("] ")[2] or text
    return SourceError(
        f"the broker cannot be reached: {reason}", where=where, todo="Check the address and that it runs."
    )
