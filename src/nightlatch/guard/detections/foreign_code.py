"""A code is on a lock that nobody explained."""

from __future__ import annotations

from typing import Any

import msgspec

from nightlatch.guard.detections import interface
from nightlatch.guard.detections.interface import Detection, hears
from nightlatch.model.event import Event
from nightlatch.model.finding import Severity
from nightlatch.text import count, listed

_NAMED = 5


class ForeignCode(Detection, id="foreign-code"):
    """Codes were found on a lock that no grant explains; those of one lock are one case.

    It is over when each was explained, kept or removed: `nightlatch access adopt`.
    """

    title = "A lock holds a code that no grant explains"
    severity = Severity.HIGH

    def __init__(self, thresholds: Any, setting: interface.Setting) -> None:
        super().__init__(thresholds, setting)
        self._foreign: dict[str, list[int]] = {}
        """By lock: the slots."""

    @hears("ledger")
    def changed(self, event: Event) -> None:
        """Tell it, or that it is over."""
        slots = self._foreign.get(event.about)
        if event.value == "foreign":
            if slots is None:
                self.room(self._foreign)
                slots = self._foreign[event.about] = []
            if event.slot not in slots:
                slots.append(event.slot)
                slots.sort()
            self.tell(event.at, event.about, self._words(event.about, slots))
        elif slots and event.slot in slots and (event.value in {"kept", "absent"} or event.name):
            # Of a lock's lines only one has a slot; one with a credential explains it.
            slots.remove(event.slot)
            if not slots:
                del self._foreign[event.about]
                self.end(event.at, event.about, f"{self.place(event.about)}: every code on the lock is explained.")

    def _words(self, lock: str, slots: list[int]) -> str:
        named = [str(slot) for slot in slots[:_NAMED]]
        if len(slots) > _NAMED:
            named.append(f"{len(slots) - _NAMED} more")
        where = f"slot{'s' * (len(slots) > 1)} {listed(named)}"
        codes, explain = count(len(slots), "code"), "explains it" if len(slots) == 1 else "explains them"
        return f"{self.place(lock)}: the lock holds {codes} ({where}), and no grant {explain}."

    def state(self) -> Any:
        """What is foreign."""
        return self._foreign

    def restore(self, state: Any) -> None:
        """Take it back."""
        self._foreign = msgspec.convert(state, dict[str, list[int]])
