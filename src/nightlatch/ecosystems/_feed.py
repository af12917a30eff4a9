"""What a link heard and nobody has taken yet: bounded, in order, and ended by what ended the connection."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterator, Sequence

from nightlatch.ecosystems.interface import Heard
from nightlatch.errors import NightlatchError, SourceError
from nightlatch.model.event import Event, State

MOST = 10_000
"""How many may wait. Whoever takes that few of them has lost the thread: the link ends, which makes a gap."""


def opening(states: Sequence[State], late: Sequence[Event]) -> Iterator[Heard]:
    """What a link tells first: the states, and the events that were heard before these were known.

    Such events lead from a state that nobody knows to the present one. Of their locks, an empty state comes first
    and the present one behind them, so that no difference between states is taken for an event of its own.
    """
    about = {event.about for event in late}
    for state in states:
        yield State(state.about, security=state.security) if state.about in about else state
    yield from late
    for state in states:
        if state.about in about:
            yield state


class Feed:
    """Filled by the link's own task, taken by one other."""

    def __init__(self, where: str) -> None:
        self._where = where
        self._waiting: deque[Heard] = deque()
        self._news = asyncio.Event()
        self.error: NightlatchError | None = None
        """What ended the connection; None while it lasts."""

    def put(self, *heard: Heard) -> None:
        """Add what was heard; once the connection has ended, nothing is."""
        if self.error is not None:
            return
        self._waiting += heard
        if len(self._waiting) > MOST:
            self.fail(SourceError(f"more than {MOST} events wait to be taken", where=self._where))
        self._news.set()

    def fail(self, error: NightlatchError) -> None:
        """The connection has ended. The first reason counts."""
        if self.error is None:
            self.error = error
        self._news.set()

    async def take(self) -> AsyncIterator[Heard]:
        """Everything, as it comes; at the end what was left, then the error."""
        while True:
            while self._waiting:
                yield self._waiting.popleft()
            if self.error is not None:
                raise self.error
            self._news.clear()
            await self._news.wait()
