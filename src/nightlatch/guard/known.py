"""What the guard knows of a home: the household, made of the configuration and of the last audit's facts."""

from __future__ import annotations

from functools import partial

from nightlatch.access.holders import Given
from nightlatch.configuration.read import Configuration
from nightlatch.errors import ConfigurationError
from nightlatch.fixes import codes
from nightlatch.guard.household import Holder, Household
from nightlatch.model.door import Door
from nightlatch.model.event import micros
from nightlatch.model.home import Home
from nightlatch.model.hub import Hub
from nightlatch.model.lock import Lock
from nightlatch.model.people import Credential
from nightlatch.text import suggest


def household(configuration: Configuration, home: Home | None, given: Given | None = None) -> Household:
    """The household; without a home (before the first audit), what the configuration alone says.

    `given` is what access tells of codes and people; it knows better than the configuration.
    ConfigurationError when a person's credential names a lock that there is not.
    """
    tables = configuration.tables
    names = {f"lock:{lock.id}": lock.name or lock.id for lock in tables.locks}
    names |= {f"door:{door.id}": door.name or door.id for door in tables.doors}
    door_of = {f"lock:{lock.id}": f"door:{lock.door}" for lock in tables.locks if lock.door}
    holders: dict[tuple[str, int], Holder] = {}
    remote = voice = None
    if home is not None:
        things: tuple[Lock | Door | Hub, ...] = (*home.all(Lock), *home.all(Door), *home.all(Hub))
        names |= {str(thing.ref): thing.label for thing in things}
        door_of |= {str(lock.ref): str(lock.door.value) for lock in home.all(Lock) if lock.door is not None}
        for credential in home.all(Credential):
            if credential.lock is not None and credential.slot is not None and credential.ends is not None:
                ends = micros(credential.ends.value)
                holders[str(credential.lock.value), credential.slot.value] = Holder(ends=ends)
        remote, voice = home.need("remote"), home.need("voice")
    for (lock, slot), person in credentials(configuration).items():
        known = holders.get((f"lock:{lock}", slot), Holder())
        holders[f"lock:{lock}", slot] = Holder(person, known.starts, known.ends, known.windows)
    named = {person.id: person.name.strip() or person.id for person in tables.people}
    residents = {person.id for person in tables.people if person.role == "resident"}
    if given is not None:
        holders |= given.holders
        for one in given.people:
            named.setdefault(one.id, one.name)
            residents |= {one.id} if one.role == "resident" else set()
    return Household(
        zone=configuration.zone,
        locks=tuple(name for name in names if name.startswith("lock:")),
        names=names,
        door_of=door_of,
        holders=holders,
        people={id_: name if tables.alerts.full_names else name.split()[0] for id_, name in named.items()},
        residents=frozenset(residents),
        remote=remote,
        voice=voice,
        by_hand=partial(_by_hand, home) if home is not None else Household().by_hand,
    )


def _by_hand(home: Home, lock: str, slot: int) -> str:
    found = home.get(Lock, lock.partition(":")[2])
    return codes.removal(found, slot, home) if found is not None else ""


def credentials(configuration: Configuration) -> dict[tuple[str, int], str]:
    """Whose each credential is, by the owner's id of the lock and the slot; ConfigurationError for an unknown lock."""
    locks = configuration.ids("lock")
    found: dict[tuple[str, int], str] = {}
    for number, person in enumerate(configuration.tables.people):
        for text in person.credentials:
            lock, slash, slot = text.rpartition("/")
            if not slash or not slot.isdecimal() or int(slot) == 0:
                raise _error(configuration, number, f"{text!r} is no credential", 'Write LOCK/SLOT, as "front/3".')
            if lock not in locks:
                todo = suggest(lock, locks) or "Name a lock of [[locks]]."
                raise _error(configuration, number, f"there is no lock {lock!r}", todo)
            other = found.setdefault((lock, int(slot)), person.id)
            if other != person.id:
                raise _error(configuration, number, f"{text} is given to two people: {other} and {person.id}", "")
    return found


def _error(configuration: Configuration, number: int, what: str, todo: str) -> ConfigurationError:
    return configuration.error(what, "people", number, "credentials", todo=todo)
