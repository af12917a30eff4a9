"""What is sent next to a lock: pure steps from what is known of it."""

from __future__ import annotations

from random import Random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from nightlatch.access.reconciler.budget import Bucket, Waits
from nightlatch.access.reconciler.chooser import LINK, Act, Step, View, choose, planned, steps
from nightlatch.access.reconciler.slots import FRESH_S, Slots
from nightlatch.access.wanting import Want
from nightlatch.model.access import Entry
from nightlatch.model.command import Rules, Slot

LOCK, NOW, MONO = "lock:front", 1_000_000_000, 5000.0
EMPTY, USED = "empty", "used"


def slots(*told: tuple[int, Any], at: float = MONO, **rules: Any) -> Slots:
    found = Slots()
    found.learn(Rules(**{"slots": 4, "gives_codes": True, **rules}), [Slot(n, what, "value") for n, what in told], at)
    return found


def want(credential: str, begins: int = 0, ends: int = 0) -> Want:
    return Want(LOCK, credential, credential, begins, ends, (), ())


def view(*lines: Entry, wants: tuple[Want, ...] = (), known: Slots | None = None, **more: Any) -> View:
    wanted = {one.credential: one for one in wants}
    known = known if known is not None else slots()
    return View(LOCK, lines, wanted, known, more.pop("waits", Waits(Random(1))), NOW, MONO, **more)


def acts(found: View) -> list[tuple[Act, int, str]]:
    return [(step.act, step.slot, step.credential) for step in steps(found)]


def yes(_: Step) -> bool:
    return True


def test_revocations_come_first_the_most_urgent_before_the_others_and_then_doubts_and_then_what_is_wanted() -> None:
    known = slots((1, USED), (2, USED), (4, EMPTY))
    known.doubt(3)
    lines = (
        Entry(LOCK, "late", 1, "removing", due=200),
        Entry(LOCK, "soon", 2, "exposed", due=100),
        Entry(LOCK, "doubted", 3, "setting"),
    )
    found = view(*lines, wants=(want("new"), want("doubted")), known=known, spare_at=0.0)
    assert acts(found) == [
        (Act.CLEAR, 2, "soon"),
        (Act.CLEAR, 1, "late"),
        (Act.READ, 3, "doubted"),
        (Act.SET, 4, "new"),
    ]


def test_what_begins_soonest_is_set_first_and_what_begins_later_is_left_alone() -> None:
    known = slots((1, EMPTY), (2, EMPTY), (3, EMPTY))
    found = view(wants=(want("b", 20), want("a", 10), want("later", NOW + 1), want("over", 1, NOW)), known=known)
    assert acts(found) == [(Act.SET, 1, "a"), (Act.SET, 2, "b")]


def test_a_slot_is_taken_only_while_it_is_known_to_be_empty() -> None:
    fresh, old = slots((1, EMPTY), at=MONO - FRESH_S), slots((1, EMPTY), at=MONO - FRESH_S - 1)
    telling = slots((1, EMPTY), at=MONO - 90_000, reports_changes=True)
    assert acts(view(wants=(want("a"),), known=fresh)) == [(Act.SET, 1, "a")]
    assert acts(view(wants=(want("a"),), known=old)) == [(Act.READ, 1, "a")]
    assert acts(view(wants=(want("a"),), known=telling)) == [(Act.SET, 1, "a")]
    telling.miss(MONO)
    assert acts(view(wants=(want("a"),), known=telling)) == [(Act.READ, 1, "a")]


def test_slots_of_codes_that_nobody_explains_and_of_master_codes_are_passed_by() -> None:
    lines = (Entry(LOCK, "", 1, "foreign", present=True), Entry(LOCK, "", 4, "foreign", form="master", present=True))
    found = view(*lines, wants=(want("a"), want("b"), want("c")), known=slots((2, EMPTY), (3, USED)))
    assert acts(found) == [(Act.SET, 2, "a"), (Act.FULL, 0, "b"), (Act.FULL, 0, "c")]


def test_a_code_is_written_anew_only_in_a_slot_that_is_known_to_hold_it() -> None:
    line = Entry(LOCK, "a", 2, "changing", present=True, proof="value")
    assert acts(view(line, wants=(want("a"),), known=slots((2, USED)))) == [(Act.SET, 2, "a")]
    assert acts(view(line, wants=(want("a"),), known=slots((2, USED), at=MONO - 700))) == [(Act.READ, 2, "a")]


def test_before_a_code_is_removed_it_is_looked_for_where_the_lock_can_tell_it_from_another() -> None:
    line = Entry(LOCK, "a", 2, "removing", due=1)
    assert acts(view(line, known=slots((2, USED), at=MONO - 700))) == [(Act.READ, 2, "a")]
    assert acts(view(line, known=slots((2, USED), at=MONO - 700, gives_codes=False))) == [(Act.CLEAR, 2, "a")]
    assert acts(view(line, known=slots(gives_codes=False))) == [(Act.READ, 2, "a")]


def test_a_lock_that_is_left_alone_is_left_alone_whole_and_a_line_that_is_does_not_hold_up_others() -> None:
    lines = (Entry(LOCK, "a", 1, "removing", due=1), Entry(LOCK, "b", 2, "removing", due=2))
    waits = Waits(Random(1))
    waits.hold("a", MONO + 50)
    found = view(*lines, known=slots((1, USED), (2, USED)), waits=waits)
    step = choose(found, yes).step
    assert step is not None and step.credential == "b"
    waits.hold(LINK, MONO + 20)
    choice = choose(found, yes)
    assert (choice.step, choice.soonest) == (None, MONO + 20)


def test_reads_that_nobody_waits_for_wait_for_the_budget_and_begin_with_what_was_read_longest_ago() -> None:
    known = slots((1, EMPTY), (2, USED), (3, EMPTY), at=MONO - 100_000)
    known.learn(None, [Slot(4, "empty", "value")], MONO)
    found = view(Entry(LOCK, "a", 2, "present", present=True), wants=(want("a"),), known=known, spare_at=MONO + 9)
    choice = choose(found, yes)
    assert (choice.step, choice.soonest, choice.needed) == (None, MONO + 9, float("inf"))
    assert acts(found) == [(Act.READ, 2, "")]


def test_a_lock_that_tells_of_changes_and_was_always_heard_is_not_read_again() -> None:
    known = slots(*((n, EMPTY) for n in range(1, 5)), at=MONO - 10**7, reports_changes=True)
    assert acts(view(known=known, spare_at=0.0)) == []


@given(st.lists(st.tuples(st.floats(0, 5000), st.integers(1, 9)), max_size=60), st.floats(0.5, 60))
def test_a_bucket_gives_no_more_than_its_share_however_it_is_asked(asked: list[tuple[float, int]], rate: float) -> None:
    bucket, now, taken, last = Bucket(rate, 0.0), 0.0, 0.0, 0
    for wait, messages in asked:
        now += wait
        if bucket.ready_at(now) <= now:
            bucket.take(messages, now)
            taken, last = taken + messages, messages
    assert taken <= rate + now / 3600 * rate + last + 1e-6


def test_a_lock_that_does_not_answer_is_asked_ever_less_often_but_for_ever() -> None:
    waits, now, tries = Waits(Random(1)), 0.0, 0
    while now < 86_400:
        now = max(now, waits.until(LINK))
        waits.unanswered("a", LINK, now)
        tries += 1
    assert 24 <= tries < 65
    assert waits.until(LINK) - now <= 3600
    waits.back(LINK, now + 60)
    assert waits.until(LINK) == waits.until("a") == now + 60
    waits.back(LINK, now)
    assert waits.until(LINK) <= now


def test_a_plan_names_the_codes_that_are_set_once_the_lock_was_asked_and_a_slot_read_empty() -> None:
    def told(found: View) -> list[tuple[Act, int, str]]:
        return [(step.act, step.slot, step.credential) for step in planned(found)]

    unasked = view(wants=(want("ana"), want("later", begins=NOW + 1)), known=Slots())
    assert told(unasked) == [(Act.LEARN, 0, ""), (Act.SET, 0, "ana")]
    unread = view(wants=(want("ana"),), known=slots((1, USED)))
    assert told(unread) == [(Act.READ, 2, "ana"), (Act.SET, 0, "ana")]
    read = view(wants=(want("ana"),), known=slots((1, USED), (2, EMPTY)))
    assert told(read) == [(Act.SET, 2, "ana")]
    there = view(Entry(LOCK, "ana", 1, "present", present=True), wants=(want("ana"),), known=slots((1, USED)))
    assert told(there) == []
