"""Local wall time by whole numbers: what a detection asks of every unlock must not cost a datetime."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo

from nightlatch.model.event import EPOCH, instant

MINUTE = 60_000_000
DAY = 1440 * MINUTE
WEEK_MINUTES = 7 * 1440
_FIRST_WEEKDAY = 3
"""1970-01-01 was a Thursday; Monday is 0."""
_LAST_DAY = 2_900_000
"""Days after 1970 that a datetime can hold, with room for a zone's offset (the year 9909)."""


class LocalTime:
    """Minutes of the day and of the week at home, of instants in µs since 1970, on DST nights too.

    The zone is asked once for each stretch of a day in which its offset stays the same.
    """

    __slots__ = ("_begin", "_end", "_offset", "zone")

    def __init__(self, zone: tzinfo) -> None:
        self.zone = zone
        self._begin = self._end = self._offset = 0

    def minute(self, at: int) -> int:
        """Minutes since 1970-01-01 00:00 by the clock on the wall."""
        if not self._begin <= at < self._end:
            self._look(at)
        return (at + self._offset) // MINUTE

    def of_week(self, at: int) -> int:
        """The minute of the week, Monday 00:00 = 0."""
        return (self.minute(at) + _FIRST_WEEKDAY * 1440) % WEEK_MINUTES

    def hour(self, at: int) -> int:
        """The hour of the day, 0 to 23."""
        return self.minute(at) // 60 % 24

    def clock(self, at: int) -> str:
        """`03:12`."""
        minute = self.minute(at)
        return f"{minute // 60 % 24:02d}:{minute % 60:02d}"

    def day(self, at: int) -> str:
        """`2026-11-22`; the first or last day that can be told, of what lies beyond."""
        minute = min(max(self.minute(at), -_FIRST_WEEKDAY * 1440), _LAST_DAY * 1440)
        return (EPOCH + timedelta(minutes=minute)).date().isoformat()

    def _look(self, at: int) -> None:
        day = min(max(at // DAY, -_FIRST_WEEKDAY), _LAST_DAY)
        begin, end = day * DAY, (day + 1) * DAY
        first, last = self._of(begin), self._of(end)
        if first != last:
            # A clock change: halve the day down to the minute at which it happens.
            low, high = begin, end
            while high - low > MINUTE:
                middle = (low + high) // (2 * MINUTE) * MINUTE
                if self._of(middle) == first:
                    low = middle
                else:
                    high = middle
            if at < high:
                end = high
            else:
                begin, first = high, last
        self._begin, self._end, self._offset = begin, end, first

    def _of(self, at: int) -> int:
        local: datetime = instant(at).astimezone(self.zone)
        return (local.utcoffset() or timedelta()) // timedelta(microseconds=1)
