"""The door was opened by force."""

from __future__ import annotations

from nightlatch.guard.detections.interface import Detection, hears
from nightlatch.model.event import Event
from nightlatch.model.finding import Severity


class ForcedDoor(Detection, id="forced-door"):
    """The lock or the door's sensor says so itself. It ends only when somebody has looked."""

    title = "A door was forced"
    severity = Severity.CRITICAL

    @hears("door_forced")
    def forced(self, event: Event) -> None:
        """Tell every report; the alert counts them."""
        door = self.door(event.about)
        self.tell(event.at, door, f"{self.place(door)} was forced open.")
