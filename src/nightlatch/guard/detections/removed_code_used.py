"""Impossible: a code that is gone opened a door."""

from __future__ import annotations

from typing import Any

import msgspec

from nightlatch.guard.detections._wording import credential, slot_key
from nightlatch.guard.detections.interface import Detection, Setting, hears
from nightlatch.model.event import Event
from nightlatch.model.finding import Severity

_THERE = frozenset(("setting", "present", "foreign", "kept"))


class RemovedCodeUsed(Detection, id="removed-code-used"):
    """A door was unlocked with a slot after it was reported removed, and before a code was put there again."""

    title = "A removed code opened a door"
    severity = Severity.CRITICAL

    def __init__(self, thresholds: Any, setting: Setting) -> None:
        super().__init__(thresholds, setting)
        self._removed: dict[str, int] = {}
        """By lock and slot ("lock:front/3"): the time it was reported removed, µs since 1970."""

    @hears("code_removed")
    def removed(self, event: Event) -> None:
        """Remember it."""
        if event.slot:
            key = slot_key(event)
            if self._removed.pop(key, None) is None:
                self.room(self._removed)
            self._removed[key] = event.at

    @hears("ledger")
    def written(self, event: Event) -> None:
        """Nightlatch puts a code there, or found one; not every lock tells of that itself."""
        if event.value in _THERE:
            self.added(event)

    @hears("code_added", "code_changed")
    def added(self, event: Event) -> None:
        """The slot is in use again."""
        self._removed.pop(slot_key(event), None)

    @hears("unlocked")
    def unlocked(self, event: Event) -> None:
        """Tell it, if the code was gone."""
        if not event.slot or not self._removed or event.resync:
            return
        key = slot_key(event)
        if (at := self._removed.get(key)) is not None:
            local = self.setting.local
            what = (
                f"{self.place(event.about)} was unlocked with {credential(event)}, which the lock had reported removed "
                f"on {local.day(at)} at {local.clock(at)}."
            )
            self.tell(event.at, event.about, what, key=key, person=self.setting.household.person(event))

    def state(self) -> Any:
        """What was removed."""
        return self._removed

    def restore(self, state: Any) -> None:
        """Take it back."""
        self._removed = msgspec.convert(state, dict[str, int])
