"""A battery that empties faster than it used to: a motor that labours, a radio that never sleeps, a cold winter."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from nightlatch.guard.detections import interface
from nightlatch.guard.detections.interface import DAY, Detection, hears
from nightlatch.model.event import Event
from nightlatch.model.finding import Severity

_PAST = 35
"""Days before the recent ones that are its own past."""
_LEAST_RECENT = 3
_LEAST_PAST = 10
"""Days with a report that are needed to judge by."""
_NEW_BATTERY = 20
"""A rise by so many % within a day is a new battery, and a new history."""


class _History(msgspec.Struct, gc=False):
    """The charge of one lock's battery, day by day."""

    day: int
    """Today, in days since 1970 of engine time."""
    total: int
    reports: int
    """Sum and number of today's reports, in %."""
    days: list[tuple[int, float]]
    """Earlier days with their mean, in %, oldest first."""
    told: bool = False


class BatteryFalling(Detection, id="battery-falling"):
    """A lock's charge falls `times` as fast as in its own past, and by at least `least_percent` in `recent_days`.

    Each day counts with the mean of its reports; the rate of a stretch of days is the median of the
    slopes between all pairs of its days (Theil 1950, Sen 1968), which single odd days (a cold night, a
    wrong report) do not move. The past is up to 35 days before the recent ones. A new battery begins a
    new history. It is over when the recent rate is less than `times` the past one again.
    """

    title = "A battery falls faster than it used to"
    severity = Severity.MEDIUM

    class Thresholds(interface.Thresholds, frozen=True):
        """`[detections.battery-falling]`."""

        times: Annotated[float, Meta(ge=1.5, le=100, description="times its own past rate from which it is told")] = 3.0
        recent_days: Annotated[int, Meta(ge=3, le=30, description="days that are compared with the past")] = 7
        least_percent: Annotated[
            float, Meta(ge=1, le=50, description="% of charge that it must have lost in the recent days")
        ] = 6.0

    def __init__(self, thresholds: Any, setting: interface.Setting) -> None:
        super().__init__(thresholds, setting)
        self._times: float = thresholds.times
        self._recent: int = thresholds.recent_days
        self._least: float = thresholds.least_percent / thresholds.recent_days
        self._histories: dict[str, _History] = {}

    @hears("battery")
    def charge(self, event: Event) -> None:
        """Add it to its day; judge when a day is over."""
        percent = event.value
        if type(percent) is not int or not 0 <= percent <= 100:
            return
        day = self.setting.now // DAY
        history = self._histories.get(event.about)
        if history is None:
            self.room(self._histories)
            self._histories[event.about] = _History(day, percent, 1, [])
        elif history.day == day:
            history.total += percent
            history.reports += 1
        else:
            self._next_day(event, history, day, percent)

    def state(self) -> Any:
        """Every history."""
        return {about: msgspec.structs.astuple(history) for about, history in self._histories.items()}

    def restore(self, state: Any) -> None:
        """Take them back."""
        rows = msgspec.convert(state, dict[str, tuple[int, int, int, list[tuple[int, float]], bool]])
        self._histories = {about: _History(*row) for about, row in rows.items()}

    def _next_day(self, event: Event, history: _History, day: int, percent: int) -> None:
        mean = round(history.total / history.reports, 2)
        days = history.days
        if days and mean - days[-1][1] >= _NEW_BATTERY:
            days.clear()
            self._over(event, history)
        days.append((history.day, mean))
        while days[0][0] < history.day - self._recent - _PAST:
            del days[0]
        history.day, history.total, history.reports = day, percent, 1
        self._judge(event, history)

    def _judge(self, event: Event, history: _History) -> None:
        days = history.days
        since = days[-1][0] - self._recent
        recent = [one for one in days if one[0] >= since]
        if len(recent) < _LEAST_RECENT:
            return
        rate = -slope(recent)
        if rate < self._least and not history.told:
            return
        past = [one for one in days if one[0] < since]
        if len(past) < _LEAST_PAST:
            return
        usual = max(0.0, -slope(past))
        if rate < self._least or rate < self._times * usual:
            self._over(event, history)
        elif not history.told:
            history.told = True
            span, lost = recent[-1][0] - recent[0][0], recent[0][1] - recent[-1][1]
            what = (
                f"{self.place(event.about)}: the lock's battery lost {lost:.0f} % in {span} days, "
                f"{rate:.1f} % a day; in the {past[-1][0] - past[0][0]} days before it lost {usual:.1f} % a day."
            )
            self.tell(event.at, event.about, what)

    def _over(self, event: Event, history: _History) -> None:
        if history.told:
            history.told = False
            self.end(
                event.at, event.about, f"{self.place(event.about)}: the lock's battery falls no faster than before."
            )


def slope(points: Sequence[tuple[int, float]]) -> float:
    """The median of the slopes between all pairs of points: % a day. Days are all different."""
    return statistics.median(
        (later[1] - earlier[1]) / (later[0] - earlier[0])
        for number, earlier in enumerate(points)
        for later in points[number + 1 :]
    )
