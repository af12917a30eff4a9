"""Goes on when the journal's file is broken: the file is set aside, untouched, and another journal begins."""

from __future__ import annotations

from pathlib import Path

from nightlatch.errors import JournalError, ReadError
from nightlatch.journal import keys, notes
from nightlatch.journal.journal import FILE, Journal
from nightlatch.journal.storage import Damaged
from nightlatch.journal.verify import VERIFIED
from nightlatch.model.event import Event, instant

SET_ASIDE = (FILE, f"{FILE}-wal", f"{FILE}-shm", keys.FILE, keys.NEXT, VERIFIED)


def open_anyway(folder: Path, at: int, *, broken: bool = False) -> Journal:
    """The journal of this folder; one that is too damaged to be written is set aside, and another begun (at: µs).

    `broken`: it is known to be.

    The other's first entry, `restored`, names the folder `journal-damaged-TIME` and what is known of
    the former. It has a key and an origin of its own, so no witness takes it for the former.
    JournalError when the trouble is another one, which may pass.
    """
    try:
        if broken:
            raise Damaged("could not be written any more", where=str(folder / FILE))
        return Journal.open(folder)
    except Damaged as error:
        name = f"journal-damaged-{instant(at):%Y%m%dT%H%M%SZ}"
        known = _known(folder / VERIFIED)
        _move(folder, folder / name)
        journal = Journal.open(folder)
        detail = f"the journal {error.what}: it is set aside in {name}, and another begins here{known}"
        journal.append([Event(at, "restored", "home", name=name, detail=detail)])
        return journal


def _known(path: Path) -> str:
    try:
        checkpoint = notes.parse(path.read_text("utf-8", "replace"), where=str(path))
    except (OSError, JournalError, ReadError):
        return ""
    return f"; {checkpoint.size} entries of {checkpoint.origin} were verified before"


def _move(folder: Path, aside: Path) -> None:
    try:
        aside.mkdir(mode=0o700)
        for name in SET_ASIDE:
            if (folder / name).exists():
                (folder / name).rename(aside / name)
    except OSError as error:
        raise JournalError(f"cannot be set aside: {error.strerror}", where=str(folder / FILE)) from None
