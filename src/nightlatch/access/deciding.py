"""What the owner decides of codes that no grant explains: checked, and written down; the running Nightlatch does it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Literal

import msgspec

from nightlatch.access.adopting import decision
from nightlatch.access.register import Register
from nightlatch.access.registrar import Registrar
from nightlatch.access.strange import Strange, strangers
from nightlatch.configuration.read import Configuration
from nightlatch.errors import UsageError
from nightlatch.journal.journal import Journal
from nightlatch.journal.selecting import Wanted, newest
from nightlatch.model.access import ROLES, Decision, Role
from nightlatch.store.access import AccessRecords
from nightlatch.text import suggest

USES = 2_000
"""So many of a lock's last openings are looked through for the last use of a code."""


class Choice(msgspec.Struct, frozen=True):
    """What is decided of one code."""

    does: Literal["keep", "take", "remove"]
    person: str = ""
    name: str = ""
    new: bool = False
    """The person is to be added first, by `name`."""
    role: str = "guest"

    @property
    def words(self) -> str:
        """In words."""
        if self.does == "remove":
            return "take it off the lock, and prove it"
        whose = f"{self.name or self.person}'s" if self.person else f"called {self.name!r}"
        return f"it stays: {whose}{', managed by Nightlatch from now on' if self.does == 'take' else ''}"


def found(
    settings: Configuration,
    records: AccessRecords,
    locks: Collection[str] | None,
    journal: Journal | None,
    since: int | None = None,
) -> list[Strange]:
    """The codes on these locks that no grant explains, kept ones too; their last use as a journal tells it `since`."""
    lines, known = records.entries(locks), records.people()
    people = {one.id: one.name for one in known} | {one.id: one.name or one.id for one in settings.tables.people}
    names = {f"lock:{one.id}": one.name or one.id for one in settings.tables.locks}
    where = {line.lock for line in lines if not line.credential}
    return strangers(lines, names, people, _used(where, journal, since) if journal is not None else {})


def _used(locks: Iterable[str], journal: Journal, since: int | None) -> dict[tuple[str, int], int]:
    """When slots last opened their lock, as the journal tells."""
    last: dict[tuple[str, int], int] = {}
    for lock in locks:
        for entry in newest(journal, Wanted(frozenset((lock,)), frozenset(("unlocked",)), since=since), USES):
            if entry.event is not None and entry.event.slot:
                last[lock, entry.event.slot] = entry.event.at
    return last


def decide(registrar: Registrar, choices: Sequence[tuple[Strange, Choice]], now: int) -> list[Decision]:
    """Write the choices down: from then on they hold. UsageError, and nothing is decided, where one cannot be."""
    register = registrar.register()
    fresh = {choice.person: choice for _, choice in choices if choice.new and choice.person not in register.people}
    for one, choice in choices:
        if choice.does == "remove" and one.line.form == "master":
            raise UsageError(
                f"{one.place} is the lock's master code: it cannot be taken off",
                todo="Change it at the lock's keypad, as its manual says, and keep it: --keep Master",
            )
        if choice.person and choice.person not in fresh:
            register.person(choice.person)
        if choice.does == "take":
            _check_leave(register, one, choice, now)
    # The name of a person is theirs; that of a kept code is the code's.
    decided = [
        decision(one.line, choice.does, now, name="" if choice.person else choice.name, person=choice.person)
        for one, choice in choices
    ]
    for person, choice in fresh.items():
        registrar.add_person(person, choice.name, role_of(choice.role), (), now)
    registrar.records.put(*decided)
    return decided


def role_of(text: str) -> Role:
    """A role by its name; UsageError when it is none."""
    for role in ROLES:
        if role == text:
            return role
    raise UsageError(f"there is no role {text!r}", todo=suggest(text, ROLES) or f"It is one of {', '.join(ROLES)}.")


def granted(register: Register, lock: str, person: str, at: int) -> bool:
    """Whether somebody has a grant for a lock, now or later."""
    return any(lock in register.locks_of(grant.doors) for grant in register.granted(person, at))


def _check_leave(register: Register, one: Strange, choice: Choice, at: int) -> None:
    """UsageError where a managed code would come off at once: nobody granted its person anything here."""
    if not granted(register, one.line.lock, choice.person, at):
        door = (register.locks.get(one.line.lock) or one.line.lock).partition(":")[2]
        raise UsageError(
            f"{choice.person} has no grant for {one.lock_name}: a managed code would come off it",
            todo=f"Grant it first: nightlatch grant add --to {choice.person} --doors {door}; or leave out --manage.",
        )
    if one.line.proof != "value":
        raise UsageError(
            f"{one.lock_name} does not give the code in slot {one.slot} back: it cannot be managed",
            todo="Leave out --manage: it is kept as theirs; or make them a new code, and remove this one.",
        )
