"""Questions and events over one open WebSocket: many questions at a time, and what the peer says unasked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from nightlatch.ecosystems._websocket import MAX_MESSAGE, Peer, Silent
from nightlatch.ecosystems.interface import Heard
from nightlatch.errors import NightlatchError, ReadError, SourceError
from nightlatch.model.event import micros

M = TypeVar("M")

HEARTBEAT_S = 15.0
"""After so many seconds without a word the peer is pinged; `_websocket.connect` takes it."""
UNASKED_LIMIT = 1024 * 1024
"""Bytes of a message that comes while no answer is awaited: events are small, only answers are long."""
QUEUE = 2000
"""What was heard and not yet read. When it is full nothing more is read from the peer."""
STRANGE = 100
"""Messages in a row that make no sense before the peer counts as something else."""


def now() -> int:
    """The wall clock, µs since 1970: when a message arrived."""
    return micros(datetime.now(UTC))


class Calls(Generic[M]):
    """An open WebSocket that is read all the time.

    Each message is decoded as `message`. `key` gives the key of the question that it answers, or None. What
    is no answer goes to `take` with the instant at which it came; what that returns is heard, in order.
    """

    def __init__(
        self,
        peer: Peer,
        message: type[M],
        *,
        key: Callable[[M], int | str | None],
        take: Callable[[M, int], Iterable[Heard]],
        clock: Callable[[], int] = now,
    ) -> None:
        self.peer = peer
        self.clock = clock
        self._message = message
        self._key = key
        self._take = take
        self._waiting: dict[int | str, asyncio.Future[M]] = {}
        self._heard: asyncio.Queue[Heard] = asyncio.Queue(QUEUE)
        self._reader: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[None]:
        """Reads from the peer for as long as this is open."""
        self._reader = asyncio.create_task(self._read())
        try:
            yield
        finally:
            self._reader.cancel()
            with suppress(asyncio.CancelledError, NightlatchError):
                await self._reader

    async def ask(self, key: int | str, message: Mapping[str, Any], seconds: float) -> M:
        """The answer to a message whose key is `key`. Silent when none comes in time, SourceError when it broke."""
        self._check()
        future: asyncio.Future[M] = asyncio.get_running_loop().create_future()
        self._waiting[key] = future
        try:
            async with asyncio.timeout(seconds):
                await self.peer.send(message)
                return await future
        except TimeoutError:
            raise Silent(
                f"the {self.peer.name} did not answer within {seconds:g} s",
                where=self.peer.where,
                todo="Is it overloaded?",
            ) from None
        finally:
            del self._waiting[key]

    async def next(self, seconds: float | None = None) -> Heard | None:
        """What was heard next; None when nothing was within so many seconds. Raises what ended the connection."""
        if self._heard.empty() and self._reader is not None:
            getting = asyncio.ensure_future(self._heard.get())
            try:
                await asyncio.wait((getting, self._reader), timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            finally:
                if not getting.done():
                    getting.cancel()
            if getting.done() and not getting.cancelled():
                return getting.result()
            self._check()
            return None
        return self._heard.get_nowait()

    def _check(self) -> None:
        """Raise what ended the connection, if it has ended."""
        if self._reader is not None and self._reader.done():
            self._reader.result()

    async def _read(self) -> None:
        strange = 0
        try:
            while True:
                try:
                    limit = MAX_MESSAGE if self._waiting else UNASKED_LIMIT
                    message: M = await self.peer.receive(self._message, None, limit)
                except ReadError:
                    strange += 1
                    if strange > STRANGE:
                        raise
                    continue
                strange = 0
                key = self._key(message)
                if key is None:
                    for heard in self._take(message, self.clock()):
                        await self._heard.put(heard)
                elif (future := self._waiting.get(key)) is not None and not future.done():
                    future.set_result(message)
        except NightlatchError as error:
            for future in self._waiting.values():
                if not future.done():
                    future.set_exception(SourceError(error.what, where=error.where, todo=error.todo))
            raise
