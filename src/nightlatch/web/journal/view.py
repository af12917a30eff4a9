"""What the pages of the journal show: entries as rows under days, and how far they are proven."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, tzinfo
from itertools import groupby

import msgspec

from nightlatch.errors import JournalError, ReadError
from nightlatch.journal import notes
from nightlatch.journal.leaves import Entry
from nightlatch.journal.paging import Page
from nightlatch.journal.verify import VERIFIED
from nightlatch.model.event import Event, instant
from nightlatch.report.entries import Names, printable
from nightlatch.report.sentences import sentence, tone
from nightlatch.store.users import Code, User, UserRecords
from nightlatch.web.house import House
from nightlatch.web.texts import _

ICONS: Mapping[str, str] = {
    "locked": "locked", "unlocked": "unlocked", "autolock": "locked", "door_opened": "open", "door_closed": "home",
    "jammed": "jammed", "wrong_code": "code", "keypad_disabled": "bad", "keypad_enabled": "ok", "tamper": "warn",
    "door_forced": "bad", "battery": "battery", "offline": "warn", "online": "ok", "gap": "eye-off",
    "disconnected": "warn", "connected": "hub", "parameter_changed": "tool", "security_changed": "shield",
    "join_opened": "hub", "join_closed": "hub", "code_added": "plus", "code_changed": "code", "code_removed": "trash",
    "clock_step": "clock", "alert": "alerts", "delivery": "phone", "audited": "posture", "verified": "shield",
    "act": "person", "person": "people", "grant": "access", "credential": "code", "ledger": "access",
    "feed": "calendar", "erased": "eye-off", "retained": "trash", "key_rotated": "passkey",
}  # fmt: skip
"""The icon of a kind; others have the journal's."""
MOST_RAW = 2_000
"""Characters of a raw message that open in place; the entry's own page has all."""


class Row(msgspec.Struct, frozen=True):
    """One entry, as it reads."""

    index: int
    at: int
    """µs since 1970; 0: not known."""
    iso: str
    clock: str
    """The time at home, with seconds."""
    day: str
    kind: str
    tone: str
    """bad, warn, mute or nothing."""
    icon: str
    text: str
    """What it tells, in a sentence."""
    state: str = ""
    """"damaged", "dropped" or "erased"; nothing when it can be read."""
    lull: str = ""
    """That nobody listened before it, and from when to when."""
    facts: tuple[tuple[str, str], ...] = ()
    """What else it holds, by name."""
    raw: str = ""
    """The peer's own message, clipped."""


class Day(msgspec.Struct, frozen=True):
    """The rows of one day at home, newest first."""

    day: str
    title: str
    rows: tuple[Row, ...]


class Verified(msgspec.Struct, frozen=True):
    """How far the journal is proven."""

    at: datetime | None
    """When it was verified last since the service started."""
    intact: bool | None
    problem: str
    busy: bool
    done: int
    total: int
    size: int
    """Entries in the journal now."""
    checked: int
    """Entries under the checkpoint that was verified last; 0: none."""
    root: str
    """That checkpoint's root, hex."""
    origin: str
    witnesses: tuple[Witness, ...] = ()


class Witness(msgspec.Struct, frozen=True):
    """What somebody else remembers of the journal."""

    id: str
    size: int
    """Entries of the newest checkpoint that it keeps; -1: not known."""
    at: datetime | None
    agrees: bool | None
    trouble: str


def names(house: House) -> Names:
    """What people call things; reads the database."""
    records = house.service.access.records
    with UserRecords(records.engine).read() as book:
        users, invited = book.every(User), book.every(Code)
    people = {one.id: one.name for one in users} | {one.id: one.name for one in records.people()}
    handles = {one.handle: one.name for one in invited} | {one.handle: one.name for one in users}
    return Names(house.configuration, people, handles)


def days(page: Page, called: Names, zone: tzinfo, today: datetime) -> list[Day]:
    """The entries of a page under the days of the home's clock."""
    made = rows(page.entries, called, zone)
    return [
        Day(day, title(group[0].at, zone, today) if day else "", tuple(group))
        for day, some in groupby(made, key=lambda row: row.day)
        for group in (list(some),)
    ]


def rows(entries: Sequence[Entry], called: Names, zone: tzinfo) -> list[Row]:
    """Entries as rows, newest first; what cannot be read stands under the day of what is beside it."""
    found: list[Row] = []
    day = _day(next((one.event for one in entries if one.event is not None), None), zone)
    for number, entry in enumerate(entries):
        day = _day(entry.event, zone) or day
        older = entries[number + 1] if number + 1 < len(entries) else None
        found.append(row(entry, called, zone, day=day, lull=_lull(entry, older, zone)))
    return found


def row(entry: Entry, called: Names, zone: tzinfo, *, day: str = "", lull: str = "") -> Row:
    """One entry as a row."""
    event = entry.event
    if event is None:
        state = "damaged" if entry.damaged else "dropped"
        told = ((_("Damage"), printable(entry.damaged)),) if entry.damaged else ()
        icon = "bad" if entry.damaged else "trash"
        return Row(entry.index, 0, "", "", day, "", tone(entry), icon, sentence(entry, called, zone), state, lull, told)
    at = event.instant.astimezone(zone)
    raw = readable(event.raw)
    return Row(
        entry.index,
        event.at,
        event.instant.isoformat(timespec="milliseconds"),
        f"{at:%H:%M:%S}",
        day or f"{at:%Y-%m-%d}",
        event.kind,
        tone(entry),
        ICONS.get(event.kind, "journal"),
        sentence(entry, called, zone),
        "erased" if entry.erased else "",
        lull,
        facts(entry, event, called, zone),
        raw if len(raw) <= MOST_RAW else f"{raw[:MOST_RAW]}…",
    )


def facts(entry: Entry, event: Event, called: Names, zone: tzinfo) -> tuple[tuple[str, str], ...]:
    """What an entry holds beside its sentence, for people."""
    found: Iterable[tuple[str, str]] = (
        (_("Heard"), _moment(event.at, zone)),
        (_("By the lock's own clock"), _moment(event.told, zone) if event.told else ""),
        (_("Since"), _moment(event.since, zone) if event.since else ""),
        (_("Told by"), event.source or _("Nightlatch itself")),
        (_("Code slot"), str(event.slot) if event.slot else ""),
        (_("Whose"), called.person(event.person) if event.person else ""),
        (_("Detail"), event.detail),
        (_("Found out"), _("after a reconnect, so it happened earlier") if event.resync else ""),
        (_("Erased"), _("who it was, and what was said of them, can be read by nobody again") if entry.erased else ""),
    )
    return tuple((name, printable(text)) for name, text in found if text)


def readable(raw: str) -> str:
    """A raw message with its JSON indented, where it is JSON, without what would be obeyed instead of shown."""
    try:
        text = json.dumps(json.loads(raw), indent=2, ensure_ascii=False) if raw else ""
    except (ValueError, RecursionError):
        text = raw
    return "\n".join(printable(line) for line in text.split("\n"))


def title(at: int, zone: tzinfo, today: datetime) -> str:
    """A day as a heading: Today, Yesterday, Sunday 22 November 2026."""
    when = instant(at).astimezone(zone)
    text = f"{when:%A} {when.day} {when:%B %Y}"
    past = (today.astimezone(zone).date() - when.date()).days
    return {0: _("Today, %(day)s", day=text), 1: _("Yesterday, %(day)s", day=text)}.get(past, text)


def verified(house: House) -> Verified:
    """How far the journal is proven; reads files."""
    service = house.service
    upkeep = service.upkeep
    done, total = upkeep.verifying or (0, 0)
    checked, root, origin = 0, "", ""
    try:
        checkpoint = notes.parse((house.folder / VERIFIED).read_text("utf-8"))
        checked, root, origin = checkpoint.size, checkpoint.root.hex(), checkpoint.origin
    except (OSError, UnicodeDecodeError, ReadError):
        checked = 0  # nothing was verified yet, or somebody changed the file: then nothing is claimed
    witnesses = tuple(
        Witness(id_, one.size, one.at, one.agrees, one.trouble) for id_, one in service.witnesses.standings.items()
    )
    try:
        size = house.journal.size
    except JournalError:
        size = 0
    return Verified(
        upkeep.verified_at, upkeep.intact, upkeep.problem, upkeep.wanted, done, total, size, checked, root, origin,
        witnesses,
    )  # fmt: skip


def _lull(entry: Entry, older: Entry | None, zone: tzinfo) -> str:
    """That Nightlatch did not run before a start, where the entry before it stands beside it."""
    event, before = entry.event, older.event if older is not None else None
    if event is None or event.kind != "started" or before is None or older is None or older.index != entry.index - 1:
        return ""
    begin, end = before.instant.astimezone(zone), event.instant.astimezone(zone)
    span = f"{begin:%H:%M}–{end:%H:%M}" if begin.date() == end.date() else f"{begin:%d %b %H:%M} – {end:%d %b %H:%M}"
    if before.kind == "stopped":
        return _("Nightlatch was not running %(span)s", span=span)
    return _("Nightlatch ended suddenly: nothing was heard %(span)s", span=span)


def _day(event: Event | None, zone: tzinfo) -> str:
    return "" if event is None else f"{event.instant.astimezone(zone):%Y-%m-%d}"


def _moment(at: int, zone: tzinfo) -> str:
    when = instant(at).astimezone(zone)
    return f"{when:%a} {when.day} {when:%b %Y %H:%M:%S %Z}"
