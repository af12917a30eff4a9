"""Runs the machines: looks when something changes or a time has come, sends what they decide, and says what it did."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import datetime

import msgspec

from nightlatch.errors import StoreError, UsageError
from nightlatch.guard.autolock.lockout import Lockout, lockout
from nightlatch.guard.autolock.machine import Machine, Memory, Phase, Step
from nightlatch.guard.autolock.settings import Rule
from nightlatch.guard.detections.interface import Noticed
from nightlatch.guard.household import Household
from nightlatch.guard.listening import Intake, Listener
from nightlatch.guard.standing import RELOCK, Standing
from nightlatch.model.command import LockDoor, SetParameter
from nightlatch.model.event import Event, instant
from nightlatch.model.evidence import Ref
from nightlatch.model.finding import Severity
from nightlatch.model.home import Home
from nightlatch.text import minute, suggest

log = logging.getLogger(__name__)

SECOND = 1_000_000
LOOK_S = 30.0
"""How often a door is looked at although nothing changed: clocks are set, hours of the day begin and end."""
RELOCK_AGAIN = 3600 * SECOND
"""How long after a refusal the lock is asked again to set its own auto-relock, µs: radio and battery are spared."""
LOCKS = frozenset((Phase.WAITING, Phase.LOCKING, Phase.LOCKED, Phase.UNKNOWN))
"""Phases in which a door is or soon will be locked."""
MOST_PAUSE = 7 * 86_400 * SECOND


class DoorView(msgspec.Struct, frozen=True):
    """How a door's auto-lock stands, for people and programs; times on the clock at home."""

    lock: str
    name: str
    phase: str
    why: str
    due: datetime | None
    paused_until: datetime | None
    own_relock: str
    """Why the lock's own auto-relock is not used; nothing when it is."""
    secured: bool | None
    secured_why: str
    way_in: bool | None = None
    """Whether a resident outside could still get in once it is locked."""
    way_in_why: str = ""


class AutoLock:
    """Locks the doors of these rules through the listener.

    `notice` takes alerts; `keep` is given `snapshot()` whenever something changed that must survive a
    kill. `home` is the last audit's, for the ways in; None before the first.
    """

    def __init__(
        self,
        rules: Sequence[Rule],
        listener: Listener,
        intake: Intake,
        *,
        clock: Callable[[], int],
        notice: Callable[[Sequence[Noticed]], None],
        household: Household,
        keep: Callable[[bytes], None] = lambda _: None,
        snapshot: bytes = b"",
        home: Home | None = None,
    ) -> None:
        memories = _memories(snapshot)
        self._machines = {rule.lock: Machine(rule, memories.get(rule.lock)) for rule in rules}
        self._changed = {rule.lock: asyncio.Event() for rule in rules}
        self._listener = listener
        self._intake = intake
        self._clock = clock
        self._notice = notice
        self._keep = keep
        self.household = household
        self.home = home
        listener.watch(self._wake)

    async def run(self) -> None:
        """Lock doors until cancelled."""
        async with asyncio.TaskGroup() as group:
            for machine in self._machines.values():
                group.create_task(self._watch(machine), name=f"auto-lock of {machine.rule.lock}")

    def snapshot(self) -> bytes:
        """What must survive a restart."""
        return msgspec.json.encode({lock: machine.memory for lock, machine in self._machines.items()})

    def view(self) -> list[DoorView]:
        """How every door stands."""
        now = self._clock()
        return [self._view(machine, now) for machine in self._machines.values()]

    async def pause(self, lock: str, until: int) -> DoorView:
        """Leave a door ("lock:front") alone until then; UsageError when it has no rule or the end is none."""
        check_pause(until, self._clock())
        return await self._set_pause(lock, until, "paused")

    async def resume(self, lock: str) -> DoorView:
        """End a pause now."""
        return await self._set_pause(lock, 0, "resumed")

    async def _set_pause(self, lock: str, until: int, name: str) -> DoorView:
        machine = self._machines.get(lock)
        if machine is None:
            known = [one.partition(":")[2] for one in self._machines]
            key = lock.partition(":")[2]
            raise UsageError(
                f"the lock {key!r} does not lock by itself", todo=suggest(key, known) or "See [[autolock]]."
            )
        machine.memory.paused_until = until
        self._remember()
        detail = f"until {minute(instant(until))}" if until else ""
        await self._tell(lock, name, value=until // SECOND if until else "", detail=detail)
        self._wake(lock)
        return self._view(machine, self._clock())

    # One door

    async def _watch(self, machine: Machine) -> None:
        lock, changed = machine.rule.lock, self._changed[machine.rule.lock]
        before = Phase.LOCKED
        while True:
            changed.clear()
            now = self._clock()  # first: how old a report is, is put right when the clock was set
            standing = self._standing(lock)
            tries = machine.memory.tries
            step = machine.look(standing, now)
            if machine.memory.tries != tries:
                self._remember()
            self._raise(machine.notices(standing, step, now, self.household.name(lock)))
            if step.phase is not before:
                self._warn(machine, step, now)
                before = step.phase
            if machine.memory.paused_until and machine.memory.paused_until <= now:
                machine.memory.paused_until = 0
                self._remember()
                await self._tell(lock, "resumed", detail="the pause ended")
            await self._set_relock(machine, standing, now)
            if step.lock:
                await self._lock(machine, step)
                continue
            wait = min((step.wake - now) / SECOND, LOOK_S) if step.wake else LOOK_S
            with suppress(TimeoutError):
                async with asyncio.timeout(max(wait, 0.0)):
                    await changed.wait()

    async def _lock(self, machine: Machine, step: Step) -> None:
        lock = machine.rule.lock
        await self._tell(lock, "locks", detail=step.why)

        def unless() -> str:
            # The last look, when nothing lies between it and the command: the door may have been opened meanwhile.
            now = self._clock()
            latest = machine.look(self._standing(lock), now)
            return "" if latest.lock else latest.why

        outcome = await self._listener.command(LockDoor(_ref(lock)), unless=unless)
        if outcome.what.startswith("not sent"):
            return
        machine.tried(outcome, self._clock())
        self._remember()

    async def _set_relock(self, machine: Machine, standing: Standing, now: int) -> None:
        """Have the lock's own auto-relock set as it should be, once: what changes it later is told, not fought."""
        memory = machine.memory
        wanted = machine.wanted_relock(now)
        if machine.own_relock(standing) or not standing.connected or memory.relock_s == wanted:
            return
        if memory.relock_tried_at and 0 <= now - memory.relock_tried_at < RELOCK_AGAIN:
            return
        if standing.relock_s != wanted:
            outcome = await self._listener.command(SetParameter(_ref(machine.rule.lock), RELOCK, wanted))
            if outcome.ending != "evidence":
                memory.relock_tried_at = now
                self._remember()
                log.info("%s: its own auto-relock could not be set: %s", machine.rule.lock, outcome.what)
                return
        memory.relock_s, memory.relock_tried_at = wanted, 0
        self._remember()

    def _warn(self, machine: Machine, step: Step, now: int) -> None:
        """Warn before the door locks while nobody outside could get in any more."""
        lock = machine.rule.lock
        open_now: dict[str, tuple[Severity, str]] = {}
        found = self._lockout(lock, now)
        if found is not None and found.way_in is False and step.phase in LOCKS:
            what = f"Once {self.household.name(lock)} is locked, nobody who is outside gets in: {found.reason}."
            open_now["lockout"] = (Severity.HIGH, what)
        self._raise(machine.raise_(open_now, ("lockout",), now))

    def _lockout(self, lock: str, now: int) -> Lockout | None:
        if self.home is None or lock not in self._listener.states:
            return None
        return lockout(self.home, lock, self._listener.states, now)

    # Telling

    def _view(self, machine: Machine, now: int) -> DoorView:
        lock = machine.rule.lock
        standing = self._standing(lock)
        # A copy: looking for people must not change what the door's own task remembers.
        step = Machine(machine.rule, msgspec.structs.replace(machine.memory)).look(standing, now)
        secured = standing.secured(now)
        found = self._lockout(lock, now)
        return DoorView(
            lock,
            self.household.name(lock),
            step.phase.value,
            step.why,
            self._at_home(step.due),
            self._at_home(machine.memory.paused_until if machine.memory.paused_until > now else 0),
            machine.own_relock(standing),
            secured.answer,
            secured.reason,
            found.way_in if found is not None else None,
            found.reason if found is not None else "",
        )

    def _at_home(self, at: int) -> datetime | None:
        return instant(at).astimezone(self.household.zone) if at else None

    def _standing(self, lock: str) -> Standing:
        return self._listener.states.get(lock) or Standing(lock)

    def _wake(self, lock: str) -> None:
        if lock in self._changed:
            self._changed[lock].set()

    def _raise(self, noticed: Iterable[Noticed]) -> None:
        found = list(noticed)
        if found:
            self._notice(found)
            self._remember()

    def _remember(self) -> None:
        try:
            self._keep(self.snapshot())
        except StoreError as error:
            # A full disk keeps no door unlocked.
            log.warning("what auto-lock remembers cannot be written: %s", error)

    async def _tell(self, lock: str, name: str, *, value: int | str = "", detail: str = "") -> None:
        # Not waited for until it is on disk: a full disk keeps no door unlocked.
        await self._intake.accept(Event(self._clock(), "autolock", lock, name=name, value=value, detail=detail))


def _memories(snapshot: bytes) -> dict[str, Memory]:
    try:
        return msgspec.json.decode(snapshot, type=dict[str, Memory]) if snapshot else {}
    except msgspec.MsgspecError:
        # Without its memory a door is locked sooner than it might be, which harms nobody.
        log.warning("what auto-lock remembered is damaged: pauses have ended")
        return {}


def check_pause(until: int, now: int) -> None:
    """UsageError when a pause does not end, or ends too late: a door that is forgotten stays unlocked."""
    if not now < until <= now + MOST_PAUSE:
        raise UsageError("a pause ends within seven days", todo="Pause again when it has ended.")


def _ref(lock: str) -> Ref:
    kind, _, key = lock.partition(":")
    return Ref(kind, key)
