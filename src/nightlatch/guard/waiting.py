"""Where events wait to be written: fair between ecosystems and between locks, and bounded in memory."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from nightlatch.model.event import Event
from nightlatch.text import count

PER_LANE = 10_000
"""Events of one ecosystem that may wait; its peer is not read on until there is room."""
PER_THING = 1_000
"""Events of one lock that may wait; those beyond are dropped and counted, and a gap says so."""
AHEAD = 32
"""Events of one lock that may stand before another's."""


class Lane:
    """One ecosystem's events, as they came. One thing's stand aside while too many of it are in line already."""

    def __init__(self, source: str, clock: Callable[[], int], per_lane: int, per_thing: int) -> None:
        self.source = source
        self._clock = clock
        self._per_lane = per_lane
        self._per_thing = per_thing
        self._line: deque[Event] = deque()
        self._in_line: dict[str, int] = {}
        self._aside: dict[str, deque[Event]] = {}
        self._dropped: dict[str, tuple[int, int]] = {}
        self._room = asyncio.Event()
        self._room.set()
        self.size = 0

    def add(self, event: Event) -> bool:
        """Let an event wait; False when it was dropped, because its thing has more than its share waiting."""
        about = event.about
        aside = self._aside.get(about)
        if aside is None and self._in_line.get(about, 0) < AHEAD:
            self._stand(event)
        else:
            if aside is None:
                aside = self._aside[about] = deque()
            if len(aside) >= self._per_thing:
                since, dropped = self._dropped.get(about, (event.at, 0))
                self._dropped[about] = (since, dropped + 1)
                return False
            aside.append(event)
        self.size += 1
        if self.size >= self._per_lane:
            self._room.clear()
        return True

    def take(self) -> Event:
        """The next event. There must be one."""
        event = self._line.popleft()
        about = event.about
        self.size -= 1
        left = self._in_line.pop(about) - 1
        if left:
            self._in_line[about] = left
        aside = self._aside.get(about)
        if aside is not None:
            self._stand(aside.popleft())
            if not aside and about in self._dropped:
                aside.append(self._gap(about))
                self.size += 1
            elif not aside:
                del self._aside[about]
        if self.size < self._per_lane:
            self._room.set()
        return event

    def _stand(self, event: Event) -> None:
        self._line.append(event)
        self._in_line[event.about] = self._in_line.get(event.about, 0) + 1

    def _gap(self, about: str) -> Event:
        since, dropped = self._dropped.pop(about)
        return Event(
            self._clock(),
            "gap",
            about,
            source=self.source,
            since=since,
            value=dropped,
            detail=f"it told more than could be taken in: {count(dropped, 'event')} dropped",
        )

    @property
    def full(self) -> bool:
        """Whether so much waits that its peer is not read on."""
        return not self._room.is_set()

    async def room(self) -> None:
        """Wait until another event may be added."""
        await self._room.wait()


class Waiting:
    """The lanes of all ecosystems: each gets its turn, however much another has waiting."""

    def __init__(self, clock: Callable[[], int], *, per_lane: int = PER_LANE, per_thing: int = PER_THING) -> None:
        self._clock = clock
        self._per_lane = per_lane
        self._per_thing = per_thing
        self._lanes: deque[Lane] = deque()
        self._some = asyncio.Event()

    def lane(self, source: str) -> Lane:
        """A lane for one more ecosystem."""
        lane = Lane(source, self._clock, self._per_lane, self._per_thing)
        self._lanes.append(lane)
        return lane

    def add(self, lane: Lane, event: Event) -> bool:
        """Let an event wait in a lane; False when it was dropped."""
        self._some.set()
        return lane.add(event)

    def __len__(self) -> int:
        return sum(lane.size for lane in self._lanes)

    async def take(self) -> Event:
        """The next event of the next ecosystem that has one."""
        while True:
            for _ in range(len(self._lanes)):
                lane = self._lanes[0]
                self._lanes.rotate(-1)
                if lane.size:
                    return lane.take()
            self._some.clear()
            await self._some.wait()
