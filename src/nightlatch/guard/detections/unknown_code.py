"""A code that nobody explained opened a door."""

from __future__ import annotations

from nightlatch.guard.detections._wording import credential, slot_key
from nightlatch.guard.detections.interface import Detection, hears
from nightlatch.model.event import Event
from nightlatch.model.finding import Severity


class UnknownCode(Detection, id="unknown-code"):
    """A door was unlocked with a slot that is no person's credential.

    Silent as long as no credential at all is explained: then every code would be unknown.
    """

    title = "An unknown code opened a door"
    severity = Severity.HIGH

    @hears("unlocked")
    def unlocked(self, event: Event) -> None:
        """Look the slot up."""
        if not event.slot:
            return
        holders = self.setting.household.holders
        if holders and (event.about, event.slot) not in holders:
            what = f"{self.place(event.about)} was unlocked with {credential(event)}, which is nobody's."
            self.tell(event.at, event.about, what, key=slot_key(event))
