"""Who can open each lock now, by the ledger, for pages that must be quick: worked out once, until something changes."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import msgspec

from nightlatch.access.who import Leave, Opener, Scene, by_now, current
from nightlatch.model.event import Event
from nightlatch.service.service import Service

CHANGES = frozenset(("person", "grant", "credential", "ledger", "feed", "erased", "restored", "audited", "act"))
OLDEST = 30_000_000
"""After how long it is worked out anew although nothing was told, µs: leave begins and ends by the clock."""
LOUD = ("exposed", "foreign")


class Opens(msgspec.Struct, frozen=True):
    """Who can open a door by codes. `people` and `loud` are empty for who may not read the journal."""

    ways: int = 0
    """Codes, tags and fingers on its locks."""
    exposed: int = 0
    """Codes that should be gone, and are not proven gone."""
    foreign: int = 0
    """Codes that nobody explained."""
    people: tuple[str, ...] = ()
    """Whose the others are."""
    loud: tuple[str, ...] = ()
    """The exposed and foreign ones, in words."""


class Openers:
    """Who can open each lock, by the lock's name in events."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._found: Mapping[str, tuple[Opener, ...]] = {}
        self._at = 0
        self._changed = True
        self._looking = asyncio.Lock()
        service.watch(self._hear)

    def _hear(self, _index: int, event: Event) -> None:
        if event.kind in CHANGES:
            self._changed = True

    async def now(self, at: int) -> Mapping[str, tuple[Opener, ...]]:
        """Everyone at each lock, exposed and foreign first."""
        async with self._looking:
            if self._changed or not 0 <= at - self._at < OLDEST:
                self._changed = False
                try:
                    self._found = await self._look(at)
                except BaseException:
                    self._changed = True  # what was found before is not how it is now
                    raise
                self._at = at
            return self._found

    async def _look(self, at: int) -> Mapping[str, tuple[Opener, ...]]:
        service, register = self._service, self._service.access.register
        lines = list(service.access.lines())

        def look() -> Mapping[str, tuple[Opener, ...]]:
            doors = {lock: door for lock, door in register.locks.items() if door}
            leave = Leave(register.people.values(), register.grants.values(), doors, register.zone)
            names = {id_: person.name for id_, person in register.people.items()}
            scene = Scene({lock: (lock,) for lock in {line.lock for line in lines}}, register.names, names)
            return {one.about: one.openers for one in current(by_now(lines, leave, at), scene, leave, at)}

        return await asyncio.to_thread(look)


def opens(openers: tuple[Opener, ...], *, named: bool) -> Opens:
    """The openers of a door in short."""
    loud = [one for one in openers if one.state in LOUD]
    quiet = [one for one in openers if one.state not in LOUD]
    return Opens(
        len(openers),
        sum(one.state == "exposed" for one in loud),
        sum(one.state == "foreign" for one in loud),
        tuple(dict.fromkeys(one.who for one in quiet)) if named else (),
        tuple(dict.fromkeys(_words(one) for one in loud)) if named else (),
    )


def _words(one: Opener) -> str:
    where = f", slot {one.slot}" if one.slot else ""
    note = f": {one.note}" if one.note else ""
    return f"{one.who[:1].upper()}{one.who[1:]} ({one.means}{where}){note}"
