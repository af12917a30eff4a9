"""The windows of a schedule by the clock on the wall, in minutes since 1970-01-01 00:00 there."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from datetime import date, tzinfo
from functools import lru_cache

from nightlatch.access.schedules.rules import rule
from nightlatch.access.schedules.wall import DAY_MINUTES, FIRST_WEEKDAY, WEEK_MINUTES
from nightlatch.model.access import Always, Dates, Recurring, Weekly

Windows = Iterator[tuple[int, int]]

_EPOCH_DAY = date(1970, 1, 1).toordinal()
_LAST_DAY = date.max.toordinal()


def endless(schedule: Always | Weekly | Dates | Recurring) -> bool:
    """Whether it leaves nothing out: always, or a week without a gap."""
    if isinstance(schedule, Weekly):
        return weeks_windows(schedule) == ((0, WEEK_MINUTES),)
    return isinstance(schedule, Always)


def windows(schedule: Weekly | Dates | Recurring, zone: tzinfo, since: int) -> Windows:
    """The windows that end after the minute `since`, in order, with a gap between each two."""
    if isinstance(schedule, Weekly):
        return _weekly(weeks_windows(schedule), since)
    if isinstance(schedule, Dates):
        return _dates(schedule, since)
    return rule(schedule, zone).windows(since)


@lru_cache(maxsize=4096)
def weeks_windows(schedule: Weekly) -> tuple[tuple[int, int], ...]:
    """Its windows joined where they touch; one that runs past Sunday is last, and ends after 10080."""
    joined: list[tuple[int, int]] = []
    for begin, end in sorted((begin, end) for begin, end in schedule.windows if begin < end):
        if joined and begin <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((begin, end))
    # What runs into the next week takes in the windows at its begin.
    while len(joined) > 1 and joined[-1][1] >= joined[0][0] + WEEK_MINUTES:
        begin, end = joined.pop(0)
        joined[-1] = (joined[-1][0], max(joined[-1][1], end + WEEK_MINUTES))
    if joined and joined[-1][1] - joined[-1][0] >= WEEK_MINUTES:
        return ((0, WEEK_MINUTES),)
    return tuple(joined)


def _weekly(week: tuple[tuple[int, int], ...], since: int) -> Windows:
    if not week:
        return
    monday = (since + FIRST_WEEKDAY * DAY_MINUTES) // WEEK_MINUTES * WEEK_MINUTES - FIRST_WEEKDAY * DAY_MINUTES
    monday -= WEEK_MINUTES
    while True:
        for begin, end in week:
            if monday + end > since:
                yield monday + begin, monday + end
        monday += WEEK_MINUTES


@lru_cache(maxsize=4096)
def _days(ranges: tuple[tuple[date, date], ...]) -> tuple[tuple[int, int], ...]:
    """The days since 1970 of ranges, last included, joined where they touch."""
    joined: list[tuple[int, int]] = []
    for first, last in sorted(ranges):
        begin, end = first.toordinal() - _EPOCH_DAY, last.toordinal() - _EPOCH_DAY
        if begin > end:
            continue
        if joined and begin <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((begin, end))
    return tuple(joined)


def _dates(schedule: Dates, since: int) -> Windows:
    ranges = _days(schedule.ranges)
    begins, ends = schedule.begins, schedule.ends
    if begins >= ends:
        return
    # The last window that can end after `since` began a day before it at the earliest, two with `ends` on the next.
    at = max(bisect_right(ranges, (since // DAY_MINUTES - 2, _LAST_DAY)) - 1, 0)
    if ends - begins >= DAY_MINUTES:
        for first, last in ranges[at:]:
            if last * DAY_MINUTES + ends > since:
                yield first * DAY_MINUTES + begins, last * DAY_MINUTES + ends
        return
    for first, last in ranges[at:]:
        for day in range(max(first, since // DAY_MINUTES - 2), last + 1):
            if day * DAY_MINUTES + ends > since:
                yield day * DAY_MINUTES + begins, day * DAY_MINUTES + ends
