"""A TOML file cut into its tables, so that one can be changed and every other byte stays as it is.

A block is a table's header with its keys, the comments that stand directly above it, and what follows it
without belonging to anything. Each change is checked: the new text must read as the old data with exactly
this change; what this cannot do is refused, and left to whoever wrote the file.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from typing import Any

import tomlkit

from nightlatch.configuration.lines import opened

_HEADER = re.compile(r"^\s*(\[\[?)\s*([^\[\]#]+?)\s*\]\]?\s*(?:#.*)?$")
_STEP = re.compile(r"\"[^\"]*\"|'[^']*'|[\w\-]+")
Values = Mapping[str, Any]
"""Keys and what they are set to; None: the key goes."""


class Unfit(ValueError):
    """The file is written in a way in which this cannot be changed safely."""


class _Block:
    """A table as it stands in the file. `lead` is what is said above it, `tail` what follows it."""

    def __init__(self, path: tuple[str, ...], lines: list[str], lead: list[str], *, listed: bool) -> None:
        self.path = path
        self.listed = listed
        self.lead = lead
        end = next(
            (number for number, line in enumerate(lines) if number and not line.strip() and _loose(lines[number:])),
            len(lines),
        )
        self.body, self.tail = lines[:end], lines[end:]

    def text(self) -> str:
        return "".join((*self.lead, *self.body, *self.tail))


class Editor:
    """The text of a `nightlatch.toml` that is being changed. Names of tables are as in the file: "alerts.channels"."""

    def __init__(self, text: str) -> None:
        self._newline = "\r\n" if "\r\n" in text else "\n"
        self._blocks = _blocks(text)
        self.data: dict[str, Any] = tomllib.loads(text)

    @property
    def text(self) -> str:
        """The whole file."""
        return "".join(block.text() for block in self._blocks)

    def tables(self, name: str) -> list[dict[str, Any]]:
        """The tables of a list, as `[[doors]]`; none where there is no such list."""
        found = _at(self.data, name.split("."))
        return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []

    def set(self, name: str, values: Values) -> None:
        """Set keys of the one table of this name, as `[home]`, which is made where there is none."""
        path = tuple(name.split("."))
        target = self.data
        for step in path:
            target = target.setdefault(step, {})
        _update(target, values)
        block = next((one for one in self._blocks if one.path == path and not one.listed), None)
        if block is not None:
            block.body = self._changed(block, path, values)
        elif inline := next((one for one in self._blocks if self._holds(one, path)), None):
            inline.body = self._changed(inline, path, values)
        else:
            self._append(len(self._blocks) - 1, path, values, "[{}]")
        self._checked()

    def add(self, name: str, values: Values) -> None:
        """Add a table to a list: behind the last of them, or at the end of the file."""
        path = tuple(name.split("."))
        self._unfold(path)
        target = self.data
        for step in path[:-1]:
            target = target.setdefault(step, {})
        target.setdefault(path[-1], []).append({key: value for key, value in values.items() if value is not None})
        own = [number for number, one in enumerate(self._blocks) if one.path[: len(path)] == path]
        self._append(own[-1] if own else len(self._blocks) - 1, path, values, "[[{}]]")
        self._checked()

    def change(self, name: str, number: int, values: Values) -> None:
        """Set keys of a table of a list, by its number from 0."""
        path = tuple(name.split("."))
        self._unfold(path)
        _update(self.tables(name)[number], values)
        block = self._blocks[self._places(path)[number]]
        block.body = self._changed(block, path, values)
        self._checked()

    def remove(self, name: str, number: int) -> None:
        """Take a table out of a list, by its number from 0, with what is said directly above it."""
        path = tuple(name.split("."))
        self._unfold(path)
        tables = _at(self.data, path)
        del tables[number]
        if not tables:
            del _at(self.data, path[:-1])[path[-1]]
        begin = self._places(path)[number]
        end = begin + 1
        while end < len(self._blocks) and len(self._blocks[end].path) > len(path) and (
            self._blocks[end].path[: len(path)] == path
        ):  # fmt: skip
            end += 1
        left = [line for block in self._blocks[begin:end] for line in block.tail]
        before = self._blocks[begin - 1]
        before.tail += (
            left[1:] if before.tail and not before.tail[-1].strip() and left and not left[0].strip() else left
        )
        del self._blocks[begin:end]
        self._checked()

    def drop(self, name: str) -> None:
        """Take the one table of this name away, with what is said directly above it."""
        path = tuple(name.split("."))
        for number, block in enumerate(self._blocks):
            if block.path == path and not block.listed:
                self._blocks[number - 1].tail += block.tail
                del self._blocks[number]
                break
        del _at(self.data, path[:-1])[path[-1]]
        self._checked()

    def _places(self, path: tuple[str, ...]) -> list[int]:
        return [number for number, one in enumerate(self._blocks) if one.listed and one.path == path]

    def _holds(self, block: _Block, path: tuple[str, ...]) -> bool:
        """Whether a table stands in another's block, as `home.name = "Elm"` or `home = {name = "Elm"}`."""
        if block.listed or path[: len(block.path)] != block.path:
            return False
        found = _at(tomllib.loads("".join(block.body)), path)
        return isinstance(found, dict) and len(path) > len(block.path)

    def _changed(self, block: _Block, path: tuple[str, ...], values: Values) -> list[str]:
        """A block's lines with some keys set."""
        document = tomlkit.parse("".join(block.body))
        table: Any = document
        for step in path:
            table = table[step]
            table = table[0] if isinstance(table, tomlkit.items.AoT) else table
        for key, value in values.items():
            if value is None:
                table.pop(key, None)
            elif key not in table or table[key] != value or type(tomlkit.item(value)) is not type(table[key]):
                table[key] = value
        return self._lines(tomlkit.dumps(document))

    def _append(self, after: int, path: tuple[str, ...], values: Values, header: str) -> None:
        table = tomlkit.table()
        table.update({key: value for key, value in values.items() if value is not None})
        text = header.format(".".join(path)) + "\n" + table.as_string()
        block = _Block(path, self._lines(text), [], listed=header.startswith("[["))
        before = self._blocks[after]
        if before.body and not before.body[-1].endswith("\n"):
            before.body[-1] += self._newline
        free = not before.path and not before.body  # a file of comments alone, or of nothing
        if free and before.tail:
            if not before.tail[-1].endswith("\n"):
                before.tail[-1] += self._newline
            block.lead = [self._newline] if before.tail[-1].strip() else []
        elif not free:
            block.lead, block.tail, before.tail = [self._newline], before.tail, []
        self._blocks.insert(after + 1, block)

    def _lines(self, text: str) -> list[str]:
        lines = text.splitlines(keepends=True) if text.isascii() else _split(text)
        return [line.rstrip("\r\n") + self._newline if line.endswith("\n") else line for line in lines]

    def _unfold(self, path: tuple[str, ...]) -> None:
        """Write a list in one line (`doors = [{…}]`, `doors = []`) as the tables that it stands for."""
        for block in self._blocks:
            if block.listed or path[: len(block.path)] != block.path or len(path) == len(block.path):
                continue
            written = _at(tomllib.loads("".join(block.body)), path)
            if not isinstance(written, list):
                continue
            document = tomlkit.parse("".join(block.body))
            table: Any = document
            for step in path[:-1]:
                table = table[step]
            del table[path[-1]]
            block.body = self._lines(tomlkit.dumps(document))
            for one in written:
                self._append(len(self._blocks) - 1, path, one, "[[{}]]")
            return

    def _checked(self) -> None:
        try:
            found = tomllib.loads(self.text)
        except tomllib.TOMLDecodeError:
            found = None
        if found is None or _pruned(found) != _pruned(self.data):
            raise Unfit("it is written in a way that only a person can change")


def _blocks(text: str) -> list[_Block]:
    """The text in blocks; the first is what stands before any header."""
    parts: list[tuple[tuple[str, ...], bool, list[str]]] = [((), False, [])]
    depth, fence = 0, ""
    for line in _split(text):
        header = None if depth or fence else _HEADER.match(line)
        if header:
            path = tuple(step.strip("\"'") for step in _STEP.findall(header[2]))
            parts.append((path, header[1] == "[[", [line]))
        else:
            parts[-1][2].append(line)
            depth, fence = opened(line, depth, fence)
    blocks: list[_Block] = []
    lead: list[str] = []
    for number, (path, listed, lines) in enumerate(parts):
        here, lead = lead, []
        if number + 1 < len(parts):
            while len(lines) > bool(path) and lines[-1].lstrip().startswith("#"):
                lead.insert(0, lines.pop())
            if lines and lines[-1].strip() and lead:
                # Right below the last key: it is said of that, and not of what follows.
                lines.extend(lead)
                lead = []
        blocks.append(_Block(path, lines, here, listed=listed))
    first = blocks[0]
    if _loose(first.body):
        first.body, first.tail = [], first.body + first.tail
    return blocks


def _split(text: str) -> list[str]:
    """Lines with their ends: of TOML, where nothing but a line feed ends one."""
    return re.findall(r"[^\n]*\n|[^\n]+", text)


def _loose(lines: list[str]) -> bool:
    """Whether these lines are blank or comments only."""
    return all(not line.strip() or line.lstrip().startswith("#") for line in lines)


def _at(data: Any, path: tuple[str, ...] | list[str]) -> Any:
    for step in path:
        data = data.get(step) if isinstance(data, dict) else None
    return data


def _update(table: dict[str, Any], values: Values) -> None:
    for key, value in values.items():
        if value is None:
            table.pop(key, None)
        else:
            table[key] = value


def _pruned(data: Any) -> Any:
    """Data without empty tables and lists: a header with no keys says nothing."""
    if isinstance(data, dict):
        inner = {key: _pruned(value) for key, value in data.items()}
        return {key: value for key, value in inner.items() if value not in ({}, [])}
    if isinstance(data, list | tuple):
        return [_pruned(one) for one in data]
    return data
