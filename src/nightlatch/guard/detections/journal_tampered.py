"""The log itself was changed."""

from __future__ import annotations

from typing import Any

import msgspec

from nightlatch.guard.detections.interface import Detection, Setting, hears
from nightlatch.model.event import NOT_INTACT, Event
from nightlatch.model.finding import Severity

ITSELF = "journal"
"""The key of verifications of the journal by itself; a witness's go by its name."""


class JournalTampered(Detection, id="journal-tampered"):
    """A verification of the journal failed, by itself or against a witness: somebody changed it, or the disk did.

    One that was too damaged to go on with is told as well.
    """

    title = "The journal was changed"
    severity = Severity.CRITICAL

    def __init__(self, thresholds: Any, setting: Setting) -> None:
        super().__init__(thresholds, setting)
        self._broken: dict[str, None] = {}

    @hears("verified")
    def verified(self, event: Event) -> None:
        """Tell every failed verification, and when it is as it should be again."""
        key = event.name or ITSELF
        if event.value == NOT_INTACT:
            if key not in self._broken:
                self.room(self._broken)
                self._broken[key] = None
            what = "The journal is not what was written: it was changed, cut off or damaged."
            self.tell(event.at, "home", f"{what} Run nightlatch journal verify --full to see where.", key=key)
        elif key in self._broken:
            del self._broken[key]
            self.end(event.at, "home", "The journal was verified again and is intact.", key=key)

    @hears("restored")
    def restored(self, event: Event) -> None:
        """Tell that another one was begun; a backup that the owner put back names no folder."""
        if event.name:
            which = "journal" if event.name.startswith("journal") else "database of audits and alerts"
            what = f"The {which} was too damaged to go on with. It is kept in {event.name}, and another was begun."
            self.tell(event.at, "home", what, key=event.name)

    def state(self) -> Any:
        """What is not intact."""
        return list(self._broken)

    def restore(self, state: Any) -> None:
        """Take it back."""
        self._broken = dict.fromkeys(msgspec.convert(state, list[str]))
