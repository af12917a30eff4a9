"""Runs the detections: each event to those that hear its kind, due times in their turn."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from nightlatch.errors import StoreError
from nightlatch.guard.detections.interface import MINUTE, Detection, Noticed, Setting
from nightlatch.guard.detections.registry import Chosen
from nightlatch.guard.household import Household
from nightlatch.model.event import KINDS, Event

TOLERANCE = MINUTE
"""By how much events may come out of order, µs; one that lies back further tells that the clock was set back."""


class _Snapshot(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    now: int
    shift: int
    dues: list[tuple[int, str, str]]
    states: dict[str, Any]
    guess: tuple[int, int] | None = None
    version: int = 1


class Engine:
    """The detections of one home. The same events give the same notices, however they are cut and restarted.

    Engine time is event time that never goes back. While events come a little out of order it stands;
    when the wall clock was set back it goes on from where it was, and so lengths of time stay what
    they were: nothing is raised twice, and nothing waits for the hour to pass again. A clock set
    forward counts as time passed, unless a `clock_step` tells of it before other events do.
    """

    def __init__(self, chosen: Iterable[Chosen], household: Household) -> None:
        self._setting = setting = Setting(household)
        self._detections: dict[str, Detection] = {
            detection.id: detection(thresholds, setting) for detection, thresholds in chosen if thresholds.on
        }
        heard: dict[str, list[Callable[[Event], None]]] = {kind: [] for kind in KINDS}
        for detection in self._detections.values():
            for kind, method in detection.hearing.items():
                heard[kind].append(getattr(detection, method))
        self._heard = {kind: tuple(methods) for kind, methods in heard.items()}
        self._guess: tuple[int, int] | None = None
        """While a clock that was set back was not told of: the shift before, and the engine time."""

    @property
    def household(self) -> Household:
        """The home as the detections see it."""
        return self._setting.household

    @household.setter
    def household(self, household: Household) -> None:
        self._setting.live_in(household)

    def feed(self, events: Iterable[Event]) -> list[Noticed]:
        """What is noticed by these events, and by the due times before each of them, in order."""
        setting, heard = self._setting, self._heard
        dues = setting.dues
        for event in events:
            now = event.at + setting.shift
            kind = event.kind
            if now < setting.now or now >= dues.next or kind == "clock_step":
                self._move(event, now)
            else:
                setting.now = now
            for hear in heard[kind]:
                hear(event)
        return self._told()

    def advance(self, at: int) -> list[Noticed]:
        """What is noticed because wall time has come to `at`, µs, without an event."""
        self._move_to(at + self._setting.shift)
        return self._told()

    def snapshot(self) -> bytes:
        """All that must survive a restart, as JSON. It names locks and slots, and no person."""
        states = {one.id: state for one in self._detections.values() if (state := one.state()) is not None}
        setting = self._setting
        return msgspec.json.encode(_Snapshot(setting.now, setting.shift, setting.dues.all(), states, self._guess))

    def restore(self, snapshot: bytes) -> None:
        """Go on from a snapshot, in a new engine. Detections that are no longer on are left out.

        StoreError when it is damaged or of another version: the engine is then of no use, and a new
        one must be fed the journal.
        """
        try:
            read = msgspec.json.decode(snapshot, type=_Snapshot)
            if read.version != 1:
                raise ValueError(read.version)
            self._setting.now, self._setting.shift, self._guess = read.now, read.shift, read.guess
            for id, detection in self._detections.items():  # noqa: A001  # the design's word
                if id in read.states:
                    detection.restore(read.states[id])
            for at, id, key in read.dues:  # noqa: A001  # the design's word
                if id in self._detections:
                    self._setting.dues.put(id, key, at)
        except (msgspec.MsgspecError, ValueError, TypeError, LookupError, AttributeError, OverflowError) as error:
            raise StoreError(
                f"what the detections remembered cannot be read ({type(error).__name__})",
                where="snapshot of the detections",
                todo="They start again from the journal.",
            ) from None

    def _move(self, event: Event, now: int) -> None:
        """Bring engine time to an event that lies back, comes after due times, or tells of a set clock."""
        setting = self._setting
        if event.kind == "clock_step" and event.since:
            self._step(event)
        elif now < setting.now - TOLERANCE:
            # The clock was set back, and nobody said so yet.
            if self._guess is None:
                self._guess = setting.shift, setting.now
            setting.shift = setting.now - event.at
        else:
            self._move_to(now)

    def _step(self, event: Event) -> None:
        """The clock was set: `since` is what it would have shown. What was guessed of it is put right."""
        setting = self._setting
        guess, self._guess = self._guess, None
        if guess is not None and setting.now - guess[1] <= TOLERANCE:
            setting.shift = guess[0]
        elif setting.now > event.since + setting.shift + TOLERANCE:
            # Set forward, and events in the new time were faster: it counted as time passed.
            self._move_to(event.at + setting.shift)
            return
        self._move_to(event.since + setting.shift)
        setting.shift += event.since - event.at

    def _move_to(self, now: int) -> None:
        """Go forward to `now`, and fire what is due on the way."""
        setting = self._setting
        while due := setting.dues.pop(now):
            at, id, key = due  # noqa: A001  # the design's word
            setting.now = max(setting.now, at)
            self._detections[id].due(at, key)
        setting.now = max(setting.now, now)

    def _told(self) -> list[Noticed]:
        told, self._setting.noticed = self._setting.noticed, []
        return told
