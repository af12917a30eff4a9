"""A code that should be gone may still open the door."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from nightlatch.guard.detections import interface
from nightlatch.guard.detections._wording import slot_key
from nightlatch.guard.detections.interface import MINUTE, Detection, hears
from nightlatch.model.event import Event
from nightlatch.model.finding import Severity
from nightlatch.text import sentences, span


class ExposedCode(Detection, id="exposed-code"):
    """A code was to be taken off a lock, and was not proven gone within its deadline.

    It is told as high, and again as critical when it is not gone `critical_after_min` later. It is over when the
    slot was read empty, or when the code is granted again.
    """

    title = "A code that should be gone may still open a door"
    severity = Severity.HIGH

    class Thresholds(interface.Thresholds, frozen=True):
        """`[detections.exposed-code]`."""

        critical_after_min: Annotated[
            int, Meta(ge=1, le=10_080, description="minutes after which it is told as critical")
        ] = 60

    def __init__(self, thresholds: Any, setting: interface.Setting) -> None:
        super().__init__(thresholds, setting)
        self._critical_after: int = thresholds.critical_after_min * MINUTE
        self._exposed: dict[str, tuple[str, int, int]] = {}
        """By lock and slot ("lock:front/3"): the lock, the slot, and since when."""

    @hears("ledger")
    def changed(self, event: Event) -> None:
        """Tell it, or that it is over."""
        key = slot_key(event)
        if event.value == "exposed":
            if key not in self._exposed:
                self.room(self._exposed)
                self.wake(self._critical_after, key)
            self._exposed[key] = (event.about, event.slot, event.at)
            local = self.setting.local
            seen = f"last read on {local.day(event.since)} at {local.clock(event.since)}" if event.since else ""
            what = f"{self.place(event.about)}: the code in slot {event.slot} should be gone, and may still open it"
            self._say(event.at, key, f"{what}; {seen}" if seen else what, self.severity, event.person)
        elif self._exposed.pop(key, None) is not None:
            self.sleep(key)
            gone = "is proven gone" if event.value == "absent" else "is granted again"
            what = f"{self.place(event.about)}: the code in slot {event.slot} {gone}."
            self.end(event.at, event.about, what, key=key)

    def due(self, at: int, key: str) -> None:
        """It is still not gone."""
        about, slot, since = self._exposed[key]
        length = span(max(self.wall(at) - since, 0))
        what = f"{self.place(about)}: for {length} the code in slot {slot} should be gone, and may still open it"
        holder = self.setting.household.holders.get((about, slot))
        self._say(self.wall(at), key, what, Severity.CRITICAL, holder.person if holder is not None else "")

    def _say(self, at: int, key: str, what: str, severity: Severity, person: str) -> None:
        about, slot, _ = self._exposed[key]
        by_hand = self.setting.household.by_hand(about, slot)
        self.tell(at, about, sentences((what, by_hand)), key=key, person=person, severity=severity)

    def state(self) -> Any:
        """What is exposed."""
        return self._exposed

    def restore(self, state: Any) -> None:
        """Take it back."""
        self._exposed = msgspec.convert(state, dict[str, tuple[str, int, int]])
