"""People as pages and programs are told of them. Never a PIN."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from nightlatch.access import ledger
from nightlatch.access.lengths import fitting
from nightlatch.access.register import Register
from nightlatch.model.access import OPENS, Credential, Entry, Person, Role
from nightlatch.web.access.meaning import GrantRow, row

CANDIDATES = 12
"""People that a form offers to choose from."""


class PersonRow(msgspec.Struct, frozen=True):
    """Somebody, as lists show them."""

    id: str
    name: str
    role: Role
    groups: tuple[str, ...]
    configured: bool
    """They are in nightlatch.toml, and changed there."""
    removed: bool
    """They were removed, and are listed until no lock has a code of theirs."""
    grants: int
    codes: int


class LineRow(msgspec.Struct, frozen=True):
    """A line of the ledger: a code on a lock."""

    lock: str
    lock_name: str
    slot: int
    state: str
    """As in the ledger; `kept`: no grant explains it, and the owner does."""
    person: str
    whose: str
    """Their name, or what is known instead."""
    credential: str
    evidence: str
    seen: int
    """When that evidence was had, µs since 1970; 0: none was."""
    since: int
    reason: str
    used: int
    """When it last opened the door."""
    form: str
    declared: bool
    """It is kept because nightlatch.toml says whose it is: that is changed there."""


class CodeRow(msgspec.Struct, frozen=True):
    """A code of somebody's, without its digits."""

    id: str
    digits: int
    made: int
    chosen: bool
    locks: tuple[str, ...]
    """The locks that it is for, by name."""


class PersonView(msgspec.Struct, frozen=True):
    """Somebody, with all that is theirs."""

    person: PersonRow
    grants: tuple[GrantRow, ...]
    codes: tuple[CodeRow, ...]
    lines: tuple[LineRow, ...]
    used: int
    """When a code of theirs last opened a door, as far as was heard."""
    waiting: tuple[str, ...]
    """Of somebody removed: the locks on which their code is not proven gone."""


def person_row(register: Register, person: Person, now: int) -> PersonRow:
    """Somebody in a line."""
    return PersonRow(
        person.id,
        person.name,
        person.role,
        person.groups,
        person.id in register.configured,
        bool(person.ended),
        len(register.granted(person.id, now)),
        len(register.active(person.id)),
    )


def people_found(register: Register, search: str = "", group: str = "") -> list[Person]:
    """The people whose name or id has a text in it, or who belong to a group, by name."""
    words = search.casefold()
    found = [
        one
        for one in register.people.values()
        if (not group or group in one.groups) and (words in one.name.casefold() or words in one.id)
    ]
    return sorted(found, key=lambda one: (one.name.casefold(), one.id))


def candidates(register: Register, search: str) -> list[Person]:
    """Whom a form offers: at most twelve, who are not removed."""
    return [one for one in people_found(register, search) if not one.ended][:CANDIDATES]


def line_row(register: Register, entry: Entry) -> LineRow:
    """A line of the ledger."""
    person = register.people.get(entry.person)
    return LineRow(
        entry.lock,
        register.name(entry.lock),
        entry.slot,
        "kept" if entry.kept else entry.state,
        entry.person,
        person.name if person is not None else entry.name or entry.person,
        entry.credential,
        ledger.evidence(entry),
        entry.seen,
        entry.since,
        "" if entry.reason == ledger.evidence(entry) else entry.reason,
        entry.used,
        entry.form,
        entry.declared,
    )


def person_view(register: Register, id_: str, lines: Iterable[Entry], now: int) -> PersonView:
    """Somebody. `lines` are those of their codes."""
    person = register.people[id_]
    entries = sorted((one for one in lines if one.state != "absent"), key=lambda one: register.name(one.lock))
    grants = sorted(register.granted(id_, now), key=lambda one: one.made, reverse=True)
    waiting = dict.fromkeys(register.name(one.lock) for one in entries if one.credential and one.state in OPENS)
    codes = register.active(id_)
    return PersonView(
        person_row(register, person, now),
        tuple(row(one, register, now) for one in grants),
        tuple(_code(register, one, codes, now) for one in codes),
        tuple(line_row(register, one) for one in entries),
        max((one.used for one in entries), default=0),
        tuple(waiting) if person.ended else (),
    )


def _code(register: Register, code: Credential, codes: Sequence[Credential], now: int) -> CodeRow:
    locks = dict.fromkeys(
        lock for grant in register.granted(code.person, now) for lock in register.locks_of(grant.doors)
    )
    names = tuple(register.name(lock) for lock in locks if fitting(codes, register.digits(lock)) == code)
    return CodeRow(code.id, code.digits, code.made, code.chosen, names)
