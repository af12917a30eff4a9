"""An ecosystem that tells what the test gives it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from nightlatch.ecosystems.interface import Heard, Link, Live
from nightlatch.errors import SourceError
from nightlatch.model.command import Command, Outcome
from nightlatch.model.event import Event, State
from nightlatch.model.evidence import Item
from nightlatch.plugs import Context, Settings, wall
from nightlatch.secrets import Fingerprinter


class Told(Live):
    """An ecosystem that tells what the test gives it."""

    gives = ()

    def __init__(self, id_: str, kind: str, *first: Heard) -> None:
        super().__init__(Settings(), Context(id_, kind, datetime.now(UTC), Fingerprinter()))
        self.kind = kind  # type: ignore[misc]  # each double is of another kind
        self.states = list(first)
        self.said: asyncio.Queue[Heard | Exception] = asyncio.Queue()
        self.refused = 0
        self.up = True
        self.commands: list[Command] = []
        self.answer: Outcome | Exception = Outcome("evidence", "bolt thrown", at=1)

    async def collect(self) -> AsyncIterator[Item]:
        for item in ():
            yield item

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[Link]:
        if not self.up:
            self.refused += 1
            raise SourceError("nobody answers", where=self.kind)
        yield ToldLink(self)


class ToldLink(Link):
    def __init__(self, plug: Told) -> None:
        self._plug = plug

    async def hear(self) -> AsyncIterator[Heard]:
        for state in self._plug.states:
            yield state
        while True:
            heard = await self._plug.said.get()
            if isinstance(heard, Exception):
                raise heard
            yield heard

    async def command(self, command: Command) -> Outcome:
        self._plug.commands.append(command)
        if isinstance(self._plug.answer, Exception):
            raise self._plug.answer
        return self._plug.answer


def event(kind: Any, about: str = "lock:zwavejs:3", **more: Any) -> Event:
    return Event(wall(), kind, about, **more)


def state(about: str = "lock:zwavejs:3", **more: Any) -> State:
    return State(about, **({"at": wall(), "bolt": "thrown", "door": "closed", "reachable": True} | more))
