"""The text of RouterOS `/export`, version 6 and 7: menus, and the `add` and `set` lines within them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from io import StringIO

import msgspec

from nightlatch.errors import ReadError
from nightlatch.secrets import Secret

MAX_ITEMS = 100_000
MAX_LINE = 65_536

# A value may hold spaces inside "quotes", [ brackets ] and ( parentheses ); none of them nests in an export.
_WORD = re.compile(r"""\s*((?:"(?:[^"\\]|\\.)*"|\[[^\[\]]*\]|\([^()]*\)|[^\s"\[(])+)""", re.DOTALL)
_ESCAPE = re.compile(r"""\\(?:([0-9A-Fa-f]{2})|(.))""", re.DOTALL)
_CONTROL = {"n": "\n", "r": "\r", "t": "\t", "_": " ", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}
_SECRET = re.compile(r".*(?:passphrase|password|secret|pre-shared-key|-key|private-key|pin|key-\d)")
_VERBS = frozenset(("add", "set", "remove", "disable", "enable", "unset", "move", "print", "reset"))
_HEAD = re.compile(r"#\s*(?P<date>.*?)\s+by RouterOS\s+(?P<version>\S+)")
_NAMED = re.compile(r"#\s*(?P<name>model|serial number)\s*=\s*(?P<value>\S.*?)\s*$")


class Line(msgspec.Struct, frozen=True):
    """One `add` or `set` line. Keys and passwords are `Secret`s, apart from the rest."""

    file: str
    number: int
    menu: str
    verb: str
    selector: str
    """What a `set` is about: a name such as `ssh`, or `default-name=wlan1` from `[ find … ]`."""
    values: dict[str, str]
    secrets: dict[str, Secret]

    def get(self, name: str, default: str = "") -> str:
        """The value of a property."""
        return self.values.get(name, default)

    def words(self, name: str) -> tuple[str, ...]:
        """The parts of a property that is a list with commas."""
        return tuple(word for word in self.get(name).split(",") if word)

    def flag(self, name: str, default: bool = False) -> bool:
        """A yes/no property."""
        return self.values[name] in ("yes", "true") if name in self.values else default

    @property
    def name(self) -> str:
        """The item's own name, or that by which `set` selects it."""
        return self.get("name") or ("default" if self.selector == "default=yes" else self.selector.rpartition("=")[2])

    def where(self, name: str = "") -> str:
        """`export.rsc:12 (/ip upnp enabled)`, with the item's name or comment where it has one."""
        about = self.name or (f'comment="{self.get("comment")}"' if self.get("comment") else "")
        words = " ".join(word for word in (self.menu, about, name) if word)
        return f"{self.file}:{self.number} ({words})"


class Export(msgspec.Struct, frozen=True):
    """What an export holds. `at` is its own date, None where it has none."""

    lines: tuple[Line, ...]
    version: str = ""
    model: str = ""
    serial: str = ""
    at: datetime | None = None

    def of(self, *menus: str) -> Iterator[Line]:
        """The lines of some menus, in order."""
        return (line for line in self.lines if line.menu in menus)

    def has(self, prefix: str) -> bool:
        """Whether any line's menu begins so."""
        return any(line.menu.startswith(prefix) for line in self.lines)


def parse(text: str, file: str) -> Export:
    """An export's lines. ReadError names the line; values are never repeated in it."""
    lines: list[Line] = []
    head: dict[str, str] = {}
    menu = ""
    for number, logical in _logical_lines(text, file):
        if logical.startswith("#"):
            if match := _HEAD.match(logical):
                head.setdefault("date", match["date"])
                head.setdefault("version", match["version"])
            elif match := _NAMED.match(logical):
                head.setdefault(match["name"], match["value"])
            continue
        words = _words(logical, f"{file}:{number}")
        if words[0].startswith("/"):
            path = []
            while words and words[0] not in _VERBS:
                path.append(words.pop(0))
            # Version 7 also writes /ip/firewall/filter.
            menu = "/" + " ".join(" ".join(path).replace("/", " ").split())
        if not words:
            continue
        if not menu or words[0] not in _VERBS:
            raise ReadError(
                "is not a line of RouterOS's /export",
                where=f"{file}:{number}",
                todo="Make it with: /export file=backup (version 7 adds: show-sensitive)",
            )
        if len(lines) >= MAX_ITEMS:
            raise ReadError(f"holds more than {MAX_ITEMS} lines", where=f"{file}:{number}")
        lines.append(_line(file, number, menu, words))
    return Export(
        tuple(lines),
        version=head.get("version", ""),
        model=head.get("model", ""),
        serial=head.get("serial number", ""),
        at=_date(head.get("date", "")),
    )


def _line(file: str, number: int, menu: str, words: list[str]) -> Line:
    verb, *rest = words
    selector = ""
    values: dict[str, str] = {}
    secrets: dict[str, Secret] = {}
    group = ""
    for word in rest:
        name, equals, value = word.partition("=")
        if not equals or word.startswith("["):
            if not values:
                selector = _value(word.strip("[]").strip().removeprefix("find").strip())
            continue
        # After security.wps=… a property .passphrase=… means security.passphrase.
        if name.startswith("."):
            name = group + name
        else:
            group = name.rpartition(".")[0] or name
        if _SECRET.fullmatch(name):
            secrets[name] = Secret(_value(value))
        else:
            values[name] = _value(value)
    return Line(file, number, menu, verb, selector, values, secrets)


def _logical_lines(text: str, file: str) -> Iterator[tuple[int, str]]:
    """Lines with their continuations joined, numbered as they begin."""
    parts: list[str] = []
    length = start = 0
    for number, ended in enumerate(StringIO(text), 1):
        raw = ended.rstrip("\r\n")
        if not parts:
            start = number
        line = raw.strip() if not parts else raw.lstrip()
        length += len(line)
        if length > MAX_LINE:
            raise ReadError(f"holds a line of more than {MAX_LINE} characters", where=f"{file}:{start}")
        # An odd number of backslashes at the end continues the line; an even one is escaped.
        if not line.startswith("#") and (len(line) - len(line.rstrip("\\"))) % 2:
            parts.append(line[:-1])
            continue
        if whole := "".join((*parts, line)).strip():
            yield start, whole
        parts, length = [], 0
    if parts:
        raise ReadError("ends within a continued line", where=f"{file}:{start}", todo="Is the export whole?")


def _words(line: str, where: str) -> list[str]:
    words, at, end = [], 0, len(line)
    while at < end:
        match = _WORD.match(line, at)
        if match is None:
            raise ReadError("has a quote or bracket that is not closed", where=where)
        words.append(match[1])
        at = match.end()
    return words


def _value(text: str) -> str:
    if len(text) > 1 and text[0] == text[-1] == '"':
        return _ESCAPE.sub(
            lambda match: chr(int(match[1], 16)) if match[1] else _CONTROL.get(match[2], match[2]), text[1:-1]
        )
    return text.replace('"', "")


def _date(text: str) -> datetime | None:
    # The export does not name its time zone; a day's error does not matter to what it records.
    for form in ("%Y-%m-%d %H:%M:%S", "%b/%d/%Y %H:%M:%S"):
        try:
            return datetime.strptime(text, form).replace(tzinfo=UTC)
        except ValueError:
            continue
    return None
