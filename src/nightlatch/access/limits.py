"""What a lock by itself can hold a code to, of what its grants allow, and what hangs on the hub.

A lock takes days of the year or days of the week for a code, and lets it work when one of them holds;
of both kinds at once, locks disagree on whether one or both must hold, so there is never a mixture.
Days of the year are exact and end by themselves: they are taken where the grants end, as many of the
next times as the lock has room for, the rest when those are over. Days of the week never end: they are
taken where the grants do not end either, or where the lock has nothing better.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import tzinfo
from itertools import islice

import msgspec

from nightlatch.access.schedules import Span, following, moment_words, spans, union
from nightlatch.access.schedules.wall import DAY, DAY_MINUTES, FOREVER, MINUTE, WEEK_MINUTES, wall
from nightlatch.access.schedules.windows import weeks_windows
from nightlatch.model.access import Grant, Weekly
from nightlatch.model.command import Limit, Rules, WeekDay, YearDay

AHEAD = DAY
"""A code that is held by its lock may be on it so long before it begins."""
HORIZON = 62 * DAY
"""So far ahead the times of several grants are joined; what goes on longer is looked at again then."""
MOST_YEAR_DAYS = 7
"""Each costs the lock a message and a check: as many at a time as a week has days."""

_UNKNOWN = "What the lock can do is not known yet"


class Hold(msgspec.Struct, frozen=True):
    """From `begins` to before `ends` (0: no end) the lock by itself holds the code to `limits`.

    In between it may be shut out for a time: then the lock does it. `limits` None: the lock cannot,
    and the code must be on it exactly from `begins` to `ends`; (): it may always work.
    """

    begins: int
    ends: int
    limits: tuple[Limit, ...] | None


def limits(grants: Sequence[Grant], rules: Rules | None, zone: tzinfo, now: int) -> tuple[Limit, ...] | None:
    """What the lock is to hold a code to for the current or next time of these grants.

    None: it cannot, or no time lies ahead; (): it may always work, so there is nothing to hold it to.
    """
    found = hold(grants, rules, zone, now)
    return None if found is None else found.limits


def hold(grants: Sequence[Grant], rules: Rules | None, zone: tzinfo, now: int) -> Hold | None:
    """How the lock holds a code of these grants now or next; None: no time lies ahead.

    It stays the same until its end, so that nothing needs to be written to the lock in between.
    """
    live = [grant for grant in grants if following(grant, zone, now) is not None]
    if not live:
        return None
    first = min(span[0] for grant in live if (span := following(grant, zone, now)) is not None)
    until = max(first, now) + HORIZON
    begin, end = next(union(spans(grant, zone, now, until) for grant in live))
    if not end and begin <= now:
        return Hold(begin, end, ())
    if rules is not None:
        last = _last(live)
        if last and rules.year_days and (held := _days(live, rules, zone, now)) is not None:
            return held
        if (week := _week(live, rules, zone, begin, now)) is not None:
            return Hold(begin, last, week)
        if end and rules.year_days and not _twice((begin, end), zone):
            return Hold(begin, end, (YearDay(max(begin, _made(live)), end),))
    return Hold(begin, end, None)


def hub_down(
    grants: Sequence[Grant], rules: Rules | None, zone: tzinfo, now: int, *, schedules: bool | None = None
) -> str:
    """What happens at a lock when the hub is down as the grants end, in a sentence; nothing when they never end.

    `schedules`: whether its model is known to hold codes to times; asked where the lock's own rules were not read.
    """
    if rules is None and schedules is False:
        rules = Rules(0)
    held = hold(grants, rules, zone, now)
    if held is None or (held.limits == () and not held.ends):
        return ""
    if rules is None:
        model = "Its model can hold codes to times, but it was not asked yet" if schedules else _UNKNOWN
        return f"{model}: with the hub down at the end, the code may go on working."
    if held.limits is None:
        at = f" at {moment_words(held.ends, zone)}" if held.ends else ""
        return f"The lock cannot end it: with the hub down at the end{at}, the code works on until the hub is back."
    if isinstance(held.limits[0], YearDay):
        return "The lock ends it by itself, with the hub down too; the code is removed once the hub is back."
    if not held.ends:
        return "The lock keeps to the hours of the week by itself, with the hub down too."
    return (
        "The lock keeps to the hours of the week by itself, but not to the end: with the hub down at"
        f" {moment_words(held.ends, zone)}, the code works on in those hours until the hub is back."
    )


def _days(grants: list[Grant], rules: Rules, zone: tzinfo, now: int) -> Hold | None:
    """The times in bundles, counted from the first of all, so that a bundle stays the same until it is over."""
    size = min(rules.year_days, MOST_YEAR_DAYS)
    since = _made(grants)
    ahead = iter(union(spans(grant, zone, min(since, now), FOREVER) for grant in grants))
    while bundle := list(islice(ahead, size)):
        if not bundle[-1][1] or any(_twice(span, zone) for span in bundle):
            return None
        if bundle[-1][1] > now:
            begin = next(begin for begin, end in bundle if end > now)
            return Hold(begin, bundle[-1][1], tuple(YearDay(max(first, since), end) for first, end in bundle))
    return None


def _week(grants: list[Grant], rules: Rules, zone: tzinfo, begin: int, now: int) -> tuple[Limit, ...] | None:
    windows = [grant.schedule for grant in grants if isinstance(grant.schedule, Weekly)]
    if len(windows) < len(grants):
        return None
    together = Weekly(tuple(window for schedule in windows for window in schedule.windows))
    found = tuple(_week_days(together))
    room = len(found) if rules.days_together else sum(len(limit.days) for limit in found)
    if not found or room > rules.week_days:
        return None
    # Put on the lock ahead of its begin, it must not work before.
    before = Grant("", "", (), together)
    first = following(before, zone, max(now, begin - AHEAD))
    return found if begin <= now or (first is not None and first[0] >= begin) else None


def _week_days(schedule: Weekly) -> Iterator[WeekDay]:
    """Its windows cut at midnight, days with the same hours together."""
    days: dict[tuple[int, int], set[int]] = {}
    for begin, end in weeks_windows(schedule):
        at = begin
        while at < end:
            midnight = (at // DAY_MINUTES + 1) * DAY_MINUTES
            hours = at % DAY_MINUTES, DAY_MINUTES if end >= midnight else end % DAY_MINUTES
            days.setdefault(hours, set()).add(at % WEEK_MINUTES // DAY_MINUTES)
            at = midnight
    for (first, last), found in sorted(days.items()):
        yield WeekDay(tuple(sorted(found)), first, last)


def _made(grants: list[Grant]) -> int:
    """When the first of them began, or was made: no code of theirs was on a lock before."""
    return min(max(grant.starts, grant.made) for grant in grants)


def _last(grants: list[Grant]) -> int:
    """When the last of them ends; 0: one does not."""
    ends = [min(grant.ends or FOREVER, grant.ended or FOREVER) for grant in grants]
    return 0 if max(ends) == FOREVER else max(ends)


def _twice(span: Span, zone: tzinfo) -> bool:
    """Whether the lock's clock would show one of its ends twice."""
    home = wall(zone)
    return any(len(home.instants((at + home.piece(at).offset) // MINUTE)) > 1 for at in span)
