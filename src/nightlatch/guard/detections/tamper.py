"""Somebody works on the lock itself."""

from __future__ import annotations

from nightlatch.guard.detections.interface import Detection, hears
from nightlatch.model.event import Event
from nightlatch.model.finding import Severity


class Tamper(Detection, id="tamper"):
    """The lock says that its cover was opened, or that it was taken off the door."""

    title = "The lock reports tampering"
    severity = Severity.CRITICAL

    @hears("tamper")
    def tampered(self, event: Event) -> None:
        """Tell every report; the alert counts them."""
        self.tell(event.at, event.about, f"{self.place(event.about)}: the lock reports tampering.")
