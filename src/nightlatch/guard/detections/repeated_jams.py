"""A bolt that jams again and again: the door does not meet its frame."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from nightlatch.guard.detections import interface
from nightlatch.guard.detections.interface import DAY, Detection, hears
from nightlatch.model.event import Event
from nightlatch.model.finding import Severity


class RepeatedJams(Detection, id="repeated-jams"):
    """The bolt jammed `count` times within `within_days`: door or strike plate are out of line."""

    title = "A bolt jams again and again"
    severity = Severity.MEDIUM

    class Thresholds(interface.Thresholds, frozen=True):
        """`[detections.repeated-jams]`."""

        count: Annotated[int, Meta(ge=2, le=100, description="jams of one lock that are told")] = 3
        within_days: Annotated[int, Meta(ge=1, le=365, description="days within which they come")] = 7

    def __init__(self, thresholds: Any, setting: interface.Setting) -> None:
        super().__init__(thresholds, setting)
        self._count: int = thresholds.count
        self._within: int = thresholds.within_days * DAY
        self._times: dict[str, list[int]] = {}
        """By lock: the engine times of its last jams, fewer than `count`."""

    @hears("jammed")
    def jammed(self, event: Event) -> None:
        """Count it."""
        now = self.setting.now
        times = self._times.get(event.about)
        if times is None:
            self.room(self._times)
            times = self._times[event.about] = []
        times.append(now)
        if len(times) < self._count:
            return
        if now - times[0] <= self._within:
            del self._times[event.about]
            what = (
                f"{self.place(event.about)}: the bolt jammed {self._count} times within {self.thresholds.within_days} "
                "days; check how the door meets its frame."
            )
            self.tell(event.at, event.about, what)
        else:
            del times[0]

    def state(self) -> Any:
        """The last jams."""
        return self._times

    def restore(self, state: Any) -> None:
        """Take them back."""
        self._times = msgspec.convert(state, dict[str, list[int]])
