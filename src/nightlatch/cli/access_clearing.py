"""Codes that a fix of the audit takes off: through the ledger, so that they are proven gone or shown not to be."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from nightlatch.access.deciding import Choice
from nightlatch.cli import access_deciding as deciding
from nightlatch.model.command import ClearCode, Outcome

if TYPE_CHECKING:
    from pathlib import Path

    from nightlatch.access.reconciler.chooser import Step
    from nightlatch.configuration.read import Configuration
    from nightlatch.model.access import Entry

WAIT_S = 120.0


def clear(settings: Configuration, folder: Path, command: ClearCode) -> Outcome:
    """Take one code off its lock, and wait for the proof. The owner has agreed to it.

    A foreign code goes by the owner's decision. One whose grant is over is being taken off already: that is
    waited for. One that a grant explains stays: the grant is what is to end.
    """
    from nightlatch.cli.access_reaching import settle, survey
    from nightlatch.cli.common import now

    lock = str(command.about)
    line = _line(lock, command.slot)
    if line is None:
        asyncio.run(survey(settings, folder, [lock], WAIT_S))
        line = _line(lock, command.slot)
    where = f"ledger, slot {command.slot}"
    if line is None:
        return Outcome("unknown", "the ledger knows of no code there: nightlatch access adopt", where)
    if not line.credential:
        one = next(one for one in deciding.found(settings, [lock]) if one.slot == command.slot)
        (result,) = deciding.carry_out(settings, folder, [(one, Choice("remove"))], now(), WAIT_S)
        return Outcome("evidence" if result.proven else "unknown", result.what, where)
    if line.state not in ("removing", "exposed"):
        return Outcome("refused", "a grant explains it: end that (nightlatch grant list)", where)

    def may(step: Step) -> bool:
        return step.act.value == "learn" or (
            step.lock == lock and step.slot == command.slot and step.act.value != "set"
        )

    gone = asyncio.run(settle(settings, folder, may, lambda: _line(lock, command.slot) is None, WAIT_S))
    what = "it is gone: its slot was read empty" if gone else "it is not proven gone yet; Nightlatch goes on trying"
    return Outcome("evidence" if gone else "unknown", what, where)


def _line(lock: str, slot: int) -> Entry | None:
    """The line of what may be in a slot."""
    from nightlatch.model.access import OPENS
    from nightlatch.store.access import AccessRecords
    from nightlatch.store.database import connect

    engine = connect()
    try:
        lines = AccessRecords(engine).entries([lock])
    finally:
        engine.dispose()
    return next((one for one in lines if one.slot == slot and one.state in OPENS), None)
