"""Decides for one lock what is to be sent next. Pure: the ledger, what is wanted and the time go in, steps come out.

Revocations come first, the most urgent before the others; then what was written without anybody
knowing what came of it is read; then what is wanted is set, what begins soonest first; then, within a
budget, slots are read again to see whether they still hold what the ledger says. What somebody asked
to be read goes before that, and is not held to the budget.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec

from nightlatch.access.reconciler.budget import Waits
from nightlatch.access.reconciler.slots import NEVER, Slots
from nightlatch.model.access import OPENS, Entry
from nightlatch.model.command import Limit

if TYPE_CHECKING:
    from nightlatch.access.wanting import Want

GOING = frozenset(("removing", "exposed"))
GONE = frozenset(("removing", "exposed", "absent"))
LINK = "link"
"""What the wait of a lock that does not answer is filed under, beside those of its lines."""
REREAD_S = 86_400.0
"""After how long a slot of a lock that does not tell of changes is read again, where the budget allows it sooner."""
NO_ROOM = float("inf")


class Act(StrEnum):
    """What a step does."""

    LEARN = "learn"
    """Ask the lock what it keeps to, and for the slots that it lists."""
    READ = "read"
    CLEAR = "clear"
    SET = "set"
    FULL = "full"
    """Nothing is sent: there is no slot for a code that is wanted."""


class Step(msgspec.Struct, frozen=True):
    """One thing to do at one lock. `why` is in words; `after` is on the clock that is never set."""

    lock: str
    act: Act
    why: str
    slot: int = 0
    credential: str = ""
    limits: tuple[Limit, ...] = ()
    after: float = NEVER
    background: bool = False
    """It is held to the budget."""
    doubt: bool = False
    """It clears up what the lock told, or what became of a write."""

    @property
    def key(self) -> object:
        """What its wait is filed under."""
        return self.credential or self.slot or self.act


class View(msgspec.Struct, frozen=True):
    """All that is known of one lock at one moment."""

    lock: str
    lines: Sequence[Entry]
    wants: Mapping[str, Want]
    slots: Slots
    waits: Waits
    now: int
    """µs since 1970."""
    mono: float
    spare_at: float = NO_ROOM
    """From when the budget has room for a read that nobody waits for."""
    doubt_at: float = NEVER
    """From when it has room for a read that clears up a doubt."""


def steps(view: View) -> Iterator[Step]:
    """Everything that is to be done at this lock, in order, with the time before which each is left alone."""
    read: set[int] = set()
    for step in (*_revocations(view), *_doubts(view), *_sets(view), *_survey(view), *_drift(view)):
        if step.act is Act.READ and step.slot in read:
            continue
        if step.act is Act.READ:
            read.add(step.slot)
        yield step


def planned(view: View) -> Iterator[Step]:
    """Everything that would be sent: the steps, and the codes that wait for a reading among them, without a slot."""
    found = [step for step in steps(view) if not step.background]
    yield from found
    own = {line.credential: line for line in view.lines if line.credential}
    settled = {step.credential for step in found if step.act in (Act.SET, Act.CLEAR, Act.FULL)}
    for want in sorted(view.wants.values(), key=lambda one: (one.begins, one.credential)):
        line = own.get(want.credential)
        if want.credential in settled or not wanted_now(line, want, view.now):
            continue
        if line is None or line.state not in OPENS:
            yield Step(view.lock, Act.SET, "once a slot was read empty", 0, want.credential, want.limits)


class Choice(msgspec.Struct, frozen=True):
    """What to do now, if anything; `soonest`: from when another look is worth it, `needed`: were there no budget."""

    step: Step | None
    soonest: float
    needed: float


def choose(view: View, may: Callable[[Step], bool]) -> Choice:
    """The first step that may be taken now."""
    link, soonest, needed = view.waits.until(LINK), NO_ROOM, NO_ROOM
    for step in filter(may, steps(view)):
        after = step.after if step.act is Act.FULL else max(step.after, link)
        if after <= view.mono:
            return Choice(step, view.mono, needed if step.background else view.mono)
        soonest = min(soonest, after)
        if not step.background:
            needed = min(needed, after)
    return Choice(None, soonest, needed)


def wanted_now(line: Entry | None, want: Want | None, now: int) -> bool:
    """Whether a code is to be on the lock now.

    A clock that was set back does not undo a revocation: until the time at which the code went has
    come again, it is not wanted.
    """
    if want is None or not (want.begins <= now and (now < want.ends or not want.ends)):
        return False
    return line is None or went_at(line) <= now


def went_at(line: Entry) -> int:
    """When a code that is off its lock, or is going, went; 0: it did not."""
    if line.state in GONE:
        return line.since
    return line.seen if line.present is False and line.state not in OPENS else 0


def _revocations(view: View) -> Iterator[Step]:
    for line in sorted((one for one in view.lines if one.state in GOING), key=lambda one: (one.due, one.slot)):
        after = view.waits.until(line.credential or line.slot)
        if _must_read_first(view, line):
            why = f"whether slot {line.slot} still holds the code that has ended"
            yield Step(view.lock, Act.READ, why, line.slot, line.credential, after=after)
        else:
            yield Step(view.lock, Act.CLEAR, "the code has ended", line.slot, line.credential, after=after)


def _must_read_first(view: View, line: Entry) -> bool:
    """Whether somebody else's code might be in the slot by now, and the lock could tell."""
    slots = view.slots
    seen = slots.believed(line.slot, view.mono)
    if (seen is not None and seen.status != "empty") or slots.asked_in_vain(line.slot, view.mono):
        return False
    if slots.rules is None or line.slot in slots.unsure or slots.seen_at(line.slot) == NEVER:
        return True
    return slots.rules.gives_codes


def _doubts(view: View) -> Iterator[Step]:
    lines = {line.slot: line for line in view.lines if line.slot and line.state in OPENS}
    told = {slot for slot, line in lines.items() if line.present is None}
    for slot in sorted(view.slots.unsure | told):
        line = lines.get(slot)
        if line is not None and line.state in GOING:
            continue
        credential = line.credential if line is not None else ""
        after = max(view.waits.until(credential or slot), view.doubt_at)
        yield Step(view.lock, Act.READ, f"what is in slot {slot} by now", slot, credential, after=after, doubt=True)


def _sets(view: View) -> Iterator[Step]:
    own = {line.credential: line for line in view.lines if line.credential}
    taken = {line.slot for line in view.lines if line.slot and line.state in OPENS}
    due = [want for want in view.wants.values() if wanted_now(own.get(want.credential), want, view.now)]
    for want in sorted(due, key=lambda one: (one.begins, one.credential)):
        line = own.get(want.credential)
        if line is not None and line.state in GOING:
            continue
        if line is not None and line.state in OPENS and (line.slot in view.slots.unsure or line.present is None):
            continue
        if line is not None and line.state == "present" and line.limits == want.limits:
            continue
        after = view.waits.until(want.credential)
        if view.slots.rules is None:
            yield Step(view.lock, Act.LEARN, "what this lock keeps to", after=view.waits.until(Act.LEARN))
            return
        if line is not None and line.slot and line.state in OPENS:
            yield _again(view, line, want, after)
            continue
        step = _anew(view, line, want, taken, after)
        if after <= view.mono:
            # One that waits keeps no slot from the others.
            taken.add(step.slot)
        yield step


def _again(view: View, line: Entry, want: Want, after: float) -> Step:
    """Write a code in the place where it is: only while that is known to be its place."""
    if line.state == "setting" and view.slots.empty(line.slot, view.mono):
        return Step(view.lock, Act.SET, "it is wanted", line.slot, line.credential, want.limits, after)
    seen = view.slots.believed(line.slot, view.mono)
    if seen is None or seen.status not in ("used", "disabled") or not line.present:
        why = f"whether slot {line.slot} holds our own code"
        return Step(view.lock, Act.READ, why, line.slot, line.credential, after=after)
    why = "the lock has it disabled" if seen.status == "disabled" else "its times have changed"
    return Step(view.lock, Act.SET, why, line.slot, line.credential, want.limits, after)


def _anew(view: View, line: Entry | None, want: Want, taken: set[int], after: float) -> Step:
    """Write a code to a slot that is known to be empty, or read one that may be."""
    slots, rules = view.slots, view.slots.rules
    numbers = range(1, rules.slots + 1) if rules is not None else range(0)
    first = (line.slot,) if line is not None and line.slot in numbers else ()
    free = [slot for slot in (*first, *numbers) if slot not in taken]
    for slot in free:
        if slots.empty(slot, view.mono):
            return Step(view.lock, Act.SET, "it is wanted", slot, want.credential, want.limits, after)
    if rules is not None and not rules.reads_each and any(slots.believed(slot, view.mono) is None for slot in free):
        return Step(view.lock, Act.LEARN, "which slots are empty", 0, want.credential, after=after)
    for slot in free:
        if slots.believed(slot, view.mono) is None and not slots.asked_in_vain(slot, view.mono):
            why = f"whether slot {slot} is empty"
            return Step(view.lock, Act.READ, why, slot, want.credential, after=after)
    return Step(
        view.lock, Act.FULL, f"none of its {len(numbers)} slots is known to be empty", 0, want.credential, after=after
    )


def _survey(view: View) -> Iterator[Step]:
    """What somebody asked to be read."""
    slots = view.slots
    if slots.asked_at == NEVER:
        return
    unread = slots.unread()
    if slots.rules is None or (unread and not slots.rules.reads_each):
        yield Step(view.lock, Act.LEARN, "what is on the lock", after=view.waits.until(Act.LEARN))
        return
    for slot in unread:
        yield Step(view.lock, Act.READ, f"what is in slot {slot}", slot, after=view.waits.until(slot))


def _drift(view: View) -> Iterator[Step]:
    """The one read that is most worth its message."""
    slots, rules = view.slots, view.slots.rules
    if view.spare_at == NO_ROOM:
        return
    if rules is None:
        after = max(view.spare_at, view.waits.until(Act.LEARN))
        yield Step(view.lock, Act.LEARN, "what this lock keeps to", after=after, background=True)
        return
    if not rules.reads_each:
        oldest = min((slots.seen_at(slot) for slot in range(1, rules.slots + 1)), default=view.mono)
        if (after := _again_at(view, oldest)) != NO_ROOM:
            after = max(after, view.waits.until(Act.LEARN))
            yield Step(view.lock, Act.LEARN, "what is on the lock", after=after, background=True)
        return
    ours = {line.slot for line in view.lines if 0 < line.slot <= rules.slots and line.state in OPENS}
    numbers = (*sorted(ours), *(slot for slot in range(1, rules.slots + 1) if slot not in ours))
    slot = min(numbers, key=lambda one: (slots.seen_at(one), one not in ours), default=0)
    if slot and (after := _again_at(view, slots.seen_at(slot))) != NO_ROOM:
        why = f"whether slot {slot} is as it was"
        yield Step(view.lock, Act.READ, why, slot, after=max(after, view.waits.until(slot)), background=True)


def _again_at(view: View, seen_at: float) -> float:
    """When what was read then is worth reading again; never where the lock tells of changes and was always heard."""
    if seen_at == NEVER or seen_at < view.slots.missed_at:
        return view.spare_at
    return NO_ROOM if view.slots.tells else max(view.spare_at, seen_at + REREAD_S)
