"""Somebody goes from door to door and tries codes."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from nightlatch.guard.detections import interface
from nightlatch.guard.detections.interface import SECOND, Detection, hears
from nightlatch.model.event import Event
from nightlatch.model.finding import Severity
from nightlatch.text import count, span


class WrongCodesAcrossDoors(Detection, id="wrong-codes-across-doors"):
    """Wrong codes at several doors, so few at each that no door alone would tell.

    It is told once, and over once no door had a wrong code for `within_s`.
    """

    title = "Wrong codes at several doors"
    severity = Severity.HIGH

    class Thresholds(interface.Thresholds, frozen=True):
        """`[detections.wrong-codes-across-doors]`."""

        count: Annotated[int, Meta(ge=2, le=100, description="wrong codes in all that are told")] = 4
        doors: Annotated[int, Meta(ge=2, le=100, description="doors among which they are")] = 2
        within_s: Annotated[int, Meta(ge=10, le=86_400, description="seconds within which they come")] = 900

    def __init__(self, thresholds: Any, setting: interface.Setting) -> None:
        super().__init__(thresholds, setting)
        self._count: int = thresholds.count
        self._least: int = thresholds.doors
        self._within: int = thresholds.within_s * SECOND
        self._times: list[int] = []
        """Engine times of the last `count` wrong codes."""
        self._doors: dict[str, int] = {}
        """Engine time of each door's last wrong code, the newest last."""
        self._open = False

    @hears("wrong_code")
    def wrong(self, event: Event) -> None:
        """Count it, and the doors."""
        now = self.setting.now
        door = self.door(event.about)
        doors, times = self._doors, self._times
        self.wake(self._within, "home")
        if doors.pop(door, None) is None:
            self.room(doors)
        doors[door] = now
        if len(times) == self._count:
            del times[0]
        times.append(now)
        begin = now - self._within
        while doors[first := next(iter(doors))] < begin:
            del doors[first]
        if self._open or len(doors) < self._least or len(times) < self._count or times[0] < begin:
            return
        self._open = True
        number, where = count(len(times), "wrong code"), count(len(doors), "door")
        self.tell(event.at, "home", f"{number} at {where} within {span(max(now - times[0], SECOND))}.")

    def due(self, at: int, key: str) -> None:
        """Nobody tried anywhere for a while."""
        self._times, self._doors = [], {}
        if self._open:
            self._open = False
            self.end(self.wall(at), key, "No more wrong codes at any door.")

    def state(self) -> Any:
        """The last wrong codes, by time and by door."""
        return [self._times, self._doors, self._open]

    def restore(self, state: Any) -> None:
        """Take them back."""
        self._times, self._doors, self._open = msgspec.convert(state, tuple[list[int], dict[str, int], bool])
