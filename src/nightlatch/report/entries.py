"""Entries of the journal for people and for programs: what each says in words, JSON, CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from datetime import tzinfo
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import msgspec

from nightlatch.journal.leaves import Entry
from nightlatch.model.event import Event, instant

if TYPE_CHECKING:
    from nightlatch.configuration.read import Configuration

COLUMNS = (
    "index",
    "at",
    "kind",
    "about",
    "source",
    "by",
    "slot",
    "person",
    "value",
    "name",
    "since",
    "told",
    "resync",
    "detail",
    "erased",
)
"""Of the CSV. The peer's raw message, which is long, is only in JSON."""
_DO = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""How a text begins that a spreadsheet may take for a formula (OWASP, CSV Injection)."""
WORDS = {
    "jammed": "jammed",
    "wrong_code": "wrong code",
    "keypad_disabled": "keypad disabled",
    "keypad_enabled": "keypad enabled again",
    "tamper": "tampering",
    "battery": "battery {value} %",
    "offline": "does not answer",
    "online": "answers again",
    "parameter_changed": "{name} is now {value}",
    "code_added": "code added",
    "code_changed": "code changed",
    "code_removed": "code removed",
    "door_opened": "opened",
    "door_closed": "closed",
    "door_forced": "forced open",
    "connected": "connected",
    "disconnected": "connection lost",
    "gap": "nothing was heard since {since}",
    "security_changed": "security is now {value}",
    "join_opened": "open for new devices",
    "join_closed": "closed for new devices",
    "started": "Nightlatch started",
    "stopped": "Nightlatch stopped",
    "clock_step": "the clock was set by {value} s",
    "command": "command {name} {value}",
    "outcome": "{name}: {value}",
    "autolock": "auto-lock {name}",
    "alert": "alert {name} {value}",
    "delivery": "delivery {name} {value}",
    "audited": "audited, score {value}",
    "verified": "journal verified: {value}",
    "key_rotated": "the journal signs with a new key",
    "erased": "a person was erased, with their keys ({value})",
    "retained": "contents older than {value} days dropped",
    "restored": "the journal is another than before",
    "person": "person {name}",
    "grant": "grant {value} {name}",
    "credential": "code {name}",
    "ledger": "ledger: {value}",
    "feed": "calendar {value} {name}",
    "act": "in the web app: {name}",
}
"""What each kind reads as; others as they are called."""
ENDINGS = {"evidence": "done, read back", "refused": "refused", "unknown": "nothing was read back"}
"""How a command ended."""
BY = {
    "code": "by code",
    "tag": "by tag",
    "biometric": "by fingerprint or face",
    "key": "with the key",
    "thumb": "by the thumb-turn",
    "manual": "by hand",
    "touch": "by the button outside",
    "remote": "by a remote command",
    "voice": "by voice",
    "auto": "by itself",
    "schedule": "by schedule",
}
BAD = frozenset(("jammed", "wrong_code", "keypad_disabled", "tamper", "door_forced"))
ODD = frozenset(("gap", "offline", "disconnected", "security_changed", "join_opened", "clock_step", "alert", "erased"))
OWN = frozenset(("started", "stopped", "delivery", "audited", "verified", "retained", "connected", "online", "command"))


class Names:
    """What people call things and persons, by the configuration; without one, by their ids.

    `people` are the names of those whom it does not know, by id; `users` those of users of the web app, by handle.
    """

    def __init__(
        self,
        configuration: Configuration | None,
        people: Mapping[str, str] = MappingProxyType({}),
        users: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self._things = {f"user:{handle}": name for handle, name in users.items()}
        self._people = dict(people)
        if configuration is None:
            return
        tables = configuration.tables
        for kind, group in (("door", tables.doors), ("lock", tables.locks), ("hub", tables.hubs)):
            self._things |= {f"{kind}:{one.id}": one.name for one in group if one.name}
        self._people |= {one.id: one.name for one in tables.people if one.name}

    def thing(self, about: str) -> str:
        """The thing's name, with its kind where it has none; a handle of a user says nothing to anybody."""
        return self._things.get(about) or ("a user" if about.startswith("user:") else about.replace(":", " ", 1))

    def person(self, id_: str) -> str:
        """The person's name."""
        return self._people.get(id_, id_)


def what(entry: Entry, event: Event, names: Names, zone: tzinfo) -> str:
    """What happened, in a line, without the thing that it happened to."""
    since = f"{instant(event.since).astimezone(zone):%Y-%m-%d %H:%M:%S}" if event.since else "an unknown time"
    words = WORDS.get(event.kind, event.kind.replace("_", " "))
    if event.kind == "audited" and event.value == "":
        words = "audited, nothing to score"
    if event.kind == "verified" and event.name:
        words = "journal compared with witness {name}: {value}"
    name = event.name
    if event.kind == "outcome":
        name = name.replace("_", " ")
        words = "{name}: " + ENDINGS.get(str(event.value), "{value}")
    parts = [" ".join(words.format(value=event.value, name=name, since=since).split())]
    if event.by:
        parts.append(BY.get(event.by, f"by {event.by}"))
    if event.slot:
        parts.append(f"slot {event.slot}")
    if event.person:
        parts.append(f"({names.person(event.person)})")
    if entry.erased:
        parts.append("(erased person)")
    if event.resync:
        parts.append("(found out after a reconnect)")
    if event.detail:
        parts.append(f"- {event.detail}")
    return printable(" ".join(parts))


def printable(text: str) -> str:
    """Text of a peer's without what a terminal would obey."""
    return "".join(char if char.isprintable() else "�" for char in text)


def document(entry: Entry) -> dict[str, Any]:
    """One entry as JSON-like data; instants in UTC, null where there is none."""
    event = entry.event
    if event is None:
        return {"index": entry.index, **({"damaged": entry.damaged} if entry.damaged else {"dropped": True})}
    return {
        "index": entry.index,
        "at": event.instant,
        "kind": event.kind,
        "about": event.about,
        "source": event.source,
        "by": event.by,
        "slot": event.slot or None,
        "person": event.person or None,
        "value": event.value,
        "name": event.name,
        "since": instant(event.since) if event.since else None,
        "told": instant(event.told) if event.told else None,
        "resync": event.resync,
        "detail": event.detail,
        "raw": event.raw,
        "erased": entry.erased,
    }


def as_json(entries: Iterable[Entry]) -> Iterator[str]:
    """A JSON array, an entry a line, however many there are."""
    glue = "[\n"
    for entry in entries:
        yield f"{glue}{_encoded(entry)}"
        glue = ",\n"
    yield "[]\n" if glue == "[\n" else "\n]\n"


def as_jsonl(entries: Iterable[Entry]) -> Iterator[str]:
    """JSON Lines."""
    for entry in entries:
        yield f"{_encoded(entry)}\n"


def as_csv(entries: Iterable[Entry], zone: tzinfo) -> Iterator[str]:
    """CSV (RFC 4180) with a head; times at home, with their offset. No cell is a formula."""
    yield _row(COLUMNS)
    for entry in entries:
        found = document(entry)
        if entry.damaged:
            found["detail"] = f"damaged: {entry.damaged}"
        for name in ("at", "since", "told"):
            if found.get(name) is not None:
                found[name] = found[name].astimezone(zone).isoformat()
        yield _row(_cell(found.get(name)) for name in COLUMNS)


def _encoded(entry: Entry) -> str:
    return msgspec.json.encode(document(entry)).decode()


def _row(cells: Iterable[str]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerow(cells)
    return out.getvalue()


def _cell(value: Any) -> str:
    if not isinstance(value, str):
        return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    # Behind leading spaces, too, some spreadsheets see a formula.
    return f"'{value}" if value.lstrip(" ").startswith(_DO) else value
