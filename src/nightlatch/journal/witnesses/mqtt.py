"""A witness that is a retained message on an MQTT broker: it holds the newest checkpoint."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import ssl
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import aiomqtt

from nightlatch.errors import ReadError, SourceError
from nightlatch.journal import notes
from nightlatch.journal.journal import Journal
from nightlatch.journal.witnesses.interface import Published, Settings, Witness, agree
from nightlatch.secrets import Secret
from nightlatch.tasks import heed_cancellation

ANSWER_S = 5.0
"""How long the broker may take to answer."""
RETAINED_S = 1.5
"""For how long a retained message is waited for: a broker sends it with the answer to the subscription."""
CLOSE_S = 0.5
PORTS = {"mqtt": 1883, "mqtts": 8883}

# What the library logs of a broken peer is said by our own error.
_silent = logging.getLogger("nightlatch.journal.mqtt")
_silent.addHandler(logging.NullHandler())
_silent.propagate = False


class MqttSettings(Settings, frozen=True):
    """`url` as mqtt://host:1883 or mqtts://host:8883; `topic` is named after the journal unless set."""

    url: str
    username: str | None = None
    password: Secret | None = None
    topic: str = ""


class Mqtt(Witness, kind="mqtt"):
    """Publishes a retained message. Who can write to the topic can replace it: let the broker's rules forbid that."""

    Settings = MqttSettings
    settings: MqttSettings

    def __init__(self, settings: MqttSettings, id_: str) -> None:
        super().__init__(settings, id_)
        try:
            parts = urlsplit(settings.url)
            host, port = parts.hostname or "", parts.port
        except ValueError:
            raise ValueError("url cannot be read") from None
        if parts.username is not None or parts.password is not None:
            raise ValueError('url may not hold a user or password: set "username" and "password"')
        if not host or parts.scheme not in PORTS:
            raise ValueError('url must look like "mqtt://192.168.1.5:1883" or "mqtts://broker.lan:8883"')
        if set(settings.topic) & set("+#\0"):
            raise ValueError("topic may not hold + or #")
        self._host, self._port, self._tls = host, port or PORTS[parts.scheme], parts.scheme == "mqtts"

    @property
    def where(self) -> str:
        """The broker's address."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"{'mqtts' if self._tls else 'mqtt'}://{host}:{self._port}"

    async def compare(self, journal: Journal, *, every: bool = False) -> int:  # noqa: ARG002  # it holds only one
        """Compare the retained checkpoint."""
        async with self._connected() as client:
            held = await self._held(client, self._topic(journal))
        return agree(journal, held, self.where).size if held else 0

    async def publish(self, journal: Journal) -> Published:
        """Replace the retained checkpoint, and see that the broker keeps the new one."""
        topic = self._topic(journal)
        async with self._connected() as client:
            held = await self._held(client, topic)
            if held:
                agree(journal, held, self.where)
            note = journal.checkpoint()
            if held != note:
                await client.publish(topic, note.encode(), qos=1, retain=True, timeout=ANSWER_S)
                # Brokers acknowledge what their rules forbid: only reading it back shows that it is kept. Who
                # subscribes again is sent what is retained again (MQTT 3.1.1, 3.8.4).
                if await self._held(client, topic) != note:
                    raise SourceError(
                        "took the checkpoint and does not keep it",
                        where=self.where,
                        todo=f"Let this user write and read {topic} in the broker's rules.",
                    )
        return Published(notes.parse(note).size, note)

    def _topic(self, journal: Journal) -> str:
        return self.settings.topic or f"{journal.verifiers[0].name.replace('#', '')}/checkpoint"

    async def _held(self, client: aiomqtt.Client, topic: str) -> str:
        await client.subscribe(topic, qos=1, timeout=ANSWER_S)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(RETAINED_S):
                async for message in client.messages:
                    if message.retain:
                        return self._text(message.payload)
        return ""

    def _text(self, payload: object) -> str:
        data = payload if isinstance(payload, bytes | bytearray) else b""
        if len(data) > notes.LARGEST:
            raise ReadError(f"holds a message of more than {notes.LARGEST} bytes", where=self.where)
        try:
            return data.decode()
        except UnicodeDecodeError:
            raise ReadError("holds a message that is no text", where=self.where) from None

    @contextlib.asynccontextmanager
    async def _connected(self) -> AsyncIterator[aiomqtt.Client]:
        password = self.settings.password
        client = aiomqtt.Client(
            self._host,
            self._port,
            username=self.settings.username,
            password=password.reveal() if password is not None else None,
            tls_context=ssl.create_default_context() if self._tls else None,
            timeout=ANSWER_S,
            logger=_silent,
            max_queued_incoming_messages=100,
        )
        try:
            await client.__aenter__()
            yield client
        except aiomqtt.MqttError as error:
            reason = str(error).partition("] ")[2] or str(error)
            raise SourceError(
                f"the broker cannot be used: {reason}",
                where=self.where,
                todo='Check its address, that it runs, and "username" and "password".',
            ) from None
        finally:
            # Also after a failed entry, which leaves the socket open.
            with contextlib.suppress(aiomqtt.MqttError, TimeoutError):
                async with asyncio.timeout(CLOSE_S):
                    await client.__aexit__(None, None, None)
            heed_cancellation()
