"""Impossible: one person at two doors at once."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from nightlatch.guard.detections import interface
from nightlatch.guard.detections._wording import credential, slot_key
from nightlatch.guard.detections.interface import SECOND, Detection, hears
from nightlatch.model.event import Event
from nightlatch.model.finding import Severity


class CodeAtTwoDoors(Detection, id="code-at-two-doors"):
    """Two doors were unlocked with the same person's credentials within `within_s`.

    Nobody is that fast: somebody else knows the code. Only for credentials that are somebody's.
    """

    title = "The same person's code was used at two doors at once"
    severity = Severity.MEDIUM

    class Thresholds(interface.Thresholds, frozen=True):
        """`[detections.code-at-two-doors]`."""

        within_s: Annotated[int, Meta(ge=1, le=600, description="seconds from one door to the other")] = 5

    def __init__(self, thresholds: Any, setting: interface.Setting) -> None:
        super().__init__(thresholds, setting)
        self._within: int = thresholds.within_s * SECOND
        self._last: dict[str, tuple[int, str, int]] = {}
        """By person: engine time, lock and slot of the last use. Kept as lock and slot only."""

    @hears("unlocked")
    def unlocked(self, event: Event) -> None:
        """Compare with where this person was just now."""
        if not event.slot or event.resync:
            return
        person = self.setting.roaming.get((event.about, event.slot))
        if person is None:
            return
        now, about = self.setting.now, event.about
        last = self._last.get(person)
        if last is None:
            self.room(self._last)
        self._last[person] = (now, about, event.slot)
        if last is not None and now - last[0] <= self._within and self.door(last[1]) != self.door(about):
            apart = (now - last[0]) // SECOND
            what = (
                f"{self.place(about)} was unlocked with {credential(event)} {apart} s after {self.place(last[1])} "
                "was with the same person's."
            )
            self.tell(event.at, about, what, key=slot_key(event), person=person)

    def state(self) -> Any:
        """The last uses that may still matter."""
        since = self.setting.now - self._within
        return [last for last in self._last.values() if last[0] >= since]

    def restore(self, state: Any) -> None:
        """Take them back; whose they were, the household tells."""
        for last in msgspec.convert(state, list[tuple[int, str, int]]):
            person = self.setting.roaming.get(last[1:])
            if person is not None:
                self._last[person] = last
