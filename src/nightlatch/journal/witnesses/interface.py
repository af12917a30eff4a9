"""The one interface of a witness: it keeps checkpoints where the machine's own owner cannot quietly change them."""

from __future__ import annotations

import importlib
import pkgutil
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Mapping
from typing import Any, ClassVar

import msgspec

from nightlatch.configuration.read import Configuration
from nightlatch.configuration.settings import settings
from nightlatch.errors import JournalError
from nightlatch.journal import notes
from nightlatch.journal.journal import Journal
from nightlatch.journal.notes import Checkpoint
from nightlatch.text import count, suggest

PACKAGE = "nightlatch.journal.witnesses"


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What one `[[journal.witnesses]]` table sets, beside `kind` and `id`. A witness subclasses it."""

    every_s: int = 60
    """At most this often is a new checkpoint published."""


class Contradicted(JournalError):
    """A witness holds a checkpoint that is none of this journal: it was rolled back, cut off, forked or replaced."""


class Published(msgspec.Struct, frozen=True):
    """What a witness keeps now: the checkpoint, and its cosignature line where it signs."""

    size: int
    note: str
    cosignature: str = ""


class Witness(ABC):
    """One configured witness. Both methods end within a minute.

    They raise SourceError when it cannot be reached, ReadError when what it holds cannot be read, and
    Contradicted when that is no head of this journal.
    """

    kind: ClassVar[str]
    Settings: ClassVar[type[Settings]]

    def __init_subclass__(cls, kind: str = "", **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        if kind:
            cls.kind = kind

    def __init__(self, settings: Any, id_: str) -> None:
        self.settings = settings
        self.id = id_

    @property
    @abstractmethod
    def where(self) -> str:
        """What people call its place: a path, an address."""

    @abstractmethod
    async def compare(self, journal: Journal, *, every: bool = False) -> int:
        """The size of the newest checkpoint it holds, 0 for none, once that is found to be a head of this journal.

        `every`: compare all that it holds, not only the newest.
        """

    @abstractmethod
    async def publish(self, journal: Journal) -> Published:
        """Compare, then have it keep the newest checkpoint, and see that it does."""


def agree(journal: Journal, note: str, where: str) -> Checkpoint:
    """A checkpoint that a witness holds, once it is found to be a head of this journal; Contradicted otherwise."""
    held = notes.parse(note, where=where)
    verifiers = journal.verifiers
    if held.origin != verifiers[0].name:
        raise JournalError(
            f"holds checkpoints of another journal ({held.origin})",
            where=where,
            todo="Give each journal a place of its own.",
        )
    if not held.signed_by(verifiers):
        raise Contradicted(
            f"holds a checkpoint of {count(held.size, 'entry', 'entries')} that is signed by a key this journal does "
            "not know: it was rolled back to before a change of its key, or somebody else wrote it",
            where=where,
            todo=TODO,
        )
    # What the witness holds was read before: a journal that grows meanwhile is only larger.
    with journal.view() as view:
        if held.size > view.size:
            raise rolled_back(view.size, held.size, where)
        if view.root(held.size) != held.root:
            raise forked(held.size, where)
    return held


TODO = "Keep both as they are: one of them was changed. What to do then: docs/journal.md, Recovery."


def rolled_back(size: int, held: int, where: str) -> Contradicted:
    """A witness holds `held` entries, more than the journal has."""
    return Contradicted(
        f"holds a checkpoint of {count(held, 'entry', 'entries')}, and the journal has only {size}: "
        "it was rolled back or cut off",
        where=where,
        todo=TODO,
    )


def forked(held: int, where: str) -> Contradicted:
    """A witness holds another history."""
    return Contradicted(
        f"holds a checkpoint of {count(held, 'entry', 'entries')} with other contents than the journal has: "
        "one of its first entries was changed, or there are two journals with one key",
        where=where,
        todo=TODO,
    )


def kinds() -> tuple[str, ...]:
    """Every kind of witness."""
    package = importlib.import_module(PACKAGE)
    return tuple(sorted(one.name for one in pkgutil.iter_modules(package.__path__) if one.name != "interface"))


def make(configuration: Configuration, *, env: Mapping[str, str]) -> list[Witness]:
    """Every witness of `[[journal.witnesses]]`, in the file's order; ConfigurationError names the line."""
    tables = configuration.tables.journal.witnesses
    of_kind = Counter(str(table.get("kind")) for table in tables)
    made: list[Witness] = []
    for number, table in enumerate(tables):
        place = ("journal", "witnesses", number)
        kind = table.get("kind")
        if not isinstance(kind, str):
            raise configuration.error('missing key "kind"', *place, todo=f"Kinds: {', '.join(kinds())}.")
        if kind not in kinds():
            raise configuration.error(
                f"there is no witness of kind {kind!r}",
                *place,
                "kind",
                todo=suggest(kind, kinds()) or f"Kinds: {', '.join(kinds())}.",
            )
        importlib.import_module(f"{PACKAGE}.{kind}")
        found = next(one for one in Witness.__subclasses__() if one.kind == kind)
        id_ = str(table.get("id") or (kind if of_kind[kind] == 1 else f"{kind}-{number + 1}"))
        if id_ in (one.id for one in made):
            raise configuration.error(f"two witnesses have the id {id_!r}", *place)
        chosen = settings(configuration, place, table, found.Settings, env)
        if chosen.every_s < 1:
            raise configuration.error("every_s is at least 1", *place, "every_s")
        try:
            made.append(found(chosen, id_))
        except ValueError as error:
            raise configuration.error(str(error), *place) from None
    return made
