"""RFC 5545 recurrence rules, as far as they make sense for doors, within bounds that a hostile rule cannot pass.

python-dateutil works them out. It looks at every second of a rule that says SECONDLY, and goes on to
the year 9999 for a 30th of February: so only days and longer are taken, each part is short, nothing
later than 30 years after the start is given, and the start is moved towards 9999 by whole Gregorian
cycles of 400 years (146,097 days: whole weeks too), which leaves little to look at and changes no day.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from datetime import MAXYEAR, datetime, timedelta, tzinfo
from functools import lru_cache
from itertools import takewhile

from dateutil.rrule import rrulestr

from nightlatch.access.schedules.wall import DAY_MINUTES, wall
from nightlatch.model.access import Recurring
from nightlatch.model.event import micros

LONGEST_TEXT = 400
LONGEST_MINUTES = 31 * 1440
MOST_TIMES_A_DAY = 24
YEARS = 30
FREQUENCIES = ("YEARLY", "MONTHLY", "WEEKLY", "DAILY")

_NUMBER = r"[+-]?\d{1,4}"
_DAY = r"(?:[+-]?\d{1,2})?(?:MO|TU|WE|TH|FR|SA|SU)"
_RANGES = {
    "BYMONTH": range(1, 13),
    "BYMONTHDAY": range(1, 32),
    "BYYEARDAY": range(1, 367),
    "BYWEEKNO": range(1, 54),
    "BYSETPOS": range(1, 367),
    "BYHOUR": range(24),
    "BYMINUTE": range(60),
}
"""RFC 5545, 3.3.10; those that begin at 1 may be counted from the end, by a minus."""
_PARTS = {
    "FREQ": re.compile("|".join(FREQUENCIES)),
    "INTERVAL": re.compile(r"[1-9]\d{0,2}"),
    "COUNT": re.compile(r"[1-9]\d{0,3}"),
    "UNTIL": re.compile(r"\d{8}(?:T\d{6}Z?)?"),
    "WKST": re.compile("MO|TU|WE|TH|FR|SA|SU"),
    "BYDAY": re.compile(rf"{_DAY}(?:,{_DAY}){{0,31}}"),
} | dict.fromkeys(_RANGES, re.compile(rf"{_NUMBER}(?:,{_NUMBER}){{0,63}}"))
_WALL_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  # by the wall, which has no zone


class Rule:
    """One schedule's times, worked out as far as somebody asked, and kept."""

    __slots__ = ("_found", "_minutes", "_rest")

    def __init__(self, schedule: Recurring, zone: tzinfo) -> None:
        self._rest: Iterator[int] | None = occurrences(schedule.rule, starting(schedule.start), zone)
        self._found: list[int] = []
        self._minutes = schedule.minutes

    def windows(self, since: int) -> Iterator[tuple[int, int]]:
        """The windows by the wall, in minutes since 1970, that end after `since`; joined where they touch."""
        while (not self._found or self._found[-1] + self._minutes <= since) and self._more():
            pass
        index = bisect_right(self._found, since - self._minutes)
        while 0 < index < len(self._found) and self._found[index - 1] + self._minutes >= self._found[index]:
            index -= 1
        while index < len(self._found) or self._more():
            begin, end = self._found[index], self._found[index] + self._minutes
            index += 1
            while (index < len(self._found) or self._more()) and self._found[index] <= end:
                end = self._found[index] + self._minutes
                index += 1
            yield begin, end

    def _more(self) -> bool:
        if self._rest is None:
            return False
        at = next(self._rest, None)
        if at is None:
            self._rest = None
            return False
        self._found.append(at)
        return True


@lru_cache(maxsize=1024)
def rule(schedule: Recurring, zone: tzinfo) -> Rule:
    """The times of a schedule, shared by all who ask."""
    return Rule(schedule, zone)


def starting(text: str) -> datetime:
    """A rule's start, local time at home without a zone; ValueError when it is none."""
    try:
        start = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is no date and time: write it as 2026-12-01T09:00") from None
    if start.tzinfo is not None:
        raise ValueError(f"{text!r} names a zone: a rule keeps to the clock at home; leave it out")
    if not 1970 <= start.year <= 9000:
        raise ValueError(f"{text!r} is not between 1970 and 9000")
    return start.replace(second=0, microsecond=0)


def parts(text: str) -> dict[str, str]:
    """The parts of a rule by name; ValueError with what cannot be used, and why."""
    if len(text) > LONGEST_TEXT:
        raise ValueError(f"a rule has at most {LONGEST_TEXT} characters")
    found: dict[str, str] = {}
    for part in text.strip().removeprefix("RRULE:").upper().split(";"):
        name, equals, value = part.partition("=")
        if not equals or name not in _PARTS:
            raise ValueError(f"{part!r} is no part of a rule that can be used: one has {', '.join(_PARTS)}")
        if name in found:
            raise ValueError(f"{name} stands twice")
        if _PARTS[name].fullmatch(value) is None:
            hint = f": {', '.join(FREQUENCIES)} can be used" if name == "FREQ" else ""
            raise ValueError(f"{part!r} cannot be used{hint}")
        if name in _RANGES and not all(_in_range(_RANGES[name], int(number)) for number in value.split(",")):
            raise ValueError(f"{part!r} cannot be used: {_RANGES[name][0]} to {_RANGES[name][-1]} can be")
        found[name] = value
    if "FREQ" not in found:
        raise ValueError("a rule begins with FREQ=DAILY, WEEKLY, MONTHLY or YEARLY")
    if "COUNT" in found and "UNTIL" in found:
        raise ValueError("a rule has COUNT or UNTIL, not both")
    times = (found.get("BYHOUR", "").count(",") + 1) * (found.get("BYMINUTE", "").count(",") + 1)
    if times > MOST_TIMES_A_DAY:
        raise ValueError(f"a rule has at most {MOST_TIMES_A_DAY} times a day, and this one has {times}")
    return found


def _in_range(numbers: range, number: int) -> bool:
    return number in numbers or (numbers[0] == 1 and -number in numbers)


def occurrences(text: str, start: datetime, zone: tzinfo) -> Iterator[int]:
    """When a rule's times begin, in minutes since 1970 by the wall, up to 30 years after its start.

    A rule that cannot be used: ValueError, at once.
    """
    found = parts(text)
    last = start.replace(year=start.year + YEARS, day=min(start.day, 28))
    if "UNTIL" in found:
        last = min(last, _until(found.pop("UNTIL"), zone))
    cycles = (MAXYEAR - YEARS - start.year) // 400
    try:
        moved = rrulestr(
            ";".join(f"{name}={value}" for name, value in found.items()),
            dtstart=start.replace(year=start.year + 400 * cycles),
        )
    except (ValueError, TypeError, IndexError) as error:
        raise ValueError(f"the rule cannot be used: {error}") from None
    back = cycles * 146_097 * DAY_MINUTES
    return takewhile(_minute(last).__ge__, (_minute(at) - back for at in moved))


def _until(text: str, zone: tzinfo) -> datetime:
    try:
        until = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"'UNTIL={text}' cannot be used: it is no date") from None
    if until.tzinfo is not None:
        return wall(zone).local(micros(until))
    return until if "T" in text else until.replace(hour=23, minute=59)


def _minute(local: datetime) -> int:
    return (local - _WALL_EPOCH) // timedelta(minutes=1)
