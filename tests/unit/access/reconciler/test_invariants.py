"""Whatever goes wrong in whatever order, the ledger never says less than what is on the locks.

The invariants of access are checked against the simulated locks' own memory after every step.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from msgspec.structs import replace

from nightlatch.access import ledger
from nightlatch.access.reconciler.slots import FRESH_S
from nightlatch.ecosystems._simulated import faults
from nightlatch.ecosystems._simulated.lock import HUB, Kept
from nightlatch.ecosystems._simulated.plan import CodeRules
from nightlatch.model.access import OPENS, Entry
from nightlatch.model.command import ClearCode, Command, Outcome, ReadCodes, SetCode, Why, YearDay
from nightlatch.model.event import Event
from tests.unit.access.reconciler.homes import SECOND, Crash, Home

DOORS = ("front", "garden")
PEOPLE = ("ana", "ben", "cem", "dan")
LOCKS = st.sampled_from(DOORS)
NAMES = st.sampled_from(PEOPLE)
SLOTS = st.integers(1, 5)
MOMENTS = ("before the disk", "after the disk", "before a command", "after a command")
WHYS: tuple[Why, ...] = ("", "duplicate", "invalid", "unsupported")
KEEPS = st.builds(
    CodeRules,
    slots=st.sampled_from([3, 5]),
    gives_codes=st.booleans(),
    reports_changes=st.booleans(),
    reads_each=st.booleans(),
    year_days=st.sampled_from([0, 1]),
    master=st.booleans(),
)
FOR_EVER = 10**9
SOON_S = 400.0
"""Within so many seconds a code goes from a lock that is well: at once, or once the lock may be tried again."""
PATIENT = 45
"""So often an hour a lock that does not answer is asked at most."""


class Watched(Home):
    """A home that looks over every write to a lock."""

    def __init__(self, keeps: Mapping[str, CodeRules]) -> None:
        self.typed: dict[tuple[str, int], float] = {}
        """When somebody last changed a slot at the keypad, on the clock that is never set."""
        self.finished: set[tuple[str, str]] = set()
        """What was revoked, and not given anew since."""
        self.read_since_start: set[str] = set()
        self.asked: dict[tuple[str, int], float] = {}
        """When a lock last gave proof of what is in a slot."""
        self.unanswered: dict[str, list[float]] = {}
        """When a lock was asked in vain, since it answered last."""
        self.well_since: dict[str, float] = {}
        self.going_since: dict[ledger.Key, float] = {}
        super().__init__(doors=DOORS, codes_at=dict(keeps))

    def start(self, **more: Any) -> Any:
        self.read_since_start = set()
        self.unanswered = {}
        return super().start(**more)

    async def command(self, command: Command) -> Outcome:
        lock, at = str(command.about), self.mono
        outcome = await super().command(command)
        if outcome.ending != "unknown":
            self.unanswered[lock] = []
            self.asked |= {(lock, told.slot): at for told in outcome.slots if told.proof in ledger.PROVES}
            return outcome
        asked = self.unanswered.setdefault(lock, [])
        asked[:] = [one for one in asked if one > at - 3600.0] + [at]
        assert len(asked) <= PATIENT, f"{lock} was asked {len(asked)} times within an hour and did not answer"
        return outcome

    def move(self, seconds: float) -> None:
        self._look_around()
        super().move(seconds)
        self._look_around()

    def _look_around(self) -> None:
        """What goes from a lock that was well all the time does so soon, whatever became of the others."""
        for door, lock in self.house.locks.items():
            if lock.dead or lock.refusals or lock.unheeded or lock.drops or self.disk.full or not self.house.up:
                self.well_since.pop(door, None)
            else:
                self.well_since.setdefault(door, self.mono)
        going = {key for key, line in self.disk.ledger.items() if line.state in ("removing", "exposed")}
        self.going_since = {key: self.going_since.get(key, self.mono) for key in going}
        for key, since in self.going_since.items():
            if self.well_since.get(key[0].partition(":")[2], self.mono) <= since:
                assert self.mono - since <= SOON_S, f"{key} is still there, and its lock is well"

    def on_command(self, command: Command, before: Mapping[int, Kept]) -> None:
        lock = str(command.about)
        if isinstance(command, ReadCodes):
            self.read_since_start.add(lock)
            return
        assert isinstance(command, SetCode | ClearCode)
        assert lock in self.read_since_start, "it wrote to a lock before it had read anything of it"
        line = next((one for one in self.disk.ledger.values() if (one.lock, one.slot) == (lock, command.slot)), None)
        assert line is not None, "it wrote to a slot that no line of the ledger on the disk has"
        assert line.state in OPENS and line.credential
        there = before.get(command.slot)
        if there is not None and there.creator != HUB:
            rules = self.house.locks[lock.partition(":")[2]].keeps
            since = self.mono - self.typed.get((lock, command.slot), 0.0)
            unseen = not rules.gives_codes or (not rules.reports_changes and since <= FRESH_S)
            assert unseen, f"somebody else's code in slot {command.slot} was overwritten or removed"
        if isinstance(command, SetCode):
            assert (lock, line.credential) not in self.finished, "what was revoked was set again"
            want = self.wanted.wants(lock).get(line.credential)
            assert want is not None and want.begins <= self.at and (not want.ends or self.at < want.ends)
            assert tuple(want.limits) == command.limits
            assert there is None or there.creator != HUB or there.code == command.code


class Access(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.home: Watched

    def run(self, act: Coroutine[Any, Any, Any]) -> None:
        try:
            self.loop.run_until_complete(act)
        except* Crash:
            self.home.start()
            self.run(self.home.pump())

    def pump(self) -> None:
        self.run(self.home.pump())
        self._note_finished()

    def _note_finished(self) -> None:
        for key, line in self.home.disk.ledger.items():
            want = self.home.wanted.wants(line.lock).get(line.credential)
            over = want is None or (want.ends and want.ends <= self.home.at)
            gone = line.state in ("removing", "exposed") or (line.state == "absent" and line.seen)
            if line.credential and over and gone:
                self.home.finished.add((key[0], key[1]))

    @initialize(front=KEEPS, garden=KEEPS)
    def begin(self, front: CodeRules, garden: CodeRules) -> None:
        self.home = Watched({"front": front, "garden": garden})

    # What people do

    @rule(person=NAMES, door=LOCKS, begins=st.sampled_from([0, 0, 30, 400]), lasts=st.sampled_from([0, 20, 200, 5000]))
    def grant(self, person: str, door: str, begins: int, lasts: int) -> None:
        lock = f"lock:{door}"
        self.home.finished.discard((lock, f"{person}-1"))
        limits: tuple[YearDay, ...] = ()
        if lasts and self.home.house.locks[door].keeps.year_days:
            at = self.home.at + begins * SECOND
            limits = (YearDay(at, at + lasts * SECOND),)
        self.home.want(person, begins=begins, ends=begins + lasts if lasts else 0, lock=lock, limits=limits)
        self.pump()

    @rule(door=LOCKS, slot=SLOTS)
    def disable_a_code(self, door: str, slot: int) -> None:
        lock = self.home.house.locks[door]
        if slot in lock.codes and lock.keeps.reports_changes and not lock.dead:
            self.home.house.put_code(lock, slot, replace(lock.codes[slot], enabled=False))
        self.pump()

    @rule(door=LOCKS, slot=SLOTS)
    def put_a_code_somewhere(self, door: str, slot: int) -> None:
        """The lock tells that there is another, and not where."""
        lock = self.home.house.locks[door]
        if slot > lock.keeps.slots or lock.dead or not lock.keeps.reports_changes:
            return
        self.home.move(0.001)
        self.home.typed[f"lock:{door}", slot] = self.home.mono
        self.home.house.order(faults.ForeignCode(lock=door, slot=slot, reported=False))
        self.home.move(0.001)
        self.home.reconciler.heard(Event(self.home.at, "code_added", f"lock:{door}"))
        self.pump()

    @rule(person=NAMES, door=LOCKS)
    def end(self, person: str, door: str) -> None:
        if f"{person}-1" in self.home.wanted.wants(f"lock:{door}"):
            self.home.unwant(person, f"lock:{door}")
        self.pump()

    @rule(door=LOCKS, slot=SLOTS, removed=st.booleans())
    def change_at_the_keypad(self, door: str, slot: int, removed: bool) -> None:
        lock = self.home.house.locks[door]
        if slot > lock.keeps.slots or (lock.dead and not lock.keeps.reports_changes):
            return
        # What a lock that tells of changes does not tell is only what is lost on the way.
        reported = lock.keeps.reports_changes
        self.home.typed[f"lock:{door}", slot] = self.home.mono
        if removed:
            self.home.house.order(faults.CodeDeleted(lock=door, slot=slot, reported=reported))
        else:
            self.home.house.order(faults.ForeignCode(lock=door, slot=slot, reported=reported))
        self.pump()

    # What goes wrong

    @rule(door=LOCKS, seconds=st.sampled_from([5, 300, 10_000]))
    def die(self, door: str, seconds: int) -> None:
        self.home.house.order(faults.Dead(lock=door, seconds=seconds))

    @rule(door=LOCKS, times=st.sampled_from([1, 2, 4, 1000]), why=st.sampled_from(WHYS))
    def refuse(self, door: str, times: int, why: Why) -> None:
        self.home.house.order(faults.Refuse(lock=door, times=times, why=why))

    @rule(door=LOCKS, times=st.integers(1, 4))
    def heed_not(self, door: str, times: int) -> None:
        self.home.house.order(faults.Unheeded(lock=door, times=times))

    @rule(door=LOCKS, times=st.integers(1, 3), done=st.booleans())
    def drop(self, door: str, times: int, done: bool) -> None:
        self.home.house.order(faults.Dropped(lock=door, times=times, done=done))

    @rule(door=LOCKS)
    def lose_all_codes(self, door: str) -> None:
        lock = self.home.house.locks[door]
        for slot in lock.codes:
            self.home.typed[f"lock:{door}", slot] = self.home.mono
        self.home.house.order(faults.CodesLost(lock=door, reported=lock.keeps.reports_changes))
        self.pump()

    @rule(seconds=st.sampled_from([3, 500]))
    def lose_the_hub(self, seconds: int) -> None:
        self.home.house.order(faults.HubLost(seconds=seconds))

    @rule(by=st.sampled_from([-7200, -60, 60, 7200]))
    def set_the_clock(self, by: int) -> None:
        self.home.at += by * SECOND
        self.home.reconciler.heard(Event(self.home.at, "clock_step", "home"))
        self.pump()

    @rule(moment=st.sampled_from(MOMENTS), number=st.integers(1, 4))
    def crash_later(self, moment: str, number: int) -> None:
        self.home.crash = (moment, number)

    @rule()
    def restart(self) -> None:
        self.home.start()
        self.pump()

    @rule()
    def fill_or_free_the_disk(self) -> None:
        self.home.disk.full = not self.home.disk.full
        self.pump()

    @rule(seconds=st.sampled_from([1, 20, 130, 700, 4000]))
    def wait(self, seconds: int) -> None:
        self.run(self.home.passes(seconds))
        self._note_finished()

    # What always holds

    def _lines(self) -> dict[ledger.Key, Entry]:
        return self.home.disk.ledger

    @precondition(lambda self: hasattr(self, "home"))
    @invariant()
    def every_code_of_ours_on_a_lock_is_in_the_ledger_as_one_that_may_be_there(self) -> None:
        for door in DOORS:
            for person in PEOPLE:
                if f"{person}-1" not in self.home.pins.all:
                    continue
                for slot in self.home.on_lock(person, f"lock:{door}"):
                    line = self._lines().get((f"lock:{door}", f"{person}-1", 0))
                    assert line is not None and line.state in OPENS and line.slot == slot, (door, slot, line)

    @precondition(lambda self: hasattr(self, "home") and not self.home.disk.full and self.home.crash is None)
    @invariant()
    def what_is_no_longer_wanted_is_going_or_exposed(self) -> None:
        self.run(self.home.pump())
        now = self.home.at
        for door in DOORS:
            for person in PEOPLE:
                line = self._lines().get((f"lock:{door}", f"{person}-1", 0))
                want = self.home.wanted.wants(f"lock:{door}").get(f"{person}-1")
                running = want is not None and want.begins <= now and (not want.ends or now < want.ends)
                if line is None or running or line.state not in OPENS:
                    continue
                assert line.state in ("removing", "exposed"), line
                assert line.state == "exposed" or line.due > now, line

    @precondition(lambda self: hasattr(self, "home") and not self.home.disk.full and self.home.crash is None)
    @invariant()
    def what_is_called_present_was_there_when_its_lock_was_asked_last(self) -> None:
        self.run(self.home.pump())
        for line in self._lines().values():
            place = line.lock, line.slot
            if line.state != "present" or line.slot in self.home.house.locks[line.lock.partition(":")[2]].codes:
                continue
            assert self.home.typed.get(place, -1.0) >= self.home.asked.get(place, 0.0), line

    @precondition(lambda self: hasattr(self, "home"))
    @invariant()
    def no_two_lines_have_one_slot(self) -> None:
        taken = [(line.lock, line.slot) for line in self._lines().values() if line.slot and line.state in OPENS]
        assert len(taken) == len(set(taken)), taken

    @precondition(lambda self: hasattr(self, "home") and not self.home.disk.full)
    @invariant()
    def the_journal_tells_the_state_of_every_line(self) -> None:
        last = {(one.about, one.name): one.value for one in self.home.events if one.kind == "ledger" and one.name}
        for line in self._lines().values():
            if line.credential:
                assert last[line.lock, line.credential] == line.state

    def teardown(self) -> None:
        if hasattr(self, "home"):
            self._comes_to_rest()
        self.loop.run_until_complete(self.loop.shutdown_default_executor())
        self.loop.close()

    def _comes_to_rest(self) -> None:
        """Once one lock is well again it comes to what is wanted, whatever becomes of the other."""
        home = self.home
        home.disk.full, home.crash = False, None
        home.house.order(faults.Dead(lock="garden", seconds=FOR_EVER))
        front = home.house.locks["front"]
        self.run(home.passes(12 * 3600))
        assert not front.dead
        front.refusals, front.unheeded, front.drops = [], 0, []
        self.run(home.passes(13 * 3600))
        now = home.at
        for person in PEOPLE:
            want = home.wanted.wants("lock:front").get(f"{person}-1")
            line = home.line(person)
            running = want is not None and want.begins <= now and (not want.ends or now < want.ends)
            there = f"{person}-1" in home.pins.all and home.on_lock(person)
            if not running:
                assert not there, f"{person}'s code is still there: {line}"
                assert line is None or line.state in ("absent", "planned", "blocked"), line
            elif line is not None and line.state != "blocked" and max(line.since, line.seen) <= now:
                # A lock that gives no codes back cannot tell ours from one that was put in its place at the keypad.
                assert line.state == "present" and (there or not front.keeps.gives_codes), line


# What fails is told with all its steps: to make them fewer would take minutes.
Access.TestCase.settings = settings(
    max_examples=60,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
)
TestAccess = Access.TestCase
