"""Plays events to one detection: what its tests are written with."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from nightlatch.guard.detections.interface import DAY, SECOND, Noticed
from nightlatch.guard.detections.registry import detections
from nightlatch.guard.engine import Engine
from nightlatch.guard.household import Holder, Household
from nightlatch.model.event import By, Event, Kind, micros

__all__ = ["BERLIN", "DAY", "HOUR", "MINUTE", "SECOND", "Noticed", "Player", "at", "berlin", "event", "holder", "home"]

BERLIN = ZoneInfo("Europe/Berlin")
MINUTE, HOUR = 60 * SECOND, 3600 * SECOND
NOON = micros(datetime.fromisoformat("2026-11-22T12:00:00+00:00"))


def at(seconds: float = 0, *, days: float = 0) -> int:
    """µs: so long after noon UTC of a Sunday."""
    return NOON + round(seconds * SECOND + days * DAY)


def berlin(text: str, fold: int = 0) -> int:
    """µs of `2026-10-25T02:30` by the clocks of Berlin; fold 1: the second time that night."""
    return micros(datetime.fromisoformat(text).replace(tzinfo=BERLIN, fold=fold))


def event(when: int, kind: Kind, about: str = "lock:front", *, by: By = "", slot: int = 0, **more: Any) -> Event:
    """An event of the front door's lock, unless told otherwise."""
    return Event(when, kind, about, source="zwavejs", by=by, slot=slot, **more)


def holder(person: str = "ana", **more: Any) -> Holder:
    """A person's credential."""
    return Holder(person, **more)


def home(**changes: Any) -> Household:
    """Front and back door with a lock each, in Berlin."""
    given: dict[str, Any] = {
        "zone": BERLIN,
        "locks": ("lock:front", "lock:back"),
        "names": {"lock:front": "Front lock", "door:front": "Front door", "door:back": "Back door"},
        "door_of": {"lock:front": "door:front", "lock:back": "door:back"},
        "people": {"ana": "Ana", "ben": "Ben"},
    }
    return Household(**{**given, **changes})


class Player:
    """An engine with one detection on."""

    def __init__(self, id: str, household: Household | None = None, **thresholds: Any) -> None:  # noqa: A002
        self._detection = detections()[id]
        self._thresholds = self._detection.Thresholds(**thresholds)
        self._household = household or home()
        self._engine = self._make()

    def hear(self, *events: Event) -> list[Noticed]:
        """What these events raise."""
        return self._engine.feed(events)

    def hear_all(self, events: Iterable[Event]) -> list[Noticed]:
        """What many events raise."""
        return self._engine.feed(events)

    def wait(self, until: int) -> list[Noticed]:
        """What time alone raises."""
        return self._engine.advance(until)

    def restart(self) -> bytes:
        """Go on in a new engine from a snapshot; the snapshot."""
        snapshot = self._engine.snapshot()
        self._engine = self._make()
        self._engine.restore(snapshot)
        return snapshot

    def _make(self) -> Engine:
        return Engine([(self._detection, self._thresholds)], self._household)
