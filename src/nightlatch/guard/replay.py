"""What the detections would have told: the same engine over the journal, with other thresholds beside."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec

from nightlatch.configuration.lines import Lines
from nightlatch.configuration.read import explain
from nightlatch.errors import UsageError
from nightlatch.guard.detections.interface import Noticed
from nightlatch.guard.detections.registry import Chosen, detections
from nightlatch.guard.engine import Engine
from nightlatch.guard.household import Household
from nightlatch.model.event import Event
from nightlatch.text import suggest

_AT_ONCE = 4096


class Replayed(msgspec.Struct, frozen=True):
    """What one set of thresholds told, in order, and how many events from `since` on it was told by."""

    events: int
    noticed: tuple[Noticed, ...]


def replay(
    events: Iterable[Event], household: Household, sides: Sequence[Sequence[Chosen]], *, since: int, until: int
) -> list[Replayed]:
    """What each set of thresholds would have told from `since` up to `until`, µs.

    All events go in, in the order of the journal, so that what needs a history has it; those from
    `until` on do not. Time goes on to `until`. The same notices come out as while Nightlatch ran, if
    household and thresholds were the same.
    """
    engines = [Engine(chosen, household) for chosen in sides]
    found: list[list[Noticed]] = [[] for _ in sides]
    number = 0
    wanted = (event for event in events if event.at < until)
    while chunk := list(islice(wanted, _AT_ONCE)):
        number += sum(event.at >= since for event in chunk)
        for engine, told in zip(engines, found, strict=True):
            told += [one for one in engine.feed(chunk) if one.at >= since]
    for engine, told in zip(engines, found, strict=True):
        told += [one for one in engine.advance(until) if one.at >= since]
    return [Replayed(number, tuple(told)) for told in found]


def compare(before: Sequence[Noticed], after: Sequence[Noticed]) -> tuple[list[Noticed], list[Noticed]]:
    """What only the second tells, and what only the first does, each in its order."""
    old, new = set(before), set(after)
    return [one for one in after if one not in old], [one for one in before if one not in new]


def changed(chosen: Sequence[Chosen], settings: Sequence[str]) -> tuple[Chosen, ...]:
    """The thresholds with changes such as "repeated-wrong-codes.count=3"; UsageError says what cannot be."""
    changes: dict[str, dict[str, str]] = {}
    for text in settings:
        name, given, value = text.partition("=")
        id, dot, key = name.strip().rpartition(".")  # noqa: A001  # the design's word
        if not given or not dot:
            raise UsageError(f"{text!r} changes no threshold", todo="Write --set DETECTION.THRESHOLD=VALUE.")
        detection = detections().get(id)
        if detection is None:
            todo = suggest(id, detections()) or "See: nightlatch guard detections"
            raise UsageError(f"there is no detection {id!r}", todo=todo)
        known = detection.Thresholds.__struct_fields__
        if key not in known:
            todo = suggest(key, known) or f"It has: {', '.join(known)}."
            raise UsageError(f"{id} has no threshold {key!r}", todo=todo)
        changes.setdefault(id, {})[key] = value.strip()
    return tuple((detection, _with(detection.id, thresholds, changes)) for detection, thresholds in chosen)


def _with(id: str, thresholds: Any, changes: Mapping[str, dict[str, str]]) -> Any:  # noqa: A002  # the design's word
    if id not in changes:
        return thresholds
    try:
        return msgspec.convert({**msgspec.structs.asdict(thresholds), **changes[id]}, type(thresholds), strict=False)
    except msgspec.ValidationError as error:
        found = explain(str(error), (), type(thresholds), Path(id), Lines(""))
        raise UsageError(found.what, where=f"--set {id}", todo=found.todo) from None
