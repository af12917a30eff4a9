"""What sources and ecosystems share: a kind, settings, the fields they can give; and how they are found.

A plug lives in one module of `nightlatch.sources` or `nightlatch.ecosystems`, found by its kind.
Third parties add theirs under the entry point group of the same name, the kind as the entry's name.
"""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
import time
from abc import ABC
from collections.abc import Callable
from datetime import datetime
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, ClassVar

import msgspec

from nightlatch.errors import ConfigurationError
from nightlatch.model.evidence import Gap, Grade, Ref
from nightlatch.model.thing import Field, Thing
from nightlatch.secrets import Fingerprinter
from nightlatch.text import suggest

GROUPS = ("nightlatch.sources", "nightlatch.ecosystems")


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What one `[[sources]]` table of the configuration sets, beside `kind` and `id`.

    A plug subclasses it. `Path` values arrive absolute, `Secret` values resolved.
    """


class PathSettings(Settings, frozen=True):
    """The settings of a plug that reads one file or folder."""

    path: Path


def wall() -> int:
    """The clock of the machine, µs since 1970."""
    return time.time_ns() // 1000


class Context(msgspec.Struct, frozen=True):
    """What a plug is given to work with.

    `prefix` begins the keys of its things: the kind, or kind:id where two of a kind are configured.
    `now` is the instant of the audit. `fingerprint` tells equal secrets apart from different ones.
    `clock` (µs since 1970) says when a live connection hears what it hears.
    """

    id: str
    prefix: str
    now: datetime
    fingerprint: Fingerprinter
    clock: Callable[[], int] = wall


class Plug(ABC):
    """The base of Source and Ecosystem."""

    kind: ClassVar[str]
    Settings: ClassVar[type[Settings]]
    grade: ClassVar[Grade]
    """The grade of its claims that do not say otherwise."""
    gives: ClassVar[tuple[Field[Any], ...]]
    """The fields it can give: what becomes unknown when it fails."""

    def __init_subclass__(cls, kind: str = "", **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        if kind:
            cls.kind = kind

    def __init__(self, settings: Any, context: Context) -> None:
        self.settings = settings
        self.context = context

    def anew(self, context: Context) -> Plug:
        """The same plug for another audit."""
        return type(self)(self.settings, context)

    def ref(self, thing: type[Thing], local: object) -> Ref:
        """The name of a thing that this plug knows by a local id: `zwavejs:3`, `zwavejs:attic/3`."""
        glue = "/" if ":" in self.context.prefix else ":"
        return Ref(thing.kind, f"{self.context.prefix}{glue}{local}")

    def gap(self, *fields: Field[Any], reason: str, settle: str, about: Ref | None = None) -> Gap:
        """These fields could not be told, for this reason; `settle` says what would settle it."""
        return Gap(tuple(field.path for field in fields), reason, settle, about)


def kinds() -> tuple[str, ...]:
    """Every kind that can be configured: those of the two packages, and what others add by entry point."""
    for group in GROUPS:
        package = importlib.import_module(group)
        for module in pkgutil.iter_modules(package.__path__):
            if not module.name.startswith("_") and module.name != "interface":
                importlib.import_module(f"{group}.{module.name}")
    own = {plug.kind for plug in _subclasses(Plug) if hasattr(plug, "kind") and _package(plug) in GROUPS}
    added = {entry.name for group in GROUPS for entry in entry_points(group=group)}
    return tuple(sorted(own | added))


def find(kind: str, where: str = "") -> type[Plug]:
    """The plug of this kind; ConfigurationError with a suggestion when there is none."""
    for group in GROUPS:
        # The usual case first: the module has the kind's name, and no other is imported.
        name = f"{group}.{kind.replace('-', '_')}"
        if kind.replace("-", "").isidentifier() and importlib.util.find_spec(name):
            importlib.import_module(name)
        for entry in entry_points(group=group, name=kind):
            try:
                entry.load()
            except (ImportError, AttributeError) as error:
                raise ConfigurationError(
                    f"the package that adds the kind {kind!r} cannot be loaded ({type(error).__name__})",
                    where=where,
                    todo="Install it anew, or for this version of Nightlatch.",
                ) from None
    for _ in range(2):
        for plug in _subclasses(Plug):
            if getattr(plug, "kind", "") == kind:
                return plug
        known = kinds()
    raise ConfigurationError(
        f"there is no source of kind {kind!r}",
        where=where,
        todo=suggest(kind, known) or f"Known kinds: {', '.join(known)}.",
    )


def _package(plug: type[Plug]) -> str:
    return plug.__module__.rpartition(".")[0]


def _subclasses(plug: type[Plug]) -> list[type[Plug]]:
    found: list[type[Plug]] = []
    for child in plug.__subclasses__():
        found += [child, *_subclasses(child)]
    return found
