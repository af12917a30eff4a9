"""The one interface of a detection: events and due times in, what it noticed out. No I/O and no clock of its own."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar

import msgspec

from nightlatch.guard.household import Household
from nightlatch.model.event import Event
from nightlatch.model.finding import Severity

SECOND = 1_000_000
"""In µs, the unit of an event's time."""


class Thresholds(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What `[detections.ID]` of the configuration sets. A detection subclasses it."""

    on: bool = True


class Noticed(msgspec.Struct, frozen=True):
    """Something that a detection noticed, or (`over`) that it is over again.

    `key` tells one case from the next of the same detection: what repeats under an open alert's key
    is counted there and raises no second one.
    """

    detection: str
    about: str
    at: int
    severity: Severity = Severity.MEDIUM
    what: str = ""
    """One sentence for people, without PIN, surname and address; the person by id in `person`."""
    key: str = ""
    person: str = ""
    over: bool = False


class Setting:
    """What a detection works in: the household, a way to tell, and a way to be woken."""

    __slots__ = ("household", "notice", "wake")

    def __init__(
        self, household: Household, notice: Callable[[Noticed], None], wake: Callable[[int, str], None]
    ) -> None:
        self.household = household
        self.notice = notice
        self.wake = wake
        """`wake(at, key)`: call `due(at, key)` once event time has passed `at` (µs)."""


class Detection(ABC):
    """Watches the events of some kinds. One file each; found by its id.

    The same events in the same order always give the same notices, live, after a restart and in a
    replay: nothing but the events, the due times and the household goes in. `state` is plain data
    that msgspec can encode; it is what survives a restart.
    """

    id: ClassVar[str]
    title: ClassVar[str]
    """What it watches for, in words."""
    severity: ClassVar[Severity]
    kinds: ClassVar[tuple[str, ...]]
    """The kinds of events it is given."""
    Thresholds: ClassVar[type[Thresholds]] = Thresholds

    def __init_subclass__(cls, id: str = "", **kwargs: object) -> None:  # noqa: A002
        super().__init_subclass__(**kwargs)
        if id:
            cls.id = id

    def __init__(self, thresholds: Any, setting: Setting) -> None:
        self.thresholds = thresholds
        self.setting = setting

    @abstractmethod
    def on(self, event: Event) -> None:
        """Look at one event of its kinds."""

    def due(self, at: int, key: str) -> None:
        """A time it asked to be woken at has passed. Called in the order of time, between events."""
        raise NotImplementedError(f"{self.id} asked to be woken, and does not wake")

    def state(self) -> Any:
        """What must survive a restart; None when there is nothing."""
        return None

    def restore(self, state: Any) -> None:
        """Take back what `state` gave, decoded from JSON; not called when that was None."""
        raise NotImplementedError(f"{self.id} gives a state, and does not take it back")
