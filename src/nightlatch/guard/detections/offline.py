"""A lock or hub that does not answer tells of nothing any more."""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from nightlatch.guard.detections import interface
from nightlatch.guard.detections.interface import SECOND, Detection, hears
from nightlatch.model.event import Event
from nightlatch.model.finding import Severity
from nightlatch.text import listed, span

_NAMED = 5
_HUB = "source/"
"""Begins the due key of an ecosystem."""


class _Away(msgspec.Struct):
    """A lock that does not answer."""

    source: str
    told: str = ""
    """ "alone", "together" with others, or not yet."""


class _Hub(msgspec.Struct):
    """A hub or a witness that is not connected."""

    about: str
    told: bool = False


class Offline(Detection, id="offline"):
    """A lock did not answer for `after_s`, or a hub was not connected for `hub_after_s` (told as high).

    A hub's outage is one case: its locks are not told while it is away, and are given `after_s` anew when
    it is back. `together` locks or more of one hub that fall silent at once are one case too. A witness of the
    journal is given the time of a hub.
    """

    title = "A lock or hub does not answer"
    severity = Severity.MEDIUM

    class Thresholds(interface.Thresholds, frozen=True):
        """`[detections.offline]`."""

        after_s: Annotated[int, Meta(ge=1, le=604_800, description="seconds for which a lock may be away")] = 900
        hub_after_s: Annotated[int, Meta(ge=1, le=604_800, description="seconds for which a hub may be away")] = 180
        together: Annotated[
            int, Meta(ge=2, le=1000, description="locks of one hub, away at once, that are told as one case")
        ] = 3

    def __init__(self, thresholds: Any, setting: interface.Setting) -> None:
        super().__init__(thresholds, setting)
        self._after: int = thresholds.after_s * SECOND
        self._hub_after: int = thresholds.hub_after_s * SECOND
        self._together: int = thresholds.together
        self._away: dict[str, _Away] = {}
        self._hubs: dict[str, _Hub] = {}
        """By ecosystem or witness, under its due key."""
        self._groups: Counter[str] = Counter()
        """By ecosystem: how many of its locks are told as one case."""

    @hears("offline")
    def offline(self, event: Event) -> None:
        """Start to wait."""
        if event.about not in self._away:
            self.room(self._away)
            self._away[event.about] = _Away(event.source)
            self.wake(self._after, event.about)

    @hears("online")
    def online(self, event: Event) -> None:
        """It answers."""
        away = self._away.pop(event.about, None)
        if away is None:
            return
        if away.told == "alone":
            self.end(event.at, event.about, f"{self.place(event.about)}: the lock answers again.")
        elif away.told == "together":
            source = away.source
            self._groups[source] -= 1
            if not self._groups[source]:
                self.end(event.at, "home", f"The locks that {source} tells of answer again.", key=f"{_HUB}{source}")
        else:
            self.sleep(event.about)

    def forget(self, key: Any, value: Any) -> None:
        """Count it no longer as one of its group."""
        super().forget(key, value)
        if isinstance(value, _Away) and value.told == "together":
            self._groups[value.source] -= 1

    @hears("disconnected")
    def disconnected(self, event: Event) -> None:
        """Start to wait for the hub."""
        key = f"{_HUB}{event.source or event.about}"
        if key not in self._hubs:
            self.room(self._hubs)
            self._hubs[key] = _Hub(event.about)
            self.wake(self._hub_after, key)

    @hears("connected")
    def connected(self, event: Event) -> None:
        """The hub is back; its locks get their time anew."""
        key = f"{_HUB}{event.source or event.about}"
        hub = self._hubs.pop(key, None)
        if hub is None:
            return
        self.sleep(key)
        if hub.told:
            self.end(event.at, hub.about, f"{self.place(hub.about)} is connected again.")
        for about, away in self._away.items():
            if away.source == event.source and not away.told:
                self.wake(self._after, about)

    def due(self, at: int, key: str) -> None:
        """It is still away."""
        if key.startswith(_HUB):
            hub = self._hubs[key]
            hub.told = True
            name = self.place(hub.about)
            if hub.about.startswith("witness:"):
                what = f"The journal's witness {name} has not answered for {span(self._hub_after)}."
                self.tell(self.wall(at), hub.about, what)
            else:
                what = f"{name} has not been connected for {span(self._hub_after)}: nothing is heard of its locks."
                self.tell(self.wall(at), hub.about, what, severity=Severity.HIGH)
            return
        away = self._away.get(key)
        if away is None or away.told or f"{_HUB}{away.source}" in self._hubs:
            return
        same = [lock for lock, one in self._away.items() if one.source == away.source and not one.told]
        if len(same) < self._together:
            away.told = "alone"
            self.tell(self.wall(at), key, f"{self.place(key)}: the lock has not answered for {span(self._after)}.")
            return
        for lock in same:
            self._away[lock].told = "together"
        self._groups[away.source] += len(same)
        names = [self.place(lock) for lock in same[:_NAMED]]
        if len(same) > _NAMED:
            names.append(f"{len(same) - _NAMED} more")
        what = f"{len(same)} locks that {away.source} tells of do not answer: {listed(names)}."
        self.tell(self.wall(at), "home", what, key=f"{_HUB}{away.source}", severity=Severity.HIGH)

    def state(self) -> Any:
        """What is away."""
        return [
            {about: [away.source, away.told] for about, away in self._away.items()},
            {key: [hub.about, hub.told] for key, hub in self._hubs.items()},
        ]

    def restore(self, state: Any) -> None:
        """Take it back."""
        locks, hubs = msgspec.convert(state, tuple[dict[str, tuple[str, str]], dict[str, tuple[str, bool]]])
        self._away = {about: _Away(*away) for about, away in locks.items()}
        self._hubs = {key: _Hub(*hub) for key, hub in hubs.items()}
        self._groups = Counter(away.source for away in self._away.values() if away.told == "together")
