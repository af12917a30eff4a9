"""Whatever happens between a line and its lock, the ledger never calls a code gone that may be there."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from nightlatch.access import ledger
from nightlatch.access.wanting import Want
from nightlatch.model.access import OPENS, Entry
from nightlatch.model.command import Limit, Outcome, Proof, Slot, YearDay
from nightlatch.secrets import Secret

MINUTE = 60_000_000
CODE, OTHER = Secret("402917"), Secret("750382")
LIMITS: tuple[tuple[Limit, ...], ...] = ((), (YearDay(MINUTE, 90 * MINUTE),), (YearDay(MINUTE, 50 * MINUTE),))
SLOTS = (3, 4)

# What a link and a lock can make of one write: whether it arrives, whether the lock does it, what is told of it.
fates = st.sampled_from(["proven", "done and nothing heard", "lost", "lost and acknowledged", "refused", "unheeded"])


class OneLine(RuleBasedStateMachine):
    """One credential and one lock of two slots. `self.slots` is the truth; the ledger sees only what is told."""

    def __init__(self) -> None:
        super().__init__()
        self.now = MINUTE
        self.entry: Entry | None = None
        self.want: Want | None = None
        self.slots: dict[int, tuple[Secret, tuple[Limit, ...]] | None] = dict.fromkeys(SLOTS)
        self.gives_codes = True
        self.journalled: str | None = None

    # What people and time do

    @rule(minutes=st.integers(1, 40))
    def time_passes(self, minutes: int) -> None:
        self.now += minutes * MINUTE
        self._become(self.entry and ledger.overdue(self.entry, self.now))

    @rule(limits=st.sampled_from(LIMITS), begins=st.integers(-5, 5), length=st.integers(0, 60))
    def it_is_granted(self, limits: tuple[Limit, ...], begins: int, length: int) -> None:
        start = self.now + begins * MINUTE
        ends = start + length * MINUTE if length else 0
        self.want = Want("lock:front", "c1", "ana", start, ends, limits, ("g1",))

    @rule()
    def it_is_revoked(self) -> None:
        self.want = None

    @rule()
    def the_plan_is_followed(self) -> None:
        self._become(ledger.aim(self.entry, self.want, self.now, 2 * MINUTE))

    @rule()
    def the_lock_leaves_the_home(self) -> None:
        self._become(self.entry and ledger.lost(self.entry, self.now, 2 * MINUTE))

    # What is sent

    @precondition(lambda self: self.entry is not None and self.entry.state in ("planned", "setting", "changing"))
    @rule(fate=fates, limits=st.sampled_from(LIMITS), crash=st.booleans())
    def it_is_written(self, fate: str, limits: tuple[Limit, ...], *, crash: bool) -> None:
        assert self.entry is not None
        slot = self.entry.slot or next((number for number in SLOTS if self.slots[number] is None), 0)
        if not slot:
            self._become(ledger.blocked(self.entry, "the lock is full", self.now))
            return
        self._become(ledger.sending(self.entry, slot, limits, self.now, self.now))
        if fate in ("proven", "done and nothing heard"):
            self.slots[slot] = (CODE, limits)
        if crash:
            return
        told: tuple[Slot, ...] = (self._told(slot),) if fate in ("proven", "unheeded") else ()
        if fate == "lost and acknowledged":
            told = (Slot(slot, "used", "acknowledged", CODE),)
        if fate == "proven":
            outcome = Outcome("evidence", "the code was read back", slots=told)
        elif fate == "unheeded" and self.slots[slot] is None:
            outcome = Outcome("refused", "it said yes, and did not do it", why="unheeded", slots=told)
        elif fate == "refused":
            outcome = Outcome("refused", "the code is a duplicate", why="duplicate")
        else:
            outcome = Outcome("unknown", "no answer within 10 s", slots=told)
        self._become(ledger.set_ended(self.entry, outcome, CODE, self.now, 2 * MINUTE))

    @precondition(lambda self: self.entry is not None and self.entry.slot)
    @rule(fate=fates)
    def it_is_cleared(self, fate: str) -> None:
        assert self.entry is not None
        slot = self.entry.slot
        if fate in ("proven", "done and nothing heard"):
            self.slots[slot] = None
        told: tuple[Slot, ...] = (self._told(slot),) if fate in ("proven", "unheeded") else ()
        if fate == "lost and acknowledged":
            told = (Slot(slot, "empty", "acknowledged"),)
        ending = {"proven": "evidence", "refused": "refused", "unheeded": "refused"}.get(fate, "unknown")
        outcome = Outcome(ending, fate, slots=told)  # type: ignore[arg-type]  # one of the three
        self._become(ledger.clear_ended(self.entry, outcome, CODE, self.now))

    @precondition(lambda self: self.entry is not None and self.entry.slot)
    @rule(proof=st.sampled_from(["assumed", "acknowledged", "presence", "value"]), lies=st.booleans())
    def it_is_read(self, proof: Proof, *, lies: bool) -> None:
        assert self.entry is not None
        slot = self._told(self.entry.slot)
        if proof in ("assumed", "acknowledged"):
            # A hub's memory may say anything.
            slot = Slot(slot.slot, "empty" if lies else "used", proof, None if lies else CODE)
        self._become(ledger.read_ended(self.entry, Outcome("evidence", "read", slots=(slot,)), CODE, self.now))

    # What others do at the lock

    @rule(slot=st.sampled_from(SLOTS), code=st.sampled_from([None, OTHER]))
    def somebody_changes_it_at_the_keypad(self, slot: int, code: Secret | None) -> None:
        self.slots[slot] = (code, ()) if code is not None else None
        if self.entry is not None and self.entry.slot == slot:
            self._become(ledger.reported(self.entry))

    @rule(gives=st.booleans())
    def the_lock_stops_giving_codes_back(self, *, gives: bool) -> None:
        self.gives_codes = gives

    def _told(self, slot: int) -> Slot:
        held = self.slots[slot]
        if held is None:
            return Slot(slot, "empty", "value")
        if self.gives_codes:
            return Slot(slot, "used", "value", held[0], limits=held[1])
        return Slot(slot, "used", "presence")

    def _become(self, after: Entry | None) -> None:
        before, self.entry = self.entry, after
        if after is None:
            assert before is None, "a line is never lost"
            return
        for event in ledger.events(before, after, self.now):
            self.journalled = str(event.value)

    # What must hold

    @invariant()
    def a_code_on_the_lock_is_in_the_ledger_with_its_slot(self) -> None:
        on = [slot for slot, held in self.slots.items() if held is not None and held[0] == CODE]
        assert len(on) <= 1
        if on:
            assert self.entry is not None
            assert self.entry.state in OPENS
            assert self.entry.slot == on[0]

    @invariant()
    def what_is_called_gone_has_no_slot_and_was_seen_gone(self) -> None:
        if self.entry is not None and self.entry.state in ("absent", "planned", "blocked"):
            assert self.entry.slot == 0
            assert self.entry.present is not True
            assert self.entry.proof in ("none", "value", "presence")

    @invariant()
    def present_has_proof(self) -> None:
        if self.entry is not None and self.entry.state == "present":
            assert self.entry.proof in ("value", "presence")

    @invariant()
    def what_is_overdue_is_exposed(self) -> None:
        if self.entry is not None and self.entry.state == "removing":
            assert self.entry.due > self.now

    @invariant()
    def the_journal_tells_the_state(self) -> None:
        assert self.journalled == (self.entry.state if self.entry is not None else None)


OneLine.TestCase.settings = settings(stateful_step_count=60, max_examples=300)
TestOneLine = OneLine.TestCase
