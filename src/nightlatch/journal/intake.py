"""The way into the journal while Nightlatch runs: groups of events, one durable transaction each."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from types import TracebackType
from typing import Self

from nightlatch.errors import JournalError
from nightlatch.journal.journal import Journal
from nightlatch.model.event import Event

PATIENT: frozenset[str] = frozenset({"battery", "online", "connected", "delivery", "audited", "verified", "retained"})
"""Kinds that may wait for others to be written with; every other is written at once."""
PATIENCE_S = 0.1
MOST_WAITING = 20_000
"""Events in memory that are not on disk yet; who brings more waits."""
MOST_AT_ONCE = 1_024
"""Events of one transaction: bounds how long the next one waits."""
FIRST_RETRY_S = 0.1
LAST_RETRY_S = 5.0

Committed = Callable[[Sequence[tuple[int, Event]]], None]
"""Told (index, event) of what is on disk now, in the order of the log, each once. Must not raise or block."""
Trouble = Callable[[JournalError | None], None]
"""Told when the journal cannot be written, and None when it can again; and when another hand changed it."""


_Waiting = tuple[Event, asyncio.Future[int]]


class Intake:
    """`async with Intake(journal, committed, trouble) as intake: await intake.put(event)`.

    While the disk is full or fails, events stay in memory and are tried again; nothing that was
    acknowledged is lost, and when memory's share is full, whoever brings events waits.
    """

    def __init__(
        self,
        journal: Journal,
        committed: Committed = lambda _: None,
        trouble: Trouble = lambda _: None,
        *,
        most_waiting: int = MOST_WAITING,
        close_s: float = 1.5,
    ) -> None:
        self._journal = journal
        self._committed, self._trouble = committed, trouble
        self._most, self._close_s = most_waiting, close_s
        self._waiting: deque[_Waiting] = deque()
        self._some, self._now, self._room, self._closing = (asyncio.Event() for _ in range(4))
        self._room.set()
        self._thread = ThreadPoolExecutor(1, "journal")
        self._task: asyncio.Task[None] | None = None
        self._told = False
        self.left: list[Event] = []
        """What could not be written before it was closed."""

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run(), name="journal intake")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    @property
    def waiting(self) -> int:
        """Events in memory that are not on disk yet."""
        return len(self._waiting)

    async def put(self, event: Event) -> int:
        """The event's index in the log; returns once it is on disk."""
        return await (await self.accept(event))

    async def accept(self, event: Event) -> asyncio.Future[int]:
        """Queue an event, waiting only for room; the future ends with its index once it is on disk."""
        while len(self._waiting) >= self._most and not self._closing.is_set():
            self._room.clear()
            await self._room.wait()
        if self._closing.is_set() or self._task is None or self._task.done():
            raise JournalError("the journal's intake is closed", where=self._journal.where)
        future: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._waiting.append((event, future))
        self._some.set()
        if event.kind not in PATIENT:
            self._now.set()
        return future

    async def close(self) -> None:
        """Write what waits, for at most `close_s`; what could not be written ends in its caller's JournalError."""
        self._closing.set()
        for one in (self._some, self._now, self._room):
            one.set()
        if self._task is not None:
            _, late = await asyncio.wait([self._task], timeout=self._close_s)
            for task in late:
                task.cancel()
            await asyncio.wait([self._task])
        self._thread.shutdown(wait=True)
        self.left = [event for event, _ in self._waiting]
        for _, future in self._waiting:
            self._end(future, JournalError("was closed before this was surely written", where=self._journal.where))
        self._waiting.clear()
        if self._task is not None and not self._task.cancelled():
            self._task.result()

    async def _run(self) -> None:
        while True:
            await self._some.wait()
            if not self._waiting:
                if self._closing.is_set():
                    return
                self._some.clear()
                continue
            if not self._now.is_set() and len(self._waiting) < MOST_AT_ONCE:
                with suppress(TimeoutError):
                    async with asyncio.timeout(PATIENCE_S):
                        await self._now.wait()
            self._now.clear()
            group = [self._waiting[k] for k in range(min(len(self._waiting), MOST_AT_ONCE))]
            await self._write(group)
            if len(self._waiting) > 0 and len(group) == MOST_AT_ONCE:
                self._now.set()

    async def _write(self, group: Sequence[_Waiting]) -> None:
        """Write the group, however often that takes, then take it out of the queue."""
        loop = asyncio.get_running_loop()
        retry, failed = FIRST_RETRY_S, False
        while True:
            try:
                indices = await loop.run_in_executor(self._thread, self._journal.append, [event for event, _ in group])
                break
            except JournalError as error:
                if not failed:
                    self._trouble(error)
                failed = True
                await asyncio.sleep(retry)
                retry = min(2 * retry, LAST_RETRY_S)
            except (OverflowError, TypeError, ValueError) as error:
                if len(group) > 1:  # one of them cannot be written at all: find it
                    for one in group:
                        await self._write([one])
                    return
                self._waiting.popleft()
                self._end(group[0][1], JournalError(f"an event can never be written ({error})"))
                return
        if failed:
            self._trouble(None)
        if self._journal.changed is not None and not self._told:
            self._told = True
            self._trouble(self._journal.changed)
        for _ in group:
            self._waiting.popleft()
        self._room.set()
        self._committed([(index, event) for index, (event, _) in zip(indices, group, strict=True)])
        for index, (_, future) in zip(indices, group, strict=True):
            if not future.done():
                future.set_result(index)

    @staticmethod
    def _end(future: asyncio.Future[int], error: JournalError) -> None:
        """End it with an error, which counts as told even when nobody waits for it any more."""
        if not future.done():
            future.set_exception(error)
            future.exception()
