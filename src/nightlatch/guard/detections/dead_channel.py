"""A channel that delivers nothing is silent when it matters."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from nightlatch.guard.detections import interface
from nightlatch.guard.detections.interface import SECOND, Detection, hears
from nightlatch.model.event import Event
from nightlatch.model.finding import Severity
from nightlatch.text import span

DELIVERED, FAILED = "delivered", "failed"


class DeadChannel(Detection, id="dead-channel"):
    """A message could not be delivered on a channel, and none was for `after_s` since. Over with the next that is."""

    title = "An alert channel delivers nothing"
    severity = Severity.HIGH

    class Thresholds(interface.Thresholds, frozen=True):
        """`[detections.dead-channel]`."""

        after_s: Annotated[
            int, Meta(ge=1, le=86_400, description="seconds from the first failure until the channel counts as dead")
        ] = 600

    def __init__(self, thresholds: Any, setting: interface.Setting) -> None:
        super().__init__(thresholds, setting)
        self._after: int = thresholds.after_s * SECOND
        self._failing: dict[str, bool] = {}
        """By channel that fails: whether it was told."""

    @hears("delivery")
    def delivery(self, event: Event) -> None:
        """Start to wait, or stop."""
        channel = event.name
        if event.value == DELIVERED:
            if self._failing.pop(channel, False):
                self.end(event.at, "home", f"The alert channel {channel} delivers again.", key=channel)
            self.sleep(channel)
        elif event.value == FAILED and channel not in self._failing:
            self.room(self._failing)
            self._failing[channel] = False
            self.wake(self._after, channel)

    def due(self, at: int, key: str) -> None:
        """Nothing came through."""
        if key in self._failing:
            self._failing[key] = True
            what = f"The alert channel {key} has delivered nothing for {span(self._after)}."
            self.tell(self.wall(at), "home", what, key=key)

    def state(self) -> Any:
        """Which channels fail."""
        return self._failing

    def restore(self, state: Any) -> None:
        """Take them back."""
        self._failing = msgspec.convert(state, dict[str, bool])
