"""Finds the detections: every module of this folder that holds one."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from typing import Any, get_type_hints

import msgspec

from nightlatch.configuration.lines import Path
from nightlatch.configuration.read import Configuration, explain
from nightlatch.errors import ConfigurationError
from nightlatch.guard import detections as package
from nightlatch.guard.detections.interface import Detection, Thresholds
from nightlatch.text import suggest

Chosen = tuple[type[Detection], Thresholds]


class Limit(msgspec.Struct, frozen=True):
    """One threshold of a detection: its key, its default, what it means, and what it may be set to."""

    name: str
    default: float
    doc: str
    least: float
    most: float


_NOT_DETECTIONS = ("interface", "registry")


@cache
def detections() -> Mapping[str, type[Detection]]:
    """Every detection, by id, in the order of their ids."""
    found = {}
    for module in pkgutil.iter_modules(package.__path__):
        if module.name.startswith("_") or module.name in _NOT_DETECTIONS:
            continue
        for value in vars(importlib.import_module(f"{package.__name__}.{module.name}")).values():
            if isinstance(value, type) and issubclass(value, Detection) and "id" in vars(value):
                found[value.id] = value
    return dict(sorted(found.items()))


def defaults() -> tuple[Chosen, ...]:
    """Every detection with the thresholds it comes with."""
    return tuple((detection, detection.Thresholds()) for detection in detections().values())


def configured(configuration: Configuration) -> tuple[Chosen, ...]:
    """Every detection with the thresholds in force; ConfigurationError names the line of what cannot be."""
    tables = configuration.tables.detections
    for id in tables:  # noqa: A001  # the design's word
        if id not in detections():
            raise ConfigurationError(
                f"there is no detection {id!r}",
                where=configuration.where(*_place(configuration, id)),
                todo=suggest(id, detections()) or "See: nightlatch guard detections",
            )
    chosen = []
    for id, detection in detections().items():  # noqa: A001  # the design's word
        try:
            chosen.append((detection, msgspec.convert(tables.get(id, {}), detection.Thresholds)))
        except msgspec.ValidationError as error:
            place = _place(configuration, id)
            raise explain(str(error), place, detection.Thresholds, configuration.path, configuration.lines) from None
    return tuple(chosen)


def limits(detection: type[Detection]) -> tuple[Limit, ...]:
    """The thresholds of a detection beside `on`."""
    hints = get_type_hints(detection.Thresholds, include_extras=True)
    found = []
    for field in msgspec.structs.fields(detection.Thresholds):
        if field.name != "on":
            meta: msgspec.Meta = hints[field.name].__metadata__[0]
            assert meta.description is not None  # noqa: S101  # a threshold without words is a defect
            assert meta.ge is not None  # noqa: S101
            assert meta.le is not None  # noqa: S101
            found.append(Limit(field.name, field.default, meta.description, meta.ge, meta.le))
    return tuple(found)


def set_at(configuration: Configuration, id: str, threshold: str) -> str:  # noqa: A002  # the design's word
    """Where a threshold was set, `nightlatch.toml:12`; nothing when it is the default."""
    table: dict[str, Any] = configuration.tables.detections.get(id, {})
    return configuration.place(*_place(configuration, id), threshold) if threshold in table else ""


def _place(configuration: Configuration, id: str) -> Path:  # noqa: A002  # the design's word
    """The path of a detection's table: a header of its own, or a key under `[detections]`."""
    header: Path = (f"detections.{id}",)
    return header if configuration.lines.of(header) else ("detections", id)
