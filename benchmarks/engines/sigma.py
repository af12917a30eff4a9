"""Sigma rules as Zircolite runs them: pySigma's SQL, each rule over a table in memory that holds the flattened events.

Zircolite is not on PyPI. This does what its engine does, without its options: pySigma converts the
rules to SQL in Zircolite's own format, every event is decoded, flattened and inserted into one table
of an in-memory SQLite database (text compared without case), and every rule's query is run over it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from sigma.backends.sqlite import sqliteBackend
from sigma.collection import SigmaCollection

from nightlatch.model.event import Event

RULES = Path(__file__).with_name("rules.yml")
COLUMNS = Event.__struct_fields__
CORRELATIONS = frozenset(("repeated-wrong-codes", "repeated-jams", "wrong-codes-across-doors"))
"""Rules whose matches are groups of events, told by the lock or for the whole home."""

Matches = Mapping[str, frozenset[tuple[str, int]]]
"""By rule: what matched, as (about, µs); of a correlation the lock or the home, with 0."""


class Sigma:
    """The rules, converted once."""

    def __init__(self) -> None:
        backend = sqliteBackend(table="logs", timestamp_field="at", timestamp_format="unix_us")
        rules = SigmaCollection.from_yaml(RULES.read_text("utf-8"))
        converted: Any = backend.convert(rules, "zircolite")
        converted = msgspec.json.decode(converted) if isinstance(converted, str) else converted
        self.queries: dict[str, list[str]] = {rule["title"]: rule["rule"] for rule in converted}

    def find(self, lines: Sequence[bytes]) -> Matches:
        """What the rules match in these events."""
        database = sqlite3.connect(":memory:")
        database.row_factory = sqlite3.Row
        columns = ", ".join(f'"{name}" COLLATE NOCASE' for name in COLUMNS)
        database.execute(f"CREATE TABLE logs (row_id INTEGER PRIMARY KEY AUTOINCREMENT, {columns})")
        names, holes = ", ".join(f'"{name}"' for name in COLUMNS), ", ".join("?" * len(COLUMNS))
        rows = (tuple(map(flatten(msgspec.json.decode(line)).get, COLUMNS)) for line in lines)
        database.executemany(f"INSERT INTO logs ({names}) VALUES ({holes})", rows)
        found = {}
        for title, queries in self.queries.items():
            matched = [row for query in queries for row in database.execute(query)]
            found[title] = frozenset(_match(title, row) for row in matched)
        database.close()
        return found


def flatten(event: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """An event without nesting: `{"a": {"b": 1}}` becomes `{"a.b": 1}`."""
    flat: dict[str, Any] = {}
    for key, value in event.items():
        if isinstance(value, dict):
            flat |= flatten(value, f"{prefix}{key}.")
        else:
            flat[f"{prefix}{key}"] = value
    return flat


def _match(title: str, row: sqlite3.Row) -> tuple[str, int]:
    if title in CORRELATIONS:
        return msgspec.json.decode(row["group_keys"]).get("about", "home"), 0
    return row["about"], row["at"]
