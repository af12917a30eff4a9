"""Times as people write them: an instant, windows of the week, days. What cannot be read: ValueError, in words."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, tzinfo

from nightlatch.access.schedules.checking import check
from nightlatch.access.schedules.wall import DAY, DAY_MINUTES, HOUR, MINUTE, WEEK_MINUTES, wall
from nightlatch.model.access import Dates, Weekly
from nightlatch.model.event import micros

LONGEST_TEXT = 400
FORMS = 'write it as "2026-12-01 12:00", "1 Dec 12:00", "Sunday 11:00", "tomorrow 9:00" or "in 2 hours"'

_DAY_NAMES = {
    name: index
    for index, whole in enumerate(("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"))
    for name in {whole, whole[:3], whole[:4], whole[:5]}
}
_DAY_GROUPS = {"daily": range(7), "everyday": range(7), "weekdays": range(5), "weekends": range(5, 7)}
_MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_MONTH_NAMES = {name: index for index, whole in enumerate(_MONTHS, 1) for name in {whole, whole[:3], whole[:4]}}
_IN = re.compile(r"in\s+(\d{1,5}|an?|one)\s*(min(?:ute)?s?|m|hours?|h|days?|d|weeks?)")
_TIME = re.compile(r"(\d{1,2})(?::(\d\d))?\s*(am|pm)?")
_NAMED_DAY = re.compile(r"(\d{1,2})\.?\s+([a-z]{3,9})(?:\s+(\d{4}))?\s+(.+)")
_HOURS = re.compile(r"(\d{1,2}:\d\d)\s*(?:-|–|to)\s*(\d{1,2}:\d\d)")
_LONG = re.compile(r"([a-z]{3,9}) (\d{1,2}:\d\d) ?(?:-|–|to) ?([a-z]{3,9}) (\d{1,2}:\d\d)")
_RANGE = re.compile(r"(\d{4}-\d\d-\d\d)(?:\s*\.\.\s*(\d{4}-\d\d-\d\d))?")


def when(text: str, zone: tzinfo, now: int) -> int:
    """The instant that somebody means who writes this `now`, by the wall at home, µs since 1970.

    A weekday, or a time without a day, is the next one. A time that the wall does not show on that
    day, or shows twice, is an error that says how to write what is meant.
    """
    clean = " ".join(text.split()).lower()
    if not clean or len(clean) > LONGEST_TEXT:
        raise ValueError(f"{_short(text)} is no time: {FORMS}")
    if clean == "now":
        return now
    match = _IN.fullmatch(clean)
    if match is not None:
        return _later(match, zone, now)
    exact = _exact(clean)
    if exact is not None:
        return exact
    today = wall(zone).local(now).date()
    first, _, rest = clean.partition(" ")
    first = first.rstrip(",")
    for name, ahead in (("today", 0), ("tomorrow", 1)):
        if first == name:
            return _at(today + timedelta(days=ahead), _minute(rest, text), zone)
    if first in _DAY_NAMES:
        minute = _minute(rest, text)
        day = today + timedelta(days=(_DAY_NAMES[first] - today.weekday()) % 7)
        return _next(day, minute, 7, zone, now)
    match = _NAMED_DAY.fullmatch(clean)
    if match is not None and match[2] in _MONTH_NAMES:
        return _named(match, today, zone, now, text)
    if re.fullmatch(r"\d{4}-\d\d-\d\d", first.partition("t")[0]):
        day_text, _, time = clean.replace("t", " ", 1).partition(" ")
        return _at(_date(day_text), _minute(time, text), zone)
    if _TIME.fullmatch(clean) is not None and (":" in clean or clean.endswith("m")):
        return _next(today, _minute(clean, text), 1, zone, now)
    raise ValueError(f"{_short(text)} is no time: {FORMS}")


def weekly(text: str) -> Weekly:
    """Windows of the week: "Mon-Fri 09:00-12:00, Sat 22:00-02:00, Fri 17:00 to Mon 08:00".

    One that ends before it begins crosses midnight. Days without hours take the next ones
    ("Mon, Wed 09:00-12:00"), hours without days the last ones.
    """
    if len(text) > LONGEST_TEXT:
        raise ValueError(f"windows of the week have at most {LONGEST_TEXT} characters")
    windows: list[tuple[int, int]] = []
    days: list[int] = []
    complete = True
    for item in re.split(r"[,;]", text):
        clean = " ".join(item.lower().split())
        match = _LONG.fullmatch(clean)
        if match is not None and complete:
            windows.append(_long(match))
            days = []
            continue
        hours = list(_HOURS.finditer(clean))
        named = (clean[: hours[0].start()] if hours else clean).strip().rstrip(":")
        between = _HOURS.sub("", clean[len(named) :] if named else clean).replace("and", "").strip(" :")
        if (not named and not hours) or between:
            raise ValueError(f"{_short(item)} is no window of the week: write it as Mon-Fri 09:00-12:00")
        if named:
            days = _days(named) if complete else [*days, *_days(named)]
        elif not days:
            raise ValueError(f"{_short(item)} names no day: write it as Mon-Fri 09:00-12:00")
        complete = bool(hours)
        for match in hours:
            begin, end = _hours(match)
            windows += [(day * DAY_MINUTES + begin, day * DAY_MINUTES + end) for day in days]
    if not complete:
        raise ValueError(f"{_short(text)} ends with a day without hours: write 00:00-24:00 for a whole day")
    return Weekly(tuple(sorted(set(windows))))


def dates(text: str) -> Dates:
    """Days, and at the end the hours of each: "2026-12-24..2026-12-27, 2027-01-02 15:00-11:00"."""
    if len(text) > LONGEST_TEXT:
        raise ValueError(f"days have at most {LONGEST_TEXT} characters")
    clean = text.strip()
    begins, ends = 0, DAY_MINUTES
    match = re.search(rf"\s+{_HOURS.pattern}$", clean)
    if match is not None:
        begins, ends = _hours(match)
        clean = clean[: match.start()]
    ranges = []
    for item in re.split(r"[,;]", clean):
        found = _RANGE.fullmatch(item.strip())
        if found is None:
            raise ValueError(
                f"{_short(item)} are no days: write them as 2026-12-24..2026-12-27, the hours of all days at the end"
            )
        first = _date(found[1])
        last = _date(found[2]) if found[2] else first
        ranges.append((first, last))
    read = Dates(tuple(ranges), begins, ends)
    check(read, UTC)
    return read


def clock(text: str) -> int:
    """A time of the day in minutes, to 24:00: "15:00", "3 pm"."""
    return _minute(" ".join(text.lower().split()), text)


def _later(match: re.Match[str], zone: tzinfo, now: int) -> int:
    count = int(match[1]) if match[1].isdecimal() else 1
    unit = match[2]
    if unit.startswith("m"):
        return now + count * MINUTE
    if unit.startswith("h"):
        return now + count * HOUR
    # Days and weeks keep to the wall: at this time of the day, then.
    local = wall(zone).local(now)
    day = local.date() + timedelta(days=count * (7 if unit.startswith("w") else 1))
    return _at(day, local.hour * 60 + local.minute, zone)


def _exact(clean: str) -> int | None:
    """An ISO time with an offset from UTC."""
    if not re.search(r"\d(?:z|[+-]\d\d:?\d\d)$", clean) or ":" not in clean:
        return None
    try:
        at = datetime.fromisoformat(clean.replace("t", " ").upper())
    except ValueError:
        return None
    return None if at.tzinfo is None else micros(at)


def _named(match: re.Match[str], today: date, zone: tzinfo, now: int, text: str) -> int:
    minute = _minute(match[4], text)
    month = _MONTH_NAMES[match[2]]
    years = (int(match[3]),) if match[3] else range(today.year, today.year + 9)
    for year in years:
        try:
            day = date(year, month, int(match[1]))
        except ValueError:
            continue
        if match[3] or _minutes_of(day) + minute > wall(zone).minute(now):
            return _at(day, minute, zone)
    raise ValueError(f"{_short(text)}: there is no such day")


def _next(day: date, minute: int, step: int, zone: tzinfo, now: int) -> int:
    """The first time from `day` on, each so many days, that lies ahead."""
    if _minutes_of(day) + minute <= wall(zone).minute(now):
        day += timedelta(days=step)
    return _at(day, minute, zone)


def _at(day: date, minute: int, zone: tzinfo) -> int:
    home = wall(zone)
    wanted = _minutes_of(day) + minute
    found = home.instants(wanted)
    if len(found) == 1:
        return found[0]
    told = f"{day} {minute // 60:02}:{minute % 60:02}"
    if found:
        first, second = (_iso(day, minute, home.piece(at).offset) for at in found)
        raise ValueError(
            f"{told} comes twice in {zone}, the clock goes back: write {first} for the first, {second} for the second"
        )
    after = home.piece(wanted * MINUTE - min(home.piece(wanted * MINUTE + way * DAY).offset for way in (-1, 1)))
    shown = home.local(after.begin)
    raise ValueError(f"{told} does not come in {zone}: the clock goes forward then, to {shown:%Y-%m-%d %H:%M}")


def _iso(day: date, minute: int, offset: int) -> str:
    sign = "-" if offset < 0 else "+"
    east = abs(offset) // MINUTE
    return f"{day}T{minute // 60:02}:{minute % 60:02}{sign}{east // 60:02}:{east % 60:02}"


def _minutes_of(day: date) -> int:
    return (day - date(1970, 1, 1)).days * DAY_MINUTES


def _date(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{_short(text)} is no day of the calendar") from None
    if not 1970 <= day.year <= 9000:
        raise ValueError(f"{_short(text)} is not between 1970 and 9000")
    return day


def _minute(text: str, whole: str) -> int:
    """A time of the day in minutes, to 24:00."""
    clean = text.removeprefix("at ").strip()
    if not clean:
        raise ValueError(f"{_short(whole)} says no time of the day: add one, 24:00 for the day's end")
    match = _TIME.fullmatch(clean)
    if match is None or (match[2] is None and match[3] is None):
        raise ValueError(f"{_short(whole)} is no time: {FORMS}")
    hour, minute = int(match[1]), int(match[2] or 0)
    if match[3]:
        if not 1 <= hour <= 12 or minute > 59:
            raise ValueError(f"{_short(whole)} has no such time of the day")
        return hour % 12 * 60 + minute + (720 if match[3] == "pm" else 0)
    if hour * 60 + minute > DAY_MINUTES or minute > 59:
        raise ValueError(f"{_short(whole)} has no such time of the day")
    return hour * 60 + minute


def _hours(match: re.Match[str]) -> tuple[int, int]:
    begin, end = (_minute(match[at], match[0].strip()) for at in (1, 2))
    if begin in (end, DAY_MINUTES):
        raise ValueError(f"{match[0].strip()!r} begins when it ends: write 00:00-24:00 for a whole day")
    return begin, end if end > begin else end + DAY_MINUTES


def _long(match: re.Match[str]) -> tuple[int, int]:
    """From one day's time to another's: "fri 17:00 to mon 08:00"."""
    begin, end = (_days(match[at])[0] * DAY_MINUTES + _minute(match[at + 1], match[0]) for at in (1, 3))
    if begin == end:
        raise ValueError(f"{match[0]!r} begins when it ends")
    return begin % WEEK_MINUTES, begin % WEEK_MINUTES + (end - begin) % WEEK_MINUTES


def _days(text: str) -> list[int]:
    if text.replace(" ", "") in _DAY_GROUPS:
        return list(_DAY_GROUPS[text.replace(" ", "")])
    days: list[int] = []
    for item in re.split(r"\s+(?:and\s+)?", re.sub(r"\s*[-–]\s*", "-", text)):
        first, dash, last = item.partition("-")
        if first not in _DAY_NAMES or (dash and last not in _DAY_NAMES):
            raise ValueError(
                f"{_short(item)} is no day of the week: write Mon, Tue, Wed, Thu, Fri, Sat, Sun, or Mon-Fri"
            )
        begin = _DAY_NAMES[first]
        days += [(begin + day) % 7 for day in range((_DAY_NAMES[last] - begin) % 7 + 1)] if dash else [begin]
    return days


def _short(text: str) -> str:
    clean = text.strip()
    return repr(clean if len(clean) <= 60 else clean[:57] + "...")
