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
_FIRST = "/first"


class _Lock(msgspec.Struct):
    """The foreign slots of a lock, of one case."""

    slots: list[int]
    told: bool = False


class ForeignCode(Detection, id="foreign-code"):
    """Codes were found on a lock, and for `settle_s` no grant explained them; those of one lock are one case.

    A lock is read slot by slot: what is found meanwhile is told together, and what is explained at once is not
    told. What was on a lock before it was first read whole is one calm notice, a case of its own: a code that
    appears later is an alarm beside it. A case is over when each of its codes was explained, kept or removed:
    `nightlatch access adopt`.
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
        """By case: "lock:front", or "lock:front/first" of what was there before it was first read."""

    @hears("ledger")
    def changed(self, event: Event) -> None:
        """Tell it, or that it is over."""
        first, later = f"{event.about}{_FIRST}", event.about
        if event.value == "foreign":
            if not event.resync:
                # Another code may be in the place of one that was there at first.
                self._explained(event, first)
            self._found(event.slot, first if event.resync else later)
        elif event.value in {"kept", "absent"} or event.name:
            # Of a lock's lines only one has a slot; one with a credential explains it.
            for case in (first, later):
                self._explained(event, case)

    def _found(self, slot: int, case: str) -> None:
        lock = self._foreign.get(case)
        if lock is None:
            self.room(self._foreign)
            lock = self._foreign[case] = _Lock([])
        if slot not in lock.slots:
            lock.slots.append(slot)
            lock.slots.sort()
            self.wake(self._settle, case)

    def _explained(self, event: Event, case: str) -> None:
        lock = self._foreign.get(case)
        if lock is None or event.slot not in lock.slots:
            return
        lock.slots.remove(event.slot)
        if not lock.slots:
            del self._foreign[case]
            self.sleep(case)
            if lock.told:
                words = f"{self.place(event.about)}: every code on the lock is explained."
                self.end(event.at, event.about, words, key=case)

    def due(self, at: int, key: str) -> None:
        """They were not explained meanwhile."""
        lock = self._foreign[key]
        lock.told = True
        about, first = key.removesuffix(_FIRST), key.endswith(_FIRST)
        words = self._words(about, lock.slots, first=first)
        self.tell(self.wall(at), about, words, key=key, severity=Severity.LOW if first else self.severity)

    def _words(self, lock: str, slots: list[int], *, first: bool) -> str:
        named = [str(slot) for slot in slots[:_NAMED]]
        if len(slots) > _NAMED:
            named.append(f"{len(slots) - _NAMED} more")
        where = f"slot{'s' * (len(slots) > 1)} {listed(named)}"
        codes, explain = count(len(slots), "code"), "explains it" if len(slots) == 1 else "explains them"
        if first:
            say = "Say whose: nightlatch access adopt"
            return f"{self.place(lock)}: {codes} ({where}) on the lock from before Nightlatch first read it. {say}"
        return f"{self.place(lock)}: the lock holds {codes} ({where}), and no grant {explain}."

    def state(self) -> Any:
        """What is foreign."""
        return {about: [lock.slots, lock.told] for about, lock in self._foreign.items()}

    def restore(self, state: Any) -> None:
        """Take it back."""
        told = msgspec.convert(state, dict[str, tuple[list[int], bool]])
        self._foreign = {about: _Lock(*lock) for about, lock in told.items()}
