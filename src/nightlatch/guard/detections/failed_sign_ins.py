"""Somebody tries to sign in to the web app."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from nightlatch.guard.detections import interface
from nightlatch.guard.detections.interface import SECOND, Detection, hears
from nightlatch.model.event import Event
from nightlatch.model.finding import Severity
from nightlatch.text import count, span

ABOUT = "home"
FAILED = ("sign-in-failed", "step-up-failed")


class FailedSignIns(Detection, id="failed-sign-ins"):
    """One wrong password is a slip; several within an hour are somebody who tries them.

    It is told at `count` failures, from wherever they came, or as soon as tries have to wait; told again each time
    their number has doubled, and over once none came for `within_s`. Who was meant stands in the journal.
    """

    title = "Several failed sign-ins"
    severity = Severity.HIGH

    class Thresholds(interface.Thresholds, frozen=True):
        """`[detections.failed-sign-ins]`."""

        count: Annotated[int, Meta(ge=2, le=100, description="failed sign-ins that are told")] = 5
        within_s: Annotated[int, Meta(ge=60, le=86_400, description="seconds within which they come")] = 3600

    def __init__(self, thresholds: Any, setting: interface.Setting) -> None:
        super().__init__(thresholds, setting)
        self._count: int = thresholds.count
        self._within: int = thresholds.within_s * SECOND
        self._last: list[int] = []
        """The engine times of the last `count` failures."""
        self._open: list[int] = []
        """Of an open case: when it began, how many failures, and at how many it is told again."""

    @hears("act")
    def acted(self, event: Event) -> None:
        """Count a failure; other acts are nobody's trouble."""
        if event.name == "locked-out" and not self._open:
            self._begin(event)
        if event.name not in FAILED:
            return
        now = self.setting.now
        self.wake(self._within, ABOUT)
        if self._open:
            self._open[1] += 1
            if self._open[1] >= self._open[2]:
                self._open[2] *= 2
                self._tell(event)
            return
        self._last = [*(one for one in self._last if now - one <= self._within), now]
        if len(self._last) >= self._count:
            self._begin(event)

    def due(self, at: int, key: str) -> None:
        """Nobody tried for a while."""
        self._last = []
        if self._open:
            self.end(self.wall(at), key, f"No more failed sign-ins, after {self._open[1]}.")
            self._open = []

    def state(self) -> Any:
        """The last failures and the open case."""
        return [self._last, self._open]

    def restore(self, state: Any) -> None:
        """Take them back."""
        self._last, self._open = msgspec.convert(state, tuple[list[int], list[int]])

    def _begin(self, event: Event) -> None:
        number = max(1, len(self._last))
        self._open = [self._last[0] if self._last else self.setting.now, number, 2 * number]
        self._last = []
        self.wake(self._within, ABOUT)
        self._tell(event)

    def _tell(self, event: Event) -> None:
        within = span(max(self.setting.now - self._open[0], SECOND))
        self.tell(event.at, ABOUT, f"{count(self._open[1], 'failed sign-in')} to the web app within {within}.")
