"""What is kept of each live ecosystem: its connection, its names for locks, and its own view of them."""

from __future__ import annotations

import asyncio

from nightlatch.ecosystems.interface import Link, Live
from nightlatch.guard.standing import Standing
from nightlatch.guard.waiting import Lane

FARTHEST = ("homeassistant",)
"""Ecosystems that pass on what others hear: of two that tell of a lock, the nearer speaks."""
UNHEARD_OF = 2
"""Ranks behind every ecosystem: of what no connection of this run has told."""

UNHEARD = 120_000_000
"""Within how many µs a link finds out that its peer is gone: what came later than that before the end was heard."""


def rank(plug: Live) -> int:
    """Of two ecosystems that tell of a lock, the one of the lower rank speaks."""
    return int(plug.kind in FARTHEST)


class Line:
    """One live ecosystem: its connection, and what it told itself of each lock."""

    def __init__(self, plug: Live, lane: Lane, rank: int) -> None:
        self.plug = plug
        self.id = plug.context.id
        self.prefix = plug.context.prefix
        self.lane = lane
        self.rank = rank
        self.link: Link | None = None
        self.heard_at = 0
        self.lost_at = 0
        """When the last connection was lost; 0: there never was one."""
        self.synced = False
        """Whether the present connection has told a state: what changed before it is found out."""
        self.said_lost = False
        self.until: asyncio.Timeout | None = None
        """By what the present connection can be ended from outside."""
        self.slept = False
        """Whether it ends because the machine stood still."""
        self.tls: bool | None = None
        """Whether the peer was last reached over TLS; None: never, or never over a network."""
        self.names: dict[str, str] = {}
        """What this ecosystem calls each lock, by the owner's id."""
        self.told: dict[str, Standing] = {}
        """Its own view of locks for which another speaks."""

    def reached(self) -> tuple[str, str] | None:
        """It is connected: what protected the way to its peer before and does now, where that is another."""
        before, now = self.tls, self.plug.tls
        if now is None or now is before:
            return None
        self.tls = now
        return None if before is None else ("none", "tls") if now else ("tls", "none")

    def lose(self, now: int) -> None:
        """The connection is gone: note since when nothing was surely heard (now: µs)."""
        self.link = self.until = None
        if self.synced or not self.lost_at:
            self.lost_at = self.heard_at if self.slept else max(self.heard_at, now - UNHEARD)
        self.slept = False

    def sleep(self) -> None:
        """The machine stood still: end the connection, whose peer may have given us up meanwhile."""
        if self.until is not None and self.link is not None:
            self.slept = True
            self.until.reschedule(asyncio.get_running_loop().time())

    def stepped(self, by: int) -> None:
        """The clock was set by so many µs: what was heard is as old as it was."""
        self.told = {about: standing.stepped(by) for about, standing in self.told.items()}
        self.heard_at += by
        self.lost_at += by if self.lost_at else 0
