"""Limits of a code as schedules of a Matter lock, and back. All of it is arithmetic.

A lock counts year-day schedules in its own local time: seconds since 2000 on the clock on the wall (Matter
Application Cluster Specification 1.3, 5.2.10.4 and 5.2.10.8). The hour that the clocks are set back over comes
twice there, so that a limit that begins or ends within it cannot be told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

import msgspec

from nightlatch.model.command import Limit, Rules, WeekDay, YearDay
from nightlatch.model.event import instant

UNRESTRICTED, YEAR_DAY, WEEK_DAY = 0, 1, 2
"""User types: one who always has access, and those who have it only within their schedules of one kind."""
_EPOCH = datetime(2000, 1, 1)  # noqa: DTZ001  # local time, of whatever zone
_SECOND = 1_000_000
_LATEST = 2**32 - 1
_DAY_MINUTES = 24 * 60
_LAST = (23, 59)
"""The end that means midnight; so the minute before midnight cannot be an end."""

Kind = Literal["YearDay", "WeekDay"]


class Unkeepable(ValueError):
    """These limits cannot be told to this lock; the text says why."""


class Plan(msgspec.Struct, frozen=True):
    """What to set for a user: its type, and its schedules of one kind by their fields."""

    user_type: int
    kind: Kind | None
    schedules: tuple[Mapping[str, int], ...]


def plan(limits: Sequence[Limit], zone: str, rules: Rules) -> Plan:
    """The schedules that hold a code to exactly these limits; Unkeepable when there are none."""
    years = [limit for limit in limits if isinstance(limit, YearDay)]
    weeks = [limit for limit in limits if isinstance(limit, WeekDay)]
    if years and weeks:
        # A lock that has both lets in only where both hold.
        raise Unkeepable("a Matter lock cannot hold a code to dates or to days of the week, whichever comes")
    if len(years) > rules.year_days:
        raise Unkeepable(f"the lock keeps {rules.year_days} schedules of dates for a code, not {len(years)}")
    if len(weeks) > rules.week_days:
        raise Unkeepable(f"the lock keeps {rules.week_days} schedules of the week for a code, not {len(weeks)}")
    if years:
        return Plan(YEAR_DAY, "YearDay", tuple(_year_day(limit, ZoneInfo(zone)) for limit in years))
    if weeks:
        return Plan(WEEK_DAY, "WeekDay", tuple(_week_day(limit) for limit in weeks))
    return Plan(UNRESTRICTED, None, ())


def _year_day(limit: YearDay, zone: ZoneInfo) -> dict[str, int]:
    # Within whole seconds: never before it begins, never after it ends.
    begins, ends = _local(-(-limit.begins // _SECOND), zone), _local(limit.ends // _SECOND, zone)
    if not 0 <= begins < ends <= _LATEST:
        raise Unkeepable("it is no time that a Matter lock can keep")
    return {"localStartTime": begins, "localEndTime": ends}


def _local(seconds: int, zone: ZoneInfo) -> int:
    """Seconds since 1970 as seconds since 2000 on the clock on the wall."""
    try:
        local = instant(seconds * _SECOND).astimezone(zone)
    except (OverflowError, ValueError):
        raise Unkeepable("it is no time that a Matter lock can keep") from None
    if any(local.replace(fold=fold).utcoffset() != local.utcoffset() for fold in (0, 1)):
        raise Unkeepable("the clocks are set back in that hour, and the lock could not tell which of the two is meant")
    return int((local.replace(tzinfo=None, fold=0) - _EPOCH) // timedelta(seconds=1))


def _week_day(limit: WeekDay) -> dict[str, int]:
    if limit.ends == _DAY_MINUTES - 1:
        raise Unkeepable("a Matter lock takes an end at 23:59 for midnight")
    if not limit.days or not 0 <= limit.begins < limit.ends <= _DAY_MINUTES:
        raise Unkeepable("it is no time of the week")
    end = _LAST if limit.ends == _DAY_MINUTES else divmod(limit.ends, 60)
    return {
        # Its bit 0 is Sunday; day 0 here is Monday.
        "daysMask": sum(1 << (day + 1) % 7 for day in set(limit.days)),
        "startHour": limit.begins // 60,
        "startMinute": limit.begins % 60,
        "endHour": end[0],
        "endMinute": end[1],
    }


def matches(told: Mapping[str, Any], wanted: Mapping[str, int] | None) -> bool:
    """Whether a lock's answer about one schedule is the wanted one; None: that there is none."""
    if wanted is None:
        return told.get("status") != 0
    return told.get("status") == 0 and all(told.get(name) == value for name, value in wanted.items())


def clock_is_off(local_time: int, now: int, zone: str) -> int:
    """By how many seconds a lock's LocalTime (µs since 2000, its own) is ahead of the home's clock at `now`."""
    home = instant(now).astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    return round((_EPOCH + timedelta(microseconds=local_time) - home).total_seconds())
