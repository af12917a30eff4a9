"""Somebody else changed the lock."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from nightlatch.guard.detections import interface
from nightlatch.guard.detections._wording import slot_key
from nightlatch.guard.detections.interface import SECOND, Detection, hears
from nightlatch.model.event import Event
from nightlatch.model.finding import Severity

_WORDS = {"code_added": "appeared", "code_changed": "was changed", "code_removed": "was removed"}


class ForeignChange(Detection, id="foreign-change"):
    """A code or setting of a lock changed, and no command of Nightlatch within `within_s` before explains it.

    A code that appeared or was changed is told as high, one that was removed and a changed setting as medium.
    """

    title = "Codes or settings of a lock changed, and not by Nightlatch"
    severity = Severity.HIGH

    class Thresholds(interface.Thresholds, frozen=True):
        """`[detections.foreign-change]`."""

        within_s: Annotated[
            int, Meta(ge=1, le=3600, description="seconds after a command within which a change is its doing")
        ] = 120

    def __init__(self, thresholds: Any, setting: interface.Setting) -> None:
        super().__init__(thresholds, setting)
        self._within: int = thresholds.within_s * SECOND
        self._ours: dict[str, int] = {}
        """Engine time of our last command, by lock, slot and command ("lock:front/3 set_code"), or by lock."""

    @hears("command")
    def commanded(self, event: Event) -> None:
        """Remember what we asked for."""
        if event.slot:
            key = f"{slot_key(event)} {event.name}"
        elif event.name.startswith("set_parameter"):
            key = event.about
        else:
            return
        if self._ours.pop(key, None) is None:
            self.room(self._ours)
        self._ours[key] = self.setting.now

    @hears("code_added", "code_changed", "code_removed")
    def code(self, event: Event) -> None:
        """Tell it, unless it was our doing."""
        key = slot_key(event)
        # A code that is set may first be cleared; none appears by clearing it.
        explains = ("set_code", "clear_code") if event.kind == "code_removed" else ("set_code",)
        if not any(self._is_ours(f"{key} {name}") for name in explains):
            severity = Severity.MEDIUM if event.kind == "code_removed" else self.severity
            slot = f"the code in slot {event.slot}" if event.slot else "a code"
            what = f"{self.place(event.about)}: {slot} {_WORDS[event.kind]}, and not by Nightlatch."
            person = self.setting.household.person(event)
            self.tell(event.at, event.about, what, key=key, person=person, severity=severity)

    @hears("parameter_changed")
    def parameter(self, event: Event) -> None:
        """Tell it, unless it was our doing."""
        if not self._is_ours(event.about):
            name = event.name.replace("_", " ") or "a setting"
            what = f"{self.place(event.about)}: {name} of the lock was changed, and not by Nightlatch."
            self.tell(event.at, event.about, what, key=f"{event.about}/{event.name}", severity=Severity.MEDIUM)

    def state(self) -> Any:
        """Our last commands."""
        return self._ours

    def restore(self, state: Any) -> None:
        """Take them back."""
        self._ours = msgspec.convert(state, dict[str, int])

    def _is_ours(self, key: str) -> bool:
        at = self._ours.get(key)
        return at is not None and self.setting.now - at <= self._within
