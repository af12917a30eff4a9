"""A hub that lets new devices join lets a stranger's join."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from nightlatch.guard.detections import interface
from nightlatch.guard.detections.interface import SECOND, Detection, hears
from nightlatch.model.event import Event
from nightlatch.model.finding import Severity
from nightlatch.text import span


class JoinOpen(Detection, id="join-open"):
    """Joining (permit-join, inclusion, commissioning) was opened: medium; high when it stays so for `after_s`.

    Opening it again meanwhile starts no new wait. It is over when joining is closed. A hub that closes by itself
    (Zigbee2MQTT after 254 s at most) has been open for long enough to let a stranger's device in.
    """

    title = "A hub is open for new devices"
    severity = Severity.HIGH

    class Thresholds(interface.Thresholds, frozen=True):
        """`[detections.join-open]`."""

        after_s: Annotated[int, Meta(ge=1, le=86_400, description="seconds for which joining may stay open")] = 300

    def __init__(self, thresholds: Any, setting: interface.Setting) -> None:
        super().__init__(thresholds, setting)
        self._after: int = thresholds.after_s * SECOND
        self._open: dict[str, bool] = {}
        """By open hub: whether it stayed open for too long."""

    @hears("join_opened")
    def opened(self, event: Event) -> None:
        """Tell it, and wait for its end."""
        if event.about not in self._open:
            self.room(self._open)
            self._open[event.about] = False
            self.wake(self._after, event.about)
            what = f"{self.place(event.about)} lets new devices join; close it if you add none."
            self.tell(event.at, event.about, what, severity=Severity.MEDIUM)

    @hears("join_closed")
    def closed(self, event: Event) -> None:
        """Wait no longer."""
        if self._open.pop(event.about, None) is not None:
            self.end(event.at, event.about, f"{self.place(event.about)} takes no new devices any more.")
        self.sleep(event.about)

    def due(self, at: int, key: str) -> None:
        """It stayed open."""
        if key in self._open:
            self._open[key] = True
            what = f"{self.place(key)} has let new devices join for {span(self._after)}; close it if you add none."
            self.tell(self.wall(at), key, what)

    def state(self) -> Any:
        """The open hubs."""
        return self._open

    def restore(self, state: Any) -> None:
        """Take them back."""
        self._open = msgspec.convert(state, dict[str, bool])
