"""A simulated home: for the demo, for load, and for tests of what goes wrong. Nothing in it is real."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from nightlatch.ecosystems._simulated import coding
from nightlatch.ecosystems._simulated.coding import Coding
from nightlatch.ecosystems._simulated.house import SECOND, Ear, House
from nightlatch.ecosystems._simulated.lock import SimulatedLock
from nightlatch.ecosystems._simulated.plan import Plan
from nightlatch.ecosystems.interface import Heard, Link, Live, Taken
from nightlatch.errors import SourceError
from nightlatch.model.command import (
    ClearCode,
    CloseJoin,
    Command,
    LockDoor,
    Outcome,
    ReadCodes,
    SetCode,
    SetParameter,
    UnlockDoor,
)
from nightlatch.model.evidence import Item, Ref
from nightlatch.model.hub import Hub
from nightlatch.model.lock import Lock
from nightlatch.model.people import Credential
from nightlatch.plugs import Context

__all__ = ["House", "Simulated"]

NAME = "the simulated home"
ANSWER_LIMIT_S = 10.0
"""After how many seconds a lock that does not answer is given up."""
SILENCE_S = 5.0
"""After how many seconds of silence the hub is asked whether it is there."""
IDLE_S = 60.0


class Simulated(Live, kind="simulated"):
    """A home in this process, through the same interface as a real one.

    `house` is what tests and the demo order faults of; a plug that is given the former one's house
    finds everything as it was, as a restarted Nightlatch does.
    """

    Settings = Plan
    gives = (
        *(Hub.software, Hub.locks, Hub.permit_join),
        *(Lock.name, Lock.hub, Lock.security, Lock.battery_percent, Lock.bolt, Lock.door_open, Lock.reachable),
        *(Lock.auto_relock_s, Lock.can_auto_relock, Lock.can_keypad, Lock.codes_read),
        *(Credential.lock, Credential.slot, Credential.form, Credential.enabled),
    )

    def __init__(self, settings: Any, context: Context, house: House | None = None) -> None:
        super().__init__(settings, context)
        self.house = house or House(settings, context.clock, context.prefix)

    def anew(self, context: Context) -> Simulated:
        """The same home for another audit: there is no other process that it lives in."""
        return Simulated(self.settings, context, self.house)

    async def collect(self) -> AsyncIterator[Item]:
        """The hub, then each lock with its codes."""
        house = self.house
        house.advance(self.context.clock())
        if not house.up or house.silent:
            raise SourceError("does not answer", where=NAME)
        hub, where = Ref("hub", house.hub.partition(":")[2]), "simulated"
        locks = {lock.id: self.ref(Lock, lock.id) for lock in house.locks.values()}
        yield Hub.software.claim(hub, "simulated", where=where)
        yield Hub.locks.claim(hub, tuple(locks.values()), where=where)
        yield Hub.permit_join.claim(hub, house.join_open, where=where)
        for lock in tuple(house.locks.values()):
            ref = locks[lock.id]
            yield Lock.name.claim(ref, f"{lock.id} lock", where=where)
            yield Lock.hub.claim(ref, hub, where=where)
            yield Lock.reachable.claim(ref, not lock.dead, where=where)
            if lock.dead:
                continue
            state = lock.state()
            yield Lock.security.claim(ref, lock.security, where=where)  # type: ignore[arg-type]  # as it was ordered
            yield Lock.battery_percent.claim(ref, state.battery or 0, where=where)
            yield Lock.bolt.claim(ref, state.bolt or "unknown", where=where)
            if lock.sensor:
                yield Lock.door_open.claim(ref, lock.open, where=where)
            yield Lock.auto_relock_s.claim(ref, lock.relock_s, where=where)
            yield Lock.can_auto_relock.claim(ref, True, where=where)
            yield Lock.can_keypad.claim(ref, True, where=where)
            yield Lock.codes_read.claim(ref, True, where=where)
            for slot, kept in tuple(lock.codes.items()):
                code = self.ref(Credential, f"{lock.id}/{slot}")
                yield Credential.lock.claim(code, ref, where=where)
                yield Credential.slot.claim(code, slot, where=where)
                yield Credential.form.claim(code, kept.form, where=where)
                yield Credential.enabled.claim(code, kept.enabled, where=where)

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[Link]:
        """One connection; SourceError while the hub is lost."""
        self.house.advance(self.context.clock())
        if not self.house.up:
            raise SourceError("the hub cannot be reached", where=NAME)
        link = SimulatedLink(self)
        try:
            yield link
        finally:
            link.close()


class SimulatedLink(Link):
    """A connection to the simulated hub."""

    def __init__(self, plug: Simulated) -> None:
        self._house = plug.house
        self._clock = plug.context.clock
        self._wake = asyncio.Event()
        self._ear: Ear = self._house.listen(self._wake.set)

    def close(self) -> None:
        """Hang up."""
        if not self._ear.broken:
            self._house.leave(self._ear)
            self._ear.broken = True

    async def hear(self) -> AsyncIterator[Heard]:
        """Every lock's state, then what happens."""
        house, ear = self._house, self._ear
        for state in list(house.states()):
            yield state
        while True:
            self._wake.clear()
            house.advance(self._clock())
            while ear.heard:
                yield ear.heard.popleft()
            if ear.broken:
                raise SourceError("the connection broke", where=NAME)
            if house.silent:
                await self._silence()
                continue
            wait = house.due_in()
            with suppress(TimeoutError):
                async with asyncio.timeout(IDLE_S if wait is None else max(wait, 0.0)):
                    await self._wake.wait()

    async def _silence(self) -> None:
        """Half-open: ask whether the hub is there; SourceError when nothing comes back in time."""
        until = self._clock() + int(SILENCE_S * SECOND)
        while self._house.silent:
            if self._clock() >= until:
                raise SourceError(f"has been silent for {SILENCE_S:g} s", where=NAME)
            await asyncio.sleep(0.05)
            self._house.advance(self._clock())

    async def command(self, command: Command) -> Outcome:
        """Do it and read back."""
        return await self._command(command)

    async def move(self, command: LockDoor | UnlockDoor, taken: Taken) -> Outcome:
        """The same; halfway the lock says that it is at it."""
        return await self._command(command, taken)

    async def _command(self, command: Command, taken: Taken | None = None) -> Outcome:
        house = self._house
        if self._ear.broken:
            raise SourceError("the connection is gone", where=NAME)
        if isinstance(command, CloseJoin):
            return await self._close_join(command)
        lock = house.by_about.get(str(command.about))
        if lock is None:
            return Outcome("refused", "the hub knows no such lock", where=NAME)
        if isinstance(command, Coding):
            if (refused := coding.unsendable(command, lock)) is not None:
                return refused
            house.messages[lock.id] += 1
        takes = house.plan.answer_s + lock.slow_s
        limit = min(takes, ANSWER_LIMIT_S)
        if taken is not None and not lock.dead and not house.silent:
            await asyncio.sleep(limit / 2)
            limit -= limit / 2
            taken("lock")
        await asyncio.sleep(limit)
        house.advance(self._clock())
        if lock.dead or house.silent or self._ear.broken or takes > ANSWER_LIMIT_S:
            return self._silent(command)
        if lock.drops:
            if lock.drops.pop(0):
                self._unheard(command, lock)
            return self._silent(command)
        if isinstance(command, ReadCodes):
            house.messages[lock.id] += coding.messages(command) - 1
            return coding.reading(house, command, lock)
        if (why := lock.refusal(setting_a_code=isinstance(command, SetCode))) is not None:
            return Outcome("refused", "the lock said no", NAME, house.time, why, sent=1)
        return self._done(command, lock)

    def _silent(self, command: Command) -> Outcome:
        sent = int(isinstance(command, Coding))
        return Outcome("unknown", f"no answer within {ANSWER_LIMIT_S:g} s", where=NAME, sent=sent)

    async def _close_join(self, command: CloseJoin) -> Outcome:
        house = self._house
        if str(command.about) != house.hub:
            return Outcome("refused", "there is no such hub", where=NAME)
        await asyncio.sleep(min(house.plan.answer_s, ANSWER_LIMIT_S))
        house.advance(self._clock())
        if house.silent or self._ear.broken:
            return self._silent(command)
        house.close_join()
        return Outcome("evidence", "no new device is let in", where=NAME, at=house.time)

    def _unheard(self, command: Command, lock: SimulatedLock) -> None:
        """The lock does it, and nobody hears that it did."""
        if not isinstance(command, Coding):
            self._done(command, lock)
        elif not isinstance(command, ReadCodes) and coding.declined(command, lock) is None:
            coding.do(self._house, command, lock)

    def _coded(self, command: SetCode | ClearCode, lock: SimulatedLock, *, heeded: bool) -> Outcome:
        house = self._house
        if (refused := coding.declined(command, lock)) is not None:
            return refused
        if heeded:
            coding.do(house, command, lock)
        house.messages[lock.id] += coding.messages(command) - 1
        return coding.read_back(house, command, lock)

    def _done(self, command: Command, lock: SimulatedLock) -> Outcome:
        house = self._house
        heeded = not lock.unheeded
        lock.unheeded -= not heeded
        if isinstance(command, SetCode | ClearCode):
            return self._coded(command, lock, heeded=heeded)
        if not heeded:
            return Outcome("unknown", "acknowledged, and nothing was reported", where=NAME)
        match command:
            case LockDoor():
                if not house.lock(lock, "remote"):
                    return Outcome("refused", "the bolt jammed", where=f"{lock.id} bolt", at=house.time)
                return Outcome("evidence", "bolt thrown", where=f"{lock.id} bolt", at=house.time)
            case UnlockDoor():
                house.unlock(lock, "remote")
                return Outcome("evidence", "bolt retracted", where=f"{lock.id} bolt", at=house.time)
            case SetParameter(name="auto_relock_s"):
                lock.relock_s = command.value
                house.tell(lock.about, "parameter_changed", name="auto_relock_s", value=command.value)
                return Outcome("evidence", f"auto_relock_s is {command.value}", where=f"{lock.id}", at=house.time)
            case SetParameter():
                what = f"the lock has no setting {command.name}"
            case _:
                what = "it cannot do that"
        return Outcome("refused", what, where=f"{lock.id}", at=house.time)
