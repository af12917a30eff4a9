"""Tells when the wall clock was set: its steps are events, because every time in the log depends on it."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

from nightlatch.model.event import Event, instant, micros
from nightlatch.text import minute

STEP = 2_000_000
"""µs by which wall and steady clock may part between two looks: NTP slews by far less, a set clock by more."""


def wall() -> datetime:
    """Now, in UTC."""
    return datetime.now(UTC)


def steady() -> float:
    """Seconds that nobody can set. They pass while the machine sleeps too, where the system counts that (Linux)."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class ClockWatch:
    """Compares the wall clock with a steady one, look by look."""

    def __init__(self, now: Callable[[], datetime] = wall, steady: Callable[[], float] = steady) -> None:
        self._now = now
        self._steady = steady
        self._offset = self._measure()
        self._looked = steady()
        self.away_s = 0.0
        """How long it was, at the last look, since the one before: much when the machine slept or stood still."""

    def look(self) -> Event | None:
        """A `clock_step` when the wall clock was set since the last look: `since` is what it would have shown."""
        looked = self._steady()
        self.away_s, self._looked = looked - self._looked, looked
        offset = self._measure()
        step, self._offset = offset - self._offset, offset
        if abs(step) < STEP:
            return None
        at = micros(self._now())
        way = "forward" if step > 0 else "back"
        return Event(
            at,
            "clock_step",
            "home",
            since=at - step,
            value=step // 1_000_000,
            detail=f"the clock was set {way} by {abs(step) / 1e6:.0f} s, from {minute(instant(at - step))}",
        )

    def _measure(self) -> int:
        """Wall minus steady time, µs."""
        return micros(self._now()) - int(self._steady() * 1e6)
