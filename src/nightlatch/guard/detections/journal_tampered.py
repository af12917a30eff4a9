"""The log itself was changed."""

from __future__ import annotations

from nightlatch.guard.detections.interface import Detection, hears
from nightlatch.model.event import Event
from nightlatch.model.finding import Severity

FAILED = "failed"


class JournalTampered(Detection, id="journal-tampered"):
    """A verification of the journal failed: somebody changed it, or the disk did."""

    title = "The journal was changed"
    severity = Severity.CRITICAL

    @hears("verified")
    def verified(self, event: Event) -> None:
        """Tell every failed verification."""
        if event.value == FAILED:
            what = "The journal is not what was written: it was changed or damaged."
            self.tell(event.at, "home", f"{what} Run nightlatch journal verify to see where.", key="journal")
