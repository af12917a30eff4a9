"""Questions and events over one open WebSocket: many questions at a time, and what the peer says unasked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Generic, TypeVar

from nightlatch.ecosystems._feed import Feed
from nightlatch.ecosystems._websocket import Peer, Silent
from nightlatch.ecosystems.interface import Heard
from nightlatch.errors import NightlatchError, ReadError, SourceError
from nightlatch.reading import structured
from nightlatch.tasks import end

M = TypeVar("M")

HEARTBEAT_S = 15.0
"""After so many seconds without a word the peer is pinged; `_websocket.connect` takes it."""
UNASKED_LIMIT = 1024 * 1024
"""Bytes of a message that comes while no answer is awaited: events are small, only answers are long."""
STRANGE = 100
"""Messages in a row that make no sense before the peer counts as something else."""


class Calls(Generic[M]):
    """An open WebSocket that is read all the time.

    Each message is decoded as `message`. `key` gives the key of the question that it answers, or None. What
    is no answer goes to `take` with the instant at which it came by `clock` (µs since 1970); what that returns is
    put into `feed`, which ends with the connection.
    """

    def __init__(
        self,
        peer: Peer,
        message: type[M],
        *,
        key: Callable[[M], int | str | None],
        take: Callable[[M, int], Iterable[Heard]],
        clock: Callable[[], int],
    ) -> None:
        self.feed = Feed(peer.where)
        self._peer = peer
        self._clock = clock
        self._message = message
        self._key = key
        self._take = take
        self._waiting: dict[int | str, asyncio.Future[M]] = {}
        self._ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[None]:
        """Reads from the peer for as long as this is open."""
        reader = asyncio.create_task(self._read())
        try:
            yield
        finally:
            await end(reader)
            if not reader.cancelled():
                reader.result()  # a defect, which is told as one

    async def ask(self, key: int | str, message: Mapping[str, Any], seconds: float) -> M:
        """The answer to a message whose key is `key`. Silent when none comes in time, else what ended it."""
        self.check()
        future: asyncio.Future[M] = asyncio.get_running_loop().create_future()
        self._waiting[key] = future
        try:
            async with asyncio.timeout(seconds):
                await self._peer.send(message)
                await asyncio.wait((future, self._ended), return_when=asyncio.FIRST_COMPLETED)
        except TimeoutError:
            raise Silent(
                f"the {self._peer.name} did not answer within {seconds:g} s",
                where=self._peer.where,
                todo="Is it overloaded?",
            ) from None
        finally:
            self._waiting.pop(key, None)
        if not future.done():
            self.check()
        return future.result()

    async def until(self, done: asyncio.Future[Any], seconds: float) -> bool:
        """Wait for something, but no longer than the connection lasts; whether it was done."""
        await asyncio.wait((done, self._ended), timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        return done.done()

    def check(self) -> None:
        """Raise what ended the connection, if it has ended."""
        if self.feed.error is not None:
            raise self.feed.error

    async def _read(self) -> None:
        error: NightlatchError = SourceError(f"the {self._peer.name} is read no longer", where=self._peer.where)
        try:
            await self._read_on()
        except NightlatchError as said:
            error = said
        finally:
            self.feed.fail(error)
            self._ended.set_result(None)

    async def _read_on(self) -> None:
        strange = 0
        while self.feed.error is None:
            text = await self._peer.text()
            if len(text) > UNASKED_LIMIT and not self._waiting:
                self._peer.fail(f"sent {len(text)} bytes unasked", f"Is this the address of a {self._peer.name}?")
            try:
                message: M = structured.json(text, self._message, where=self._peer.where)
            except ReadError:
                strange += 1
                if strange > STRANGE:
                    raise
                continue
            strange = 0
            key = self._key(message)
            if key is None:
                self.feed.put(*self._take(message, self._clock()))
            elif (future := self._waiting.pop(key, None)) is not None and not future.done():
                future.set_result(message)
        raise self.feed.error
