"""Limits as a lock keeps them: schedules in local time, without a zone (Z-Wave Schedule Entry Lock).

A lock's clock shows local time and knows nothing of zones: of an hour that comes twice in autumn it cannot tell
which one is meant. What is written never lets a code work outside its limits; it may work a little less.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from nightlatch.model.command import Limit, WeekDay, YearDay

Kind = Literal["YearDay", "WeekDay", "DailyRepeating"]

_MICROS = 1_000_000
_DAY = 24 * 60
_LAST_MINUTE = _DAY - 1
"""A window that ends at midnight ends in the day's last minute: a lock knows no 24:00."""
_YEARS = range(2000, 2100)
_WEEK = 7


class Impossible(Exception):
    """The lock cannot keep these limits; the text says why."""


class Room(msgspec.Struct, frozen=True):
    """How many schedules of each kind a lock keeps for one code (getNumSlots)."""

    numYearDaySlots: int = 0
    numWeekDaySlots: int = 0
    numDailyRepeatingSlots: int = 0

    def of(self, kind: Kind) -> int:
        """The number of one kind."""
        numbers = {
            "YearDay": self.numYearDaySlots,
            "WeekDay": self.numWeekDaySlots,
            "DailyRepeating": self.numDailyRepeatingSlots,
        }
        return max(0, min(numbers[kind], 255))


NO_ROOM = Room()
KINDS: tuple[Kind, ...] = ("YearDay", "WeekDay", "DailyRepeating")

Schedule = dict[str, int | list[int]]
"""The fields of one schedule, as zwave-js calls them."""


class Schedules(msgspec.Struct, frozen=True):
    """What is written for a code: all of one kind. Setting one kind switches the others off."""

    kind: Kind
    each: tuple[Schedule, ...]


def schedules(limits: Sequence[Limit], zone: str, room: Room) -> Schedules:
    """The schedules that hold a code to `limits`. Impossible where this lock has no room or no words for them."""
    years = [one for one in limits if isinstance(one, YearDay)]
    weeks = [one for one in limits if isinstance(one, WeekDay)]
    if years and weeks:
        raise Impossible("it keeps dates or days of the week for a code, and not both")
    if years:
        return _fit("YearDay", tuple(_year_day(one, zone_of(zone)) for one in years), room)
    days = tuple(_week_days(weeks))
    if len(days) <= room.numWeekDaySlots or room.numDailyRepeatingSlots < len(weeks):
        return _fit("WeekDay", days, room)
    return _fit("DailyRepeating", tuple(_daily(one) for one in weeks), room)


def _fit(kind: Kind, each: tuple[Schedule, ...], room: Room) -> Schedules:
    if len(each) > room.of(kind):
        words = {"YearDay": "spans of dates", "WeekDay": "windows of the week", "DailyRepeating": "daily windows"}
        raise Impossible(f"it has room for {room.of(kind)} where {len(each)} {words[kind]} are needed")
    return Schedules(kind, each)


def zone_of(name: str) -> ZoneInfo:
    """The zone of that name; Impossible where there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Impossible(f"{name[:50]} is no time zone") from None


def _year_day(limit: YearDay, zone: ZoneInfo) -> Schedule:
    try:
        begins = _begin(_local(-(-limit.begins // (60 * _MICROS)), zone))
        ends = _end(_local(limit.ends // (60 * _MICROS), zone))
    except (OverflowError, ValueError, OSError):
        raise Impossible("its times are out of reach") from None
    if begins >= ends:
        raise Impossible("the span of dates is over before a minute has passed on the lock's clock")
    if begins.year not in _YEARS or ends.year not in _YEARS:
        raise Impossible("it knows the years 2000 to 2099")
    return {
        f"{of}{name}": value
        for of, at in (("start", begins), ("stop", ends))
        for name, value in (
            ("Year", at.year - 2000),
            ("Month", at.month),
            ("Day", at.day),
            ("Hour", at.hour),
            ("Minute", at.minute),
        )
    }


def _local(minute: int, zone: ZoneInfo) -> datetime:
    return datetime.fromtimestamp(minute * 60, UTC).astimezone(zone)


def _twice(at: datetime) -> timedelta:
    """By how much the clock was, or will be, set back over this local time; nothing where it comes once."""
    first, second = (at.replace(fold=fold).utcoffset() or timedelta(0) for fold in (0, 1))
    return max(first - second, timedelta(0))


def _begin(at: datetime) -> datetime:
    """Local time from which on. In the second of two equal hours it waits for their end."""
    if at.fold:
        while _twice(at):
            at += timedelta(minutes=1)
    return at.replace(tzinfo=None, fold=0)


def _end(at: datetime) -> datetime:
    """Local time before which. In the first of two equal hours it stops where they begin."""
    if not at.fold:
        while _twice(at) and _twice(at - timedelta(minutes=1)):
            at -= timedelta(minutes=1)
    return at.replace(tzinfo=None, fold=0)


def _sound(limit: WeekDay) -> None:
    if not (0 <= limit.begins < limit.ends <= _DAY) or not limit.days or not {*limit.days} <= {*range(_WEEK)}:
        raise Impossible("a window of the week begins and ends on one day")


def _sunday_first(day: int) -> int:
    return (day + 1) % _WEEK


def days_together(room: Room) -> bool:
    """Whether several days of the week are best counted as one window: by daily windows."""
    return room.numDailyRepeatingSlots > 0 and room.numWeekDaySlots < _WEEK


def _week_days(limits: Sequence[WeekDay]) -> Iterator[Schedule]:
    for limit in limits:
        _sound(limit)
        ends = min(limit.ends, _LAST_MINUTE)
        if ends <= limit.begins:
            raise Impossible("the day's last minute cannot be a window of its own")
        for day in sorted({*limit.days}):
            yield {
                "weekday": _sunday_first(day),
                "startHour": limit.begins // 60,
                "startMinute": limit.begins % 60,
                "stopHour": ends // 60,
                "stopMinute": ends % 60,
            }


def _daily(limit: WeekDay) -> Schedule:
    _sound(limit)
    minutes = min(limit.ends - limit.begins, _LAST_MINUTE)
    return {
        "weekdays": sorted(_sunday_first(day) for day in {*limit.days}),
        "startHour": limit.begins // 60,
        "startMinute": limit.begins % 60,
        "durationHour": minutes // 60,
        "durationMinute": minutes % 60,
    }
