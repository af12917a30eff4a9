"""The simulated home itself: locks, doors and people on one clock. It knows nothing of connections' tasks."""

from __future__ import annotations

import heapq
from collections import Counter, deque
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

from nightlatch.ecosystems._simulated import day as days
from nightlatch.ecosystems._simulated import faults as _faults
from nightlatch.ecosystems._simulated.lock import KEYPAD, Kept, SimulatedLock, pin
from nightlatch.ecosystems._simulated.plan import Plan, minutes
from nightlatch.model.event import By, Event, Kind, State
from nightlatch.secrets import Secret

SECOND = 1_000_000
DAY_S = 86_400
TICK_S = 0.01
"""How often a flood pours."""
DRAIN = 0.02
"""% of the charge that one movement of the bolt takes."""


class Ear:
    """One listener: what it has not yet taken, and whether its connection broke."""

    def __init__(self, wake: Callable[[], None]) -> None:
        self.heard: deque[Event] = deque()
        self.broken = False
        self.wake = wake


class House:
    """A home whose time is `clock` (µs since 1970).

    Nothing happens by itself: `advance` lets everything happen that is due. The same plan and the
    same times of the clock always give the same events.
    """

    def __init__(self, plan: Plan, clock: Callable[[], int], prefix: str = "simulated") -> None:
        self.plan = plan
        self._clock = clock
        self._origin = self.time = clock()
        glue = "/" if ":" in prefix else ":"
        self.hub = f"hub:{prefix}{glue}controller"
        chance = Random(f"{plan.seed}/locks")  # noqa: S311  # a simulation, not a secret
        ids = [*plan.doors, *(f"load-{number}" for number in range(plan.locks))]
        self.locks = {
            id_: SimulatedLock(
                id_,
                f"lock:{prefix}{glue}{id_}",
                sensor=id_ not in plan.without_sensor,
                charge=chance.uniform(55, 100),
                keeps=plan.codes_at.get(id_, plan.codes),
            )
            for id_ in ids
        }
        self.pins: list[Secret] = []
        """The people's PINs: person n's is the n-th, counted from 1."""
        for number in range(1, plan.people + 1):
            self.pins.append(pin(f"{plan.seed}/pin/{number}", self.pins))
            for id_ in plan.doors:
                self.locks[id_].put(number, Kept(self.pins[-1]), told=True)
        self.messages: Counter[str] = Counter()
        """How many messages about codes the hub sent to each lock, by the lock's id."""
        self.by_about = {lock.about: lock for lock in self.locks.values()}
        for lock in self.locks.values():
            lock.told_at = self.time
        self.join_open = False
        self.up = True
        self.silent = False
        self.told = 0
        """How many events were told to anybody who listened."""
        self.into_open: list[tuple[int, str]] = []
        """When and where a bolt was thrown into an open door: what must never happen."""
        self._ears: list[Ear] = []
        self._due: list[tuple[int, int, Callable[..., None], tuple[Any, ...]]] = []
        self._number = 0
        self._starts_s = minutes(plan.starts) * 60
        self._plan_day(0)
        for fault in plan.faults:
            wait = minutes(fault.at) * 60 - self._starts_s
            self._later((wait if wait >= 0 else wait + DAY_S) / plan.pace, self.order, fault)

    # Time

    def advance(self, to: int) -> None:
        """Let everything happen that is due until `to`, in order."""
        while self._due and self._due[0][0] <= to:
            at, _, happen, arguments = heapq.heappop(self._due)
            self.time = max(self.time, at)
            happen(*arguments)
        self.time = max(self.time, to)

    def due_in(self) -> float | None:
        """Seconds until something happens; None: nothing ever will."""
        return (self._due[0][0] - self.time) / SECOND if self._due else None

    def _later(self, seconds: float, happen: Callable[..., None], *arguments: Any) -> None:
        self._number += 1
        heapq.heappush(self._due, (self.time + int(seconds * SECOND), self._number, happen, arguments))
        for ear in self._ears:
            ear.wake()

    def _plan_day(self, number: int) -> None:
        plan = self.plan
        if not plan.people:
            return
        midnight_s = number * DAY_S - self._starts_s
        for visit in days.visits(plan.seed, number, plan.people, len(plan.doors)):
            wait = self._origin + int((midnight_s + visit.at) / plan.pace * SECOND) - self.time
            if wait >= 0:
                self._later(wait / SECOND, self._visit, visit)
        next_s = midnight_s + DAY_S
        self._later((self._origin - self.time) / SECOND + next_s / plan.pace, self._plan_day, number + 1)

    # Who listens

    def listen(self, wake: Callable[[], None]) -> Ear:
        """A new listener; `wake` is called when there is something for it."""
        ear = Ear(wake)
        self._ears.append(ear)
        return ear

    def leave(self, ear: Ear) -> None:
        """A listener goes."""
        self._ears.remove(ear)

    def states(self) -> Iterator[State]:
        """Every lock as the hub tells it."""
        for lock in self.locks.values():
            yield lock.state()

    def tell(self, about: str, kind: Kind, **more: Any) -> None:
        """Tell everybody who listens."""
        if not self._ears or self.silent:
            return
        event = Event(self._clock(), kind, about, told=self.time, **more)
        self.told += 1
        for ear in self._ears:
            ear.heard.append(event)
            ear.wake()

    def _say(self, lock: SimulatedLock, kind: Kind, **more: Any) -> None:
        if not lock.dead:
            self.tell(lock.about, kind, **more)

    # What happens at a door

    def unlock(self, lock: SimulatedLock, by: By, slot: int = 0) -> None:
        """The bolt is retracted, if it was not."""
        if lock.thrown or lock.jammed:
            lock.thrown = lock.jammed = False
            self._moved(lock, "unlocked", by, slot)
        self._relock_later(lock)

    def lock(self, lock: SimulatedLock, by: By, slot: int = 0) -> bool:
        """The bolt is thrown, if it was not; whether it went home."""
        if lock.open:
            self.into_open.append((self.time, lock.id))
        if lock.jams:
            lock.jams -= 1
            lock.jammed, lock.thrown = True, False
            self._moved(lock, "jammed", by, slot)
            return False
        if not lock.thrown:
            lock.thrown, lock.jammed = True, False
            self._moved(lock, "locked", by, slot)
        return True

    def open_door(self, lock: SimulatedLock) -> None:
        """Somebody opens the door, or holds it open too."""
        lock.passing += 1
        if not lock.open:
            lock.open = True
            if lock.sensor:
                self._say(lock, "door_forced" if lock.thrown else "door_opened")

    def close_door(self, lock: SimulatedLock) -> None:
        """The last one to pass shuts the door."""
        lock.passing = max(lock.passing - 1, 0)
        if lock.open and not lock.passing:
            lock.open = False
            if lock.sensor:
                self._say(lock, "door_closed")
            self._relock_later(lock)

    def _moved(self, lock: SimulatedLock, kind: Kind, by: By, slot: int) -> None:
        if not lock.dead:
            lock.told_at = self.time
        self._say(lock, kind, by=by, slot=slot)
        before = round(lock.charge)
        lock.charge = max(lock.charge - DRAIN, 0)
        if round(lock.charge) != before:
            self._say(lock, "battery", value=round(lock.charge))

    def _relock_later(self, lock: SimulatedLock) -> None:
        if lock.relock_s:
            lock.relock_at = self.time + lock.relock_s * SECOND
            self._later(lock.relock_s, self._relock, lock)

    def _relock(self, lock: SimulatedLock) -> None:
        # The lock's own sensor keeps it from locking an open door; one without a sensor waits for nothing.
        if lock.relock_s and self.time >= lock.relock_at and not lock.thrown and not (lock.sensor and lock.open):
            self.lock(lock, "auto")

    def _visit(self, visit: days.Visit) -> None:
        lock = self.locks[self.plan.doors[visit.door]]
        wait = 0.0
        if visit.mistyped and lock.thrown and not lock.keypad_disabled:
            self._say(lock, "wrong_code")
            wait = 3.0
        self._later(wait, self._turn, lock, visit.person, visit.coming)
        self._later(wait + 1.5, self._pass, lock, visit.person, visit.coming)
        if visit.locks_behind:
            self._later(wait + 5.5, self._lock_behind, lock, visit.coming)

    def _turn(self, lock: SimulatedLock, person: int, coming: bool) -> None:
        if not lock.thrown:
            return
        if coming:
            self.type_code(lock, self.pins[person])
        else:
            self.unlock(lock, "thumb")

    def _pass(self, lock: SimulatedLock, person: int, coming: bool) -> None:
        # Somebody else may have locked it in between.
        self._turn(lock, person, coming)
        if not lock.thrown:
            self.open_door(lock)
            self._later(2.5, self.close_door, lock)

    def _lock_behind(self, lock: SimulatedLock, inside: bool) -> None:
        if not lock.open:
            self.lock(lock, "thumb" if inside else "touch")

    # At the keypad

    def type_code(self, lock: SimulatedLock, code: Secret) -> int:
        """Somebody types a code: the slot by which it opened, 0 when it did not.

        It opens by a code that the lock has and takes at this time, also while nobody hears the lock.
        """
        if lock.keypad_disabled:
            return 0
        slot = lock.opens(code, self.time)
        if slot:
            self.unlock(lock, "code", slot if lock.keeps.reports_use else 0)
        else:
            self._say(lock, "wrong_code")
        return slot

    def put_code(self, lock: SimulatedLock, slot: int, kept: Kept | None, *, reported: bool = True) -> None:
        """A slot is filled or emptied, by whomever; `reported`: the lock tells it, if it is one that tells."""
        before = lock.codes.get(slot)
        told = reported and lock.keeps.reports_changes and not lock.dead
        lock.put(slot, kept, told=told)
        if told and (before is not None or kept is not None):
            kind: Kind = "code_removed" if kept is None else "code_added" if before is None else "code_changed"
            self._say(lock, kind, slot=slot)

    # What goes wrong

    def order(self, fault: _faults.Fault) -> None:
        """Make it go wrong now."""
        match fault:
            case _faults.HubLost():
                self._hub_lost(fault.seconds)
            case _faults.HubSilent():
                self._silence(fault.seconds)
            case _faults.JoinOpened():
                self.join_open = True
                self.tell(self.hub, "join_opened")
                self._later(fault.seconds, self.close_join)
            case _faults.Flood():
                locks = [self.locks[fault.lock]] if fault.lock else list(self.locks.values())
                until = self.time + int(fault.seconds * SECOND) if fault.seconds else 0
                self._pour(fault.per_second, locks, self.time, until, 0)
            case _:
                self._order_lock(fault, self.locks[fault.lock])
        for ear in self._ears:
            ear.wake()

    def _order_lock(self, fault: _faults.Fault, lock: SimulatedLock) -> None:
        match fault:
            case _faults.Jam():
                lock.jams = fault.times
            case _faults.Dead():
                self._say(lock, "offline")
                lock.dead = True
                self._later(fault.seconds, self._alive, lock)
            case _faults.Slow():
                lock.slow_s = fault.seconds
            case _faults.WrongCodes():
                for number in range(fault.times):
                    self._later(number * fault.every_s, self._say, lock, "wrong_code")
            case _faults.KeypadDisabled():
                self._keypad(lock, off=True)
                self._later(fault.seconds, lambda: self._keypad(lock, off=False))
            case _faults.CoverTamper():
                self._say(lock, "tamper", detail="the cover was removed")
            case _faults.ForcedDoor():
                lock.thrown = True
                self.open_door(lock)
                self._later(6.0, self.close_door, lock)
            case _faults.LeftOpen():
                self.unlock(lock, "thumb")
                self._later(1.0, self.open_door, lock)
                self._later(1.0 + fault.seconds, self.close_door, lock)
            case _faults.ForeignCode():
                taken = [kept.code for kept in lock.codes.values() if kept.code is not None]
                foreign = pin(f"{self.plan.seed}/{lock.id}/{fault.slot}/foreign", [*taken, *self.pins])
                self.put_code(lock, fault.slot, Kept(foreign, creator=KEYPAD), reported=fault.reported)
            case _faults.CodeDeleted():
                self.put_code(lock, fault.slot, None, reported=fault.reported)
            case _faults.CodesLost():
                for slot in tuple(lock.codes):
                    self.put_code(lock, slot, None, reported=fault.reported)
            case _faults.Refuse():
                lock.refusals = [fault.why] * fault.times
            case _faults.Dropped():
                lock.drops = [fault.done] * fault.times
            case _faults.Unheeded():
                lock.unheeded = fault.times
            case _faults.Battery():
                lock.charge = float(fault.percent)
                self._say(lock, "battery", value=fault.percent)
            case _faults.Downgrade():
                lock.security = fault.security
                self._say(lock, "security_changed", value=fault.security)

    def _alive(self, lock: SimulatedLock) -> None:
        lock.dead = False
        lock.told_at = self.time
        self._say(lock, "online")

    def _keypad(self, lock: SimulatedLock, *, off: bool) -> None:
        lock.keypad_disabled = off
        self._say(lock, "keypad_disabled" if off else "keypad_enabled")

    def close_join(self) -> None:
        """The hub lets no new device in any more."""
        if self.join_open:
            self.join_open = False
            self.tell(self.hub, "join_closed")

    def _hub_lost(self, seconds: float) -> None:
        self.up = False
        for ear in self._ears:
            ear.broken = True
            ear.wake()
        self._ears.clear()
        self._later(seconds, self._hub_back)

    def _hub_back(self) -> None:
        self.up = True

    def _silence(self, seconds: float) -> None:
        self.silent = True
        self._later(seconds, self._hub_heard)

    def _hub_heard(self) -> None:
        self.silent = False

    def _pour(self, rate: float, locks: list[SimulatedLock], since: int, until: int, poured: int) -> None:
        wanted = int((self.time - since) / SECOND * rate)
        for number in range(poured, wanted):
            lock = locks[number % len(locks)]
            if number % 500 == 499:
                self._say(lock, "tamper", value=number)
            elif lock.thrown:
                lock.thrown, lock.told_at = False, self.time
                self._say(lock, "unlocked", by="thumb", value=number)
            else:
                lock.thrown, lock.told_at = True, self.time
                self._say(lock, "locked", by="thumb", value=number)
        if not until or self.time < until:
            self._later(TICK_S, self._pour, rate, locks, since, until, wanted)
