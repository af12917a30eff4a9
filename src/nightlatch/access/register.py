"""The register: people, groups, grants, credentials, feeds and locks, as they were at one instant."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import tzinfo
from functools import cached_property
from typing import TypeVar

import sqlalchemy as sa

from nightlatch.access.lengths import LONGEST, SHORTEST
from nightlatch.configuration.read import Configuration
from nightlatch.errors import UsageError
from nightlatch.model.access import EVERY_DOOR, ROLES, Credential, Feed, Grant, Person, Retired, Role
from nightlatch.model.command import Rules
from nightlatch.store.access import AccessRecords, Record
from nightlatch.text import listed, suggest

R = TypeVar("R", Person, Grant, Credential, Feed)
Bounds = tuple[int | None, int | None]
"""The least and most digits of a lock's codes; None: not known."""


class Register:
    """What is so of access. It does not change: another is loaded when something did."""

    def __init__(
        self,
        configuration: Configuration,
        held: tuple[list[Person], list[Grant], list[Credential], list[Feed]],
        *,
        rules: Mapping[str, Rules] | None = None,
        lengths: Mapping[str, Bounds] | None = None,
        retired: Mapping[str, Retired] | None = None,
    ) -> None:
        people, grants, credentials, feeds = held
        tables = configuration.tables
        self._configuration = configuration
        self.zone: tzinfo = configuration.zone
        self.home = tables.home.name
        self.configured = {one.id: one for one in tables.people}
        """Who is named in nightlatch.toml, by id: they are changed there."""
        self.people: Mapping[str, Person] = {one.id: one for one in people} | {
            one.id: Person(one.id, one.name or one.id, _role(one.role), tuple(one.groups)) for one in tables.people
        }
        self.grants: Mapping[str, Grant] = {one.id: one for one in grants}
        self.credentials: Mapping[str, Credential] = {one.id: one for one in credentials}
        self.feeds: Mapping[str, Feed] = {one.id: one for one in feeds}
        self.retired = retired or {}
        """The locks that are given up: no grant reaches them."""
        self.locks: Mapping[str, str] = {
            f"lock:{one.id}": f"door:{one.door}" if one.door else ""
            for one in tables.locks
            if f"lock:{one.id}" not in self.retired
        }
        """The door of every lock that is not given up; nothing where it has none."""
        self.names: Mapping[str, str] = {f"lock:{one.id}": one.name or one.id for one in tables.locks} | {
            f"door:{one.id}": one.name or one.id for one in tables.doors
        }
        """What people call each lock and door."""
        self._rules = rules or {}
        self._lengths = lengths or {}

    @classmethod
    def load(
        cls,
        configuration: Configuration,
        records: AccessRecords,
        *,
        lengths: Mapping[str, Bounds] | None = None,
        within: sa.Connection | None = None,
    ) -> Register:
        """The register as it is now, or as it is within a transaction. `lengths` are what an audit knows of locks."""
        held, rules, retired = records.everything(within), records.rules(within), records.retired(within)
        return cls(configuration, held, rules=rules, lengths=lengths, retired=retired)

    def having(self, records: Iterable[Record]) -> Register:
        """The register as it is once these are written."""
        new = list(records)

        def merged(kind: type[R], known: Mapping[str, R]) -> list[R]:
            return list((dict(known) | {one.id: one for one in new if isinstance(one, kind)}).values())

        held = (
            merged(Person, self.people),
            merged(Grant, self.grants),
            merged(Credential, self.credentials),
            merged(Feed, self.feeds),
        )
        return Register(self._configuration, held, rules=self._rules, lengths=self._lengths, retired=self.retired)

    @cached_property
    def groups(self) -> Mapping[str, tuple[str, ...]]:
        """Who belongs to each group, by id."""
        found: dict[str, list[str]] = {}
        for person in self.people.values():
            for group in person.groups:
                found.setdefault(group, []).append(person.id)
        return {group: tuple(sorted(members)) for group, members in sorted(found.items())}

    def members(self, to: str) -> tuple[str, ...]:
        """Whom "person:ana" or "group:family" is, by id."""
        kind, _, name = to.partition(":")
        return self.groups.get(name, ()) if kind == "group" else (name,)

    def granted(self, person: str, now: int) -> list[Grant]:
        """The grants that somebody has now or later, by themselves or by a group."""
        known = self.people.get(person)
        if known is None:
            return []
        to = (f"person:{person}", *(f"group:{group}" for group in known.groups))
        return [one for whom in to for one in self._to.get(whom, ()) if live(one, now)]

    @cached_property
    def _to(self) -> Mapping[str, list[Grant]]:
        found: dict[str, list[Grant]] = {}
        for one in self.grants.values():
            found.setdefault(one.to, []).append(one)
        return found

    @cached_property
    def _active(self) -> Mapping[str, list[Credential]]:
        found: dict[str, list[Credential]] = {}
        for one in sorted(self.credentials.values(), key=lambda one: (one.made, one.id), reverse=True):
            if not one.ended:
                found.setdefault(one.person, []).append(one)
        return found

    def active(self, person: str) -> list[Credential]:
        """Somebody's credentials that have not ended, newest first."""
        return self._active.get(person, [])

    def locks_of(self, doors: Iterable[str]) -> tuple[str, ...]:
        """The locks behind what a grant names."""
        wanted = set(doors)
        if EVERY_DOOR in wanted:
            return tuple(self.locks)
        return tuple(lock for lock, door in self.locks.items() if lock in wanted or door in wanted)

    def digits(self, lock: str) -> tuple[int, int]:
        """How many digits a lock's codes have at least and at most: as it told, else as its model is known for."""
        rules = self._rules.get(lock)
        least, most = self._lengths.get(lock, (None, None))
        if rules is not None:
            least, most = rules.shortest or least, rules.longest or most
        return least or SHORTEST, most or LONGEST

    def lengths(self, person: str, now: int) -> list[tuple[int, int]]:
        """What the locks take that somebody's grants reach."""
        locks = {lock for grant in self.granted(person, now) for lock in self.locks_of(grant.doors)}
        return sorted({self.digits(lock) for lock in locks})

    def person(self, id_: str) -> Person:
        """Somebody by id; UsageError when there is nobody, or they were removed."""
        found = self.people.get(id_)
        if found is None or found.ended:
            was = "was removed" if found is not None else "is not known here"
            known = [one.id for one in self.people.values() if not one.ended]
            todo = suggest(id_, known) or "List everybody with: nightlatch people list"
            raise UsageError(f"the person {id_!r} {was}", todo=todo)
        return found

    def grant(self, id_: str) -> Grant:
        """A grant by id; UsageError when there is none."""
        if id_ not in self.grants:
            todo = suggest(id_, self.grants) or "List them with: nightlatch grant list"
            raise UsageError(f"there is no grant {id_!r}", todo=todo)
        return self.grants[id_]

    def to(self, words: str) -> str:
        """Whom "ana", "person:ana" or "group:family" means, as grants name it; UsageError when it is nobody."""
        kind, colon, name = words.partition(":")
        if not colon:
            return f"person:{self.person(words).id}"
        if kind == "person":
            return f"person:{self.person(name).id}"
        if kind != "group" or name not in self.groups:
            todo = (
                suggest(name, self.groups)
                or "Put somebody into it first: nightlatch people change PERSON --group GROUP"
            )
            raise UsageError(f"nobody is in a group {name!r}" if kind == "group" else f"{words!r} is nobody", todo=todo)
        return words

    def doors(self, words: Iterable[str]) -> tuple[str, ...]:
        """What ids or names of doors and locks mean, as grants name them; UsageError for one that there is not."""
        found = tuple(dict.fromkeys(self._door(one) for one in words))
        if not found:
            raise UsageError("no door is named", todo='Name doors, or "*" for every door that there is, now and later.')
        return (EVERY_DOOR,) if EVERY_DOOR in found else found

    def _door(self, word: str) -> str:
        if word == EVERY_DOOR:
            return word
        doors = {key: name for key, name in self.names.items() if key.startswith("door:")}
        alone = {key: name for key, name in self.names.items() if self.locks.get(key) == ""}
        if word in self.names:
            key = word
        else:
            every = {**alone, **doors}
            same = [key for key, name in every.items() if name.casefold() == word.casefold()]
            # An id is meant before a name, and a door before a lock that has none.
            ids = [f"{kind}:{word}" for kind in ("door", "lock") if f"{kind}:{word}" in every]
            key = ids[0] if ids else same[0] if len(same) == 1 else ""
            if not key:
                if len(same) > 1:
                    raise UsageError(f"{word!r} is the name of {listed(sorted(same))}", todo="Write one of these.")
                through = self.locks.get(f"lock:{word}", "")
                known = [one.partition(":")[2] for one in every]
                todo = f"Its lock {word!r} is on the door: {through}." if through else suggest(word, known)
                todo = todo or (f"There are: {listed(known)}." if known else "Add [[doors]] to nightlatch.toml.")
                raise UsageError(f"there is no door {word!r}", todo=todo)
        if given_up := [one for one in self.retired if one == key or self._door_of(one) == key]:
            undo = f"nightlatch access retire --undo {given_up[0].partition(':')[2]}"
            if not self.locks_of((key,)):
                raise UsageError(f"the lock of {key} was given up", todo=f"Take that back: {undo}")
        if not self.locks_of((key,)):
            raise UsageError(f"{key} has no lock", todo=f'Write door = "{key.partition(":")[2]}" at its [[locks]].')
        return key

    def _door_of(self, lock: str) -> str:
        return next((f"door:{one.door}" for one in self._configuration.tables.locks if f"lock:{one.id}" == lock), "")

    def name(self, about: str) -> str:
        """What people call a door or lock."""
        return "every door" if about == EVERY_DOOR else self.names.get(about) or about.partition(":")[2]

    def whom(self, to: str) -> str:
        """What people call whom a grant is to."""
        kind, _, name = to.partition(":")
        if kind == "group":
            return f"everybody in {name}"
        return self.people[name].name if name in self.people else name


def live(grant: Grant, now: int) -> bool:
    """Whether a grant can still open something, now or later."""
    return not grant.ended and (not grant.ends or grant.ends > now) and (not grant.uses or grant.used < grant.uses)


def _role(text: str) -> Role:
    return next((role for role in ROLES if role == text), "guest")
