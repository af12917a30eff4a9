"""The schedules of one code slot, written to a lock and read back from it (Schedule Entry Lock)."""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Any

from nightlatch.ecosystems._zwavejs.asker import Asker, TooLong, Unheard
from nightlatch.ecosystems._zwavejs.limits import KINDS, NO_ROOM, Kind, Room, Schedule, Schedules
from nightlatch.ecosystems._zwavejs.messages import NULL, SCHEDULE_ENTRY_LOCK, decoded
from nightlatch.ecosystems._zwavejs.slots import Habits

Place = tuple[Kind, int]
"""A kind of schedule, and its number from 1."""


class Scheduling:
    """Asks and writes the schedules of a lock that supports them; of one that does not, there are none."""

    def __init__(self, asker: Asker, habits: Habits) -> None:
        self._asker = asker
        self._habits = habits
        self._touched: set[Place] | None = None
        self.supported = SCHEDULE_ENTRY_LOCK in asker.node.supports

    async def room(self) -> Room:
        """How many it keeps for a code; asked once."""
        if not self.supported:
            return NO_ROOM
        if self._habits.room is None:
            self._habits.room = await self._asker.read(SCHEDULE_ENTRY_LOCK, "getNumSlots", Room)
        return self._habits.room

    async def off(self, slot: int) -> None:
        """No schedule holds the slot any more, whatever is left of them. It cannot be read back."""
        if self.supported and self._habits.limited.get(slot, True):
            await self._asker.invoke(SCHEDULE_ENTRY_LOCK, "setEnabled", False, slot)
            self._habits.limited[slot] = False

    async def write(self, slot: int, wanted: Schedules) -> None:
        """The slot's schedules become these and no others."""
        self._habits.limited[slot] = True
        present = await self._present(slot, await self._places())
        places = _placed(wanted)
        self._touched = {*present, *places}
        for place in present.keys() - places.keys():
            await self._set(slot, place, None)
        for place, schedule in places.items():
            await self._set(slot, place, schedule)

    async def holds(self, slot: int, wanted: Schedules) -> bool:
        """Whether the lock says that these schedules, and no others, are the slot's.

        Once they were written, only those places are read again in which there was or is to be something.
        """
        places = self._touched if self._touched is not None else await self._places()
        return await self._present(slot, places) == _placed(wanted)

    async def _places(self) -> set[Place]:
        room = await self.room()
        return {(kind, number) for kind in KINDS for number in range(1, room.of(kind) + 1)}

    async def _present(self, slot: int, places: Set[Place]) -> Mapping[Place, Schedule]:
        found = {place: await self._read(slot, place) for place in sorted(places)}
        return {place: schedule for place, schedule in found.items() if schedule}

    async def _read(self, slot: int, place: Place) -> Schedule:
        """Empty where there is none."""
        kind, number = place
        raw = await self._asker.invoke(SCHEDULE_ENTRY_LOCK, f"get{kind}Schedule", {"userId": slot, "slotId": number})
        if raw == NULL:
            # The driver says the same of a schedule that is not there and of a lock that did not answer.
            return {}
        schedule: Schedule | None = decoded(raw, dict[str, int | list[int]])
        if schedule is None:
            raise Unheard("what the lock says of its schedules makes no sense")
        return {name: sorted(value) if isinstance(value, list) else value for name, value in schedule.items()}

    async def _set(self, slot: int, place: Place, schedule: Schedule | None) -> None:
        kind, number = place
        arguments: list[Any] = [{"userId": slot, "slotId": number}]
        if schedule is not None:
            arguments.append(schedule)
        try:
            await self._asker.invoke(SCHEDULE_ENTRY_LOCK, f"set{kind}Schedule", *arguments)
        except TooLong:
            # A schedule only just fits into a secured frame. With a question, which is short, they agree on nonces.
            await self._read(slot, place)
            await self._asker.invoke(SCHEDULE_ENTRY_LOCK, f"set{kind}Schedule", *arguments)


def _placed(wanted: Schedules) -> dict[Place, Schedule]:
    return {(wanted.kind, number): one for number, one in enumerate(wanted.each, 1)}
