"""The interface of an ecosystem: facts when asked, and, of those that are live, events out and commands in."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import Literal

from yarl import URL

from nightlatch.ecosystems._listening import is_loopback
from nightlatch.model.command import Command, LockDoor, Outcome, UnlockDoor
from nightlatch.model.event import Event, State
from nightlatch.model.evidence import Grade, Item
from nightlatch.plugs import Context, Plug, Settings

__all__ = ["Context", "Ecosystem", "Heard", "Link", "Live", "Settings"]

Heard = Event | State
Taken = Callable[[Literal["hub", "lock"]], None]
"""Told that the hub passed a command on, or that the lock said that it is at it. Neither proves that it was done."""


class Ecosystem(Plug):
    """A live connection to a hub.

    `collect` reads only: it commands nothing and changes nothing. It yields claims, identities and
    gaps as it finds them, so that what was read before the connection broke is kept. It raises
    SourceError when it cannot go on; every other exception is a defect. It ends within the
    collector's deadline, whatever the peer does.
    """

    grade = Grade.OBSERVED

    @abstractmethod
    def collect(self) -> AsyncIterator[Item]:
        """The facts, each with its place in the hub."""


class Link(ABC):
    """One open connection of a live ecosystem, from sign-in until it breaks."""

    @abstractmethod
    def hear(self) -> AsyncIterator[Heard]:
        """First the State of every lock, then events (and States that were learned anew) as they happen.

        It has subscribed before it asks for the states, so that nothing falls between. It raises
        SourceError or ReadError when the connection breaks, is silent for too long (half-open TCP is
        found out by asking), or the peer sends what cannot be believed; one message that cannot be
        understood is passed by, not the connection. Things are named by the plug's own refs
        (`str(plug.ref(Lock, 3))`): who listens resolves them. It is read by one task.
        """

    @abstractmethod
    async def command(self, command: Command) -> Outcome:
        """Do it and read back. Runs beside `hear` and beside commands to other locks; ends within 30 s.

        Never raises for what the lock or hub does: that is the Outcome. SourceError when the
        connection is gone before anything was sent.
        """

    async def move(self, command: LockDoor | UnlockDoor, taken: Taken) -> Outcome:  # noqa: ARG002  # not all can tell
        """As `command`, for somebody who stands there and waits: `taken` is called as soon as it is known."""
        return await self.command(command)


class Live(Ecosystem):
    """An ecosystem that also gives events and takes commands."""

    @property
    def connects(self) -> bool:
        """Whether its settings name a peer. One that is set to read files only has none, and is not connected."""
        return True

    @property
    def tls(self) -> bool | None:
        """Whether its peer is reached over TLS; None where its settings name none, or one on this machine."""
        try:
            url = URL(getattr(self.settings, "url", None) or "")
        except ValueError:
            return None
        return None if not url.host or is_loopback(url.host) else url.scheme in ("https", "mqtts", "wss")

    @abstractmethod
    def connect(self) -> AbstractAsyncContextManager[Link]:
        """Connect and sign in; SourceError says why that cannot be. One attempt: who listens tries again."""
