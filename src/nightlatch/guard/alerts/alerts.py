"""Alerts while Nightlatch runs: take in what was noticed, send what is to be said, each channel by itself."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence

import msgspec

from nightlatch.errors import StoreError
from nightlatch.guard.alerts.desk import Desk
from nightlatch.guard.alerts.outbox import Batch, Outbox
from nightlatch.guard.alerts.render import Message, unkept
from nightlatch.guard.alerts.rules import SECOND, Channel, Rules, door_of
from nightlatch.guard.alerts.sealed import Sealer
from nightlatch.guard.alerts.sending import DELIVERED, Carrier
from nightlatch.guard.detections.interface import Noticed
from nightlatch.guard.household import Household
from nightlatch.model.event import Event
from nightlatch.model.finding import Severity
from nightlatch.store.alerts import AlertRecords, AlertRow

LOOK = 60.0
"""Seconds after which everything is looked at again, whatever was expected: clocks are set, machines sleep."""
RETRY = 5.0
"""Seconds until a database that could not be written is tried again."""
LAST_WORD = 1.0
"""Seconds that a message on its way may take when Nightlatch ends."""
STEP = 5 * SECOND
"""What the clock must differ by from what has passed to count as set."""
MOST_PENDING = 10_000
MOST_CRIES = 100
"""Critical alerts that one channel is told of past a database that cannot be written."""

log = logging.getLogger(__name__)


class Entry(msgspec.Struct, frozen=True):
    """An event, and which entry of the journal it is."""

    index: int
    event: Event


class Alerts:
    """The alerts of a home. Everything but `run` returns at once; all of it is for one event loop's thread.

    `tell` puts an event into the journal: what became of an alert ("alert"), and that a channel
    fails or works again ("delivery"). `clock` gives µs since 1970.
    """

    def __init__(
        self,
        records: AlertRecords,
        rules: Rules,
        household: Household,
        sealer: Sealer,
        *,
        carrier: Carrier,
        tell: Callable[[Event], Awaitable[None]],
        clock: Callable[[], int],
        monotonic: Callable[[], float] = time.monotonic,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self.rules = rules
        self.records = records
        self.carrier = carrier
        self._desk = Desk(records, rules, household, sealer, clock())
        self._outbox = Outbox(records, rules, sealer, jitter)
        self._tell_journal = tell
        self._clock = clock
        self._monotonic = monotonic
        self._pending: deque[Sequence[Noticed] | Entry] = deque()
        self._changed: deque[Event] = deque()
        self._wake = asyncio.Event()
        self._wakes = {channel: asyncio.Event() for channel in rules.channels}
        self._cries: dict[str, deque[Message]] = {channel: deque() for channel in rules.channels}
        """By channel: what is critical and could not be kept."""
        self._cried: set[tuple[str, str, str]] = set()

    @property
    def household(self) -> Household:
        """The home as messages name it; set it when it changes."""
        return self._desk.household

    @household.setter
    def household(self, household: Household) -> None:
        self._desk.household = household

    @property
    def size(self) -> int:
        """How many of the journal's entries `event` has been given: start with this one."""
        return self._desk.size

    def begin(self, size: int) -> None:
        """The journal has `size` entries: fewer than were given when another one was begun in its place."""
        self._desk.size = min(self._desk.size, size)

    @property
    def behind(self) -> int:
        """How much could not be kept yet because the database could not be written: 0 when all is well."""
        return len(self._pending)

    def open(self) -> list[AlertRow]:
        """The alerts that are open or acknowledged, oldest first."""
        return self._desk.open()

    def take(self, noticed: Sequence[Noticed]) -> None:
        """Take in what detections noticed: kept when this returns, unless the database cannot be written.

        Then it waits in memory and is tried again, and what is critical is sent without it. What is given once
        more after a restart is known.
        """
        if noticed:
            self._put(noticed)
            if self._pending:
                self._cry_of(noticed)

    def event(self, index: int, event: Event) -> None:
        """Take in an event, the journal's entry `index`, for notices. Entries below `size` change nothing."""
        if self._desk.wants(event) or not self._pending:
            self._put(Entry(index, event))

    def refresh(self) -> None:
        """Look at the database again: somebody acknowledged an alert, or changed one."""
        self._wake.set()
        for wake in self._wakes.values():
            wake.set()

    async def run(self) -> None:
        """Send and escalate until cancelled; a message on its way is given a second to arrive."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._keep())
            for channel in self.rules.channels.values():
                tasks.create_task(self._serve(channel))

    def _put(self, one: Sequence[Noticed] | Entry) -> None:
        if len(self._pending) >= MOST_PENDING:
            log.error("the database cannot be written, and %d notices wait for it: one is dropped", MOST_PENDING)
            return
        self._pending.append(one)
        if len(self._pending) == 1:
            self._drain()

    def _drain(self) -> None:
        """Take in what waits, in order, as far as the database lets."""
        while self._pending:
            one = self._pending[0]
            try:
                if isinstance(one, Entry):
                    news = self._desk.event(one.index, one.event, self._clock())
                else:
                    changed = self._desk.take(one, self._clock())
                    self._changed.extend(changed)
                    news = bool(changed)
            except StoreError as error:
                log.error("alerts wait: %s", error)
                return
            self._pending.popleft()
            if news:
                self.refresh()
        self._cried.clear()
        for cries in self._cries.values():
            cries.clear()

    def _cry_of(self, noticed: Sequence[Noticed]) -> None:
        """Let the channels tell once of what is critical, although nothing of it is kept yet."""
        for one in noticed:
            which = (one.detection, one.about, one.key)
            if one.over or one.severity is not Severity.CRITICAL or which in self._cried:
                continue
            if len(self._cried) >= MOST_CRIES:
                return
            self._cried.add(which)
            door = door_of(self.household, one.about)
            for channel in self.rules.channels.values():
                if not channel.kept and channel.takes(one.detection, one.severity, door, one.person):
                    self._cries[channel.id].append(unkept(one, self.household))
                    self._wakes[channel.id].set()

    async def _keep(self) -> None:
        """Do what comes due, and tell the journal what became of alerts."""
        wall, passed = self._clock(), self._monotonic()
        while True:
            self._wake.clear()
            now, after = self._clock(), self._monotonic()
            step = now - wall - int((after - passed) * SECOND)
            wall, passed = now, after
            try:
                if abs(step) >= STEP:
                    self._desk.stepped(step)
                self._drain()
                due = self._desk.due(now)
                self._changed.extend(due)
                if due:
                    self.refresh()
                    self._wake.clear()
                while self._changed:
                    await self._tell_journal(self._changed[0])
                    self._changed.popleft()
                next_due = self._desk.next_due()
                wait = LOOK if next_due is None else min(max((next_due - self._clock()) / SECOND, 0.0), LOOK)
            except StoreError as error:
                log.error("alerts wait: %s", error)
                wait = RETRY
            await _wait(self._wake, wait)

    async def _serve(self, channel: Channel) -> None:
        """Send what one channel has to say, for ever."""
        wake = self._wakes[channel.id]
        while True:
            wake.clear()
            await self._cry(channel)
            try:
                wait = self._outbox.wait(channel.id, self._clock(), self.household)
                if wait == 0:
                    batch = self._outbox.batch(channel.id, self._clock(), self.household)
                    if batch is not None:
                        await self._send(channel, batch)
                        continue
                seconds = LOOK if wait is None else min(wait / SECOND, LOOK)
            except StoreError as error:
                log.error("channel %s waits: %s", channel.id, error)
                seconds = RETRY
            await _wait(wake, seconds)

    async def _cry(self, channel: Channel) -> None:
        """Send what is critical and could not be kept; what the channel does not take is tried again."""
        cries = self._cries[channel.id]
        while cries:
            message = cries.popleft()
            reason = await self.carrier.send(channel, message)
            if reason != DELIVERED:
                log.warning("channel %s failed: %s", channel.id, reason)
                if self._pending:
                    cries.appendleft(message)
                return

    async def _send(self, channel: Channel, batch: Batch) -> None:
        sending = asyncio.ensure_future(self.carrier.send(channel, batch.message))
        try:
            reason = await asyncio.shield(sending)
        except asyncio.CancelledError:
            # What arrives now and is not marked would go out again at the next start.
            await asyncio.wait((sending,), timeout=LAST_WORD)
            if sending.done() and sending.result() == DELIVERED:
                self._outbox.delivered(batch, self._clock())
            else:
                sending.cancel()
            raise
        if reason == DELIVERED:
            event = self._outbox.delivered(batch, self._clock())
        else:
            log.warning("channel %s failed: %s", channel.id, reason)
            event = self._outbox.failed(channel.id, reason, self._clock())
        if event is not None:
            await self._tell_journal(event)
            if event.value == "failed":
                self._outbox.told(channel.id)


async def _wait(wake: asyncio.Event, seconds: float) -> None:
    """Until woken, or for so long."""
    try:
        async with asyncio.timeout(seconds):
            await wake.wait()
    except TimeoutError:
        return
