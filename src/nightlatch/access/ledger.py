"""What becomes of a line of the ledger: pure steps from one `Entry` to the next. No I/O and no clock.

A line is `absent` only by evidence: its slot was read empty, another code was read there, or nothing
was ever sent. An acknowledgement moves nothing. While a code may be on its lock, its line stands in
one of `OPENS` and keeps its slot, whatever is wanted meanwhile.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, assert_never

from msgspec.structs import replace

from nightlatch.model.access import OPENS, Decision, Entry, LedgerState
from nightlatch.model.command import Limit, Outcome, Proof, Slot
from nightlatch.model.event import Event
from nightlatch.secrets import Secret

if TYPE_CHECKING:
    from nightlatch.access.wanting import Want

UNHEEDED_MOST = 3
"""So many times in a row a lock may say yes, and not do it, before it counts as a refusal."""
PROVES: frozenset[Proof] = frozenset(("presence", "value"))
"""What counts as evidence of what is in a slot."""
CHECKED: frozenset[LedgerState] = frozenset(("setting", "changing", "removing", "exposed"))
"""States in which nothing is known for sure: after a crash they are read before anything is written."""

Found = Literal["this", "another", "something", "empty", "disabled", "nothing told"]
"""What a slot holds, seen from one line: its code, another one, one of the two, none; or its code may be
there, and does not work."""
Key = tuple[str, str, int]


def key(entry: Entry) -> Key:
    """What tells a line from every other: lock, credential, and for a foreign one its slot."""
    return entry.lock, entry.credential, 0 if entry.credential else entry.slot


def look(slot: Slot, code: Secret | None) -> Found:
    """What a slot that was read holds; without the code, what is in use may be this one or another."""
    if slot.proof not in PROVES:
        return "nothing told"
    match slot.status:
        case "empty":
            return "empty"
        case "unknown":
            return "nothing told"
        case "used" | "disabled" as status:
            if slot.code and code and slot.code != code:
                return "another"
            if status == "disabled":
                return "disabled"
            return "this" if slot.code and code else "something"
        case _ as never:
            assert_never(never)


def doubted(entry: Entry) -> bool:
    """Whether the slot is to be read before anything is written: something was sent, or the lock told of a change."""
    return bool(entry.slot) and (entry.state in CHECKED or (entry.state in OPENS and entry.present is None))


def droppable(entry: Entry) -> bool:
    """Whether the line can go once nobody wants it: its code is proven gone, or was never there."""
    return entry.state == "absent"


# What is wanted


def aim(entry: Entry | None, want: Want | None, now: int, within: int) -> Entry | None:
    """The line as the plan has it by now; None when there is none, and none is wanted.

    What is to go has `within` µs from now. Not for foreign lines: no plan speaks of them.
    """
    if entry is None:
        return Entry(want.lock, want.credential, since=now, person=want.person) if want is not None else None
    running = want is not None and want.begins <= now and (not want.ends or now < want.ends)
    match entry.state:
        case "foreign":
            return entry
        case "planned" | "absent" | "blocked" as state:
            if want is None:
                gone = "" if state == "absent" else "nothing was sent"
                return entry if state == "absent" else _become(entry, "absent", now, slot=0, reason=gone)
            if state == "absent" or (state == "blocked" and not running):
                return _become(entry, "planned", now, slot=0, person=want.person)
            return entry
        case "setting" | "changing" | "present" as state:
            if want is None or not running:
                return removed(entry, now, within)
            if state == "present" and frozenset(entry.limits) != frozenset(want.limits):
                return _become(entry, "changing", now, reason="its times changed")
            return entry
        case "removing" | "exposed":
            if not running or not entry.credential:
                return entry
            return _become(entry, "changing", now, reason="it is wanted again")
        case _ as never:
            assert_never(never)


def removed(entry: Entry, now: int, within: int, reason: str = "") -> Entry:
    """A code that may be on its lock is to go: it has `within` µs. Of a foreign one: the owner said so."""
    if entry.state not in OPENS or entry.state in ("removing", "exposed"):
        return entry
    return _become(entry, "removing", now, due=now + within, reason=reason, kept=False, declared=False)


def overdue(entry: Entry, now: int) -> Entry:
    """Exposed as soon as its time is over and its absence is not proven."""
    if entry.state != "removing" or now < entry.due:
        return entry
    return replace(entry, state="exposed", since=now)


def blocked(entry: Entry, reason: str, now: int) -> Entry:
    """It is wanted and cannot be, before anything was sent: no slot is free, no PIN fits."""
    if entry.state in OPENS:
        return entry
    return (
        entry
        if (entry.state, entry.reason) == ("blocked", reason)
        else _become(entry, "blocked", now, slot=0, reason=reason)
    )


def again(entry: Entry, now: int) -> Entry:
    """What kept a blocked one off its lock may be over: it may be tried anew."""
    return _become(entry, "planned", now, slot=0) if entry.state == "blocked" else entry


def later(entry: Entry, after: int) -> Entry:
    """It is not to be tried again before `after`; 0: at once."""
    return replace(entry, after=after)


# What is sent, and how that ended


def sending(entry: Entry, slot: int, limits: tuple[Limit, ...], read: int, now: int) -> Entry:
    """A code is about to be written: to be on disk before the first message leaves.

    `slot` was read empty at `read` when the line has no slot yet; otherwise it must be its own.
    ValueError for another slot, and for a line that is not to be written.
    """
    if entry.state in ("planned", "blocked"):
        return replace(
            entry,
            slot=slot,
            state="setting",
            since=now,
            proof="value",
            seen=read,
            present=False,
            limits=limits,
            reason="",
        )
    if entry.state not in ("setting", "changing"):
        raise ValueError(f"a line that is {entry.state} is not written")
    if entry.slot != slot:
        raise ValueError(f"its code may be in slot {entry.slot}, and is not written to another")
    # It was written before, and nobody knows what came of it: that its slot was empty then says nothing now.
    return replace(entry, limits=limits, present=entry.present or None)


def set_ended(entry: Entry, outcome: Outcome, code: Secret, now: int, within: int) -> Entry:
    """A SetCode ended: proven, refused, or nobody knows."""
    was = entry
    slot = _slot(entry, outcome.slots)
    found: Found = "nothing told" if slot is None else look(slot, code)
    at = outcome.at or now
    if outcome.ending == "evidence" and slot is not None and found in ("this", "something"):
        proven = replace(entry, proof=slot.proof, seen=at, present=True, form=slot.form)
        if entry.state in ("setting", "changing"):
            return _become(proven, "present", now)
        return proven
    if slot is not None:
        entry = read(entry, slot, code, at, now)
    if outcome.ending != "refused":
        return _failed(entry, outcome.what, doubt=found == "nothing told")
    gone = entry.slot == 0 or (found == "nothing told" and was.present is False)
    if was.state not in ("setting", "changing"):
        return entry if gone else _failed(entry, outcome.what, doubt=False)
    if outcome.why == "unheeded":
        unheeded = was.unheeded + 1
        if not gone:
            return replace(_failed(entry, outcome.what, doubt=True), unheeded=unheeded)
        state: LedgerState = "blocked" if unheeded >= UNHEEDED_MOST else "planned"
        return _become(entry, state, now, slot=0, unheeded=unheeded, tries=was.tries + 1, reason=outcome.what)
    if gone:
        return _become(entry, "blocked", now, slot=0, reason=outcome.what)
    if entry.state == "present" or was.present is None:
        # It is there after all; or a former attempt may have put it there, and reading tells.
        return entry if entry.state == "present" else _failed(entry, outcome.what, doubt=True)
    # It stays on the lock as it was, and that is not what is wanted: it has to go.
    return removed(entry, now, within, outcome.what)


def clear_ended(entry: Entry, outcome: Outcome, code: Secret | None, now: int) -> Entry:
    """A ClearCode ended. Only a slot that reads empty, or as another's, makes its line absent."""
    slot = _slot(entry, outcome.slots)
    after = entry if slot is None else read(entry, slot, code, outcome.at or now, now)
    if not after.slot or after.state == "absent":
        return after
    return _failed(after, outcome.what, doubt=slot is None or look(slot, code) == "nothing told")


def read_ended(entry: Entry, outcome: Outcome, code: Secret | None, now: int) -> Entry:
    """A ReadCodes ended; what it does not tell of the line's slot changes nothing."""
    slot = _slot(entry, outcome.slots)
    return entry if slot is None else read(entry, slot, code, outcome.at or now, now)


def read(entry: Entry, slot: Slot, code: Secret | None, at: int, now: int) -> Entry:
    """What its slot holds was read from the lock at `at`."""
    found = look(slot, code)
    if found == "nothing told" or slot.slot != entry.slot:
        return entry
    if found in ("empty", "another"):
        return _gone(replace(entry, proof=slot.proof, seen=at, present=False, limits=()), found, now)
    limits = entry.limits if slot.limits is None else slot.limits
    entry = replace(entry, proof=slot.proof, seen=at, present=True, limits=limits, form=slot.form)
    match entry.state:
        case "foreign":
            return replace(entry, name=slot.name or entry.name, creator=slot.creator or entry.creator)
        case "setting" | "present" if found == "disabled":
            return _become(entry, "changing", now, reason="the lock has it disabled")
        case "setting":
            if limits and slot.limits is None:
                return _become(entry, "changing", now, reason="its times on the lock could not be read")
            return _become(entry, "present", now)
        case "changing" if found == "this" and slot.limits is not None:
            return _become(entry, "present", now)
        case _:
            return entry


# What the lock tells by itself


def reported(entry: Entry) -> Entry:
    """The lock told of a change in the line's slot: what was known of it is in doubt, and is to be read."""
    return replace(entry, present=None) if entry.state in OPENS else entry


def used(entry: Entry, at: int) -> Entry:
    """Its code opened the door: it was on the lock then."""
    return replace(entry, used=max(entry.used, at))


def lost(entry: Entry, now: int, within: int) -> Entry:
    """Its lock is no longer part of the home: what may be on it is to go, and stays in the ledger until it is seen."""
    if entry.state in OPENS:
        return removed(entry, now, within, "its lock is no longer part of this home")
    return entry if entry.state == "absent" else _become(entry, "absent", now, slot=0, reason="nothing was sent")


def foreign(lock: str, slot: Slot, at: int, now: int) -> Entry:
    """A code on a lock that no line explains, read at `at`."""
    return Entry(
        lock,
        slot=slot.slot,
        state="foreign",
        since=now,
        proof=slot.proof,
        seen=at,
        present=True,
        limits=slot.limits or (),
        form=slot.form,
        name=slot.name,
        creator=slot.creator,
    )


def decided(entry: Entry, decision: Decision, now: int, within: int) -> Entry | None:
    """A foreign line as the owner wants it; None: what they decided was about another code."""
    if entry.credential or (entry.since, entry.mark) != (decision.since, decision.mark):
        return None
    match decision.does:
        case "remove":
            return removed(entry, now, within, "the owner wants it gone")
        case "keep" | "take":
            if entry.state in ("removing", "exposed"):
                entry = _become(entry, "foreign", now)
            return keep(entry, decision.name, decision.person)
        case _ as never:
            assert_never(never)


def claimed(line: Entry, credential: str, person: str) -> Entry:
    """A foreign code was read whole, and is a person's known one: its line from now on."""
    return replace(line, credential=credential, person=person, state="present", kept=False, declared=False, mark="")


def keep(entry: Entry, name: str, person: str, *, kept: bool = True, declared: bool = False) -> Entry:
    """The owner says whose a foreign code is, and lets it stay; or takes that back. `declared`: in nightlatch.toml."""
    if entry.state != "foreign":
        raise ValueError(f"a line that is {entry.state} is not foreign")
    return replace(entry, kept=kept, declared=declared, name=name or entry.name, person=person)


def explained(entry: Entry, person: str) -> Entry:
    """A foreign line as nightlatch.toml has it by now: this person's, or nobody's. What the owner decided stays."""
    if entry.kept and not entry.declared:
        return entry
    if person:
        return entry if entry.person == person and entry.kept else keep(entry, "", person, declared=True)
    return keep(entry, "", "", kept=False) if entry.declared else entry


# What the journal tells


def evidence(entry: Entry) -> str:
    """How it is known what is on the lock, in words, without its age."""
    if entry.proof == "none":
        return "nothing was read yet"
    if entry.present is None:
        return "a change was sent or reported since it was last read"
    if entry.state == "setting" and not entry.present:
        return "sent and not read back; before, its slot was read empty"
    if not entry.present:
        return "its slot was read empty" if entry.state != "absent" or not entry.reason else entry.reason
    match entry.proof:
        case "value":
            return "the code was read back"
        case "presence":
            return "the slot was read as in use"
        case "acknowledged":
            return "the lock said yes, and was not read"
        case "assumed":
            return "the hub remembers it"
        case _ as never:
            assert_never(never)


def events(before: Entry | None, after: Entry, now: int) -> tuple[Event, ...]:
    """The journal's event of a line's change; none where only its evidence is newer or another try failed.

    It carries the state as `value`, "kept" for a foreign one that the owner lets stay; the slot that the line
    has, or just left; and when that evidence was had as `since`.
    """
    if before is not None and _told(before) == _told(after):
        return ()
    words = [evidence(after)]
    if after.reason and after.reason != words[0]:
        words.append(after.reason)
    if not after.credential:
        words += [f"called {after.name!r}"] if after.name else []
        words += [f"put there by {after.creator}"] if after.creator else []
    slot = after.slot or (before.slot if before is not None else 0)
    event = Event(
        now,
        "ledger",
        after.lock,
        slot=slot,
        person=after.person,
        value="kept" if after.kept else after.state,
        name=after.credential,
        since=after.seen,
        detail="; ".join(words),
    )
    return (event,)


def _told(entry: Entry) -> tuple[object, ...]:
    reason = entry.reason if entry.state == "blocked" else ""
    # Another foreign code may have come into the place of one.
    since = entry.since if entry.state == "foreign" else 0
    return since, entry.state, entry.slot, entry.person, entry.kept, entry.name, entry.limits, reason


def _slot(entry: Entry, slots: tuple[Slot, ...]) -> Slot | None:
    return next((slot for slot in slots if slot.slot == entry.slot), None) if entry.slot else None


def _gone(entry: Entry, found: Found, now: int) -> Entry:
    """Its slot reads empty, or as another's."""
    words = "another code is in its slot" if found == "another" else ""
    if entry.state in ("removing", "exposed", "foreign"):
        return _become(entry, "absent", now, slot=0 if entry.credential else entry.slot, reason=words)
    if entry.state == "present":
        words = words or "it was gone from the lock, and not by Nightlatch"
    kept = {"tries": entry.tries, "after": entry.after, "unheeded": entry.unheeded}
    return _become(entry, "planned", now, slot=0, reason=words or entry.reason, **kept)


def _failed(entry: Entry, what: str, *, doubt: bool) -> Entry:
    """An attempt did not end in what was wanted; `doubt`: what is in the slot by now is not known."""
    if entry.slot and doubt and entry.state in ("setting", "changing"):
        entry = replace(entry, present=None)
    return replace(entry, tries=entry.tries + 1, reason=what)


def _become(entry: Entry, state: LedgerState, now: int, **more: Any) -> Entry:
    """The line in another state: what belonged to the former one is gone, its slot and evidence stay."""
    fresh = {"due": 0, "tries": 0, "after": 0, "unheeded": 0, "reason": ""}
    return replace(entry, state=state, since=now, **{**fresh, **more})
