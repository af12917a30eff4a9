"""A lock whose battery is flat locks somebody out, or in."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from nightlatch.guard.detections import interface
from nightlatch.guard.detections.interface import Detection, hears
from nightlatch.model.event import Event
from nightlatch.model.finding import Severity


class BatteryLow(Detection, id="battery-low"):
    """The charge fell below `low_percent`, or below `empty_percent`, which is told as high.

    Each is told once. It is over when the charge is `recovered_percent` above the threshold again, so
    that a cold night does not tell it anew every evening.
    """

    title = "A lock's battery is low"
    severity = Severity.MEDIUM

    class Thresholds(interface.Thresholds, frozen=True):
        """`[detections.battery-low]`."""

        low_percent: Annotated[int, Meta(ge=1, le=99, description="% of charge below which it is told")] = 30
        empty_percent: Annotated[int, Meta(ge=0, le=99, description="% of charge below which it is told as high")] = 15
        recovered_percent: Annotated[
            int, Meta(ge=1, le=50, description="% of charge above the threshold at which it is over")
        ] = 5

        def __post_init__(self) -> None:
            if self.empty_percent > self.low_percent:
                raise ValueError("empty_percent lies above low_percent")

    def __init__(self, thresholds: Any, setting: interface.Setting) -> None:
        super().__init__(thresholds, setting)
        self._low: int = thresholds.low_percent
        self._empty: int = thresholds.empty_percent
        self._over: int = thresholds.low_percent + thresholds.recovered_percent
        self._less: int = thresholds.empty_percent + thresholds.recovered_percent
        self._told: dict[str, bool] = {}
        """By lock whose battery is low: whether it is nearly empty."""

    @hears("battery")
    def charge(self, event: Event) -> None:
        """Compare it with the thresholds."""
        percent = event.value
        if type(percent) is not int or not 0 <= percent <= 100:
            return
        empty = self._told.get(event.about)
        if percent >= self._low and empty is None:
            return
        if percent < self._empty and not empty:
            self._tell(event, percent, empty=True)
        elif percent < self._low and empty is None:
            self._tell(event, percent, empty=False)
        elif percent >= self._over:
            del self._told[event.about]
            self.end(event.at, event.about, f"{self.place(event.about)}: the lock's battery is at {percent} % again.")
        elif empty and percent >= self._less:
            self._told[event.about] = False

    def state(self) -> Any:
        """Which batteries are low."""
        return self._told

    def restore(self, state: Any) -> None:
        """Take them back."""
        self._told = msgspec.convert(state, dict[str, bool])

    def _tell(self, event: Event, percent: int, *, empty: bool) -> None:
        if event.about not in self._told:
            self.room(self._told)
        self._told[event.about] = empty
        what = f"{self.place(event.about)}: the lock's battery is at {percent} %."
        self.tell(event.at, event.about, what, severity=Severity.HIGH if empty else None)
