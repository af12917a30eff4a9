"""Codes that a fix of the audit takes off: through the ledger, so that they are proven gone or shown not to be."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from nightlatch.access import clearing
from nightlatch.access.clearing import WAIT_S
from nightlatch.access.deciding import Choice
from nightlatch.cli import access_deciding as deciding
from nightlatch.model.command import ClearCode, Outcome

if TYPE_CHECKING:
    from pathlib import Path

    from nightlatch.access.reconciler.chooser import Step
    from nightlatch.configuration.read import Configuration
    from nightlatch.model.access import Entry


def clear(settings: Configuration, folder: Path, command: ClearCode) -> Outcome:
    """Take one code off its lock, and wait for the proof. The owner has agreed to it."""
    from nightlatch.cli.access_reaching import settle, survey
    from nightlatch.cli.common import now

    lock = str(command.about)
    line = _line(lock, command.slot)
    if line is None:
        asyncio.run(survey(settings, folder, [lock], WAIT_S))
        line = _line(lock, command.slot)
    hindered = clearing.hindered(line, command.slot)
    if hindered is not None:
        return hindered
    if line is not None and not line.credential:
        one = next(one for one in deciding.found(settings, [lock]) if one.slot == command.slot)
        (result,) = deciding.carry_out(settings, folder, [(one, Choice("remove"))], now(), WAIT_S)
        return Outcome("evidence" if result.proven else "unknown", result.what, clearing.place(command.slot))

    def may(step: Step) -> bool:
        return step.act.value == "learn" or (
            step.lock == lock and step.slot == command.slot and step.act.value != "set"
        )

    gone = asyncio.run(settle(settings, folder, may, lambda: _line(lock, command.slot) is None, WAIT_S))
    return clearing.ended(command.slot, gone=gone)


def _line(lock: str, slot: int) -> Entry | None:
    from nightlatch.store.access import AccessRecords
    from nightlatch.store.database import connect

    engine = connect()
    try:
        return clearing.in_slot(AccessRecords(engine).entries([lock]), lock, slot)
    finally:
        engine.dispose()
