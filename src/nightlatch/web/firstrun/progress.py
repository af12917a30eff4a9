"""How far the first run went: kept in a file of the state folder, so that it goes on where it was left."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, get_args

import msgspec

from nightlatch.errors import UsageError
from nightlatch.web.house import House
from nightlatch.web.texts import N_
from nightlatch.writing import replace

FILE = "first-run.json"
LIMIT = 4096
Step = Literal["owner", "home", "find", "doors", "questions", "audit"]
STEPS: dict[Step, str] = {
    "owner": N_("You"),
    "home": N_("Home"),
    "find": N_("Hubs"),
    "doors": N_("Doors"),
    "questions": N_("Questions"),
    "audit": N_("Result"),
}
"""Every step in order, and what it is called."""


class Progress(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where somebody is."""

    at: Step = "home"
    done: bool = False


def read(house: House) -> Progress:
    """How far it went. A home that is configured by hand begins with it done."""
    path = house.folder / FILE
    try:
        text = path.read_bytes()[:LIMIT] if path.is_file() else b""
    except OSError:
        text = b""
    if text:
        try:
            return msgspec.json.decode(text, type=Progress)
        except msgspec.DecodeError:
            return Progress()  # begun anew: nothing but a place is lost
    tables = house.configuration.tables
    return Progress(done=bool(tables.doors or tables.sources))


def write(folder: Path, progress: Progress) -> None:
    """Keep it."""
    try:
        replace(folder / FILE, msgspec.json.encode(progress))
    except OSError as error:
        raise UsageError(f"cannot be written: {error.strerror}", where=str(folder / FILE)) from None


async def reached(house: House, step: Step) -> Progress:
    """Somebody is at a step; what is kept by now."""
    found = await house.read(lambda: read(house))
    made = Progress(step, found.done)
    if made != found:
        await house.alone(lambda: write(house.folder, made))
    return made


def beside(step: Step) -> tuple[Step, Step]:
    """The steps before and after one."""
    steps: tuple[Step, ...] = get_args(Step)
    number = steps.index(step)
    return steps[max(1, number - 1)], steps[min(len(steps) - 1, number + 1)]
