"""Privacy: how long is kept what, where it is, and erasing a person."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec

from nightlatch.access.erasing import must_be_gone
from nightlatch.configuration.edit import Editor
from nightlatch.errors import NightlatchError, UsageError
from nightlatch.guard.erasing import Erased
from nightlatch.guard.erasing import erase as erased
from nightlatch.web.errors import NotFound
from nightlatch.web.house import House
from nightlatch.web.texts import N_, _

KEPT: tuple[tuple[str, str], ...] = (
    ("journal.db", N_("What happened at your doors: the journal. What names people is sealed with a key for each.")),
    ("nightlatch.db", N_("Audits, alerts, people, grants, users; codes and addresses are sealed.")),
    ("journal.key", N_("The key that signs the journal")),
    ("access.key", N_("The key that seals the codes")),
    ("secrets", N_("Tokens and passwords of what is connected")),
    ("uploads", N_("Files that you uploaded: backups of routers, exports of passwords")),
)
LONGEST_DAYS = 36_500


class Kept(msgspec.Struct, frozen=True):
    """A file or folder of the state folder."""

    name: str
    what: str
    size: int
    """In bytes."""


class PrivacyView(msgspec.Struct, frozen=True):
    """What is kept, and for how long."""

    retention_days: int
    """0: for ever."""
    folder: str
    kept: tuple[Kept, ...]
    telemetry: bool = False
    """Nothing is ever sent to the makers of Nightlatch, or to anybody else."""


class Somebody(msgspec.Struct, frozen=True):
    """A person of whom something may be kept."""

    id: str
    name: str


class Preview(msgspec.Struct, frozen=True):
    """What erasing somebody would take."""

    id: str
    name: str
    grants: int
    credentials: int
    refused: str = ""
    """Why it cannot be done yet."""
    todo: str = ""


def view(house: House) -> PrivacyView:
    """All of it."""
    found = [Kept(name, _(what), _size(house.folder / name)) for name, what in KEPT if (house.folder / name).exists()]
    return PrivacyView(house.configuration.tables.journal.retention_days, str(house.folder), tuple(found))


def _size(path: Path) -> int:
    if path.is_dir():
        return sum(one.stat().st_size for one in path.iterdir() if one.is_file())
    sides = (path.with_name(path.name + side) for side in ("", "-wal"))
    return sum(one.stat().st_size for one in sides if one.exists())


def keep_for(days: int) -> Callable[[Editor], None]:
    """How the time is set for which contents are kept."""
    if not 0 <= days <= LONGEST_DAYS:
        raise UsageError(_("retention_days: 0 to %(most)s days", most=LONGEST_DAYS))
    return lambda editor: editor.set("journal", {"retention_days": days})


def people(house: House) -> tuple[Somebody, ...]:
    """Everybody who is known by name."""
    found = {one.id: Somebody(one.id, one.name or one.id) for one in house.configuration.tables.people}
    for one in house.service.access.records.people():
        found[one.id] = Somebody(one.id, one.name)
    return tuple(sorted(found.values(), key=lambda one: one.name.casefold()))


def preview(house: House, id_: str) -> Preview:
    """What erasing somebody would take. NotFound where nobody of this id is known."""
    somebody = next((one for one in people(house) if one.id == id_), None)
    if somebody is None:
        raise NotFound
    _people, grants, credentials, _lines = house.service.access.records.everything()
    mine = sum(one.to == f"person:{id_}" for one in grants)
    codes = sum(one.person == id_ for one in credentials)
    refused, todo = "", ""
    try:
        must_be_gone(
            house.folder, id_, {f"lock:{one.id}": one.name or one.id for one in house.configuration.tables.locks}
        )
    except NightlatchError as error:
        refused, todo = error.what, _("End their access first, and wait until their codes are gone from the locks.")
    return Preview(somebody.id, somebody.name, mine, codes, refused, todo)


def erase(house: House, id_: str, typed: str) -> Erased:
    """Erase somebody for good, once their name was typed."""
    found = preview(house, id_)
    if typed.strip().casefold() != found.name.strip().casefold():
        raise UsageError(_("the name that you typed is another"), todo=_("Nothing was erased. Type it as it is shown."))
    return erased(house.folder, id_, house.configuration, now=house.today())
