"""A router to type at: `uci` as OpenWrt's own does it, over the files of /etc/config. Knows nothing of Nightlatch.

Source: OpenWrt documentation, "The UCI system": https://openwrt.org/docs/guide-user/base-system/uci
"""

from __future__ import annotations

import io
import re
import shlex
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

_ANONYMOUS = re.compile(r"@([\w-]+)\[(-?\d+)\]")


class UciError(Exception):
    """What `uci` prints before it exits with 1."""


@dataclass
class Section:
    """`config KIND 'NAME'`; without a name it is reached as @KIND[number]."""

    kind: str
    name: str
    options: dict[str, str | list[str]] = field(default_factory=dict)


class Router:
    """The files of a router's /etc, by path (`etc/config/network`), and a shell that knows `uci` and `passwd`.

    What `uci` changes is in no file before `uci commit`. `restarted` lists the other commands that were typed.
    """

    def __init__(self, files: Mapping[str, str]) -> None:
        self.files = dict(files)
        self.restarted: list[str] = []
        self._open: dict[str, list[Section]] = {}

    def type(self, line: str) -> None:
        """One line at the router's prompt; commands may be joined with `;`."""
        lexer = shlex.shlex(line, posix=True, punctuation_chars=";")
        lexer.whitespace_split = True
        command: list[str] = []
        for word in [*lexer, ";"]:
            if word != ";":
                command.append(word)
            elif command:
                self._run(command)
                command = []

    def passwd(self, hashed: str = "$5$1Vq0zE1ykLQeZ6wd$2Jp5m0Fv1bq7b8xS0eZC6qY9uQmX4sD3nH5kT8wR2aB") -> None:
        """Root sets a password: its hash goes to /etc/shadow."""
        lines = self.files["etc/shadow"].splitlines()
        lines = [re.sub(r"^root:[^:]*:", f"root:{hashed}:", line) for line in lines]
        self.files["etc/shadow"] = "\n".join(lines) + "\n"

    def backup(self, path: Path) -> None:
        """`sysupgrade -b`: everything of /etc in a tar.gz, names without a leading slash."""
        with tarfile.open(path, "w:gz") as archive:
            for name, text in self.files.items():
                data = text.encode()
                member = tarfile.TarInfo(name)
                member.size, member.mode = len(data), 0o600
                archive.addfile(member, io.BytesIO(data))

    def _run(self, command: list[str]) -> None:
        match command:
            case ["uci", "set", assignment]:
                self._set(*assignment.split("=", 1))
            case ["uci", "add", package, kind]:
                self._sections(package).append(Section(kind, ""))
            case ["uci", "commit"]:
                for package in list(self._open):
                    self._commit(package)
            case ["uci", "commit", package]:
                self._commit(package)
            case ["uci", *_]:
                raise UciError(f"usage: {shlex.join(command)}")
            case _:
                self.restarted.append(shlex.join(command))

    def _set(self, path: str, value: str) -> None:
        package, name, *option = path.split(".")
        if not option:
            found = [one for one in self._sections(package) if one.name == name]
            for one in found:
                one.kind = value
            if not found:
                self._sections(package).append(Section(value, name))
            return
        self._section(package, name).options[option[0]] = value

    def _section(self, package: str, name: str) -> Section:
        sections = self._sections(package)
        if match := _ANONYMOUS.fullmatch(name):
            sections, number = [one for one in sections if one.kind == match[1]], int(match[2])
            if -len(sections) <= number < len(sections):
                return sections[number]
        else:
            for one in sections:
                if one.name == name:
                    return one
        raise UciError("uci: Entry not found")

    def _sections(self, package: str) -> list[Section]:
        if package not in self._open:
            if f"etc/config/{package}" not in self.files:
                raise UciError("uci: Entry not found")
            self._open[package] = _parse(self.files[f"etc/config/{package}"])
        return self._open[package]

    def _commit(self, package: str) -> None:
        lines = []
        for section in self._sections(package):
            lines.append(f"\nconfig {section.kind}" + (f" '{section.name}'" if section.name else ""))
            for name, value in section.options.items():
                keyword, values = ("option", [value]) if isinstance(value, str) else ("list", value)
                lines += [f"\t{keyword} {name} {_quoted(one)}" for one in values]
        self.files[f"etc/config/{package}"] = "\n".join(lines) + "\n"
        del self._open[package]


def _parse(text: str) -> list[Section]:
    sections: list[Section] = []
    for line in text.splitlines():
        match shlex.split(line, comments=True):
            case ["config", kind, *name]:
                sections.append(Section(kind, name[0] if name else ""))
            case ["option", name, value]:
                sections[-1].options[name] = value
            case ["list", name, value]:
                before = sections[-1].options.setdefault(name, [])
                assert isinstance(before, list), f"{name} is both an option and a list"
                before.append(value)
            case []:
                pass
            case words:
                raise UciError(f"uci: Parse error: {words}")
    return sections


def _quoted(value: str) -> str:
    return "'" + value.replace("'", "'\\''") + "'"
