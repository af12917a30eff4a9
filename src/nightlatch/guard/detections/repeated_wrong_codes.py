"""Somebody tries codes at one door."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from nightlatch.guard.detections import interface
from nightlatch.guard.detections.interface import SECOND, Detection, hears
from nightlatch.model.event import Event
from nightlatch.model.finding import Severity
from nightlatch.text import count, span


class RepeatedWrongCodes(Detection, id="repeated-wrong-codes"):
    """One wrong code is a slip; several within minutes are somebody who does not know the code.

    It is told at `count` wrong codes, told again each time their number has doubled, and over once
    none came for `within_s`.
    """

    title = "Several wrong codes at one door"
    severity = Severity.HIGH

    class Thresholds(interface.Thresholds, frozen=True):
        """`[detections.repeated-wrong-codes]`."""

        count: Annotated[int, Meta(ge=2, le=100, description="wrong codes at one door that are told")] = 3
        within_s: Annotated[int, Meta(ge=10, le=86_400, description="seconds within which they come")] = 300

    def __init__(self, thresholds: Any, setting: interface.Setting) -> None:
        super().__init__(thresholds, setting)
        self._count: int = thresholds.count
        self._within: int = thresholds.within_s * SECOND
        self._last: dict[str, list[int]] = {}
        """By door: the engine times of its last `count` wrong codes."""
        self._open: dict[str, list[int]] = {}
        """By door with an open case: when it began, how many wrong codes, and at how many it is told again."""

    @hears("wrong_code")
    def wrong(self, event: Event) -> None:
        """Count it."""
        door = self.door(event.about)
        now = self.setting.now
        if case := self._open.get(door):
            case[1] += 1
            self.wake(self._within, door)
            if case[1] >= case[2]:
                case[2] *= 2
                self._tell(event, door, case[1], now - case[0])
            return
        times = self._last.get(door)
        if times is None:
            self.room(self._last)
            times = self._last[door] = []
        times.append(now)
        self.wake(self._within, door)
        if len(times) >= self._count:
            if now - times[0] <= self._within:
                self.room(self._open)
                self._open[door] = [times[0], len(times), 2 * len(times)]
                del self._last[door]
                self._tell(event, door, len(times), now - times[0])
            else:
                del times[0]

    def due(self, at: int, key: str) -> None:
        """Nobody tried for a while."""
        self._last.pop(key, None)
        if case := self._open.pop(key, None):
            self.end(self.wall(at), key, f"{self.place(key)}: no more wrong codes, after {case[1]}.")

    def state(self) -> Any:
        """The last wrong codes and the open cases."""
        return [self._last, self._open]

    def restore(self, state: Any) -> None:
        """Take them back."""
        self._last, self._open = msgspec.convert(state, tuple[dict[str, list[int]], dict[str, list[int]]])

    def _tell(self, event: Event, door: str, number: int, within: int) -> None:
        self.tell(
            event.at, door, f"{self.place(door)}: {count(number, 'wrong code')} within {span(max(within, SECOND))}."
        )
