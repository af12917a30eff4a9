"""A code that a fix takes off a lock: what may be done about it by the ledger, and what came of it in words."""

from __future__ import annotations

from collections.abc import Iterable

from nightlatch.model.access import OPENS, Entry
from nightlatch.model.command import Outcome

WAIT_S = 120.0
"""How long a code is waited for that is being taken off; Nightlatch goes on after that too."""


def in_slot(lines: Iterable[Entry], lock: str, slot: int) -> Entry | None:
    """The line of what may be in a slot."""
    return next((one for one in lines if one.lock == lock and one.slot == slot and one.state in OPENS), None)


def hindered(line: Entry | None, slot: int) -> Outcome | None:
    """Why nothing is done: the ledger knows of no code there, or a grant explains it. None: it may come off.

    A foreign code goes by the owner's decision; one whose grant is over is being taken off already.
    """
    if line is None:
        return Outcome("unknown", "the ledger knows of no code there: nightlatch access adopt", place(slot))
    if line.credential and line.state not in ("removing", "exposed"):
        return Outcome("refused", "a grant explains it: end that (nightlatch grant list)", place(slot))
    return None


def ended(slot: int, *, gone: bool) -> Outcome:
    """How it ended: proven gone, or not yet."""
    what = "it is gone: its slot was read empty" if gone else "it is not proven gone yet; Nightlatch goes on trying"
    return Outcome("evidence" if gone else "unknown", what, place(slot))


def place(slot: int) -> str:
    """Where the evidence is."""
    return f"ledger, slot {slot}"
