"""Keeps Home Assistant's picture of Nightlatch up to date at an MQTT broker, for as long as both run."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import ssl
from collections.abc import AsyncIterator, Callable

import aiomqtt
import msgspec

from nightlatch import __version__
from nightlatch.ecosystems import _mqtt
from nightlatch.ecosystems._mqtt import Broker
from nightlatch.errors import NightlatchError
from nightlatch.guard.backoff import Backoff
from nightlatch.guard.entities.showing import OFFLINE, ONLINE, Names, Picture, render
from nightlatch.secrets import Secret
from nightlatch.tasks import end, heed_cancellation

log = logging.getLogger(__name__)

BACKOFF = Backoff()
KEEPALIVE_S = 10
"""How often a silent broker is pinged; one that is gone without a word is found out within twice that."""
FORMER_S = 1.0
"""How long the broker is listened to for entities of doors that are no more."""
FORMER_MOST = 20_000
"""Messages of that kind that are looked at."""
_GOODBYE_S = 1.0


class Account(msgspec.Struct, frozen=True):
    """Where the broker is and how it lets us in."""

    broker: Broker
    username: str | None = None
    password: Secret | None = None


class Publisher:
    """Publishes the newest picture; what changes while the broker is away is not queued, only the newest counts."""

    def __init__(
        self,
        account: Account,
        names: Names,
        *,
        backoff: Backoff = BACKOFF,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._account = account
        self._names = names
        self._backoff = backoff
        self._chance = chance
        self._picture = Picture()
        self._changed = asyncio.Event()
        self.error = "not connected yet"
        """Why nothing is shown now; nothing while it is."""

    def show(self, picture: Picture) -> None:
        """Show this from now on."""
        if picture != self._picture:
            self._picture = picture
            self._changed.set()

    async def run(self) -> None:
        """Publish until cancelled; then say that Nightlatch is gone. No failure of the broker ends it."""
        loop = asyncio.get_running_loop()
        attempt = 0
        while True:
            since = loop.time()
            try:
                async with self._connected() as client:
                    await self._publish(client)
            except NightlatchError as error:
                if str(error) != self.error:
                    log.warning("Home Assistant shows nothing of Nightlatch: %s", error)
                self.error = str(error)
            heed_cancellation()
            attempt = 0 if loop.time() - since >= self._backoff.steady_s else attempt
            await asyncio.sleep(self._backoff.wait(attempt, self._chance()))
            attempt += 1

    @contextlib.asynccontextmanager
    async def _connected(self) -> AsyncIterator[aiomqtt.Client]:
        account, broker = self._account, self._account.broker
        client = aiomqtt.Client(
            broker.host,
            broker.port,
            username=account.username,
            password=account.password.reveal() if account.password is not None else None,
            tls_context=ssl.create_default_context() if broker.tls else None,
            timeout=_mqtt.ANSWER_SECONDS,
            logger=_mqtt.silent,
            keepalive=KEEPALIVE_S,
            # The broker says it for us when we are gone without a word.
            will=aiomqtt.Will(self._names.availability, OFFLINE, qos=1, retain=True),
            max_queued_incoming_messages=FORMER_MOST,
        )
        try:
            with _mqtt.explained(broker):
                await client.__aenter__()
            yield client
        finally:
            # A goodbye keeps the broker from sending the will, so it is said before; a broken peer takes neither.
            with contextlib.suppress(aiomqtt.MqttError, TimeoutError):
                async with asyncio.timeout(_GOODBYE_S):
                    await client.publish(self._names.availability, OFFLINE, qos=1, retain=True)
            with contextlib.suppress(aiomqtt.MqttError, TimeoutError):
                async with asyncio.timeout(_GOODBYE_S):
                    await client.__aexit__(None, None, None)

    async def _publish(self, client: aiomqtt.Client) -> None:
        """Publish what changes, until the connection ends."""
        heed_cancellation()
        # Whatever is retained of us is of unknown content, so that each of it is published anew or removed.
        shown: dict[str, bytes | None] = dict.fromkeys(await self._former(client))
        ended = asyncio.create_task(self._ended(client))
        try:
            while True:
                self._changed.clear()
                wanted = render(self._picture, self._names, __version__)
                gone = dict.fromkeys(shown.keys() - wanted.keys(), b"")
                for topic, payload in {**wanted, **gone}.items():
                    if shown.get(topic) != payload:
                        await self._send(client, topic, payload)
                shown = {**wanted}
                if self.error:
                    await self._send(client, self._names.availability, ONLINE)
                    self.error = ""
                    log.info("Home Assistant is shown Nightlatch's entities by %s", self._account.broker)
                changed = asyncio.create_task(self._changed.wait())
                try:
                    await asyncio.wait((changed, ended), return_when=asyncio.FIRST_COMPLETED)
                finally:
                    changed.cancel()
                if ended.done():
                    ended.result()
        finally:
            await end(ended)

    async def _former(self, client: aiomqtt.Client) -> set[str]:
        """Topics that the broker still retains of us, from an earlier run: doors may have gone since."""
        filters = (self._names.configurations, self._names.states)
        found: set[str] = set()
        with _mqtt.explained(self._account.broker):
            await client.subscribe([(each, 1) for each in filters], timeout=_mqtt.ANSWER_SECONDS)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(FORMER_S):
                    async for message in client.messages:
                        if len(found) >= FORMER_MOST:
                            break
                        if message.payload:
                            found.add(message.topic.value)
            await client.unsubscribe(list(filters), timeout=_mqtt.ANSWER_SECONDS)
        return found

    async def _send(self, client: aiomqtt.Client, topic: str, payload: bytes) -> None:
        with _mqtt.explained(self._account.broker):
            await client.publish(topic, payload, qos=1, retain=True, timeout=_mqtt.ANSWER_SECONDS)
        heed_cancellation()

    async def _ended(self, client: aiomqtt.Client) -> None:
        """Ends with the connection, and says why."""
        with _mqtt.explained(self._account.broker):
            async for _ in client.messages:
                pass
