"""A bolt was thrown by itself while the door stood open."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from nightlatch.guard.detections import interface
from nightlatch.guard.detections.interface import SECOND, Detection, hears
from nightlatch.model.event import Event
from nightlatch.model.finding import Severity

_BY_ITSELF = frozenset(("auto", "schedule", "remote"))


class LockedWhileOpen(Detection, id="locked-while-open"):
    """The lock locked by itself, on a schedule or by a command, and the door was open and stayed so for `grace_s`.

    "Locked" is then no more than a thrown bolt. It is over when the bolt is back or the door is closed.
    """

    title = "A lock locked itself while the door was open"
    severity = Severity.HIGH

    class Thresholds(interface.Thresholds, frozen=True):
        """`[detections.locked-while-open]`."""

        grace_s: Annotated[
            int, Meta(ge=1, le=600, description="seconds by which the closing may be heard after the locking")
        ] = 15

    def __init__(self, thresholds: Any, setting: interface.Setting) -> None:
        super().__init__(thresholds, setting)
        self._grace: int = thresholds.grace_s * SECOND
        self._open: dict[str, bool] = {}
        """Doors that stand open."""
        self._cases: dict[str, bool] = {}
        """By lock: whether it was told."""

    @hears("door_opened", "door_forced")
    def door_opened(self, event: Event) -> None:
        """It stands open."""
        door = self.setting.door_of.get(event.about, event.about)
        if door not in self._open:
            self.room(self._open)
            self._open[door] = True

    @hears("door_closed")
    def door_closed(self, event: Event) -> None:
        """It is closed."""
        door = self.setting.door_of.get(event.about, event.about)
        if self._open.pop(door, False) and self._cases:
            for lock in self.setting.locks_of.get(door, (door,)):
                self._over(lock, event, "is closed now")

    @hears("locked")
    def locked(self, event: Event) -> None:
        """Wait for the closing, if the door is open."""
        if not self._open or event.by not in _BY_ITSELF:
            return
        if self.door(event.about) in self._open and event.about not in self._cases:
            self.room(self._cases)
            self._cases[event.about] = False
            self.wake(self._grace, event.about)

    @hears("unlocked", "jammed")
    def unlocked(self, event: Event) -> None:
        """The bolt is back."""
        if self._cases:
            self._over(event.about, event, "is no longer locked while open")

    def due(self, at: int, key: str) -> None:
        """The door stayed open."""
        self._cases[key] = True
        self.tell(
            self.wall(at), key, f"{self.place(key)} stands open though the lock threw its bolt: it is not secured."
        )

    def state(self) -> Any:
        """Open doors and cases."""
        return [self._open, self._cases]

    def restore(self, state: Any) -> None:
        """Take them back."""
        self._open, self._cases = msgspec.convert(state, tuple[dict[str, bool], dict[str, bool]])

    def _over(self, lock: str, event: Event, how: str) -> None:
        told = self._cases.pop(lock, None)
        if told:
            self.end(event.at, lock, f"{self.place(lock)} {how}.")
        elif told is False:
            self.sleep(lock)
