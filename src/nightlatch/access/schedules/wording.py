"""Schedules and spans in words."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, tzinfo
from itertools import islice

from nightlatch.access.schedules.spanning import Span, spans
from nightlatch.access.schedules.wall import DAY_MINUTES, FOREVER, MINUTE, SECOND, wall
from nightlatch.model.access import Always, Dates, Grant, Schedule, Weekly

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def preview(grant: Grant, zone: tzinfo, now: int, most: int = 5) -> tuple[str, ...]:
    """The next spans of a grant: "Mon 23 Nov 09:00-12:00". None: it never holds from now on."""
    return tuple(span_words(span, zone, now) for span in islice(spans(grant, zone, now, FOREVER), most))


def words(grant: Grant, zone: tzinfo) -> str:
    """A grant's times in a line: "Mon-Fri 09:00-12:00, from Mon 23 Nov 2026 09:00, 2 uses"."""
    told = [schedule_words(grant.schedule)]
    if grant.starts:
        told.append(f"from {moment_words(grant.starts, zone)}")
    last = min(grant.ends or FOREVER, grant.ended or FOREVER)
    told.append("without an end" if last == FOREVER else f"until {moment_words(last, zone)}")
    if grant.uses:
        told.append(f"{grant.uses} use{'s' * (grant.uses != 1)}{f', {grant.used} of them used' * bool(grant.used)}")
    return ", ".join(told)


def schedule_words(schedule: Schedule) -> str:
    """A schedule in a line, as `weekly` and `dates` read it where it is one of those."""
    if isinstance(schedule, Always):
        return "at any time"
    if isinstance(schedule, Weekly):
        return ", ".join(_week(schedule)) or "never"
    if isinstance(schedule, Dates):
        ranges = ", ".join(str(first) if first == last else f"{first}..{last}" for first, last in schedule.ranges)
        whole = (schedule.begins, schedule.ends) == (0, DAY_MINUTES)
        return (ranges if whole else f"{ranges} {_hours(schedule.begins, schedule.ends)}") if ranges else "never"
    length, start = length_words(schedule.minutes * MINUTE), schedule.start.replace("T", " ")
    return f"{length} each time by {schedule.rule} from {start}"


def span_words(span: Span, zone: tzinfo, now: int) -> str:
    """A span by the wall at home; the year where it is not this one, and what a change of the clock does to it."""
    home = wall(zone)
    year = home.local(now).year
    begin, end = span
    if not end:
        return "at any time, without an end" if not begin else f"from {moment_words(begin, zone, year)}, without an end"
    if not begin:
        return f"until {moment_words(end, zone, year)}"
    # The end of a day is told as its 24:00.
    first, last = home.local(begin), home.local(end - MINUTE)
    same = first.date() == last.date()
    ending = _clock(end, zone) if home.local(end).date() == last.date() else "24:00"
    told = f"{moment_words(begin, zone, year)}-{'' if same else _day(last, year) + ' '}{ending}"
    return told + "".join(_changes(span, zone))


def moment_words(at: int, zone: tzinfo, year: int = 0) -> str:
    """`Mon 23 Nov 2026 09:00` by the wall at home, without the year where it is this one."""
    return f"{_day(wall(zone).local(at), year)} {_clock(at, zone)}"


def length_words(length: int) -> str:
    """A length of µs in days, hours and minutes: "1 h 30 min"."""
    minutes, seconds = divmod(length // SECOND, 60)
    days, minutes = divmod(minutes, DAY_MINUTES)
    parts = ((days, "d"), (minutes // 60, "h"), (minutes % 60, "min"), (seconds, "s"))
    return " ".join(f"{count} {unit}" for count, unit in parts if count) or "0 s"


def _changes(span: Span, zone: tzinfo) -> Iterator[str]:
    home = wall(zone)
    begin, end = span
    before = home.piece(begin - 1).offset
    for piece in home.pieces(begin):
        if piece.begin > end:
            return
        if piece.offset != before and piece.begin >= begin:
            way = "forward" if piece.offset > before else "back"
            yield f" (the clock goes {way} to {home.local(piece.begin):%H:%M}: {length_words(end - begin)})"
        before = piece.offset


def _day(local: datetime, year: int) -> str:
    told = f"{DAYS[local.weekday()]} {local.day} {MONTHS[local.month - 1]}"
    return told if local.year == year else f"{told} {local.year}"


def _clock(at: int, zone: tzinfo) -> str:
    """`09:00`; with the offset from UTC where the wall shows it twice."""
    home = wall(zone)
    local = home.local(at)
    told = f"{local:%H:%M}" if not at % MINUTE else f"{local:%H:%M:%S}"
    if len(home.instants(home.minute(at))) < 2:
        return told
    east = home.piece(at).offset // MINUTE
    return f"{told} ({'-' if east < 0 else '+'}{abs(east) // 60:02}:{abs(east) % 60:02})"


def _week(schedule: Weekly) -> Iterator[str]:
    """Days with the same hours together, in the order of the first."""
    days: dict[tuple[int, int], list[int]] = {}
    for begin, end in schedule.windows:
        day = begin // DAY_MINUTES
        days.setdefault((begin - day * DAY_MINUTES, end - day * DAY_MINUTES), []).append(day)
    for (begin, end), found in days.items():
        ordered = sorted(set(found))
        if end - begin > DAY_MINUTES or (end - begin == DAY_MINUTES and begin):
            for day in ordered:
                last = day * DAY_MINUTES + end
                yield f"{DAYS[day]} {_of_day(begin)} to {DAYS[last // DAY_MINUTES % 7]} {_of_day(last % DAY_MINUTES)}"
        else:
            yield f"{_runs(ordered)} {_hours(begin, end)}"


def _runs(days: list[int]) -> str:
    """`Mon-Fri Sun`."""
    runs: list[list[int]] = []
    for day in days:
        if runs and day == runs[-1][-1] + 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    return " ".join(DAYS[run[0]] if len(run) == 1 else f"{DAYS[run[0]]}-{DAYS[run[-1]]}" for run in runs)


def _hours(begin: int, end: int) -> str:
    return f"{_of_day(begin)}-{_of_day(end if end <= DAY_MINUTES else end - DAY_MINUTES)}"


def _of_day(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"
