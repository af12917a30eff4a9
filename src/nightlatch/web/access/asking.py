"""The fields of a form for a grant, and the grant that they mean."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta, tzinfo

import msgspec

from nightlatch.access import schedules
from nightlatch.access.register import Register
from nightlatch.access.schedules.wall import MINUTE, wall
from nightlatch.configuration.durations import duration
from nightlatch.errors import UsageError
from nightlatch.model.access import (
    EVERY_DOOR,
    Always,
    Dates,
    Grant,
    Person,
    Recurring,
    Schedule,
    Weekly,
)
from nightlatch.web.access.typed import Typed, number
from nightlatch.web.texts import _

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
NEW = "new"
"""In `to`: somebody who is added with the grant."""
HOWS = ("until", "always", "weekly", "dates", "rule")
MOST_USES = 10_000
MOST_DOORS = 60
"""Doors that the form shows."""
_DAY_MINUTES = 1440


def someone(typed: Typed, register: Register) -> Person | None:
    """The person that would be added; None where the grant is to somebody who is there. UsageError without a name."""
    if typed.one("to") != NEW:
        return None
    name = typed.one("name")
    if not name:
        raise UsageError(_("the guest has no name yet"), where=_("Name"), todo=_("Write what you call them."))
    return Person(new_id(name, register), name)


def new_id(name: str, register: Register) -> str:
    """An id for somebody of this name, that nobody has."""
    plain = "".join(sign if sign.isascii() and sign.isalnum() else "-" for sign in name.casefold()).strip("-")
    base = "-".join(part for part in plain.split("-") if part)[:40] or "guest"
    count, found = 1, base
    while found in register.people:
        count += 1
        found = f"{base}-{count}"
    return found


def grant_of(typed: Typed, register: Register, now: int, *, before: Grant | None = None) -> Grant:
    """The grant that the form means; UsageError says which field to look at. `register` knows who would be added."""
    doors = typed.many("doors")
    if not doors:
        raise UsageError(_("no door is chosen"), where=_("Which doors"), todo=_("Choose one or more."))
    to = typed.one("to")
    if not to:
        raise UsageError(_("nobody is chosen"), where=_("Who"), todo=_("Choose somebody, or add a new guest."))
    zone = register.zone
    how = typed.one("how", "until")
    starts = _instant(typed, "from", _("Begins"), zone, now=now, known=before.starts if before is not None else 0)
    known = before.ends if before is not None else 0
    ends = 0 if how == "always" else _instant(typed, "until", _("Ends"), zone, now=now, known=known)
    if how == "until" and not ends:
        raise UsageError(_("it says no end"), where=_("Ends"), todo=_("Choose a day and a time."))
    grant = Grant(
        before.id if before is not None else "",
        register.to(to),
        register.doors(doors),
        _schedule(typed, how, zone),
        starts,
        ends,
        uses=number(typed.one("uses"), most=MOST_USES),
        reason=typed.one("reason"),
        made=before.made if before is not None else now,
    )
    if ends and ends <= max(now, starts):
        raise UsageError(_("it would end before it begins"), where=_("Ends"), todo=_("Choose a later end."))
    if before is not None:
        return msgspec.structs.replace(
            grant, used=before.used, by=before.by, ended=before.ended, feed=before.feed, booking=before.booking
        )
    return grant


def _schedule(typed: Typed, how: str, zone: tzinfo) -> Schedule:
    try:
        match how:
            case "weekly":
                days = [one for one in typed.many("days") if one in DAYS]
                if typed.one("windows"):
                    return schedules.weekly(typed.one("windows"))
                if not days:
                    raise UsageError(_("no day of the week is chosen"), where=_("Days of the week"))
                hours = f"{typed.one('week_from', '09:00')}-{typed.one('week_to', '12:00')}"
                return schedules.weekly(", ".join(f"{day} {hours}" for day in days))
            case "dates":
                first, last = typed.one("first_day"), typed.one("last_day") or typed.one("first_day")
                hours = f"{typed.one('day_from', '00:00')}-{typed.one('day_to', '24:00')}"
                hours = "" if hours in ("00:00-24:00", "00:00-00:00") else f" {hours}"
                return schedules.dates(f"{first}..{last}{hours}")
            case "rule":
                start = f"{typed.one('rule_day')}T{typed.one('rule_time', '09:00')}"
                length = duration(typed.one("rule_length", "2h"))
                found = Recurring(typed.one("rule").upper(), start, length // MINUTE)
                schedules.check(found, zone)
                return found
            case _:
                return Always()
    except ValueError as error:
        raise UsageError(str(error), where=_("When")) from None


def _instant(typed: Typed, name: str, label: str, zone: tzinfo, *, now: int, known: int) -> int:
    """What two fields mean. As they stand for `known` they mean just that: they tell no seconds and no second 02:30."""
    day, time = typed.one(f"{name}_day"), typed.one(f"{name}_time")
    if not day:
        if time:
            raise UsageError(_("it has a time and no day"), where=label)
        return 0
    if known and (day, time) == _fields(known, zone):
        return known
    try:
        return schedules.when(f"{day} {time or '00:00'}", zone, now)
    except ValueError as error:
        raise UsageError(str(error), where=label) from None


def _fields(at: int, zone: tzinfo) -> tuple[str, str]:
    """A day and a time as fields have them."""
    local = wall(zone).local(at)
    return f"{local:%Y-%m-%d}", f"{local:%H:%M}"


def filled(grant: Grant, zone: tzinfo) -> Typed:
    """The fields as they mean a grant."""
    fields: dict[str, list[str]] = {
        "to": [grant.to],
        "doors": list(grant.doors),
        "reason": [grant.reason],
        "uses": [str(grant.uses) if grant.uses else ""],
    }
    for name, at in (("from", grant.starts), ("until", grant.ends)):
        day, time = _fields(at, zone) if at else ("", "")
        fields[f"{name}_day"], fields[f"{name}_time"] = [day], [time]
    match grant.schedule:
        case Weekly() as weekly:
            fields |= {"how": ["weekly"], "windows": [schedules.schedule_words(weekly)]}
            hours = {(begin % _DAY_MINUTES, end - begin) for begin, end in weekly.windows}
            begin, length = next(iter(hours), (0, 0))
            # Two times of the day tell less than a day from the first to the second.
            if len(hours) == 1 and length < _DAY_MINUTES:
                fields["windows"] = []
                fields["days"] = [DAYS[one // _DAY_MINUTES] for one, _end in weekly.windows]
                fields["week_from"], fields["week_to"] = [_clock(begin)], [_clock(begin + length)]
        case Dates() as dates if len(dates.ranges) == 1:
            first, last = dates.ranges[0]
            fields |= {
                "how": ["dates"],
                "first_day": [str(first)],
                "last_day": [str(last)],
                "day_from": [_clock(dates.begins)],
                "day_to": [_clock(dates.ends)],
            }
        case Recurring() as rule:
            day, _t, time = rule.start.partition("T")
            fields |= {"how": ["rule"], "rule": [rule.rule], "rule_day": [day], "rule_time": [time]}
            fields["rule_length"] = [f"{rule.minutes}m"]
        case _:
            fields["how"] = ["until" if grant.ends else "always"]
    return Typed(fields)


def keeps_schedule(grant: Grant) -> bool:
    """Whether the form's fields can tell all of a grant's schedule."""
    return not isinstance(grant.schedule, Dates) or len(grant.schedule.ranges) == 1


def _clock(minute: int) -> str:
    """A time of the day as a field takes it: none takes 24:00."""
    return f"{minute // 60 % 24:02}:{minute % 60:02}"


PICKS: tuple[tuple[str, str], ...] = (
    ("tonight", "Tonight, until 23:00"),
    ("tomorrow", "Until tomorrow 11:00"),
    ("sunday", "Until Sunday 11:00"),
    ("week", "For 7 days"),
    ("tuesday", "Every Tuesday 9–12"),
    ("once", "Once, within 2 hours"),
)
"""Common times; templates have the words translated."""


def picked(typed: Typed, pick: str, zone: tzinfo, now: int) -> Typed:
    """The form with one of the common times filled in."""
    local = wall(zone).local(now)
    empty = dict.fromkeys(("from_day", "from_time", "until_day", "until_time", "uses", "windows"), "")
    typed = typed.having(**empty)

    def until(at: datetime) -> Typed:
        return typed.having(how="until", until_day=f"{at:%Y-%m-%d}", until_time=f"{at:%H:%M}")

    late = local.replace(hour=23, minute=0, second=0, microsecond=0)
    eleven = local.replace(hour=11, minute=0, second=0, microsecond=0)
    match pick:
        case "tonight":
            return until(late if local < late else late + timedelta(days=1))
        case "tomorrow":
            return until(eleven + timedelta(days=1))
        case "sunday":
            sunday = eleven + timedelta(days=6 - local.weekday())
            return until(sunday if sunday > local else sunday + timedelta(days=7))
        case "week":
            return until(local + timedelta(days=7))
        case "tuesday":
            return typed.having(how="weekly", days=["Tue"], week_from="09:00", week_to="12:00")
        case "once":
            return until(local + timedelta(hours=2)).having(uses="1")
        case _:
            return typed


def doors_to_choose(register: Register, chosen: Sequence[str] = ()) -> list[tuple[str, str]]:
    """The doors, and locks without one, that a grant can name; of very many those that are chosen come first."""
    alone = [lock for lock, door in register.locks.items() if not door]
    with_lock = [door for door in dict.fromkeys(register.locks.values()) if door]
    found = [*with_lock, *alone]
    if len(found) >= MOST_DOORS:
        found.sort(key=lambda one: one not in chosen)
    return [(EVERY_DOOR, _("Every door, later ones too")), *((one, register.name(one)) for one in found)]
