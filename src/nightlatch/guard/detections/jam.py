"""The bolt is stuck: the door may not be locked, or may not open."""

from __future__ import annotations

from typing import Any

import msgspec

from nightlatch.guard.detections.interface import Detection, Setting, hears
from nightlatch.model.event import Event
from nightlatch.model.finding import Severity


class Jam(Detection, id="jam"):
    """The lock reports that its bolt jammed. It is over when it locks or unlocks."""

    title = "A bolt jammed"
    severity = Severity.HIGH

    def __init__(self, thresholds: Any, setting: Setting) -> None:
        super().__init__(thresholds, setting)
        self._jammed: dict[str, bool] = {}

    @hears("jammed")
    def jammed(self, event: Event) -> None:
        """Tell it once."""
        if event.about not in self._jammed:
            self.room(self._jammed)
            self._jammed[event.about] = True
            self.tell(event.at, event.about, f"{self.place(event.about)}: the bolt jammed; the door may not be locked.")

    @hears("locked", "unlocked")
    def moved(self, event: Event) -> None:
        """It moves again."""
        if self._jammed and self._jammed.pop(event.about, False):
            self.end(event.at, event.about, f"{self.place(event.about)}: the bolt moves again, and is {event.kind}.")

    def state(self) -> Any:
        """Which bolts are stuck."""
        return self._jammed

    def restore(self, state: Any) -> None:
        """Take them back."""
        self._jammed = msgspec.convert(state, dict[str, bool])
