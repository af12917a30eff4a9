"""On which line of a TOML file a key stands: for errors, which must name the place.

The standard parser forgets positions. This scanner follows table headers and top-level keys only; it
is exact for files as people write them and falls back to the table's line for the rest.
"""

from __future__ import annotations

import re

Path = tuple[str | int, ...]

_HEADER = re.compile(r"^\s*(\[\[?)\s*([\w.\-\"' ]+?)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"^\s*([\w\-]+|\"[^\"]*\"|'[^']*')(?:\s*\.\s*[\w\-]+)*\s*=")
_STEP = re.compile(r"\"[^\"]*\"|'[^']*'|[\w\-]+")
_STRINGS = re.compile(r'"""|\'\'\'|"(?:[^"\\]|\\.)*"|\'[^\']*\'|#.*$')


class Lines:
    """Maps paths such as ("locks", 0, "door") to line numbers, starting at 1."""

    def __init__(self, text: str) -> None:
        self._found: dict[Path, int] = {}
        table: Path = ()
        counts: dict[Path, int] = {}
        depth, fence = 0, ""
        for number, line in enumerate(text.splitlines(), 1):
            if not depth and not fence:
                if header := _HEADER.match(line):
                    table = tuple(step.strip("\"'") for step in _STEP.findall(header[2]))
                    if header[1] == "[[":
                        counts[table] = counts.get(table, -1) + 1
                        table = (*table, counts[table])
                    self._found.setdefault(table, number)
                    continue
                if key := _KEY.match(line):
                    self._found.setdefault((*table, key[1].strip("\"'")), number)
            depth, fence = opened(line, depth, fence)

    def of(self, path: Path) -> int | None:
        """The line of the longest known beginning of a path."""
        for end in range(len(path), 0, -1):
            if path[:end] in self._found:
                return self._found[path[:end]]
        return None


def opened(line: str, depth: int, fence: str) -> tuple[int, str]:
    """How many brackets, and which multi-line string, are still open after a line."""
    rest = line
    if fence:
        _, closed, rest = rest.partition(fence)
        if not closed:
            return depth, fence
    position = 0
    for match in _STRINGS.finditer(rest):
        depth += _balance(rest[position : match.start()])
        position = match.end()
        if match[0] in ('"""', "'''"):
            _, closed, tail = rest[match.end() :].partition(match[0])
            return opened(tail, depth, "") if closed else (depth, match[0])
    return max(0, depth + _balance(rest[position:])), ""


def _balance(text: str) -> int:
    return text.count("[") + text.count("{") - text.count("]") - text.count("}")
