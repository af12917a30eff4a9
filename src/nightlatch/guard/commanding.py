"""Commands to locks: sent over one connection, and ended whatever becomes of it."""

from __future__ import annotations

import asyncio
import logging
import traceback

import msgspec

from nightlatch.ecosystems.interface import Taken
from nightlatch.errors import NightlatchError
from nightlatch.guard.lines import Line
from nightlatch.guard.standing import SETTING
from nightlatch.model.command import ClearCode, CloseJoin, Command, LockDoor, Outcome, SetCode, SetParameter, UnlockDoor
from nightlatch.model.event import Event

log = logging.getLogger(__name__)

COMMAND_S = 35.0
"""After how many seconds a command without an end is given up; links promise 30."""


def naming(command: Command) -> tuple[str, int | str, int]:
    """A command as the journal has it: its name, what it sets, and which slot. Never a code."""
    match command:
        case SetParameter():
            return f"{SETTING}{command.name}", command.value, 0
        case SetCode() | ClearCode():
            return "set_code" if isinstance(command, SetCode) else "clear_code", "", command.slot
        case LockDoor():
            return "lock", "", 0
        case UnlockDoor():
            return "unlock", "", 0
        case CloseJoin():
            return "close_join", "", 0
        case _:
            return "read_codes", "", 0


def ended(asked: Event, outcome: Outcome, now: int, source: str) -> Event:
    """How a command ended, as the journal has it beside the `command` event."""
    detail = outcome.what if not outcome.where else f"{outcome.what} ({outcome.where})"
    return msgspec.structs.replace(
        asked, at=now, kind="outcome", source=source, value=outcome.ending, detail=detail, since=outcome.at
    )


async def send(line: Line, command: Command, taken: Taken | None = None) -> Outcome:
    """Have a command carried out over an ecosystem's connection, by the ecosystem's own name for the lock."""
    outcome = await _sent(line, command, taken)
    # What slots are called, and by whom, was written by whoever put codes there: a terminal must not obey it.
    slots = tuple(
        msgspec.structs.replace(slot, name=_plain(slot.name), creator=_plain(slot.creator)) for slot in outcome.slots
    )
    return msgspec.structs.replace(outcome, what=_plain(outcome.what), where=_plain(outcome.where), slots=slots)


def _plain(text: str) -> str:
    return text if text.isprintable() else "".join(sign if sign.isprintable() else "�" for sign in text)


async def _sent(line: Line, command: Command, taken: Taken | None) -> Outcome:
    if line.link is None:
        return Outcome("unknown", "no hub that commands this lock is connected")
    if isinstance(command, LockDoor) and line.lane.full:
        # What was told since is not known: the door may have been opened.
        return Outcome("unknown", "how the door stands is not known: the journal does not keep up with what is heard")
    try:
        async with asyncio.timeout(COMMAND_S):
            if taken is not None and isinstance(command, LockDoor | UnlockDoor):
                return await line.link.move(command, taken)
            return await line.link.command(command)
    except TimeoutError:
        return Outcome("unknown", f"no answer within {COMMAND_S:g} s")
    except NightlatchError as error:
        return Outcome("unknown", str(error))
    except Exception as error:  # noqa: BLE001  # the boundary where one ecosystem's defect must not end the others
        return Outcome("unknown", f"it {defect(line.id, 'the command', error)}")


def defect(ecosystem: str, on: str, error: Exception) -> str:
    """Log the place of a defect without the exception's text, which might hold what was being read; words for it."""
    place = "".join(traceback.format_tb(error.__traceback__))
    log.error("%s broke on %s (%s)\n%s", ecosystem, on, type(error).__name__, place)
    return f"broke on {on} ({type(error).__name__}). This is a defect: please report it."
