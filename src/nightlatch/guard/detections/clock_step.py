"""Every time in the journal depends on the clock."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta

from nightlatch.guard.detections import interface
from nightlatch.guard.detections.interface import SECOND, Detection, hears
from nightlatch.model.event import Event
from nightlatch.model.finding import Severity
from nightlatch.text import span


class ClockStep(Detection, id="clock-step"):
    """The clock of this machine was set by `least_s` or more."""

    title = "The clock was set"
    severity = Severity.MEDIUM

    class Thresholds(interface.Thresholds, frozen=True):
        """`[detections.clock-step]`."""

        least_s: Annotated[int, Meta(ge=1, le=86_400, description="seconds from which a step is told")] = 60

    def __init__(self, thresholds: Any, setting: interface.Setting) -> None:
        super().__init__(thresholds, setting)
        self._least: int = thresholds.least_s * SECOND

    @hears("clock_step")
    def stepped(self, event: Event) -> None:
        """Tell a large step."""
        step = event.at - event.since
        if event.since and abs(step) >= self._least:
            way = "forward" if step > 0 else "back"
            what = (
                f"The clock was set {way} by {span(abs(step))}: times in the journal before and after do not compare."
            )
            self.tell(event.at, "home", what)
