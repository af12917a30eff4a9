"""Listens to every live hub at once, keeps how each lock stands, and hands every event on.

One task for each connection under one supervisor: a hub that is gone, silent or flooding delays no
other. What may have been missed while a connection was down is said by a `gap`, and what changed
meanwhile is found out by comparing states.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from random import Random
from types import MappingProxyType
from typing import Any, Protocol

import msgspec

from nightlatch.ecosystems.interface import Heard, Live, Taken
from nightlatch.errors import NightlatchError
from nightlatch.guard import standing as _standing
from nightlatch.guard.backoff import Backoff
from nightlatch.guard.commanding import defect, ended, naming, send
from nightlatch.guard.lines import UNHEARD_OF, Line, rank
from nightlatch.guard.remembering import Remembered, recall
from nightlatch.guard.resolving import Resolver
from nightlatch.guard.standing import Standing
from nightlatch.guard.unwritten import Unwritten
from nightlatch.guard.waiting import Waiting
from nightlatch.model.command import Command, Outcome, ReadCodes
from nightlatch.model.event import Event, State
from nightlatch.model.evidence import Ref
from nightlatch.text import span

log = logging.getLogger(__name__)


class Intake(Protocol):
    """Where events go: the journal's intake."""

    async def accept(self, event: Event) -> asyncio.Future[int]:
        """Queue an event, waiting only for room; the future ends once it is on disk."""


SECOND = 1_000_000
MOST_UNWRITTEN = 2048
"""Events handed on that are not on disk yet: those of a flooding hub that stand before another's."""


class Listener:
    """Hears every live ecosystem, and commands locks through the one that speaks for each.

    `intake` takes every event, in the order of each thing; `clock` gives µs since 1970.
    """

    def __init__(
        self,
        plugs: Sequence[Live],
        intake: Intake,
        *,
        clock: Callable[[], int],
        resolver: Resolver | None = None,
        chance: Random | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        backoff: Backoff | None = None,
        waiting: Waiting | None = None,
    ) -> None:
        self._intake = intake
        self._clock = clock
        self._resolver = resolver or Resolver()
        self._chance = chance or Random()  # noqa: S311  # spreads attempts in time, guards nothing
        self._sleep = sleep
        self._backoff = backoff or Backoff()
        self._waiting = Waiting(clock) if waiting is None else waiting
        self._lines = [Line(plug, self._waiting.lane(plug.context.id), rank(plug)) for plug in plugs]
        self._standings: dict[str, Standing] = {}
        self._speakers: dict[str, Line] = {}
        self._commanding: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._unwritten = Unwritten()
        self._accepted: deque[tuple[Event, asyncio.Future[int]]] = deque()
        self._watchers: list[Callable[[str], None]] = []

    @property
    def states(self) -> Mapping[str, Standing]:
        """The last known state of each lock, by the owner's id ("lock:front")."""
        return MappingProxyType(self._standings)

    @property
    def connected(self) -> dict[str, bool]:
        """Whether each ecosystem is connected, by its id."""
        return {line.id: line.link is not None for line in self._lines}

    @property
    def synced(self) -> dict[str, bool]:
        """Whether each ecosystem is connected and has begun to tell how its locks stand, by its id."""
        return {line.id: line.link is not None and line.synced for line in self._lines}

    @property
    def waiting(self) -> int:
        """How many events were heard and not yet handed on."""
        return len(self._waiting)

    def hub_of(self, lock: str) -> str:
        """The hub through which a lock is commanded; nothing while none is connected."""
        line = self._speakers.get(lock)
        return self._resolver.hub(line.prefix) if line is not None else ""

    def watch(self, changed: Callable[[str], None]) -> None:
        """Call `changed(lock)` whenever a lock's standing may have changed: at once, before it is written."""
        self._watchers.append(changed)

    def stepped(self, by: int) -> None:
        """The clock was set by so many µs: what was heard is as old as it was."""
        self._standings = {about: standing.stepped(by) for about, standing in self._standings.items()}
        for line in self._lines:
            line.stepped(by)

    def slept(self) -> None:
        """The machine stood still: nothing that was heard before is fresh, and every connection begins anew."""
        for standing in list(self._standings.values()):
            self._become(msgspec.structs.replace(standing, connected=False))
        for line in self._lines:
            line.sleep()

    def resolve(self, resolver: Resolver) -> None:
        """Take the names of a newer audit."""
        self._resolver = resolver
        standings, speakers = self._standings, self._speakers
        self._standings, self._speakers = {}, {}
        for line in self._lines:
            line.names = {resolver.owner(old): name for old, name in line.names.items()}
            line.told = {resolver.owner(old): one for old, one in line.told.items()}

        # Where two hubs turn out to mean the same lock, the nearer speaks for it, and the other is listened to.
        def nearest(old: str) -> int:
            return speakers[old].rank if old in speakers else UNHEARD_OF

        for old in sorted(standings, key=nearest):
            about, speaker = resolver.owner(old), speakers.get(old)
            standing = msgspec.structs.replace(standings[old], about=about)
            if about not in self._standings:
                self._standings[about] = standing
                if speaker is not None:
                    self._speakers[about] = speaker
            elif speaker is not None and speaker.link is not None:
                speaker.told[about] = standing

    # Running

    async def run(self) -> None:
        """Listen until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._pump(), name="events")
            for line in self._lines:
                group.create_task(self._keep(line), name=f"listening to {line.id}")

    async def _pump(self) -> None:
        """Hand on what waits, each ecosystem and each lock in its turn."""
        room = asyncio.Semaphore(MOST_UNWRITTEN)
        while True:
            await room.acquire()
            event = await self._waiting.take()
            written = await self._intake.accept(event)
            written.add_done_callback(lambda _: room.release())
            self._await(event, written)

    async def _keep(self, line: Line) -> None:
        """Keep one ecosystem connected."""
        attempt = 0
        while True:
            since = self._clock()
            reason = await self._listen(line)
            now = self._clock()
            if line.link is not None:
                attempt = 0 if line.slept or now - since >= self._backoff.steady_s * SECOND else attempt
                line.lose(now)
                self._lost(line)
            if not line.said_lost:
                line.said_lost = True
                await self._add(line, self._about_hub(line, "disconnected", detail=reason))
            wait = self._backoff.wait(attempt, self._chance.random())
            attempt += 1
            log.info("%s: %s; trying again in %.1f s", line.id, reason.rstrip("."), wait)
            await self._sleep(wait)

    async def _listen(self, line: Line) -> str:
        """Connect once and hear until it breaks; why it did."""
        try:
            async with line.plug.connect() as link:
                line.link = link
                line.heard_at = self._clock()
                line.synced = False
                await self._connected(line)
                fresh: set[str] = set()
                async with asyncio.timeout(None) as line.until:
                    async for heard in link.hear():
                        line.heard_at = self._clock()
                        for event in self._take(line, heard, fresh):
                            await self._add(line, event)
        except NightlatchError as error:
            return str(error)
        except TimeoutError:
            return "this machine stood still, and begins to listen anew"
        except Exception as error:  # noqa: BLE001  # the boundary where one ecosystem's defect must not end the others
            return defect(line.id, "what it heard", error)
        return "the hub ended the connection"

    async def _connected(self, line: Line) -> None:
        now = self._clock()
        line.said_lost = False
        await self._add(line, self._about_hub(line, "connected"))
        if (security := line.reached()) is not None:
            changed = self._about_hub(line, "security_changed", name=security[0], value=security[1])
            self._unwritten.add(changed.about, changed.at, None, None)
            await self._add(line, changed)
        if line.lost_at:
            since = min(line.lost_at, now)
            words = f"for {span(max(now - since, 1_000_000))} nobody heard what happened"
            await self._add(
                line, self._about_hub(line, "gap", since=since, value=(now - since) // SECOND, detail=words)
            )

    def _about_hub(self, line: Line, kind: Any, **more: Any) -> Event:
        return Event(self._clock(), kind, self._resolver.hub(line.prefix), source=line.id, **more)

    async def _add(self, line: Line, event: Event) -> None:
        await line.lane.room()
        self._wait(line, event)

    def _wait(self, line: Line, event: Event) -> None:
        if not self._waiting.add(line.lane, event):
            for about in self._changed_by(event):
                self._unwritten.dropped(about)

    def _await(self, event: Event, written: asyncio.Future[int]) -> None:
        self._accepted.append((event, written))
        written.add_done_callback(self._settle)

    def _settle(self, _: object = None) -> None:
        """Count out what is on disk by now. Their callbacks alone would leave a moment in which nobody knows."""
        while self._accepted and self._accepted[0][1].done():
            self._written(self._accepted.popleft()[0])

    def _written(self, event: Event) -> None:
        for about in self._changed_by(event):
            self._unwritten.written(about)

    def _changed_by(self, event: Event) -> tuple[str, ...]:
        """The things of which an event is counted as not on disk yet."""
        if event.kind in ("connected", "disconnected", "gap"):
            return ()
        return (event.about, *self._resolver.locks_at(event.about))

    # What is heard

    def _take(self, line: Line, heard: Heard, fresh: set[str]) -> list[Event]:
        """What to hand on of one message: the event, or what a state shows to have happened."""
        about = self._resolver.owner(heard.about)
        if isinstance(heard, State):
            line.names[about] = heard.about
            line.synced = True
            first = about not in fresh
            if heard.bolt is not None:
                # Before events that were heard sooner than it, a link tells a state of nothing.
                fresh.add(about)
            return self._state(line, msgspec.structs.replace(heard, about=about), first=first)
        event = msgspec.structs.replace(heard, about=about, source=line.id)
        if about.startswith("door:"):
            for lock in self._resolver.locks_at(about):
                at_lock = msgspec.structs.replace(event, about=lock)
                self._move(_standing.after(self._standing(lock), at_lock), event.at)
        if not about.startswith("lock:"):
            self._unwritten.add(about, event.at, None, None)
            return [event]
        line.names.setdefault(about, heard.about)
        if not self._speaks(line, about):
            before = line.told.get(about) or Standing(about, line.id, True)
            line.told[about] = _standing.after(before, event)
            return []
        before = msgspec.structs.replace(self._standing(about), source=line.id, connected=True)
        if event.resync and not event.since:
            # Found out by a link that did not hear when it began: then since we last listened.
            event = msgspec.structs.replace(event, since=min(line.lost_at or before.heard, event.at))
        self._move(_standing.after(before, event), event.at)
        return [event]

    def _state(self, line: Line, state: State, *, first: bool) -> list[Event]:
        now = self._clock()
        about = state.about
        if not self._speaks(line, about):
            line.told[about] = _standing.told(line.told.get(about) or Standing(about, line.id, True), state, now)
            return []
        before = self._standing(about)
        since = line.lost_at if first and line.lost_at else before.heard
        if first:
            before = msgspec.structs.replace(before, listened_since=now)
        return self._resynced(line, state, before, since)

    def _resynced(self, line: Line, state: State, before: Standing, since: int) -> list[Event]:
        now = self._clock()
        detail = "" if state.at else "as the hub remembers it: the lock itself has not reported since"
        found = [
            Event(now, kind, state.about, source=line.id, since=min(since, now), resync=True, detail=detail, **fields)
            for kind, fields in (_standing.differences(before, state, now) if before.heard else ())
        ]
        after = _standing.told(msgspec.structs.replace(before, source=line.id, connected=True), state, now)
        for number in range(len(found), 0, -1):
            self._unwritten.add(state.about, now, before, after if number == 1 else before)
        self._become(after)
        return found

    def _speaks(self, line: Line, lock: str) -> bool:
        """Whether this ecosystem is the one to tell of a lock; the nearest that is connected is."""
        speaker = self._speakers.get(lock)
        if speaker is line:
            return True
        if speaker is not None and speaker.link is not None:
            if speaker.rank <= line.rank:
                return False
            speaker.told[lock] = self._standing(lock)
        self._speakers[lock] = line
        line.told.pop(lock, None)
        return True

    def _lost(self, line: Line) -> None:
        """A connection is gone: others speak for its locks where they can; the rest is no longer fresh."""
        line.told.clear()
        for lock, speaker in list(self._speakers.items()):
            if speaker is not line:
                continue
            others = [other for other in self._lines if other.link is not None and lock in other.told]
            if not others:
                self._become(msgspec.structs.replace(self._standing(lock), connected=False))
                continue
            other = min(others, key=lambda one: one.rank)
            self._speakers[lock] = other
            state = other.told.pop(lock).state()
            before = msgspec.structs.replace(self._standing(lock), listened_since=self._clock())
            for event in self._resynced(other, state, before, line.lost_at):
                self._wait(other, event)  # rare and few: no reader of a connection waits here

    def _standing(self, lock: str) -> Standing:
        return self._standings.get(lock) or Standing(lock)

    def _move(self, standing: Standing, at: int) -> None:
        """Let an event that is yet to be written move a lock's standing."""
        self._unwritten.add(standing.about, at, self._standings.get(standing.about), standing)
        self._become(standing)

    def _become(self, standing: Standing) -> None:
        self._standings[standing.about] = standing
        for changed in self._watchers:
            changed(standing.about)

    # Commands

    async def command(
        self, command: Command, *, unless: Callable[[], str] = lambda: "", taken: Taken | None = None
    ) -> Outcome:
        """Have it done by the ecosystem that speaks for the lock, and journal both command and outcome.

        `unless` is asked at the last moment: a reason that it gives keeps the command from being sent.
        `taken` is told once the hub or the lock took a command to move the bolt, where they tell.
        Commands to one lock wait for each other. Never raises for what a lock or hub does.
        """
        about = str(command.about)
        name, value, slot = naming(command)
        if isinstance(command, ReadCodes):
            # It changes nothing: what is found is told by the ledger.
            async with self._commanding[about]:
                return await self._send(self._speaker(about), command, unless)
        async with self._commanding[about]:
            line = self._speaker(about)
            asked = Event(self._clock(), "command", about, name=name, value=value, slot=slot)
            await self._intake.accept(asked)
            outcome = await self._send(line, command, unless, taken)
            event = ended(asked, outcome, self._clock(), line.id if line is not None else "")
            known = about in self._standings
            if known:
                self._move(_standing.ended(self._standings[about], event, value), event.at)
            written = await self._intake.accept(event)
            if known:
                self._await(event, written)
        return outcome

    def _speaker(self, about: str) -> Line | None:
        """The connection through which a lock, or a hub itself, is commanded."""
        if about.startswith("hub:"):
            return next((line for line in self._lines if self._resolver.hub(line.prefix) == about), None)
        return self._speakers.get(about)

    async def _send(
        self, line: Line | None, command: Command, unless: Callable[[], str], taken: Taken | None = None
    ) -> Outcome:
        if line is None or line.link is None:
            return Outcome("unknown", "no hub that commands this lock is connected")
        about = str(command.about)
        told = line.names.get(about) or self._resolver.told(about, line.prefix) or about
        kind, _, key = told.partition(":")
        if reason := unless():
            return Outcome("refused", f"not sent: {reason}")
        return await send(line, msgspec.structs.replace(command, about=Ref(kind, key)), taken)

    # Across restarts

    def snapshot(self) -> bytes:
        """What must survive a restart, true as of the events that are on disk. It names no person."""
        self._settle()
        now = self._unwritten.since(self._clock())
        heard = {line.id: now if line.link is not None else line.lost_at for line in self._lines}
        standings = [one.without_digests() for one in self._unwritten.on_disk(self._standings)]
        return msgspec.json.encode(Remembered(heard, standings, {line.id: line.tls for line in self._lines}))

    def restore(self, snapshot: bytes, since: Iterable[Event] = ()) -> None:
        """Take back a snapshot (nothing: b""), and the journal's events since it was made; StoreError when damaged."""
        remembered = recall(snapshot, since, self._resolver)
        self._standings = {one.about: one for one in remembered.standings}
        for line in self._lines:
            line.lost_at = remembered.heard.get(line.id, 0)
            line.tls = remembered.tls.get(line.id)
