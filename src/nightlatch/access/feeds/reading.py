"""Reads the stays out of an iCalendar file (RFC 5545), which is a stranger's, within bounds."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from hashlib import blake2b
from typing import Any

import msgspec
import recurring_ical_events
from icalendar import Calendar
from icalendar.parser import Contentline, Contentlines

from nightlatch.access.feeds.shapes import guest
from nightlatch.access.schedules.rules import occurrences, parts
from nightlatch.access.schedules.wall import DAY, DAY_MINUTES, MINUTE, wall
from nightlatch.errors import ReadError
from nightlatch.model.access import Feed
from nightlatch.model.event import instant, micros

MOST_BYTES = 1 << 20
MOST_LINES = 40_000
MOST_ENTRIES = 2_000
MOST_STAYS = 200
MOST_RULES = 20
LONGEST_STAY_DAYS = 366
AHEAD_DAYS = 2 * 366
LONGEST_NAME = 60
_EPOCH_DAY = date(1970, 1, 1)


class Booking(msgspec.Struct, frozen=True):
    """One stay: somebody may open the feed's doors from `begins` to before `ends`, µs since 1970."""

    key: str
    """The same at each reading: of the entry's UID, or of its times where it has none."""
    begins: int
    ends: int
    name: str = ""
    """The guest's, where the calendar tells it."""


class Reading(msgspec.Struct, frozen=True):
    """What a calendar said: the stays that are not over, in order."""

    bookings: tuple[Booking, ...]
    entries: int = 0
    """How many entries it has that are not over, closed days too."""
    given_up: frozenset[str] = frozenset()
    """Keys of entries that say that they are cancelled, or over."""
    odd: tuple[str, ...] = ()
    """What was left out and why, in words."""


def read(content: bytes, feed: Feed, zone: tzinfo, now: int) -> Reading:
    """The stays of a calendar from `now` on, two years ahead. ReadError when it is none, or passes the bounds."""
    where = f"calendar {feed.name or feed.id}"
    try:
        _check(content)
        calendar = Calendar.from_ical(content)
        if calendar.name != "VCALENDAR":
            raise ReadError("is no calendar")
        return _reading(calendar, feed, zone, now)
    except ReadError as error:
        raise ReadError(error.what, where=where) from None
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError, RecursionError) as error:
        # The library's own words may repeat what the calendar holds of guests.
        raise ReadError(f"is no calendar that can be read ({type(error).__name__})", where=where) from None


def _check(content: bytes) -> None:
    """Refuse what is cut off, too large, or makes the library work without end, before it sees it."""
    if len(content) > MOST_BYTES:
        raise ReadError(f"is larger than {MOST_BYTES >> 20} MiB")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ReadError(f"is not UTF-8 text at byte {error.start}") from None
    if "\x00" in text:
        raise ReadError("is not text")
    # The library's own lines: what it takes for one line or for two, nothing here may take otherwise.
    every: list[Contentline] = Contentlines.from_ical(text)  # type: ignore[no-untyped-call]  # it has no annotations
    lines = [line for line in every if line.strip()]
    if not lines or lines[0].strip().upper() != "BEGIN:VCALENDAR":
        raise ReadError("is no calendar: it does not begin with BEGIN:VCALENDAR")
    if lines[-1].strip().upper() != "END:VCALENDAR":
        raise ReadError("is cut off: it does not end with END:VCALENDAR")
    if len(lines) > MOST_LINES:
        raise ReadError(f"has more than {MOST_LINES} lines")
    depth = entries = 0
    within: list[str] = []
    for number, line in enumerate(lines, 1):
        name, value = _taken_apart(line)
        if name == "BEGIN":
            if value == "VEVENT" and within != ["VCALENDAR"]:
                raise ReadError(f"has an entry within another thing in line {number}")
            within.append(value)
            depth = max(depth, len(within))
            entries += value == "VEVENT"
        elif name == "END":
            if not within or within.pop() != value:
                raise ReadError(f"ends in line {number} what it did not begin")
        elif name == "EXRULE" or (name in ("RRULE", "RDATE") and "VTIMEZONE" in within and not _yearly(name, value)):
            raise ReadError(f"has a rule in line {number} that no calendar needs")
    if within or depth > 4:
        raise ReadError("is nested too deep, or does not end what it begins")
    if entries > MOST_ENTRIES:
        raise ReadError(f"has more than {MOST_ENTRIES} entries")


def _taken_apart(line: Contentline) -> tuple[str, str]:
    """A line's name and value as the library reads them; of one that it cannot read, nothing: it leaves that out."""
    try:
        name, _, value = line.parts()
    except ValueError:
        return "", ""
    return name.upper(), value.upper()


def _yearly(name: str, value: str) -> bool:
    """Whether a rule of a time zone is one that time zones have."""
    if name == "RDATE":
        return value.count(",") < 100
    try:
        return parts(value)["FREQ"] == "YEARLY"
    except ValueError:
        return False


def _reading(calendar: Any, feed: Feed, zone: tzinfo, now: int) -> Reading:
    product = str(calendar.get("PRODID", ""))
    odd: list[str] = []
    bookings: list[Booking] = []
    given_up: set[str] = set()
    seen: dict[str, int] = {}
    entries = 0
    for event, key in _events(calendar, now, odd):
        try:
            begins, ends = _times(event, feed, zone)
        except ValueError as error:
            odd.append(f"an entry was left out: {error}")
            continue
        entries += ends > now
        who = guest(str(event.get("SUMMARY", "")), str(event.get("UID", "")), product)
        if who is None:
            continue
        # Two entries with one UID, or without any and at the same times, are two guests.
        unique = key or _digest(f"{begins} {ends}")
        seen[unique] = seen.get(unique, 0) + 1
        if seen[unique] > 1:
            unique = f"{unique}#{seen[unique]}"
        if ends <= now or str(event.get("STATUS", "")).upper() == "CANCELLED":
            given_up.add(unique)
        elif begins < now + AHEAD_DAYS * DAY:
            bookings.append(Booking(unique, begins, ends, _name(who)))
            if len(bookings) > MOST_STAYS:
                raise ReadError(f"has more than {MOST_STAYS} stays to come: it is no calendar of stays")
    bookings.sort(key=lambda one: (one.begins, one.ends, one.key))
    return Reading(tuple(bookings), entries, frozenset(given_up), tuple(odd))


def _events(calendar: Any, now: int, odd: list[str]) -> Iterator[tuple[Any, str]]:
    """Every entry with its key; what recurs once for each time that is not long over."""
    every = list(calendar.walk("VEVENT"))
    recurring = {str(event.get("UID", "")) for event in every if "RRULE" in event or "RDATE" in event}
    if len(recurring) > MOST_RULES:
        raise ReadError(f"has more than {MOST_RULES} entries that recur")
    refused = {str(event.get("UID", "")) for event in every if not _bounded(event)}
    if refused:
        odd.append(f"{len(refused)} entries were left out: they recur by a rule that cannot be used")
    for event in every:
        uid = str(event.get("UID", ""))
        if uid not in recurring:
            yield event, _digest(uid) if uid else ""
    if recurring - refused:
        since, until = instant(now - LONGEST_STAY_DAYS * DAY), instant(now + AHEAD_DAYS * DAY)
        # Nothing else is worked out: a rule that was refused may be one without end.
        alone = Calendar()
        alone.subcomponents = [event for event in every if str(event.get("UID", "")) in recurring - refused]
        for event in recurring_ical_events.of(alone, skip_bad_series=True).between(since, until):
            at = event.get("RECURRENCE-ID", event.get("DTSTART"))
            yield event, _digest(f"{event.get('UID', '')} {at.dt.isoformat()}")


def _bounded(event: Any) -> bool:
    """Whether what recurs does so by a rule that can be worked out, and ever does."""
    rule, start = event.get("RRULE"), event.get("DTSTART")
    if rule is None:
        return True
    if isinstance(rule, list) or start is None or "EXRULE" in event:
        return False
    begin = start.dt if isinstance(start.dt, datetime) else datetime.combine(start.dt, time())
    try:
        text = rule.to_ical().decode()
        return 1970 <= begin.year <= 9000 and next(occurrences(text, begin.replace(tzinfo=None), UTC), None) is not None
    except ValueError:
        return False


def _times(event: Any, feed: Feed, zone: tzinfo) -> tuple[int, int]:
    """When a stay begins and ends. ValueError, in words without what the entry says of people."""
    start, end, length = event.get("DTSTART"), event.get("DTEND"), event.get("DURATION")
    if start is None or isinstance(start, list) or isinstance(end, list):
        raise ValueError("it has no one begin and end")
    first = start.dt
    last = end.dt if end is not None else first + (length.dt if length is not None else timedelta())
    whole_days = not isinstance(first, datetime)
    if whole_days != (not isinstance(last, datetime)):
        raise ValueError("it begins on a day and ends at a time")
    if not 1970 <= first.year <= 9000 or not 1970 <= last.year <= 9000:
        raise ValueError(f"it is of the year {first.year}")
    if whole_days:
        last = max(last, first + timedelta(days=1))
        begins, ends = _at(first, feed.checkin, zone), _at(last, feed.checkout, zone)
    else:
        begins, ends = (_instant(at, which, zone) for at, which in ((first, start), (last, end or start)))
    if ends <= begins:
        raise ValueError("it ends before it begins")
    if ends - begins > LONGEST_STAY_DAYS * DAY:
        raise ValueError(f"it is longer than {LONGEST_STAY_DAYS} days")
    return begins, ends


def _instant(at: datetime, told: Any, zone: tzinfo) -> int:
    """A time of an entry: in its own zone, or, without one, by the wall at home."""
    if at.tzinfo is not None:
        return micros(at.astimezone(UTC))
    name = str(told.params.get("TZID", ""))
    if name:
        raise ValueError(f"its time zone {name[:40]!r} is not known")
    return _at(at.date(), at.hour * 60 + at.minute, zone)


def _at(day: date, minute: int, zone: tzinfo) -> int:
    """When the wall first shows a minute of a day; in the hour that a clock change leaves out, when that is over."""
    home = wall(zone)
    wanted = (day - _EPOCH_DAY).days * DAY_MINUTES + minute
    shown = home.instants(wanted)
    if shown:
        return shown[0]
    return next(piece.begin for piece in home.pieces(wanted * MINUTE - DAY) if home.minute(piece.begin) > wanted)


def _name(text: str) -> str:
    clean = "".join(sign if sign.isprintable() else " " for sign in text)
    return " ".join(clean.split())[:LONGEST_NAME].strip()


def _digest(text: str) -> str:
    """A UID may hold what it likes: its digest is short, and tells nothing."""
    return blake2b(text.encode(), digest_size=12, person=b"booking").hexdigest()
