"""Puts right what an audit found, one thing after the other, and proves each by reading it back."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from typing import Literal

import msgspec

from nightlatch.access import clearing
from nightlatch.access.adopting import decision
from nightlatch.audit.repairs import Repair
from nightlatch.errors import NightlatchError
from nightlatch.guard.listening import Listener
from nightlatch.model.command import ClearCode, Command, Outcome
from nightlatch.service.accessing import Access

log = logging.getLogger(__name__)

LOOK_S = 0.3
"""How often it is looked whether a code is gone."""
REMEMBERED = 100
"""Ended repairs that are kept for who asks how they went."""
READS = frozenset(("learn", "read"))

State = Literal["waiting", "running", "ended"]


class Run(msgspec.Struct):
    """A repair that somebody asked for, and how far it is."""

    repair: Repair
    at: int
    """When it was asked for, µs since 1970."""
    state: State = "waiting"
    outcomes: list[Outcome] = []
    """Of its commands, in their order, as far as they have ended."""

    @property
    def proven(self) -> bool:
        """Whether all of it was done, and read back."""
        return self.state == "ended" and all(one.ending == "evidence" for one in self.outcomes)


class Repairer:
    """What is being put right in a running Nightlatch."""

    def __init__(
        self, listener: Listener, access: Access, *, clock: Callable[[], int], ended: Callable[[], None]
    ) -> None:
        """`ended` is called once nothing more is to be done."""
        self._listener = listener
        self._access = access
        self._clock = clock
        self._ended = ended
        self._waiting: deque[Run] = deque()
        self._woken = asyncio.Event()
        self._watchers: list[Callable[[Run], None]] = []
        self.runs: dict[str, Run] = {}
        """The newest run of each repair, by the repair's id."""

    def watch(self, hear: Callable[[Run], None]) -> None:
        """Have every step of every run told."""
        self._watchers.append(hear)

    @property
    def busy(self) -> bool:
        """Whether something is being put right, or waits to be."""
        return any(one.state != "ended" for one in self.runs.values())

    def start(self, repair: Repair) -> Run:
        """Have it done; one that is under way already is not begun again."""
        present = self.runs.pop(repair.id, None)
        run = present if present is not None and present.state != "ended" else Run(repair, self._clock())
        if run is not present:
            self._waiting.append(run)
        self.runs[repair.id] = run
        while len(self.runs) > REMEMBERED and (old := next(iter(self.runs.values()))).state == "ended":
            del self.runs[old.repair.id]
        self._woken.set()
        return run

    async def run(self) -> None:
        """Do what is asked for, until cancelled."""
        while True:
            while self._waiting:
                await self._do(self._waiting[0])
                self._waiting.popleft()
                if not self._waiting:
                    self._ended()
            self._woken.clear()
            await self._woken.wait()

    async def _do(self, run: Run) -> None:
        run.state = "running"
        self._told(run)
        for command in run.repair.does[len(run.outcomes) :]:
            try:
                outcome = await self._command(command)
            except NightlatchError as error:
                outcome = Outcome("unknown", str(error))
            run.outcomes.append(outcome)
            self._told(run)
        run.state = "ended"
        self._told(run)

    def _told(self, run: Run) -> None:
        for hear in self._watchers:
            hear(run)

    async def _command(self, command: Command) -> Outcome:
        if isinstance(command, ClearCode):
            return await self._clear(command)
        return await self._listener.command(command)

    async def _clear(self, command: ClearCode) -> Outcome:
        """Take a code off its lock by way of the ledger, and wait for the proof."""
        access, lock, slot = self._access, str(command.about), command.slot

        def absent() -> bool:
            return clearing.in_slot(access.lines(), lock, slot) is None

        if absent():
            access.survey([lock])
            await _until(lambda: not absent() or not self._reading(lock))
        line = clearing.in_slot(access.lines(), lock, slot)
        hindered = clearing.hindered(line, slot)
        if hindered is not None:
            return hindered
        if line is not None and not line.credential:
            if line.form == "master":
                return Outcome("refused", "it is the lock's master code: change it at its keypad", clearing.place(slot))
            decided = decision(line, "remove", self._clock())
            await asyncio.to_thread(access.records.put, decided)
            access.look()
        return clearing.ended(slot, gone=await _until(absent))

    def _reading(self, lock: str) -> bool:
        return any(one.lock == lock and one.act in READS for one in self._access.progress(0).todo)


async def _until(what: Callable[[], bool]) -> bool:
    loop = asyncio.get_running_loop()
    end = loop.time() + clearing.WAIT_S
    while not what():
        if loop.time() > end:
            return False
        await asyncio.sleep(LOOK_S)
    return True
