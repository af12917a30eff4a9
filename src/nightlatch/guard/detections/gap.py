"""Time in which nobody listened."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from nightlatch.guard.detections import interface
from nightlatch.guard.detections.interface import DAY, SECOND, Detection, hears
from nightlatch.model.event import Event
from nightlatch.model.finding import Severity
from nightlatch.text import span


class Gap(Detection, id="gap"):
    """Nothing was heard of a hub for `long_s` or longer, or `count` gaps came within a day.

    What happened meanwhile may be missing in the journal for ever.
    """

    title = "Long or many gaps in what was heard"
    severity = Severity.MEDIUM

    class Thresholds(interface.Thresholds, frozen=True):
        """`[detections.gap]`."""

        long_s: Annotated[int, Meta(ge=1, le=604_800, description="seconds from which a gap is long")] = 900
        count: Annotated[int, Meta(ge=2, le=100, description="gaps of one hub within a day that are many")] = 5

    def __init__(self, thresholds: Any, setting: interface.Setting) -> None:
        super().__init__(thresholds, setting)
        self._long: int = thresholds.long_s * SECOND
        self._count: int = thresholds.count
        self._times: dict[str, list[int]] = {}
        """By hub: the engine times of its last gaps, fewer than `count`."""

    @hears("gap")
    def gap(self, event: Event) -> None:
        """Measure and count it."""
        about, now = event.about, self.setting.now
        length = event.at - event.since
        local, name = self.setting.local, self.place(about)
        if event.since and length >= self._long:
            begin = f"{local.day(event.since)} {local.clock(event.since)}"
            what = f"{name}: nothing was heard for {span(length)}, from {begin} to {local.clock(event.at)}."
            self.tell(event.at, about, what, key=f"{about}/long")
        times = self._times.get(about)
        if times is None:
            self.room(self._times)
            times = self._times[about] = []
        times.append(now)
        if len(times) < self._count:
            return
        if now - times[0] <= DAY:
            del self._times[about]
            self.tell(
                event.at, about, f"{name}: {self._count} gaps in what was heard within a day.", key=f"{about}/many"
            )
        else:
            del times[0]

    def state(self) -> Any:
        """The last gaps."""
        return self._times

    def restore(self, state: Any) -> None:
        """Take them back."""
        self._times = msgspec.convert(state, dict[str, list[int]])
