"""Somebody has leave to open a door, and their code cannot be put on its lock."""

from __future__ import annotations

from typing import Any

import msgspec

from nightlatch.guard.detections import interface
from nightlatch.guard.detections.interface import Detection, hears
from nightlatch.model.event import Event
from nightlatch.model.finding import Severity
from nightlatch.text import sentences


class BlockedCode(Detection, id="blocked-code"):
    """A lock refused a code, is full, or takes none of somebody's codes: who has leave stands before the door.

    The reason is what the lock or hub said. It is over when the code is on the lock, or wanted no more.
    """

    title = "A code that is granted cannot be put on its lock"
    severity = Severity.MEDIUM

    def __init__(self, thresholds: Any, setting: interface.Setting) -> None:
        super().__init__(thresholds, setting)
        self._blocked: dict[str, str] = {}
        """By lock and credential ("lock:front/c1"): the lock."""

    @hears("ledger")
    def changed(self, event: Event) -> None:
        """Tell it, or that it is over."""
        key = f"{event.about}/{event.name}"
        if event.value == "blocked":
            if key not in self._blocked:
                self.room(self._blocked)
            self._blocked[key] = event.about
            what = f"{self.place(event.about)}: a code that is granted cannot be put on the lock"
            self.tell(event.at, event.about, sentences((what, event.detail)), key=key, person=event.person)
        elif event.value in ("present", "absent") and self._blocked.pop(key, None) is not None:
            done = "is on the lock" if event.value == "present" else "is not wanted any more"
            self.end(event.at, event.about, f"{self.place(event.about)}: the code {done}.", key=key)

    def state(self) -> Any:
        """What is blocked."""
        return self._blocked

    def restore(self, state: Any) -> None:
        """Take it back."""
        self._blocked = msgspec.convert(state, dict[str, str])
