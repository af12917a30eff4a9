"""What a change to a grant makes wider: who, where, when and how often, in sentences."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date, tzinfo
from itertools import chain

from nightlatch.access.schedules.rules import YEARS, starting
from nightlatch.access.schedules.spanning import Span, spans
from nightlatch.access.schedules.wall import DAY, FOREVER
from nightlatch.access.schedules.wording import length_words, moment_words, span_words
from nightlatch.model.access import EVERY_DOOR, Dates, Grant, Recurring

HORIZON_DAYS = 400
"""What comes each week is compared this far ahead: a year, with each change of the clock in it, and a month."""


def widening(
    before: Grant | None,
    after: Grant,
    zone: tzinfo,
    now: int,
    *,
    whom: Callable[[str], str],
    named: Callable[[str], str],
) -> tuple[str, ...]:
    """What `after` allows that `before` did not, from `now` on; nothing when it allows no more.

    `before` None: it allowed nothing. `whom` and `named` tell what people call whom a grant is to, and doors.
    Times are compared exactly until 400 days after the last of:
    now, the starts, the last dates, the last day of a rule. What lies beyond is told by the ends.
    """
    if not after.doors or next(spans(after, zone, now, FOREVER), None) is None:
        return ()
    parts = (
        _people(before, after, whom),
        _doors(before, after, named),
        _times(before, after, zone, now),
        _uses(before, after),
    )
    return tuple(chain.from_iterable(parts))


def difference(wider: Iterable[Span], narrower: Iterable[Span]) -> Iterator[Span]:
    """What the first spans hold and the second do not; both in order, without an end of 0."""
    rest = iter(narrower)
    cut = next(rest, None)
    for begin, end in wider:
        at = begin
        while cut is not None and cut[1] <= at:
            cut = next(rest, None)
        while cut is not None and cut[0] < end:
            if cut[0] > at:
                yield at, cut[0]
            at = cut[1]
            if at >= end:
                break
            cut = next(rest, None)
        if at < end:
            yield at, end


def _people(before: Grant | None, after: Grant, whom: Callable[[str], str]) -> Iterator[str]:
    if before is not None and before.to == after.to:
        return
    later = ", now and later" if after.to.startswith("group:") else ""
    yield f"{whom(after.to)} gets it{later}{f', instead of {whom(before.to)}' if before is not None else ''}."


def _doors(before: Grant | None, after: Grant, named: Callable[[str], str]) -> Iterator[str]:
    had = before.doors if before is not None else ()
    if EVERY_DOOR in had:
        return
    if EVERY_DOOR in after.doors:
        yield "It opens every door, those that are added later too."
        return
    more = [door for door in after.doors if door not in had]
    if more:
        yield f"It opens {', '.join(named(door) for door in more)}."


def _times(before: Grant | None, after: Grant, zone: tzinfo, now: int) -> Iterator[str]:
    until = _horizon([grant for grant in (before, after) if grant is not None], now)
    had = () if before is None else _clipped(before, zone, now, until)
    more = list(difference(_clipped(after, zone, now, until), had))
    ends, ended = _last(after), 0 if before is None else _last(before)
    if more:
        length = length_words(sum(end - begin for begin, end in more))
        first = span_words(more[0], zone, now) if more[0][1] < until else f"from {moment_words(more[0][0], zone)}"
        over = f"until {moment_words(until, zone)}" if ends > until else "in all"
        yield f"It holds for {length}{' more' * (before is not None)} {over}, first {first}."
    if ends > max(ended, now) and next(spans(after, zone, max(ended, until if ends == FOREVER else now), ends), None):
        was = f" It ended {moment_words(ended, zone)} before." if ended else ""
        if ends == FOREVER:
            yield f"It never ends.{was}"
        elif was:
            yield f"It ends {moment_words(ends, zone)}.{was}"


def _uses(before: Grant | None, after: Grant) -> Iterator[str]:
    if before is None or not before.uses:
        return
    if not after.uses:
        yield f"It can be used any number of times, instead of {before.uses}."
    elif after.uses - after.used > before.uses - before.used:
        yield f"It can be used {after.uses - after.used} more times, instead of {max(before.uses - before.used, 0)}."


def _clipped(grant: Grant, zone: tzinfo, since: int, until: int) -> Iterator[Span]:
    for begin, end in spans(grant, zone, since, until):
        yield max(begin, since), min(end or FOREVER, until)


def _last(grant: Grant) -> int:
    return min(grant.ends or FOREVER, grant.ended or FOREVER)


def _horizon(grants: list[Grant], now: int) -> int:
    """Far enough that nothing but what comes each week lies beyond."""
    found = [now, *(grant.starts for grant in grants)]
    for schedule in (grant.schedule for grant in grants):
        if isinstance(schedule, Dates):
            found += [_micros(last) for _, last in schedule.ranges]
        elif isinstance(schedule, Recurring):
            found.append(_micros(starting(schedule.start).date()) + YEARS * 366 * DAY)
    return max(found) + HORIZON_DAYS * DAY


def _micros(day: date) -> int:
    return (day - date(1970, 1, 1)).days * DAY
