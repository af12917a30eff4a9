"""Opens a live plug and holds on to what it hears."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

from nightlatch.ecosystems.interface import Heard, Link, Live
from nightlatch.errors import NightlatchError
from nightlatch.model.event import Event, State


class Ear:
    """What a link told, in order; `error` is what ended it."""

    def __init__(self, link: Link) -> None:
        self.link = link
        self.all: list[Heard] = []
        self.error: NightlatchError | None = None
        self._news = asyncio.Event()
        self.task = asyncio.create_task(self._listen())

    @property
    def events(self) -> list[Event]:
        return [one for one in self.all if isinstance(one, Event)]

    @property
    def states(self) -> list[State]:
        return [one for one in self.all if isinstance(one, State)]

    async def until(self, done: Callable[[Ear], object], seconds: float = 10) -> Ear:
        """Return once `done(self)`; TimeoutError with what was heard instead."""
        try:
            async with asyncio.timeout(seconds):
                while not done(self):
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise TimeoutError(f"heard {self.all} and {self.error!r}") from None
        return self

    async def event(self, kind: str, seconds: float = 10) -> Event:
        """The first event of this kind that was heard."""
        await self.until(lambda ear: any(event.kind == kind for event in ear.events), seconds)
        return next(event for event in self.events if event.kind == kind)

    async def ended(self, seconds: float = 10) -> NightlatchError:
        """The error that ended the link."""
        await self.until(lambda ear: ear.error is not None, seconds)
        assert self.error is not None
        return self.error

    def forget(self) -> None:
        """Listen as if from now on."""
        self.all.clear()

    async def _listen(self) -> None:
        try:
            async for heard in self.link.hear():
                self.all.append(heard)
                self._news.set()
        except NightlatchError as error:
            self.error = error
        self._news.set()


@contextlib.asynccontextmanager
async def hearing(plug: Live, *, states: int = 1) -> AsyncIterator[Ear]:
    """Connected, and told the states of so many locks."""
    async with plug.connect() as link:
        ear = Ear(link)
        try:
            await ear.until(lambda one: len(one.states) >= states or one.error is not None)
            yield ear
        finally:
            ear.task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await ear.task
