"""Changes `nightlatch.toml`: nothing else of it is touched, comments included, and what does not read stays out."""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from nightlatch.configuration.blocks import Editor, Unfit
from nightlatch.configuration.read import LIMIT, Configuration, parse
from nightlatch.errors import ConfigurationError, UsageError
from nightlatch.reading.files import read_text
from nightlatch.writing import replace

__all__ = ["Editor", "digest", "edit", "edited", "remove_waiver", "set_answer", "set_waiver"]


def digest(path: Path) -> str:
    """What tells one state of the file from another. A form carries it from when it was shown."""
    return hashlib.sha256(read_text(path, limit=LIMIT).encode()).hexdigest()[:32]


def edited(path: Path, change: Callable[[Editor], None]) -> str:
    """The file's text as a change would make it; ConfigurationError where it cannot be so."""
    before = read_text(path, limit=LIMIT)
    parse(before, path)  # what is wrong with it already is told by its line
    editor = Editor(before)
    try:
        change(editor)
    except Unfit as error:
        todo = "Change it in the file itself, with a text editor."
        raise ConfigurationError(f"{error}", where=str(path), todo=todo) from None
    return editor.text


def edit(
    path: Path,
    change: Callable[[Editor], None],
    *,
    since: str = "",
    check: Callable[[Configuration], None] = lambda _: None,
) -> Configuration:
    """Change the file in one step, after a look that the new text still reads; its mode stays.

    `since` is the digest of the file that the change was made for; UsageError when it is another by now.
    `check` looks further at what would be read, and raises what is wrong with it.
    """
    before = digest(path)
    if since and since != before:
        what = "nightlatch.toml was changed meanwhile, by hand or from another page"
        raise UsageError(what, todo="Nothing was overwritten. Look at it as it is now, and repeat your change.")
    text = edited(path, change)
    made = parse(text, path)
    check(made)
    if digest(path) != before:
        raise UsageError("nightlatch.toml is being changed by somebody else just now", todo="Repeat your change.")
    real = path.resolve()
    try:
        replace(real, text.encode(), mode=stat.S_IMODE(real.stat().st_mode))
    except OSError as error:
        todo = "Let Nightlatch's user write this file and its folder."
        raise ConfigurationError(f"cannot be written: {error.strerror}", where=str(path), todo=todo) from None
    return made


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
    found: list[int] = []

    def without(editor: Editor) -> None:
        tables = enumerate(editor.tables("waivers"))
        wanted = (practice, subject)
        found.extend(n for n, one in tables if (one.get("practice"), one.get("subject", "home")) == wanted)
        for number in reversed(found):
            editor.remove("waivers", number)

    edit(configuration.path, without)
    return len(found)


def _put(path: Path, name: str, key: dict[str, str], rest: dict[str, Any]) -> None:
    """Set a table of a list: the one with this key, or a new one."""
    wanted = {"subject": "home", "check": "", **key} if "practice" in key else key

    def put(editor: Editor) -> None:
        for number, table in enumerate(editor.tables(name)):
            if all(table.get(one, "home" if one == "subject" else "") == text for one, text in wanted.items()):
                editor.change(name, number, rest)
                return
        editor.add(name, key | rest)

    edit(path, put)
