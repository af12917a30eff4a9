"""Finds and reads `nightlatch.toml`. Every error names the file, the line, and what to write instead."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path as FilePath
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from nightlatch.configuration.lines import Lines, Path
from nightlatch.configuration.tables import THING_TABLES, Tables
from nightlatch.errors import ConfigurationError
from nightlatch.reading.files import read_text
from nightlatch.text import suggest

LIMIT = 1024 * 1024
_PLACE = re.compile(r"^(.*?)(?: - at `\$(.*)`)?$", re.DOTALL)
_STEP = re.compile(r"\.([\w\-]+)|\[(\d+)\]|\[\.\.\.\]")
_UNKNOWN = re.compile(r"unknown field `([^`]*)`")
_TYPES = {"str": "text", "int": "a whole number", "bool": "true or false", "array": "a list", "object": "a table"}


class Configuration:
    """A read `nightlatch.toml`: its tables, where it stands, and on which line each key is."""

    def __init__(self, tables: Tables, path: FilePath, lines: Lines) -> None:
        self.tables = tables
        self.path = path
        self.lines = lines

    @property
    def base(self) -> FilePath:
        """The folder that relative paths start from."""
        return self.path.parent

    @property
    def zone(self) -> ZoneInfo:
        """The home's time zone."""
        return ZoneInfo(self.tables.home.timezone)

    def ids(self, kind: str) -> list[str]:
        """The owner's ids of a kind of thing. Keys that sources make hold a colon, and no id does."""
        return [thing.id for name, of in THING_TABLES.items() if of == kind for thing in getattr(self.tables, name)]

    def where(self, *path: str | int) -> str:
        """`/home/ana/nightlatch.toml:12` for a key or table."""
        return str(self.base / self.place(*path))

    def place(self, *path: str | int) -> str:
        """`nightlatch.toml:12`: for a report, which may be passed on and need not tell where the owner's files are."""
        line = self.lines.of(path)
        return f"{self.path.name}:{line}" if line else self.path.name

    def error(self, what: str, *path: str | int, todo: str = "") -> ConfigurationError:
        """An error at a key or table."""
        return ConfigurationError(what, where=self.where(*path), todo=todo)


def locate(given: FilePath | None, env: Mapping[str, str]) -> FilePath:
    """The configuration's path: as given, by NIGHTLATCH_CONFIG, or in the user's configuration folder."""
    if given is not None:
        return given
    if env.get("NIGHTLATCH_CONFIG"):
        return FilePath(env["NIGHTLATCH_CONFIG"]).expanduser()
    import platformdirs

    return FilePath(platformdirs.user_config_dir("nightlatch", appauthor=False)) / "nightlatch.toml"


def load(path: FilePath) -> Configuration:
    """Read a configuration; ConfigurationError when it is missing or says what it may not."""
    try:
        there = path.is_file()
    except OSError as error:
        raise ConfigurationError(f"cannot be read: {error.strerror}", where=str(path)) from None
    if not there:
        raise ConfigurationError(
            "there is no configuration",
            where=str(path),
            todo="Make one with: nightlatch init, or name it with --config.",
        )
    text = read_text(path, limit=LIMIT)
    return parse(text, path)


def parse(text: str, path: FilePath) -> Configuration:
    """Read a configuration's text; `path` names it in errors and is the base of relative paths."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        match = re.search(r"^(.*) \(at line (\d+), column \d+\)$", str(error))
        what, line = (match[1], f":{match[2]}") if match else (str(error).removesuffix(" (at end of document)"), "")
        raise ConfigurationError(f"this is not valid TOML: {what}", where=f"{path}{line}") from None
    except RecursionError:
        raise ConfigurationError("nests too deep", where=str(path)) from None
    lines = Lines(text)
    try:
        tables = msgspec.convert(raw, Tables)
    except msgspec.ValidationError as error:
        raise explain(str(error), (), Tables, path, lines) from None
    configuration = Configuration(tables, FilePath(os.path.normpath(path.absolute())), lines)
    _check(configuration)
    return configuration


def explain(message: str, prefix: Path, table: Any, path: FilePath, lines: Lines) -> ConfigurationError:
    """Msgspec's validation message as an error with file, line and suggestion.

    `prefix` is the path in the file at which the converted value stands; `table` its struct.
    """
    match = _PLACE.match(message)
    what, steps = (match[1], match[2] or "") if match else (message, "")
    place: Path = (*prefix, *(int(step[2]) if step[2] else step[1] or 0 for step in _STEP.finditer(steps)))
    todo = ""
    if unknown := _UNKNOWN.search(what):
        what = f"unknown key {unknown[1]!r}"
        place = (*place, unknown[1])
        known = _fields_at(table, place[len(prefix) : -1])
        todo = suggest(unknown[1], known) or f"Known keys: {', '.join(known)}."
    else:
        what = what.replace("Object missing required field", "missing key")
        what = re.sub(r"`([^`]*?)(?: \| null)?`", lambda found: _TYPES.get(found[1], f'"{found[1]}"'), what)
        what = what[0].lower() + what[1:]
        if place and isinstance(place[-1], str):
            what = f"{place[-1]}: {what}"
    line = lines.of(place)
    return ConfigurationError(what, where=f"{path}:{line}" if line else str(path), todo=todo)


def _fields_at(table: Any, place: Path) -> list[str]:
    """The keys that the table at a place may have."""
    for step in place:
        if isinstance(step, int):
            continue
        hints = {field.name: field.type for field in msgspec.structs.fields(table)}
        inner = hints.get(step)
        arguments = getattr(inner, "__args__", ())
        table = arguments[0] if arguments else inner
    return [field.encode_name for field in msgspec.structs.fields(table)]


def _check(configuration: Configuration) -> None:
    """What the types cannot say: time zone, ids, references."""
    tables = configuration.tables
    try:
        ZoneInfo(tables.home.timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise configuration.error(
            f"there is no time zone {tables.home.timezone!r}",
            "home",
            "timezone",
            todo='Use an IANA name such as "Europe/Berlin".',
        ) from None
    ids: dict[str, set[str]] = {}
    for name, kind in THING_TABLES.items():
        for number, thing in enumerate(getattr(tables, name)):
            if not re.fullmatch(r"[\w\-.]{1,64}", thing.id):
                raise configuration.error(
                    f"{thing.id!r} cannot be an id: letters, digits, -, _ and . only", name, number, "id"
                )
            known = ids.setdefault(kind, set())
            if thing.id in known:
                raise configuration.error(f"two {name} have the id {thing.id!r}", name, number, "id")
            known.add(thing.id)
    _check_bindings(configuration)
    for number, lock in enumerate(tables.locks):
        if lock.door and lock.door not in ids.get("door", set()):
            raise configuration.error(
                f"there is no door {lock.door!r}", "locks", number, "door", todo=suggest(lock.door, ids.get("door", ()))
            )
    for number, person in enumerate(tables.people):
        if person.role not in ("", "resident", "regular", "guest", "service"):
            raise configuration.error(
                f"role {person.role!r} is not one of resident, regular, guest, service", "people", number, "role"
            )
    for number, source in enumerate(tables.sources):
        if not isinstance(source.get("kind"), str):
            raise configuration.error('missing key "kind"', "sources", number)
        if not re.fullmatch(r"[\w\-.]{1,64}", str(source.get("id", source["kind"]))):
            raise configuration.error("this cannot be a source's id", "sources", number, "id")


def _check_bindings(configuration: Configuration) -> None:
    bound: dict[tuple[str, str], str] = {}
    for name, kind in THING_TABLES.items():
        for number, thing in enumerate(getattr(configuration.tables, name)):
            for key in thing.bind:
                other = bound.setdefault((kind, key), thing.id)
                if other != thing.id:
                    raise configuration.error(
                        f"{key!r} is bound to two {name}: {other} and {thing.id}", name, number, "bind"
                    )
