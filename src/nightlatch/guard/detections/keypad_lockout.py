"""The keypad takes no more codes: somebody tried too many."""

from __future__ import annotations

from typing import Any

import msgspec

from nightlatch.guard.detections.interface import Detection, Setting, hears
from nightlatch.model.event import Event
from nightlatch.model.finding import Severity


class KeypadLockout(Detection, id="keypad-lockout"):
    """The lock switched its keypad off, as locks do after too many wrong codes. Over when it is on again."""

    title = "A keypad locked out"
    severity = Severity.HIGH

    def __init__(self, thresholds: Any, setting: Setting) -> None:
        super().__init__(thresholds, setting)
        self._out: dict[str, bool] = {}

    @hears("keypad_disabled")
    def disabled(self, event: Event) -> None:
        """Tell it once."""
        if event.about not in self._out:
            self.room(self._out)
            self._out[event.about] = True
            self.tell(event.at, event.about, f"{self.place(event.about)}: the keypad locked out and takes no code.")

    @hears("keypad_enabled")
    def enabled(self, event: Event) -> None:
        """It is over."""
        if self._out.pop(event.about, False):
            self.end(event.at, event.about, f"{self.place(event.about)}: the keypad takes codes again.")

    def state(self) -> Any:
        """Which keypads are out."""
        return self._out

    def restore(self, state: Any) -> None:
        """Take them back."""
        self._out = msgspec.convert(state, dict[str, bool])
