"""Sets answers and waivers in `nightlatch.toml` without touching anything else of it, comments included."""

from __future__ import annotations

import stat
from datetime import date
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.items import AoT, Table

from nightlatch.configuration.read import Configuration, parse
from nightlatch.reading.files import read_text
from nightlatch.writing import replace


def set_answer(configuration: Configuration, about: str, fact: str, value: Any, on: date) -> None:
    """Record an answer; one already there to the same question is replaced."""
    _put(configuration.path, "answers", {"about": about, "fact": fact}, {"value": value, "on": on})


def set_waiver(
    configuration: Configuration, practice: str, subject: str, *, reason: str, until: date, check: str = ""
) -> None:
    """Record a waiver; one already there for the same finding is replaced."""
    key = {"practice": practice, "subject": subject} | ({"check": check} if check else {})
    _put(configuration.path, "waivers", key, {"reason": reason, "until": until})


def remove_waiver(configuration: Configuration, practice: str, subject: str) -> int:
    """Take back the waivers of a practice for a subject; how many there were."""
    document = tomlkit.parse(read_text(configuration.path))
    tables = document.get("waivers", [])
    found = [
        number
        for number, table in enumerate(tables)
        if table.get("practice") == practice and table.get("subject", "home") == subject
    ]
    for number in reversed(found):
        del tables[number]
    if found:
        if not tables:
            del document["waivers"]
        _write(configuration.path, tomlkit.dumps(document))
    return len(found)


def _put(path: Path, name: str, key: dict[str, str], rest: dict[str, Any]) -> None:
    document = tomlkit.parse(read_text(path))
    tables = document.get(name)
    if not isinstance(tables, AoT):
        # A list in one line (`answers = []`, `answers = [{…}]`) gives way to the tables that it stands for.
        written = document.pop(name, [])
        tables = tomlkit.aot()
        for one in written:
            tables.append(tomlkit.item(one.unwrap()))
        document.append(name, tables)
    table = _find(tables, key)
    if table is None:
        table = tomlkit.table()
        table.update(key)
        tables.append(table)
    table.update(rest)
    _write(path, tomlkit.dumps(document))


def _find(tables: AoT, key: dict[str, str]) -> Table | None:
    wanted = {"subject": "home", "check": "", **key} if "practice" in key else key
    table: Table
    for table in tables:
        if all(table.get(name, "home" if name == "subject" else "") == text for name, text in wanted.items()):
            return table
    return None


def _write(path: Path, text: str) -> None:
    """Replace the file in one step, after a look that the new text still reads; its mode stays."""
    parse(text, path)
    real = path.resolve()
    replace(real, text.encode(), mode=stat.S_IMODE(real.stat().st_mode))
