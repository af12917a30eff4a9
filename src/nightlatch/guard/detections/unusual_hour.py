"""A credential was used at an hour at which it never was before."""

from __future__ import annotations

from array import array
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from nightlatch.guard.detections import interface
from nightlatch.guard.detections._wording import credential, slot_key
from nightlatch.guard.detections.interface import DAY, Detection, hears
from nightlatch.model.event import Event
from nightlatch.model.finding import Severity
from nightlatch.text import count

_HALVE = 512
"""At so many uses the counts are halved: habits of long ago weigh less, and the counts stay small."""


class _Habit(msgspec.Struct, gc=False):
    """How often one credential was used in each hour of the day at home."""

    first: int
    """Engine time of its first use."""
    uses: int
    hours: array[int]


class UnusualHour(Detection, id="unusual-hour"):
    """A door was unlocked with a credential at an hour of the day that is new for it.

    Each credential is judged by its own uses, counted per hour on the clock at home, where 23:00 and
    00:00 are neighbours: an hour is new when neither it nor `around_hours` before and after saw a use.
    Judged only after `least_uses` uses over `least_days` days; the sentence tells how many there were.
    An unlocking that was found out only after a reconnect is neither judged nor counted.
    """

    title = "A code was used at an unusual hour"
    severity = Severity.LOW

    class Thresholds(interface.Thresholds, frozen=True):
        """`[detections.unusual-hour]`."""

        least_uses: Annotated[int, Meta(ge=5, le=500, description="uses of a credential before it is judged")] = 20
        least_days: Annotated[int, Meta(ge=1, le=365, description="days over which they are spread at least")] = 14
        around_hours: Annotated[
            int, Meta(ge=0, le=11, description="hours before and after that count as the same habit")
        ] = 1

    def __init__(self, thresholds: Any, setting: interface.Setting) -> None:
        super().__init__(thresholds, setting)
        self._uses: int = thresholds.least_uses
        self._days: int = thresholds.least_days
        self._around: int = thresholds.around_hours
        self._habits: dict[tuple[str, int], _Habit] = {}

    @hears("unlocked")
    def unlocked(self, event: Event) -> None:
        """Compare the hour with those before, then count it."""
        if not event.slot or event.resync:
            return
        key = (event.about, event.slot)
        hour = self.setting.local.hour(event.at)
        habit = self._habits.get(key)
        if habit is None:
            self.room(self._habits)
            habit = self._habits[key] = _Habit(self.setting.now, 0, array("H", bytes(48)))
        hours = habit.hours
        if not hours[hour] and habit.uses >= self._uses:
            self._judge(event, habit, hour)
        hours[hour] += 1
        habit.uses += 1
        if habit.uses >= _HALVE:
            habit.hours = hours = array("H", [(number + 1) // 2 for number in hours])
            habit.uses = sum(hours)

    def state(self) -> Any:
        """Every habit."""
        return [[*key, habit.first, habit.uses, habit.hours.tolist()] for key, habit in self._habits.items()]

    def restore(self, state: Any) -> None:
        """Take them back."""
        rows = msgspec.convert(state, list[tuple[str, int, int, int, list[int]]])
        self._habits = {(about, slot): _Habit(first, uses, _hours(hours)) for about, slot, first, uses, hours in rows}

    def _judge(self, event: Event, habit: _Habit, hour: int) -> None:
        days = (self.setting.now - habit.first) // DAY
        around = range(hour - self._around, hour + self._around + 1)
        if days < self._days or any(habit.hours[near % 24] for near in around):
            return
        begin, end = around.start % 24, around.stop % 24
        clock = self.setting.local.clock(event.at)
        what = (
            f"{self.place(event.about)} was unlocked at {clock} with {credential(event)}. That is unusual: judged by "
            f"{count(habit.uses, 'use')} over {count(days, 'day')}, none between {begin:02d}:00 and {end:02d}:00."
        )
        self.tell(event.at, event.about, what, key=slot_key(event), person=self.setting.household.person(event))


def _hours(counts: list[int]) -> array[int]:
    if len(counts) != 24:
        raise ValueError("a day has 24 hours")
    return array("H", counts)
