"""Whether a lock's clock shows the time at home: its schedules hold a code by that clock alone."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from datetime import time as clock
from zoneinfo import ZoneInfo

from msgspec import Struct

from nightlatch.ecosystems._zwavejs.asker import Asker
from nightlatch.ecosystems._zwavejs.messages import CLOCK, SCHEDULE_ENTRY_LOCK, TIME, TIME_PARAMETERS

OFF = timedelta(minutes=2)
"""What it may be off: a Clock report has no seconds, and the radio takes its time."""
TRUSTED_US = 3_600_000_000
"""For how long a clock that was right is not read again, µs."""

_CLOCKS = (TIME_PARAMETERS, TIME, CLOCK)
_WITH_OFFSET = 2
_DAYS = 7


class Time(Struct, frozen=True):
    """A time of day, by Time or Clock; `weekday` 1 is Monday, 0 is not told."""

    hour: int
    minute: int
    second: int = 0
    weekday: int = 0


class Date(Struct, frozen=True):
    """A date."""

    year: int
    month: int
    day: int


class Offset(Struct, frozen=True):
    """Minutes ahead of UTC in winter, and by how much more in summer or the whole of it, as locks differ in that."""

    standardOffset: int = 0
    dstOffset: int = 0


def readable(asker: Asker) -> bool:
    """Whether the lock has a clock that can be read."""
    return any(one in asker.node.supports for one in _CLOCKS)


async def wrong(asker: Asker, zone: ZoneInfo, now: int) -> str:
    """In words what is wrong with the lock's clock at `now` (µs); nothing when it is right.

    A clock that is wrong is set by the hub once, and read again.
    """
    if not readable(asker):
        return "the lock's clock cannot be read"
    what = await _compared(asker, zone, now)
    if not what:
        return ""
    await asker.hub("node.set_date_and_time", dict[str, bool])
    asker.sent += _messages_to_set(asker)
    what = await _compared(asker, zone, now)
    return f"{what}: the hub may keep another time zone" if what else ""


async def _compared(asker: Asker, zone: ZoneInfo, now: int) -> str:
    at_home = datetime.fromtimestamp(now // 1_000_000, UTC).astimezone(zone).replace(tzinfo=None)
    try:
        shown = await _local(asker, zone, at_home)
    except ValueError:
        return "the lock's clock shows no time that there is"
    if abs(shown - at_home) <= OFF:
        return ""
    return f"the lock's clock shows {shown:%Y-%m-%d %H:%M} when it is {at_home:%Y-%m-%d %H:%M} at home"


async def _local(asker: Asker, zone: ZoneInfo, at_home: datetime) -> datetime:
    """What the lock takes for local time; of what it does not tell, what is nearest to the time at home."""
    supports = asker.node.supports
    if TIME_PARAMETERS in supports:
        utc = await asker.read(TIME_PARAMETERS, "get", datetime)
        if utc.tzinfo is None:
            raise ValueError("a time without a zone")
        return utc.astimezone(UTC).replace(tzinfo=None) + await _ahead(asker, zone, at_home)
    if TIME in supports:
        time = await asker.read(TIME, "getTime", Time)
        day = await asker.read(TIME, "getDate", Date)
        return datetime.combine(date(day.year, day.month, day.day), clock(time.hour, time.minute, time.second))
    time = await asker.read(CLOCK, "get", Time)
    days = range(-1, 2) if not time.weekday else range(_DAYS)
    about = [
        at_home.replace(hour=time.hour, minute=time.minute, second=0) + timedelta(days=day)
        for day in days
        if not time.weekday or (at_home + timedelta(days=day)).isoweekday() == time.weekday
    ]
    return min(about, key=lambda one: abs(one - at_home))


async def _ahead(asker: Asker, zone: ZoneInfo, at_home: datetime) -> timedelta:
    """By how much a lock that keeps UTC is ahead of it in its schedules."""
    if asker.node.supports.get(SCHEDULE_ENTRY_LOCK, 1) < _WITH_OFFSET:
        return timedelta(0)
    offset = await asker.read(SCHEDULE_ENTRY_LOCK, "getTimezone", Offset)
    home = at_home.replace(tzinfo=zone).utcoffset() or timedelta(0)
    minutes = {offset.standardOffset, offset.dstOffset, offset.standardOffset + offset.dstOffset}
    return min((timedelta(minutes=one) for one in minutes), key=lambda one: abs(one - home))


def _messages_to_set(asker: Asker) -> int:
    """How many messages the driver sends for it at most (`setDateAndTime` of zwave-js: Node.ts)."""
    supports = asker.node.supports
    one = 1 if TIME_PARAMETERS in supports or CLOCK in supports else 4
    return one + (supports.get(TIME, 1) >= _WITH_OFFSET or supports.get(SCHEDULE_ENTRY_LOCK, 1) >= _WITH_OFFSET)
