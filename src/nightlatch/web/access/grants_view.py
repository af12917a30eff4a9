"""Grants as a list and as a calendar."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta, tzinfo
from heapq import nlargest
from typing import Literal

import msgspec

from nightlatch.access import giving
from nightlatch.access.register import Register
from nightlatch.access.schedules import spans
from nightlatch.access.schedules.wall import FOREVER, wall
from nightlatch.model.access import Grant
from nightlatch.model.event import micros
from nightlatch.web.access.meaning import GrantRow, row
from nightlatch.web.texts import _

MOST = 2_000
"""Grants that one calendar looks at: those made last."""
SHOWN = {"month": 3, "week": 12, "day": 500}
ALWAYS = 60
Which = Literal["live", "open", "later", "ended", "all"]
_ENDED = ("ended", "over", "used")


class Event(msgspec.Struct, frozen=True):
    """A time on a day at which somebody may open doors."""

    grant: str
    whom: str
    doors: str
    begins: str
    """By the wall, "09:00"; "00:00" where it goes on from the day before."""
    ends: str


class Day(msgspec.Struct, frozen=True):
    """A day at home."""

    date: str
    number: int
    weekday: str
    in_words: str
    today: bool
    other: bool
    """Of a month: a day of another one, that fills its first or last week."""
    events: tuple[Event, ...]
    more: int
    """Events of the day that are not listed here."""


class Calendar(msgspec.Struct, frozen=True):
    """Who may open which door, day by day."""

    kind: Literal["day", "week", "month"]
    title: str
    first: str
    before: str
    """The first day of the time before, and after."""
    after: str
    weeks: tuple[tuple[Day, ...], ...]
    always: tuple[GrantRow, ...]
    """Grants without an end that hold at any time."""
    left_out: int
    """Grants that were not looked at."""


def listed_grants(
    register: Register, which: Which, search: str, now: int, *, door: str = "", person: str = ""
) -> list[Grant]:
    """The grants of a kind whose people, doors or reason have a text in them, those made last first."""
    words, found = search.casefold(), []
    reach = None
    if person and person in register.people:
        reach = {f"person:{person}", *(f"group:{one}" for one in register.people[person].groups)}
    for one in register.grants.values():
        if reach is not None and one.to not in reach:
            continue
        if door and door not in one.doors:
            continue
        if which != "all" and not _fits(giving.state(one, register, now), which):
            continue
        text = " ".join((register.whom(one.to), *(register.name(door) for door in one.doors), one.reason))
        if words in text.casefold():
            found.append(one)
    return sorted(found, key=lambda one: (one.made, one.id), reverse=True)


def _fits(state: str, which: Which) -> bool:
    match which:
        case "live":
            return state in ("open", "later")
        case "ended":
            return state in _ENDED
        case _:
            return state == which


def calendar(
    register: Register, kind: Literal["day", "week", "month"], day: date, now: int, *, door: str = ""
) -> Calendar:
    """The day, week or month that a day is in."""
    zone = register.zone
    today = wall(zone).local(now).date()
    first, last, before, after, title = _bounds(kind, day)
    begin, end = _midnight(first, zone), _midnight(last + timedelta(days=1), zone)
    held = [one for one in register.grants.values() if not door or door in one.doors]
    looked = nlargest(MOST, (one for one in held if _reaches(one, begin, end)), key=lambda one: one.made)
    always, by_day = [], dict[date, list[tuple[int, Event]]]()
    for one in looked:
        shown = row(one, register, now)
        if shown.always:
            if shown.standing in ("open", "later"):
                always.append(shown)
            continue
        for since, until in spans(one, zone, max(begin, one.made), end):
            for at, event_day, event in _events(shown, (max(since, one.made), until), first, last, zone):
                by_day.setdefault(event_day, []).append((at, event))
    days = [first + timedelta(days=count) for count in range((last - first).days + 1)]
    month = day.month if kind == "month" else 0
    told = [_day(one, by_day.get(one, ()), today, month, SHOWN[kind]) for one in days]
    weeks = tuple(tuple(told[at : at + 7]) for at in range(0, len(told), 7))
    reaching = sum(_reaches(one, begin, end) for one in held)
    return Calendar(
        kind, title, str(first), str(before), str(after), weeks, tuple(always[:ALWAYS]), reaching - len(looked)
    )


def _bounds(kind: str, day: date) -> tuple[date, date, date, date, str]:
    one = timedelta(days=1)
    if kind == "day":
        return day, day, day - one, day + one, f"{day:%A} {day.day} {day:%B %Y}"
    if kind == "week":
        first = day - timedelta(days=day.weekday())
        last = first + timedelta(days=6)
        title = f"{first.day} {first:%B} – {last.day} {last:%B %Y}"
        return first, last, first - timedelta(days=7), first + timedelta(days=7), title
    begin = day.replace(day=1)
    end = (begin + timedelta(days=32)).replace(day=1)
    first, last = begin - timedelta(days=begin.weekday()), end - one
    last += timedelta(days=6 - last.weekday())
    return first, last, (begin - one).replace(day=1), end, f"{begin:%B %Y}"


def _reaches(grant: Grant, begin: int, end: int) -> bool:
    last = min(grant.ends or FOREVER, grant.ended or FOREVER)
    return max(grant.starts, grant.made) < end and last > begin


def _events(
    shown: GrantRow, span: tuple[int, int], first: date, last: date, zone: tzinfo
) -> Iterable[tuple[int, date, Event]]:
    """A span on each day that it touches."""
    home = wall(zone)
    begin, end = span[0], span[1] or FOREVER
    day = max(home.local(begin).date(), first) if begin else first
    while day <= last:
        midnight, next_midnight = _midnight(day, zone), _midnight(day + timedelta(days=1), zone)
        if midnight >= end:
            return
        begins = "00:00" if begin <= midnight else f"{home.local(begin):%H:%M}"
        ends = "24:00" if end >= next_midnight else f"{home.local(end):%H:%M}"
        yield max(begin, midnight), day, Event(shown.id, shown.whom, ", ".join(shown.door_names), begins, ends)
        day += timedelta(days=1)


def _day(day: date, events: Iterable[tuple[int, Event]], today: date, month: int, most: int) -> Day:
    ordered = [event for _at, event in sorted(events, key=lambda one: (one[0], one[1].whom))]
    words = f"{day:%A} {day.day} {day:%B}"
    return Day(
        str(day), day.day, _(f"{day:%a}"), words, day == today, bool(month) and day.month != month,
        tuple(ordered[:most]), max(0, len(ordered) - most),
    )  # fmt: skip


def _midnight(day: date, zone: tzinfo) -> int:
    """The first instant of a day at home."""
    return micros(datetime(day.year, day.month, day.day, tzinfo=zone))
