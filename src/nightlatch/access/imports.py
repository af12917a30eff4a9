"""Names of codes from what managed them before: Keymaster and Lock Code Manager, of Home Assistant.

Formats, as their sources have them: Keymaster (FutureTense/keymaster, `lock.py`, `serialization.py`) keeps
locks by config entry in `.storage/keymaster.locks`, before in `keymaster_kmlocks.json`; a PIN there is
base64 of the entry's id and the PIN. Its first versions kept slots in `input_text.LOCK_name_N` and
`input_text.LOCK_pin_N`, whose last states are in `.storage/core.restore_state`. Lock Code Manager
(raman325/lock_code_manager, `domain/config.py`) keeps slots in its entries of
`.storage/core.config_entries`: by slot number, since its version 3 by name with a table of slots, or
as subentries.
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from nightlatch.access.adopting import LONGEST_NAME
from nightlatch.errors import ReadError
from nightlatch.reading.files import MIB, read_bytes
from nightlatch.reading.structured import json
from nightlatch.secrets import Secret

LIMIT = 32 * MIB
MOST = 10_000
"""Codes in one file."""
HIGHEST = 65_535
KEYMASTER = "Keymaster"
HELPERS = "Keymaster's input_text helpers"
MANAGER = "Lock Code Manager"
_HELPER = re.compile(r"input_text\.(?P<lock>[a-z0-9_]+)_(?P<what>name|pin)_(?P<slot>[0-9]{1,5})")


class Named(msgspec.Struct, frozen=True):
    """A code that another manager knows. Its PIN is for comparing, and stays in memory."""

    lock: str
    """As they call it: "lock.front_door", or what the helpers' names begin with."""
    slot: int
    name: str
    pin: Secret | None = None
    source: str = ""
    """Which format it came from."""


def read(path: Path) -> list[Named]:
    """The codes that a file names, by lock and slot. ReadError names the file when it is none of these."""
    return read_content(read_bytes(path, limit=LIMIT), str(path))


def read_content(content: bytes, where: str) -> list[Named]:
    """The same of a file's content; `where` names it in errors."""
    if len(content) > LIMIT:
        raise ReadError(f"is larger than {LIMIT // MIB} MiB", where=where)
    document: Any = json(content, where=where)
    found: dict[tuple[str, int], Named] = {}
    known = False
    for form in (_keymaster, _helpers, _manager):
        told = form(document)
        if told is None:
            continue
        known = True
        for one in told:
            if one.name and (one.lock, one.slot) not in found:
                if len(found) == MOST:
                    raise ReadError(f"names more than {MOST} codes", where=where)
                found[one.lock, one.slot] = one
    if not known:
        raise ReadError(
            "is no file of Keymaster or Lock Code Manager that is known here",
            where=where,
            todo="Give .storage/keymaster.locks, .storage/core.restore_state or .storage/core.config_entries.",
        )
    return sorted(found.values(), key=lambda one: (one.lock, one.slot))


def _keymaster(document: Any) -> Iterator[Named] | None:
    """Locks by config entry, within Home Assistant's wrapper or bare."""
    inner = _table(document).get("data") if "key" in _table(document) else document
    locks = {key: lock for key, lock in _table(inner).items() if "lock_entity_id" in _table(lock)}
    return _keymaster_slots(locks) if locks else None


def _keymaster_slots(locks: Mapping[str, Any]) -> Iterator[Named]:
    for key, lock in locks.items():
        entry = _text(lock.get("keymaster_config_entry_id")) or key
        for number, slot in _table(lock.get("code_slots")).items():
            place, held = _slot(_table(slot).get("number", number)), _table(slot)
            if place:
                pin = _decoded(held.get("pin"), entry)
                yield Named(_text(lock.get("lock_entity_id")), place, _name(held.get("name")), pin, KEYMASTER)


def _decoded(pin: Any, entry: str) -> Secret | None:
    """A PIN behind its entry's id."""
    try:
        text = b64decode(pin, validate=True).decode() if isinstance(pin, str) else ""
    except ValueError:
        return None
    return _pin(text.removeprefix(entry)) if text.startswith(entry) else None


def _helpers(document: Any) -> Iterator[Named] | None:
    """The last states of `input_text` helpers."""
    states = _table(document).get("data")
    if _table(document).get("key") != "core.restore_state" or not isinstance(states, list):
        return None
    return _helper_slots(states)


def _helper_slots(states: list[Any]) -> Iterator[Named]:
    told: dict[tuple[str, int], dict[str, Any]] = {}
    for one in states:
        state = _table(_table(one).get("state"))
        found = _HELPER.fullmatch(_text(state.get("entity_id")))
        if found is not None and (place := _slot(found["slot"])):
            told.setdefault((found["lock"], place), {})[found["what"]] = state.get("state")
    for (lock, slot), values in told.items():
        name = "" if values.get("name") in ("unknown", "unavailable") else _name(values.get("name"))
        yield Named(lock, slot, name, _pin(values.get("pin")), HELPERS)


def _manager(document: Any) -> Iterator[Named] | None:
    """The config entries of Lock Code Manager."""
    entries = _table(_table(document).get("data")).get("entries")
    if _table(document).get("key") != "core.config_entries" or not isinstance(entries, list):
        return None
    return (named for entry in entries for named in _managed(_table(entry)))


def _managed(entry: Mapping[str, Any]) -> Iterator[Named]:
    if entry.get("domain") != "lock_code_manager":
        return
    data = {**_table(entry.get("data")), **_table(entry.get("options"))}
    locks = [one for one in _list(data.get("locks")) if isinstance(one, str)]
    slots: list[tuple[int, str, Any]] = []
    for number, slot in _table(data.get("slots")).items():
        slots.append((_slot(number), _name(_table(slot).get("name")), _table(slot).get("pin")))
    places = _table(data.get("slot_assignment"))
    for name, user in _table(data.get("users")).items():
        slots.append((_slot(places.get(name)), _name(name), _table(user).get("pin")))
    for user in map(_table, _list(entry.get("subentries"))):
        held = _table(user.get("data"))
        if user.get("subentry_type") == "user":
            slots.append((_slot(held.get("slot")), _name(user.get("title")), held.get("pin")))
    for lock in locks:
        for place, name, pin in slots:
            if place:
                yield Named(lock, place, name, _pin(pin), MANAGER)


def _table(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _name(value: Any) -> str:
    """A name as it can be printed, on one line and not too long."""
    text = "".join(sign for sign in _text(value) if sign.isprintable())
    return " ".join(text.split())[:LONGEST_NAME]


def _pin(value: Any) -> Secret | None:
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    return Secret(text) if text.isascii() and text.isdigit() and len(text) <= 16 else None


def _slot(value: Any) -> int:
    """A slot's number; 0: it is none."""
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= 5 else 0
    return number if number <= HIGHEST else 0
