"""UCI, OpenWrt's configuration language: sections of options, each with its file and line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import msgspec

from nightlatch.errors import ReadError
from nightlatch.secrets import Secret

MAX_SECTIONS = 20_000
MAX_WORDS = 200_000

_WORD = re.compile(
    r"""[ \t\r]+ | (?P<end>[\n;]) | (?P<comment>\#[^\n]*)
    | (?P<word>(?: '[^']*' | "(?:[^"\\]|\\.)*" | \\. | [^\s'"\\;\#] )+)""",
    re.DOTALL | re.VERBOSE,
)
_PIECE = re.compile(r"""'(?P<single>[^']*)'|"(?P<double>(?:[^"\\]|\\.)*)"|(?P<plain>(?:\\.|[^'"\\])+)""", re.DOTALL)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_SECRET = re.compile(r"key\d*|.*_key|psk|.*password|.*secret|.*_pin|pin|token|passwd|pass")

_TRUE = frozenset(("1", "on", "true", "yes", "enabled"))
_FALSE = frozenset(("0", "off", "false", "no", "disabled"))


class Section:
    """One `config TYPE 'NAME'` with its options. Keys and passwords are `Secret`s, apart from the rest."""

    def __init__(self, file: str, kind: str, id: str, line: int) -> None:  # noqa: A002  # UCI's word
        self.file = file
        self.kind = kind
        self.id = id
        """Its name, or `@type[n]` when it has none: what `uci set` takes."""
        self.line = line
        self.values: dict[str, list[str]] = {}
        self.secrets: dict[str, Secret] = {}
        self.lines: dict[str, int] = {}

    @property
    def path(self) -> str:
        """`wireless.guest`, `firewall.@zone[0]`."""
        return f"{self.file.rpartition('/')[2]}.{self.id}"

    def where(self, option: str = "") -> str:
        """`etc/config/wireless:12 (wireless.guest.encryption)`; the section's own line if it is not set."""
        line = self.lines.get(option, self.line)
        return f"{self.file}:{line} ({self.path}{'.' + option if option else ''})"

    def get(self, option: str, default: str = "") -> str:
        """The value of an option."""
        return " ".join(self.values[option]) if option in self.values else default

    def words(self, option: str) -> tuple[str, ...]:
        """The values of an option that may be a list or one string with spaces."""
        return tuple(word for value in self.values.get(option, ()) for word in value.split())

    def flag(self, option: str, default: bool) -> bool:
        """A boolean option; `default` when it is not set or not a boolean."""
        value = self.get(option).lower()
        return True if value in _TRUE else False if value in _FALSE else default


class File(msgspec.Struct, frozen=True):
    """One file of /etc/config: its sections in order. An absent one has none."""

    name: str
    sections: tuple[Section, ...] = ()

    def of(self, kind: str) -> Iterator[Section]:
        """The sections of a type, in order."""
        return (section for section in self.sections if section.kind == kind)

    def get(self, id: str) -> Section | None:  # noqa: A002  # UCI's word
        """The section with this name."""
        return next((section for section in self.sections if section.id == id), None)


def parse(text: str, file: str) -> File:
    """The sections of a file of /etc/config. ReadError names the line; values are never repeated in it."""
    sections: list[Section] = []
    named: dict[tuple[str, str], Section] = {}
    counts: dict[str, int] = {}
    for line, words in _statements(text, file):
        match words:
            case ["config", kind, *rest] if kind and len(rest) < 2:
                number = counts.get(kind, 0)
                # A name that comes again continues the section that has it.
                section = named.get((kind, rest[0])) if rest and rest[0] else None
                if section is None:
                    counts[kind] = number + 1
                    section = Section(file, kind, rest[0] if rest and rest[0] else f"@{kind}[{number}]", line)
                    sections.append(section)
                    named[(kind, section.id)] = section
                if len(sections) > MAX_SECTIONS:
                    raise ReadError(f"holds more than {MAX_SECTIONS} sections", where=f"{file}:{line}")
                current = section
            case ["option" | "list" as verb, name, value] if sections:
                current.lines.setdefault(name, line)
                if _SECRET.fullmatch(name):
                    current.secrets[name] = Secret(value)
                elif verb == "list":
                    current.values.setdefault(name, []).append(value)
                else:
                    current.values[name] = [value]
                    current.lines[name] = line
            case ["package", _]:
                pass
            case _:
                raise ReadError(
                    "is not UCI: a line must be `config TYPE 'NAME'`, `option NAME 'VALUE'` or `list NAME 'VALUE'`",
                    where=f"{file}:{line}",
                )
    return File(file, tuple(sections))


def _statements(text: str, file: str) -> Iterator[tuple[int, list[str]]]:
    """The words of each line, with the line's number; quotes may span lines."""
    line, words, total, at = 1, list[str](), 0, 0
    first = 1
    for match in _WORD.finditer(text):
        if match.start() != at:
            break
        at = match.end()
        if match["word"] is not None:
            first = first if words else line
            words.append(_unquoted(match["word"]))
            total += 1
            if total > MAX_WORDS:
                raise ReadError(f"holds more than {MAX_WORDS} words", where=f"{file}:{line}")
        elif match["end"] and words:
            yield first, words
            words = []
        line += match[0].count("\n")
    if at != len(text):
        raise ReadError("has a quote that is not closed, or a stray backslash", where=f"{file}:{line}")
    if words:
        yield first, words


def _unquoted(word: str) -> str:
    if word.isalnum():
        return word
    return "".join(
        piece["single"] if piece["single"] is not None else _ESCAPE.sub(r"\1", piece["double"] or piece["plain"] or "")
        for piece in _PIECE.finditer(word)
    )


def assignments(text: str) -> Mapping[str, str]:
    """The `NAME='value'` lines of a file such as etc/openwrt_release."""
    return dict(re.findall(r"""^([A-Z_]+)=["']?([^"'\n]*)["']?\s*$""", text, re.MULTILINE))
