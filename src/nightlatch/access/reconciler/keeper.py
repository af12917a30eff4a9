"""Keeps one lock as its grants want it: one step at a time, each written down before it is taken and after it ended."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import msgspec

from nightlatch.access import ledger
from nightlatch.access.reconciler.aiming import Aims
from nightlatch.access.reconciler.book import Book
from nightlatch.access.reconciler.budget import HOUR_S, Bucket, Waits
from nightlatch.access.reconciler.chooser import GOING, LINK, NO_ROOM, Act, Step, View, choose, planned
from nightlatch.access.reconciler.desk import Desk
from nightlatch.access.reconciler.echoes import Echoes
from nightlatch.access.reconciler.reading import Reading, pin_or_none
from nightlatch.access.reconciler.slots import Slots
from nightlatch.access.reconciler.strangers import Strangers
from nightlatch.errors import NightlatchError, StoreError
from nightlatch.model.access import OPENS, Entry
from nightlatch.model.command import ClearCode, Command, Outcome, ReadCodes, SetCode, Slot
from nightlatch.model.evidence import Ref
from nightlatch.secrets import Secret

if TYPE_CHECKING:
    from nightlatch.access.wanting import Want

log = logging.getLogger(__name__)

SECOND = 1_000_000
BLOCKED_AGAIN_S = 6 * 3600.0
"""After how long a lock that refused a code is asked again, when nothing changed."""
DOUBTS_PER_HOUR = 60.0


class Keeper:
    """One lock. `hub` is the budget that it shares with the others of its hub."""

    def __init__(self, lock: str, lines: Iterable[Entry], desk: Desk, hub: Bucket, *, background: bool = True) -> None:
        self.lock = lock
        self._desk = desk
        self._book = Book(lock, lines, desk)
        self.lines = self._book.lines
        self.slots = Slots()
        self._strangers = Strangers(lock, desk.owner)
        now = desk.monotonic()
        self.waits = Waits(desk.chance)
        self._hub = hub
        self._background = background
        self.needed = 0.0
        """From when there is something to do that is not only a look for changes."""
        self._spare = Bucket(desk.limits.lock_messages_per_hour, now)
        self._doubts = Bucket(DOUBTS_PER_HOUR, now)
        self._heard_again = Bucket(desk.limits.heard_again_per_hour, now)
        self._echoes = Echoes()
        self._meanwhile: set[int] = set()
        """Slots that the lock told of while a command was on its way: its answer may be older than that."""
        self._swapped: set[int] = set()
        """Slots whose code the lock says was changed, until they are read."""
        self._crowded: set[str] = set()
        """Credentials for which there was no slot."""
        self._opened: dict[int, int] = {}
        """When slots last opened the door, until that is in their lines."""
        self.changed = asyncio.Event()
        for line in self.lines.values():
            if ledger.doubted(line):
                self.slots.doubt(line.slot)
            if line.after:
                # The clock may have been set back since: no code that is to go waits for that.
                most = desk.limits.deadline_s if line.state in GOING else HOUR_S
                ahead = (line.after - desk.clock()) / SECOND
                self.waits.hold(_key(line), now + min(max(ahead, 0.0), most))

    # Looking

    def view(self) -> View:
        """All that is known of the lock now."""
        mono = self._desk.monotonic()
        spare = max(self._spare.ready_at(mono), self._hub.ready_at(mono))
        return View(
            self.lock,
            tuple(self.lines.values()),
            self._wants(),
            self.slots,
            self.waits,
            self._desk.clock(),
            mono,
            spare if self._background else NO_ROOM,
            self._doubts.ready_at(mono),
        )

    def steps(self) -> list[Step]:
        """What would be sent, without the reads that only look for changes."""
        after, gone = self._aims()
        lines = {key: line for key, line in (self.lines | after).items() if key not in gone}
        view = msgspec.structs.replace(self.view(), lines=tuple(lines.values()))
        return list(planned(view))

    async def look(self) -> float:
        """Bring the ledger to what is wanted now and take at most one step; from when another look is worth it.

        The time is on the clock that is never set; now when a step was taken.
        """
        after, gone = self._aims()
        self._opened.clear()
        self._hurry(after)
        await self._book.write(after, gone)
        for slot in self._strangers.settle(self.lines.values()):
            self.slots.doubt(slot)
        choice = choose(self.view(), self._desk.may)
        self.needed = choice.needed
        if choice.step is None:
            return choice.soonest
        await self._take(choice.step)
        return self._desk.monotonic()

    def next_due(self) -> int:
        """When the next line is overdue, µs; 0: none."""
        return min((line.due for line in self.lines.values() if line.state == "removing" and line.due), default=0)

    def _wants(self) -> Mapping[str, Want]:
        """What is wanted now or later, by credential: the plan may not have heard yet that a time is over."""
        now = self._desk.clock()
        return {key: want for key, want in self._desk.wants(self.lock).items() if not want.ends or now < want.ends}

    @property
    def _within(self) -> int:
        return self._desk.limits.deadline_s * SECOND

    def _aims(self) -> tuple[dict[ledger.Key, Entry], list[ledger.Key]]:
        """The lines that follow what is wanted by now, and those that are no longer kept."""
        now, blocked = self._desk.clock(), self._desk.blocked(self.lock)
        aims = Aims(self.lock, self._wants(), blocked, self._strangers, self._opened, now, self._within)
        return aims.lines(self.lines)

    # Steps

    async def _take(self, step: Step) -> None:
        line = self._line(step)
        if step.act is Act.FULL:
            await self._full(step)
            return
        code: Secret | None = None
        if step.act is Act.SET:
            prepared = await self._prepare(step)
            if prepared is None:
                return
            line, code = prepared
        outcome = await self._send(step, code)
        await self._ended(step, line, outcome, code)
        self._desk.done(step, outcome)

    async def _prepare(self, step: Step) -> tuple[Entry, Secret] | None:
        """The line as it is on the disk while its code is written, and the code; None when that cannot be."""
        key = (self.lock, step.credential, 0)
        line = self.lines[key]
        try:
            code = self._desk.pin(step.credential)
        except NightlatchError as error:
            log.warning("%s: the code of %s cannot be had: %s", self.lock, step.credential, error)
            self.waits.failed(step.key, self._desk.monotonic())
            await self._book.write(
                {key: ledger.blocked(line, "its PIN cannot be opened: see the log", self._desk.clock())}
            )
            return None
        now = self._desk.clock()
        age = self._desk.monotonic() - self.slots.seen_at(step.slot)
        line = ledger.sending(line, step.slot, step.limits, now - int(age * SECOND), now)
        try:
            await self._book.write_first(line)
        except StoreError as error:
            self.waits.failed(step.key, self._desk.monotonic())
            log.warning("%s: no code is set on it, for the ledger cannot be written: %s", self.lock, error)
            return None
        return line, code

    async def _send(self, step: Step, code: Secret | None) -> Outcome:
        ref = _ref(self.lock)
        match step.act:
            case Act.SET if code is not None:
                command: Command = SetCode(ref, step.slot, code, step.limits, self._desk.zone())
            case Act.CLEAR:
                command = ClearCode(ref, step.slot)
            case Act.READ:
                command = ReadCodes(ref, (step.slot,))
            case _:
                command = ReadCodes(ref)
        if step.act in (Act.SET, Act.CLEAR):
            self.slots.doubt(step.slot)
            self._echoes.write(step.slot, step.act)
        self._meanwhile.clear()
        return await self._desk.command(command)

    async def _ended(self, step: Step, line: Entry | None, outcome: Outcome, code: Secret | None) -> None:
        """Take what a command gave: into what is known of the slots, into the waits, and into the ledger."""
        mono, now = self._desk.monotonic(), self._desk.clock()
        self._pay(step, outcome, mono)
        known = self.slots.rules if outcome.why == "limits" else None
        if known is not None:
            # It does not hold codes to their times after all, as when its clock is wrong: from now on the hub does.
            rules = msgspec.structs.replace(known, year_days=0, week_days=0)
            outcome = msgspec.structs.replace(outcome, rules=rules)
        if outcome.rules is not None:
            self._desk.learn(self.lock, outcome)
        told = outcome.slots
        if step.act is Act.READ and outcome.ending == "refused" and not told:
            told = (Slot(step.slot, "unknown", "none"),)
        proven = outcome.ending == "evidence"
        self.slots.learn(outcome.rules, told, mono, listed=step.act is Act.LEARN and proven)
        if step.act in (Act.SET, Act.CLEAR):
            self._echoes.ended(step.slot, mono, refused=outcome.ending == "refused")
            if outcome.ending == "refused" and not told and outcome.why not in ("", "unheeded"):
                self.slots.sure(step.slot)
        after = self._read(step, outcome, code, now)
        gone = await self._strangers.take(after, outcome.slots)
        if line is not None and code is not None:
            after[ledger.key(line)] = ledger.set_ended(line, outcome, code, now, self._within)
        elif line is not None and step.act is Act.CLEAR:
            code = pin_or_none(self._desk.pin, line.credential)
            after[ledger.key(line)] = ledger.clear_ended(line, outcome, code, now)
        wait = self._wait(step, outcome, after, mono)
        if self._hurry(after):
            wait = 0.0
        if wait and line is not None:
            key = ledger.key(line)
            after[key] = ledger.later(after.get(key, line), now + int(wait * SECOND))
        self._freed(after)
        await self._book.write(after, gone)
        if known is not None:
            self.again()
        if self.slots.whole() and not self._desk.owner.surveyed(self.lock):
            self._desk.owner.survey_ended(self.lock)

    def _pay(self, step: Step, outcome: Outcome, mono: float) -> None:
        sent = max(outcome.sent, 1)
        if step.background:
            self._spare.take(sent, mono)
            self._hub.take(sent, mono)
        elif step.doubt:
            self._doubts.take(sent, mono)

    def _read(self, step: Step, outcome: Outcome, code: Secret | None, now: int) -> dict[ledger.Key, Entry]:
        """What the lines become by what was read of their slots."""
        told = {one.slot: one for one in outcome.slots}
        rules = self.slots.rules
        if step.act is Act.LEARN and outcome.ending == "evidence" and rules is not None and not rules.reads_each:
            # It was asked for every slot in use: the others are empty.
            told = {number: Slot(number, "empty", "presence") for number in range(1, rules.slots + 1)} | told
        written = step.slot if step.act in (Act.SET, Act.CLEAR) else 0
        at = outcome.at or now
        reading = Reading(self.lock, self.lines, self._wants(), self._desk.pin, self._desk.mark, at, now, written, code)
        after = reading.lines(told, self._swapped)
        self._swapped -= {slot for slot, one in told.items() if one.proof in ledger.PROVES} - self._meanwhile
        for slot in self._meanwhile:
            self._doubt(slot)
        return after

    def _wait(self, step: Step, outcome: Outcome, after: dict[ledger.Key, Entry], mono: float) -> float:
        """For how long this is left alone; 0: it came to something."""
        if outcome.ending == "unknown":
            return self.waits.unanswered(step.key, LINK, mono)
        self.waits.over(LINK)
        if outcome.ending == "evidence":
            if self._in_vain(step, outcome, after):
                return self.waits.failed(step.key, mono)
            if step.act is not Act.READ:
                self.waits.over(step.key)
            return 0.0
        line = after.get((self.lock, step.credential, 0)) if step.credential else None
        if step.act is Act.LEARN or (line is not None and line.state == "blocked"):
            self.waits.hold(step.key, mono + BLOCKED_AGAIN_S)
            return BLOCKED_AGAIN_S
        return self.waits.failed(step.key, mono)

    def _hurry(self, after: Mapping[ledger.Key, Entry]) -> bool:
        """What begins to go is tried at once, however long its code or its lock was to be left alone."""
        old = {key for key, line in self.lines.items() if line.state in GOING}
        going = [line for key, line in after.items() if line.state in GOING and key not in old]
        for line in going:
            self.waits.over(_key(line))
        if going:
            self.back()
        return bool(going)

    def _in_vain(self, step: Step, outcome: Outcome, after: Mapping[ledger.Key, Entry]) -> bool:
        """Whether it came to nothing whatever the lock or hub calls it: to be done again, but not at once."""
        told = next((one for one in outcome.slots if one.slot == step.slot), None)
        if step.act is Act.READ:
            return told is None or ledger.look(told, None) == "nothing told"
        line = after.get((self.lock, step.credential, 0 if step.credential else step.slot))
        if line is None or step.act not in (Act.SET, Act.CLEAR):
            return False
        return line.state in OPENS and (step.act is Act.CLEAR or line.state != "present")

    def _freed(self, after: Mapping[ledger.Key, Entry]) -> None:
        """A code has left the lock: what was refused for it, or found no slot, may be tried again."""
        left = [self.lines[key] for key, line in after.items() if key in self.lines and line.state not in OPENS]
        if any(line.slot and line.present is not False for line in left):
            self.again()
        elif any(line.slot for line in left):
            # It was never there: only its slot is free again.
            for credential in self._crowded:
                self.waits.over(credential)
            self._crowded.clear()

    async def _full(self, step: Step) -> None:
        line = self.lines[self.lock, step.credential, 0]
        self._crowded.add(step.credential)
        self.waits.hold(step.key, self._desk.monotonic() + BLOCKED_AGAIN_S)
        now = self._desk.clock()
        await self._book.write({ledger.key(line): ledger.blocked(line, f"the lock is full: {step.why}", now)})

    def _line(self, step: Step) -> Entry | None:
        if step.credential:
            return self.lines.get((self.lock, step.credential, 0))
        return self.lines.get((self.lock, "", step.slot))

    # What is heard

    def again(self) -> None:
        """What kept codes off the lock may be over: they are tried again."""
        for line in self.lines.values():
            if line.state == "blocked":
                self.waits.over(_key(line))
        self.changed.set()

    def survey(self) -> None:
        """Somebody wants to know what is on the lock: every slot is read."""
        self.slots.asked_at = self._desk.monotonic()
        self.waits.over(Act.LEARN)
        self.needed = 0.0
        self.changed.set()

    def reported(self, kind: str, slot: int, *, resync: bool) -> None:
        """The lock told of a change in a slot (0: it did not tell in which). The report of our own write is awaited."""
        mono = self._desk.monotonic()
        if not resync and slot and self._echoes.take(slot, kind, mono):
            return
        rules = self.slots.rules
        for number in (slot,) if slot else tuple(line.slot for line in self.lines.values() if line.slot):
            if rules is None or number <= rules.slots:
                # A master code has a place beside the slots, and is not read like one.
                self._doubt(number)
                self._swapped.add(number)
                self._meanwhile.add(number)
        for line in self.lines.values():
            if line.state in GOING and slot in (0, line.slot):
                self.waits.soon(_key(line))
        if not slot:
            # It may be in a slot that was read as empty.
            self.slots.miss(mono)
        self.changed.set()

    def _doubt(self, slot: int) -> None:
        self.slots.forget(slot)
        self.slots.doubt(slot)

    def opened(self, slot: int, at: int) -> Entry | None:
        """The code of a slot opened the door; its line."""
        line = next((one for one in self.lines.values() if one.slot == slot and one.state in OPENS), None)
        if line is not None:
            self._opened[slot] = at
            self.changed.set()
        return line

    def back(self) -> None:
        """The lock, or its hub, is heard: what waits for it goes on, as soon as that is not too often."""
        mono = self._desk.monotonic()
        if not self.waits.silent(LINK, mono):
            return
        ready = self._heard_again.ready_at(mono)
        if ready <= mono:
            self._heard_again.take(1, mono)
        self.waits.back(LINK, ready)
        self.changed.set()

    def missed(self) -> None:
        """For some time nobody heard the lock: what was read of it before is read again within the budget."""
        self.slots.miss(self._desk.monotonic())
        self.changed.set()


def _key(line: Entry) -> object:
    return line.credential or line.slot


def _ref(lock: str) -> Ref:
    kind, _, key = lock.partition(":")
    return Ref(kind, key)
