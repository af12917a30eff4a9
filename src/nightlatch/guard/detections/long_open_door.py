"""A door that stands open is a door without a lock."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from nightlatch.guard.detections import interface
from nightlatch.guard.detections.interface import SECOND, Detection, hears
from nightlatch.model.event import Event
from nightlatch.model.finding import Severity
from nightlatch.text import span


class LongOpenDoor(Detection, id="long-open-door"):
    """The door was opened and not closed again for `after_s`. It is over when the door is closed."""

    title = "A door stands open for long"
    severity = Severity.MEDIUM

    class Thresholds(interface.Thresholds, frozen=True):
        """`[detections.long-open-door]`."""

        after_s: Annotated[int, Meta(ge=10, le=604_800, description="seconds for which a door may stand open")] = 600

    def __init__(self, thresholds: Any, setting: interface.Setting) -> None:
        super().__init__(thresholds, setting)
        self._after: int = thresholds.after_s * SECOND
        self._open: dict[str, bool] = {}
        """By open door: whether that was told."""

    @hears("door_opened", "door_forced")
    def opened(self, event: Event) -> None:
        """Start to wait."""
        door = self.setting.door_of.get(event.about, event.about)
        if door not in self._open:
            self.room(self._open)
            self._open[door] = False
            self.wake(self._after, door)

    @hears("door_closed")
    def closed(self, event: Event) -> None:
        """Wait no longer."""
        door = self.setting.door_of.get(event.about, event.about)
        told = self._open.pop(door, None)
        if told:
            self.end(event.at, door, f"{self.place(door)} is closed again.")
        elif told is False:
            self.sleep(door)

    def due(self, at: int, key: str) -> None:
        """It stood open for too long."""
        if key in self._open:
            self._open[key] = True
            self.tell(self.wall(at), key, f"{self.place(key)} has stood open for {span(self._after)}.")

    def state(self) -> Any:
        """The open doors."""
        return self._open

    def restore(self, state: Any) -> None:
        """Take them back."""
        self._open = msgspec.convert(state, dict[str, bool])
