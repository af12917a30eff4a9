"""What a schedule means, told the slow way: each minute is looked at on the wall, by zoneinfo alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr

from nightlatch.model.access import Always, Dates, Grant, Recurring, Weekly
from nightlatch.model.event import instant, micros

MINUTE = 60_000_000


def holds(grant: Grant, zone: ZoneInfo, at: int) -> bool:
    if at < grant.starts or (grant.ends and at >= grant.ends) or (grant.ended and at >= grant.ended):
        return False
    local = instant(at).astimezone(zone).replace(tzinfo=None)
    schedule = grant.schedule
    if isinstance(schedule, Always):
        return True
    if isinstance(schedule, Weekly):
        minute = local.weekday() * 1440 + local.hour * 60 + local.minute
        return any(begin <= minute + week < end for begin, end in schedule.windows for week in (0, 10080))
    if isinstance(schedule, Dates):
        minute = local.hour * 60 + local.minute
        return any(
            first <= (local - timedelta(days=back)).date() <= last
            and schedule.begins <= minute + back * 1440 < schedule.ends
            for first, last in schedule.ranges
            for back in (0, 1)
        )
    assert isinstance(schedule, Recurring)
    length = timedelta(minutes=schedule.minutes)
    return any(start <= local < start + length for start in times(schedule.rule, schedule.start, local - length, local))


def times(rule: str, start: str, since: datetime, until: datetime) -> list[datetime]:
    return rrulestr(rule, dtstart=datetime.fromisoformat(start)).between(since, until, inc=True)


def minutes(grant: Grant, zone: ZoneInfo, since: int, until: int) -> list[tuple[int, int]]:
    """The spans within [since, until), both whole minutes, clipped to them."""
    found: list[tuple[int, int]] = []
    for at in range(since, until, MINUTE):
        if holds(grant, zone, at):
            if found and found[-1][1] == at:
                found[-1] = (found[-1][0], at + MINUTE)
            else:
                found.append((at, at + MINUTE))
    return found


def at(zone: ZoneInfo, *fields: int, fold: int = 0) -> int:
    year, month, day, hour, minute = (*fields, 0, 0)[:5]
    return micros(datetime(year, month, day, hour, minute, tzinfo=zone, fold=fold).astimezone(UTC))
