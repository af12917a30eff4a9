"""One line of the ledger, step by step."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from nightlatch.access import ledger
from nightlatch.access.wanting import Want
from nightlatch.model.access import Entry
from nightlatch.model.command import Limit, Outcome, Proof, Slot, YearDay
from nightlatch.secrets import Secret

MINUTE = 60_000_000
CODE, OTHER = Secret("402917"), Secret("750382")
HELD: tuple[Limit, ...] = (YearDay(0, 90 * MINUTE),)
WANT = Want("lock:front", "c1", "ana", 0, 0, (), ("g1",))


def line(state: str, *, slot: int = 3, present: bool | None = None, proof: Proof = "value", **more: object) -> Entry:
    kept = slot if state not in ("planned", "absent", "blocked") else 0
    return Entry("lock:front", "c1", kept, state, proof=proof, present=present, person="ana", **more)  # type: ignore[arg-type]


def used(code: Secret | None = CODE, *, slot: int = 3, limits: tuple[Limit, ...] | None = ()) -> Slot:
    return Slot(slot, "used", "value" if code else "presence", code, limits=limits)


EMPTY = Slot(3, "empty", "value")


def ended(ending: str, *slots: Slot, why: str = "", what: str = "what the lock said") -> Outcome:
    return Outcome(ending, what, slots=slots, why=why)  # type: ignore[arg-type]


def set_(entry: Entry, outcome: Outcome) -> Entry:
    return ledger.set_ended(entry, outcome, CODE, 5, 2 * MINUTE)


class TestWanting:
    def test_a_new_want_is_planned_and_none_is_no_line(self) -> None:
        assert ledger.aim(None, None, 5, MINUTE) is None
        assert ledger.aim(None, WANT, 5, MINUTE) == Entry("lock:front", "c1", since=5, person="ana")

    def test_what_was_never_sent_is_absent_at_once(self) -> None:
        assert ledger.aim(line("planned"), None, 5, MINUTE) == line("absent", since=5, reason="nothing was sent")

    @pytest.mark.parametrize("state", ["setting", "changing", "present"])
    def test_what_may_be_on_the_lock_has_until_its_deadline_to_go(self, state: str) -> None:
        after = ledger.aim(line(state), None, 5, MINUTE)
        assert after == line("removing", since=5, due=5 + MINUTE)

    def test_it_goes_when_its_span_ends_and_not_before(self) -> None:
        want = replace(WANT, ends=10)
        assert ledger.aim(line("present"), want, 9, MINUTE) == line("present")
        gone = ledger.aim(line("present"), want, 10, MINUTE)
        assert gone is not None
        assert gone.state == "removing"

    def test_it_is_not_on_the_lock_before_its_span_begins(self) -> None:
        gone = ledger.aim(line("present"), replace(WANT, begins=10), 9, MINUTE)
        assert gone is not None
        assert gone.state == "removing"

    @pytest.mark.parametrize("state", ["removing", "exposed"])
    def test_what_is_wanted_again_keeps_its_slot_and_is_written_anew(self, state: str) -> None:
        after = ledger.aim(line(state, due=9, tries=4), WANT, 5, MINUTE)
        assert after == line("changing", since=5, reason="it is wanted again")

    @pytest.mark.parametrize("state", ["removing", "exposed"])
    def test_a_revocation_stands_while_nothing_else_is_wanted_now(self, state: str) -> None:
        for want in (None, replace(WANT, begins=10)):
            assert ledger.aim(line(state), want, 5, MINUTE) == line(state)

    def test_other_limits_are_written_anew_and_the_same_in_another_order_are_not(self) -> None:
        two = (*HELD, YearDay(0, 7))
        assert ledger.aim(line("present", limits=two), replace(WANT, limits=two[::-1]), 5, MINUTE) == line(
            "present", limits=two
        )
        after = ledger.aim(line("present", limits=two), replace(WANT, limits=HELD), 5, MINUTE)
        assert after == line("changing", limits=two, since=5, reason="its times changed")

    def test_what_was_blocked_is_tried_anew_at_its_next_span(self) -> None:
        assert ledger.aim(line("blocked"), WANT, 5, MINUTE) == line("blocked")
        assert ledger.aim(line("blocked"), replace(WANT, begins=9), 5, MINUTE) == line("planned", since=5)

    def test_a_foreign_line_is_no_plan_s_business(self) -> None:
        foreign = ledger.foreign("lock:front", used(), 4, 5)
        assert ledger.aim(foreign, None, 6, MINUTE) == foreign


class TestSending:
    def test_the_intent_holds_slot_limits_and_what_was_read_of_the_slot(self) -> None:
        after = ledger.sending(line("planned"), 3, HELD, 4, 5)
        assert (after.state, after.slot, after.limits, after.present, after.seen) == ("setting", 3, HELD, False, 4)

    def test_a_code_that_may_be_in_one_slot_is_not_written_to_another(self) -> None:
        with pytest.raises(ValueError, match="slot 3"):
            ledger.sending(line("changing"), 4, (), 4, 5)

    def test_a_refusal_after_a_crash_is_read_first_for_the_write_before_it_may_have_arrived(self) -> None:
        crashed = ledger.sending(line("planned"), 3, (), 4, 5)
        after = set_(ledger.sending(crashed, 3, (), 4, 5), ended("refused", why="duplicate"))
        assert (after.state, after.slot, ledger.doubted(after)) == ("setting", 3, True)

    @pytest.mark.parametrize("state", ["present", "removing", "exposed", "absent", "foreign"])
    def test_only_what_is_wanted_is_written(self, state: str) -> None:
        with pytest.raises(ValueError, match=state):
            ledger.sending(line(state), 3, (), 4, 5)

    def test_proof_by_value_and_by_presence_make_it_present(self) -> None:
        for slot, proof in ((used(), "value"), (used(None), "presence")):
            after = set_(line("setting", present=False, limits=HELD, tries=2), ended("evidence", slot))
            assert (after.state, after.proof, after.present, after.limits, after.tries) == (
                "present",
                proof,
                True,
                HELD,
                0,
            )

    @pytest.mark.parametrize("slots", [(), (Slot(3, "used", "acknowledged", CODE),), (Slot(3, "used", "assumed"),)])
    def test_an_acknowledgement_proves_nothing_whatever_it_is_called(self, slots: tuple[Slot, ...]) -> None:
        after = set_(line("setting", present=False), ended("evidence", *slots))
        assert (after.state, after.present, after.tries) == ("setting", None, 1)

    def test_a_refusal_into_an_empty_slot_blocks_with_the_reason(self) -> None:
        after = set_(line("setting", present=False), ended("refused", why="duplicate", what="the code is a duplicate"))
        assert (after.state, after.slot, after.reason) == ("blocked", 0, "the code is a duplicate")

    def test_a_refusal_after_an_attempt_that_nobody_knows_of_is_read_first(self) -> None:
        after = set_(line("setting", present=None), ended("refused", why="duplicate"))
        assert (after.state, after.slot, after.present) == ("setting", 3, None)
        assert ledger.doubted(after)

    def test_a_refused_duplicate_that_is_its_own_earlier_write_is_present(self) -> None:
        after = set_(line("setting", present=None), ended("refused", used(), why="duplicate"))
        assert (after.state, after.proof) == ("present", "value")

    def test_what_cannot_be_changed_on_the_lock_has_to_go(self) -> None:
        after = set_(line("changing", present=True), ended("refused", why="limits", what="it keeps no times"))
        assert (after.state, after.due, after.reason) == ("removing", 5 + 2 * MINUTE, "it keeps no times")

    def test_unheeded_is_tried_three_times_before_it_blocks(self) -> None:
        entry = line("planned")
        for state in ("planned", "planned", "blocked"):
            entry = ledger.sending(entry, 3, (), 4, 5)
            entry = set_(entry, ended("refused", EMPTY, why="unheeded", what="it did not do it"))
            assert (entry.state, entry.slot) == (state, 0)
        assert entry.reason == "it did not do it"

    def test_a_link_that_drops_writes_never_blocks(self) -> None:
        entry = ledger.sending(line("planned"), 3, (), 4, 5)
        for attempt in range(1, 20):
            entry = set_(entry, ended("unknown", what="no answer within 10 s"))
            assert (entry.state, entry.slot, entry.tries) == ("setting", 3, attempt)

    def test_an_answer_that_comes_after_the_revocation_does_not_undo_it(self) -> None:
        after = set_(line("removing", due=9), ended("evidence", used()))
        assert (after.state, after.present, after.due) == ("removing", True, 9)


class TestClearing:
    @pytest.mark.parametrize("state", ["removing", "exposed"])
    @pytest.mark.parametrize("slot", [EMPTY, Slot(3, "empty", "presence"), used(OTHER)])
    def test_an_empty_slot_or_another_s_code_proves_it_gone(self, state: str, slot: Slot) -> None:
        after = ledger.clear_ended(line(state, due=9, tries=3), ended("evidence", slot), CODE, 5)
        assert (after.state, after.slot, after.present, after.seen, after.due) == ("absent", 0, False, 5, 0)
        assert ledger.droppable(after)

    @pytest.mark.parametrize("state", ["removing", "exposed"])
    @pytest.mark.parametrize(
        "outcome",
        [
            ended("evidence"),
            ended("evidence", Slot(3, "empty", "acknowledged")),
            ended("unknown", Slot(3, "empty", "assumed")),
            ended("refused", used()),
            ended("refused", Slot(3, "disabled", "presence")),
            ended("evidence", Slot(4, "empty", "value")),
        ],
    )
    def test_nothing_less_does(self, state: str, outcome: Outcome) -> None:
        after = ledger.clear_ended(line(state, due=9), outcome, CODE, 5)
        assert (after.state, after.slot, after.tries) == (state, 3, 1)

    def test_it_is_exposed_from_the_moment_it_is_overdue(self) -> None:
        assert ledger.overdue(line("removing", due=9), 8).state == "removing"
        assert ledger.overdue(line("removing", due=9), 9) == line("exposed", due=9, since=9)

    def test_what_is_wanted_again_while_it_is_cleared_is_planned_anew(self) -> None:
        assert ledger.clear_ended(line("changing"), ended("evidence", EMPTY), CODE, 5).state == "planned"


class TestReading:
    def test_a_code_that_went_missing_is_planned_anew_and_says_so(self) -> None:
        after = ledger.read_ended(line("present", present=True), ended("evidence", EMPTY), CODE, 5)
        assert (after.state, after.slot, after.reason) == (
            "planned",
            0,
            "it was gone from the lock, and not by Nightlatch",
        )

    def test_after_a_crash_what_was_sent_and_arrived_is_present(self) -> None:
        assert ledger.read_ended(line("setting"), ended("evidence", used()), CODE, 5).state == "present"

    def test_its_times_must_be_read_too_before_it_is_present(self) -> None:
        entry = line("setting", limits=HELD)
        assert ledger.read_ended(entry, ended("evidence", used(limits=HELD)), CODE, 5).state == "present"
        assert ledger.read_ended(entry, ended("evidence", used(limits=None)), CODE, 5).state == "changing"

    def test_times_that_were_changed_at_the_lock_are_seen(self) -> None:
        after = ledger.read_ended(line("present", limits=HELD), ended("evidence", used(limits=())), CODE, 5)
        assert after.limits == ()
        again = ledger.aim(after, replace(WANT, limits=HELD), 5, MINUTE)
        assert again is not None
        assert again.state == "changing"

    def test_a_disabled_code_is_written_anew_and_is_not_gone(self) -> None:
        disabled = Slot(3, "disabled", "presence")
        assert ledger.read_ended(line("present"), ended("evidence", disabled), CODE, 5).state == "changing"
        assert ledger.read_ended(line("exposed"), ended("evidence", disabled), CODE, 5).state == "exposed"

    def test_a_change_told_by_the_lock_is_a_doubt_until_it_is_read(self) -> None:
        doubt = ledger.reported(line("present", present=True))
        assert (doubt.state, ledger.doubted(doubt)) == ("present", True)
        assert not ledger.doubted(ledger.read_ended(doubt, ended("evidence", used()), CODE, 5))


class TestForeign:
    def test_it_is_told_with_its_slot_and_goes_only_by_evidence(self) -> None:
        foreign = ledger.foreign("lock:front", Slot(7, "used", "presence", name="Sam", creator="Apple Home"), 4, 5)
        assert ledger.key(foreign) == ("lock:front", "", 7)
        (event,) = ledger.events(None, foreign, 5)
        assert (event.value, event.slot, event.name) == ("foreign", 7, "")
        assert "called 'Sam'; put there by Apple Home" in event.detail
        gone = ledger.read_ended(foreign, ended("evidence", Slot(7, "empty", "value")), None, 6)
        assert (gone.state, gone.slot) == ("absent", 7)

    def test_the_owner_keeps_it_or_has_it_removed(self) -> None:
        foreign = ledger.foreign("lock:front", used(slot=7), 4, 5)
        kept = ledger.keep(foreign, "the cleaner", "bo")
        assert (kept.state, kept.kept, kept.name, kept.person) == ("foreign", True, "the cleaner", "bo")
        gone = ledger.removed(kept, 6, MINUTE)
        assert (gone.state, gone.slot, gone.kept, gone.due) == ("removing", 7, False, 6 + MINUTE)
        assert ledger.aim(gone, None, 7, MINUTE) == gone

    def test_one_that_proves_to_be_a_known_code_becomes_its_line(self) -> None:
        claimed = ledger.claimed(ledger.foreign("lock:front", used(), 4, 5), "c1", "ana")
        assert (ledger.key(claimed), claimed.state, claimed.slot) == (("lock:front", "c1", 0), "present", 3)


class TestTelling:
    def test_a_change_is_told_once_and_newer_evidence_is_not(self) -> None:
        before, after = line("present", present=True), line("removing", present=True)
        (event,) = ledger.events(before, after, 5)
        assert (event.kind, event.about, event.slot, event.person, event.value, event.name) == (
            "ledger",
            "lock:front",
            3,
            "ana",
            "removing",
            "c1",
        )
        assert event.detail == "the code was read back"
        assert ledger.events(before, replace(before, seen=9, tries=2), 5) == ()

    def test_what_is_gone_is_told_with_the_slot_that_it_left(self) -> None:
        gone = ledger.clear_ended(line("removing"), ended("evidence", EMPTY), CODE, 5)
        (event,) = ledger.events(line("removing"), gone, 5)
        assert (event.value, event.slot, event.since, event.detail) == ("absent", 3, 5, "its slot was read empty")

    def test_no_code_is_in_what_is_told(self) -> None:
        gone = ledger.clear_ended(line("removing"), ended("evidence", used(OTHER)), CODE, 5)
        assert OTHER.reveal() not in repr(ledger.events(line("removing"), gone, 5))
