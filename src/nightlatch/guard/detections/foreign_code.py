"""A code is on a lock that nobody explained."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from nightlatch.guard.detections import interface
from nightlatch.guard.detections.interface import SECOND, Detection, hears
from nightlatch.model.event import Event
from nightlatch.model.finding import Severity
from nightlatch.text import count, listed

_NAMED = 5


class _Lock(msgspec.Struct):
    """The foreign slots of a lock."""

    slots: list[int]
    told: bool = False


class ForeignCode(Detection, id="foreign-code"):
    """Codes were found on a lock, and for `settle_s` no grant explained them; those of one lock are one case.

    A lock is read slot by slot: what is found meanwhile is told together, and what is explained at once is not
    told. It is over when each was explained, kept or removed: `nightlatch access adopt`.
    """

    title = "A lock holds a code that no grant explains"
    severity = Severity.HIGH

    class Thresholds(interface.Thresholds, frozen=True):
        """`[detections.foreign-code]`."""

        settle_s: Annotated[
            int, Meta(ge=1, le=86_400, description="seconds that a code is given to be explained, from the last found")
        ] = 20

    def __init__(self, thresholds: Any, setting: interface.Setting) -> None:
        super().__init__(thresholds, setting)
        self._settle: int = thresholds.settle_s * SECOND
        self._foreign: dict[str, _Lock] = {}

    @hears("ledger")
    def changed(self, event: Event) -> None:
        """Tell it, or that it is over."""
        lock = self._foreign.get(event.about)
        if event.value == "foreign":
            if lock is None:
                self.room(self._foreign)
                lock = self._foreign[event.about] = _Lock([])
            if event.slot not in lock.slots:
                lock.slots.append(event.slot)
                lock.slots.sort()
                self.wake(self._settle, event.about)
        elif lock is not None and event.slot in lock.slots and (event.value in {"kept", "absent"} or event.name):
            # Of a lock's lines only one has a slot; one with a credential explains it.
            lock.slots.remove(event.slot)
            if not lock.slots:
                del self._foreign[event.about]
                self.sleep(event.about)
                if lock.told:
                    self.end(event.at, event.about, f"{self.place(event.about)}: every code on the lock is explained.")

    def due(self, at: int, key: str) -> None:
        """They were not explained meanwhile."""
        lock = self._foreign[key]
        lock.told = True
        self.tell(self.wall(at), key, self._words(key, lock.slots))

    def _words(self, lock: str, slots: list[int]) -> str:
        named = [str(slot) for slot in slots[:_NAMED]]
        if len(slots) > _NAMED:
            named.append(f"{len(slots) - _NAMED} more")
        where = f"slot{'s' * (len(slots) > 1)} {listed(named)}"
        codes, explain = count(len(slots), "code"), "explains it" if len(slots) == 1 else "explains them"
        return f"{self.place(lock)}: the lock holds {codes} ({where}), and no grant {explain}."

    def state(self) -> Any:
        """What is foreign."""
        return {about: [lock.slots, lock.told] for about, lock in self._foreign.items()}

    def restore(self, state: Any) -> None:
        """Take it back."""
        told = msgspec.convert(state, dict[str, tuple[list[int], bool]])
        self._foreign = {about: _Lock(*lock) for about, lock in told.items()}
