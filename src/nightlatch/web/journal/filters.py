"""What somebody wants to see of the journal, as the address of a page says it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from urllib.parse import urlencode

import msgspec

from nightlatch.errors import UsageError
from nightlatch.journal.selecting import Wanted
from nightlatch.model.event import KINDS, micros
from nightlatch.web.house import House
from nightlatch.web.texts import _

GROUPS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "doors": ("Doors", ("locked", "unlocked", "door_opened", "door_closed", "autolock")),
    "trouble": (
        "Trouble",
        ("jammed", "wrong_code", "keypad_disabled", "keypad_enabled", "tamper", "door_forced", "gap", "offline"),
    ),
    "codes": (
        "Codes and people",
        ("code_added", "code_changed", "code_removed", "person", "grant", "credential", "ledger", "feed"),
    ),
    "acts": ("Done in the web app", ("act",)),
    "alerts": ("Alerts", ("alert", "delivery")),
    "hubs": (
        "Locks and hubs",
        (
            "battery", "online", "parameter_changed", "connected", "disconnected", "security_changed", "join_opened",
            "join_closed",
        ),
    ),
    "nightlatch": (
        "Nightlatch itself",
        (
            "started", "stopped", "clock_step", "command", "outcome", "audited", "verified", "key_rotated", "erased",
            "retained", "restored",
        ),
    ),
}  # fmt: skip
"""Kinds of events, in the groups that people look for. Every kind is in one."""
SPANS = {"24h": timedelta(days=1), "7d": timedelta(days=7), "30d": timedelta(days=30)}
MOST_WORDS = 20


class Filters(msgspec.Struct, frozen=True):
    """Which entries: those that fit every field that is set."""

    doors: tuple[str, ...] = ()
    """Ids of doors, with their locks."""
    person: str = ""
    groups: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    """Kinds of events, beside the groups."""
    since: str = ""
    """A day or time at home, or 24h, 7d, 30d."""
    until: str = ""
    """A day, to its end, or a time at home."""

    @property
    def any(self) -> bool:
        """Whether anything is asked for."""
        return self != Filters()

    def query(self, **more: object) -> str:
        """The same as the query of an address, with further fields."""
        pairs: list[tuple[str, object]] = [("door", door) for door in self.doors]
        pairs += [("group", group) for group in self.groups] + [("kind", kind) for kind in self.kinds]
        pairs += [(name, text) for name in ("person", "since", "until") if (text := getattr(self, name))]
        pairs += [(name, value) for name, value in more.items() if value is not None]
        return f"?{urlencode(pairs)}" if pairs else ""


def read(given: Mapping[str, Iterable[str]]) -> Filters:
    """The filters of a query, by its fields; UsageError names what is none."""
    words = {name: tuple(dict.fromkeys(filter(None, values))) for name, values in given.items()}
    for name, values in words.items():
        if len(values) > MOST_WORDS or any(len(value) > 200 for value in values):
            raise UsageError(_("%(name)s asks for too much", name=name))
    groups, kinds = words.get("group", ()), words.get("kind", ())
    for word, known in (*((group, GROUPS) for group in groups), *((kind, KINDS) for kind in kinds)):
        if word not in known:
            raise UsageError(_("the journal knows no kind of entry %(word)r", word=word))
    one = {name: words.get(name, ("",))[-1] if words.get(name) else "" for name in ("person", "since", "until")}
    return Filters(words.get("door", ()), one["person"], groups, kinds, one["since"], one["until"])


def wanted(filters: Filters, house: House) -> Wanted:
    """What is looked for in the journal; UsageError when there is no such door, or a time is none."""
    tables = house.configuration.tables
    doors = {one.id for one in tables.doors}
    for door in filters.doors:
        if door not in doors:
            raise UsageError(_("there is no door %(door)r", door=door))
    about = {f"door:{door}" for door in filters.doors}
    about |= {f"lock:{one.id}" for one in tables.locks if one.door in filters.doors}
    kinds = {kind for group in filters.groups for kind in GROUPS[group][1]} | set(filters.kinds)
    found = next((one for one in tables.people if one.id == filters.person), None)
    credentials = [one.rpartition("/") for one in (found.credentials if found else ())]
    now = house.today()
    begin = _instant(filters.since, house, now)
    end = _instant(filters.until, house, now, end=True)
    if begin and end and begin >= end:
        raise UsageError(_("the time range ends before it begins"))
    return Wanted(
        frozenset(about),
        frozenset(kinds),
        person=filters.person,
        credentials=frozenset((f"lock:{lock}", int(slot)) for lock, _slash, slot in credentials if slot.isdecimal()),
        since=micros(begin) if begin else None,
        until=micros(end) if end else None,
    )


def _instant(text: str, house: House, now: datetime, *, end: bool = False) -> datetime | None:
    if not text:
        return None
    if text in SPANS:
        return now - SPANS[text]
    try:
        if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
            return datetime.combine(date.fromisoformat(text) + timedelta(end), datetime.min.time(), house.zone)
        found = datetime.fromisoformat(text)
        return found if found.tzinfo else found.replace(tzinfo=house.zone)
    except (ValueError, OverflowError):
        raise UsageError(_("%(given)r is no time", given=text), todo=_("Write a day as 2026-10-01.")) from None
