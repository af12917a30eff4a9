"""What a simulated lock makes of a command about its codes, and how that is read back."""

from __future__ import annotations

from nightlatch.ecosystems._simulated.house import House
from nightlatch.ecosystems._simulated.lock import HUB, MASTER_SLOT, Kept, SimulatedLock
from nightlatch.model.command import ClearCode, Outcome, ReadCodes, SetCode, Slot, WeekDay, Why, YearDay
from nightlatch.text import count

Coding = SetCode | ClearCode | ReadCodes


def unsendable(command: Coding, lock: SimulatedLock) -> Outcome | None:
    """Why a command is refused before anything is sent to the lock; None when it is not."""
    if isinstance(command, ReadCodes):
        return None
    if not 1 <= command.slot <= lock.keeps.slots:
        return _no(lock, f"it has slots 1 to {lock.keeps.slots}", "slot")
    if isinstance(command, ClearCode):
        return None
    keeps = lock.keeps
    if not keeps.shortest <= len(command.code) <= keeps.longest or not command.code.reveal().isdecimal():
        return _no(lock, f"it takes codes of {keeps.shortest} to {keeps.longest} digits", "invalid")
    years = sum(isinstance(limit, YearDay) for limit in command.limits)
    weeks = sum(1 if keeps.days_together else len(limit.days) for limit in command.limits if isinstance(limit, WeekDay))
    if years > keeps.year_days or weeks > keeps.week_days or (years and weeks):
        return _no(lock, "it cannot keep these limits", "limits")
    return None


def messages(command: Coding) -> int:
    """How many messages a command takes when the lock answers them all: what it sets, and the reading back."""
    match command:
        case SetCode():
            return 2 + len(command.limits)
        case ClearCode():
            return 2
        case _:
            return max(1, len(command.slots))


def declined(command: SetCode | ClearCode, lock: SimulatedLock) -> Outcome | None:
    """What the lock itself says no to."""
    if isinstance(command, ClearCode):
        return None
    there = lock.codes.get(command.slot)
    if there is not None and there.form != "pin":
        return _no(lock, f"slot {command.slot} has a {there.form}", "slot", sent=1)
    same = any(slot != command.slot and kept.code == command.code for slot, kept in lock.codes.items())
    if same and not lock.keeps.duplicates:
        return _no(lock, "another slot has this code", "duplicate", sent=1)
    return None


def do(house: House, command: SetCode | ClearCode, lock: SimulatedLock) -> None:
    """The lock does it."""
    if isinstance(command, ClearCode):
        house.put_code(lock, command.slot, None)
    else:
        house.put_code(lock, command.slot, Kept(command.code, command.limits, command.zone))


def read_back(house: House, command: SetCode | ClearCode, lock: SimulatedLock) -> Outcome:
    """What the lock shows of the slot after a command that it said yes to."""
    found = read(lock, command.slot)
    if isinstance(command, ClearCode):
        done, words = found.status == "empty", f"slot {command.slot} is empty"
    else:
        kept = lock.codes.get(command.slot)
        # A lock that gives no code back shows only that something is there.
        same = kept is not None and (kept.code == command.code or not lock.keeps.gives_codes)
        done = same and kept is not None and kept.limits == command.limits
        words = f"slot {command.slot} has {'the code' if lock.keeps.gives_codes else 'a code'}"
    where, sent = f"{lock.id} slot {command.slot}", messages(command)
    if done:
        return Outcome("evidence", words, where, house.time, slots=(found,), sent=sent)
    words = f"the lock said yes, and slot {command.slot} is {found.status} and not as wanted"
    return Outcome("refused", words, where, house.time, "unheeded", (found,), sent=sent)


def reading(house: House, command: ReadCodes, lock: SimulatedLock) -> Outcome:
    """The slots that were asked for; without any, the rules, and every slot in use where the lock lists them."""
    if command.slots:
        found = [read(lock, slot) for slot in command.slots]
    else:
        found = [] if lock.keeps.reads_each else [read(lock, slot) for slot in sorted(lock.codes)]
        if lock.keeps.master:
            found.append(Slot(MASTER_SLOT, "used", "presence", form="master"))
    return Outcome(
        "evidence",
        f"{count(len(found), 'slot')} read",
        lock.id,
        house.time,
        slots=tuple(found),
        rules=lock.rules,
        sent=messages(command),
    )


def read(lock: SimulatedLock, slot: int) -> Slot:
    """What the lock shows of one slot; its hub remembers it."""
    if not 1 <= slot <= lock.keeps.slots:
        return Slot(slot, "unknown", "none")
    lock.known(slot)
    kept = lock.codes.get(slot)
    if kept is None:
        return Slot(slot, "empty", "value", limits=())
    tells = lock.keeps.tells_creators
    shown = kept.code if lock.keeps.gives_codes else None
    return Slot(
        slot,
        "used" if kept.enabled else "disabled",
        "value" if shown is not None else "presence",
        shown,
        kept.form,
        kept.name,
        kept.creator if tells else "",
        kept.creator != HUB if tells else None,
        kept.limits,
    )


def _no(lock: SimulatedLock, words: str, why: Why, *, sent: int = 0) -> Outcome:
    return Outcome("refused", words, lock.id, why=why, sent=sent)
