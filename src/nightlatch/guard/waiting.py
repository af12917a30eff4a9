"""Where events wait to be written: fair between ecosystems and between locks, and bounded in memory."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable

from nightlatch.model.event import Event
from nightlatch.text import count

PER_LANE = 10_000
"""Events of one ecosystem that may wait; its peer is not read on until there is room."""
PER_THING = 1_000
"""Events of one lock that may wait; those beyond are dropped and counted, and a gap says so."""


class Lane:
    """One ecosystem's events: in order for each thing, and taken from the things in turn."""

    def __init__(self, source: str, clock: Callable[[], int], per_lane: int, per_thing: int) -> None:
        self.source = source
        self._clock = clock
        self._per_lane = per_lane
        self._per_thing = per_thing
        self._things: OrderedDict[str, deque[Event]] = OrderedDict()
        self._dropped: dict[str, tuple[int, int]] = {}
        self._room = asyncio.Event()
        self._room.set()
        self.size = 0

    def add(self, event: Event) -> None:
        """Let an event wait; dropped when its thing has more than its share waiting."""
        queue = self._things.get(event.about)
        if queue is None:
            queue = self._things[event.about] = deque()
        if len(queue) >= self._per_thing:
            since, dropped = self._dropped.get(event.about, (event.at, 0))
            self._dropped[event.about] = (since, dropped + 1)
            return
        queue.append(event)
        self.size += 1
        if self.size >= self._per_lane:
            self._room.clear()

    def take(self) -> Event:
        """The next event, of the thing whose turn it is. There must be one."""
        about, queue = self._things.popitem(last=False)
        event = queue.popleft()
        self.size -= 1
        if not queue and about in self._dropped:
            queue.append(self._gap(about))
            self.size += 1
        if queue:
            self._things[about] = queue
        if self.size < self._per_lane:
            self._room.set()
        return event

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

    def add(self, lane: Lane, event: Event) -> None:
        """Let an event wait in a lane."""
        lane.add(event)
        self._some.set()

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
