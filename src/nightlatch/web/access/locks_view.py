"""The ledger of each lock, and how far the locks are with what is wanted."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from nightlatch.access.register import Register
from nightlatch.access.who import ORDER
from nightlatch.model.access import OPENS, Entry
from nightlatch.service.accessing import Progress, Todo
from nightlatch.service.steps import ENDINGS_IN_WORDS, words
from nightlatch.web.access.people_view import LineRow, line_row


class LockRow(msgspec.Struct, frozen=True):
    """A lock in a line."""

    id: str
    """"lock:front"."""
    name: str
    codes: int
    """Codes that may be on it."""
    loud: int
    """Of them those that should be gone, or that nothing explains."""
    waiting: int
    """Lines that are not as they are to be."""
    retired: bool


class Step(msgspec.Struct, frozen=True):
    """One thing that is to be done at a lock, or was."""

    words: str
    why: str
    ending: str
    """`evidence`: proven; `refused`; `unknown`; nothing before it ended."""
    ending_in_words: str
    what: str


class Sync(msgspec.Struct, frozen=True):
    """How far the locks match what is wanted."""

    number: int
    """Of the last step that ended; give it as `since` to hear what ended after."""
    todo: tuple[Step, ...]
    done: tuple[Step, ...]
    waiting: bool
    """Whether what is left waits for a lock, or for a time to come."""
    trouble: str
    left_out: int
    """Steps that are not listed."""


def lock_rows(register: Register, lines: Iterable[Entry], names: dict[str, str]) -> list[LockRow]:
    """Every lock, those at which something is wrong first. `names` are all locks of the configuration."""
    by_lock: dict[str, list[Entry]] = {one: [] for one in names}
    for line in lines:
        by_lock.setdefault(line.lock, []).append(line)
    rows = [
        LockRow(
            lock,
            names.get(lock, lock.partition(":")[2]),
            sum(one.state in OPENS for one in held),
            sum(one.state == "exposed" or (one.state == "foreign" and not one.kept) for one in held),
            sum(one.state in ("setting", "changing", "removing", "blocked") for one in held),
            lock in register.retired,
        )
        for lock, held in by_lock.items()
    ]
    return sorted(rows, key=lambda one: (not one.loud, one.name.casefold()))


def line_rows(register: Register, lines: Iterable[Entry], search: str = "") -> list[LineRow]:
    """Lines of the ledger, loud ones first."""
    ordered = sorted(lines, key=lambda one: (ORDER.get("kept" if one.kept else one.state, 9), one.slot))
    rows = (line_row(register, one) for one in ordered)
    text = search.casefold()
    return [one for one in rows if text in one.whose.casefold() or text in one.state or text == str(one.slot)]


def sync(progress: Progress, register: Register, most: int) -> Sync:
    """How far the locks are, in words."""
    people = {id_: one.name for id_, one in register.people.items()}
    todo = [one for one in progress.todo if one.act != "learn"]

    def step(one: Todo) -> Step:
        return Step(
            words(one, register.names, people), one.why, one.ending, ENDINGS_IN_WORDS.get(one.ending, ""), one.what
        )

    return Sync(
        progress.number,
        tuple(step(one) for one in todo[:most]),
        tuple(step(one) for one in progress.done[-most:]),
        progress.waiting,
        progress.trouble,
        max(0, len(todo) - most),
    )
