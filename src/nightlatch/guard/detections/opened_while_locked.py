"""Impossible: a door opened whose bolt was thrown."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from nightlatch.guard.detections import interface
from nightlatch.guard.detections.interface import SECOND, Detection, hears
from nightlatch.model.event import Event
from nightlatch.model.finding import Severity


class OpenedWhileLocked(Detection, id="opened-while-locked"):
    """A closed door was locked, then opened, and no unlocking was heard before or within `grace_s` after.

    Either the door was forced or lifted off its strike, the lock is wrong about its bolt, or unlockings
    do not arrive. Nothing is concluded while the lock or its hub is away, nor of what was found out only
    after a reconnect.
    """

    title = "A door opened though its bolt was thrown"
    severity = Severity.HIGH

    class Thresholds(interface.Thresholds, frozen=True):
        """`[detections.opened-while-locked]`."""

        grace_s: Annotated[
            int, Meta(ge=1, le=600, description="seconds by which an unlocking may be heard after the opening")
        ] = 15

    def __init__(self, thresholds: Any, setting: interface.Setting) -> None:
        super().__init__(thresholds, setting)
        self._grace: int = thresholds.grace_s * SECOND
        self._closed: dict[str, bool] = {}
        """By door."""
        self._thrown: dict[str, str] = {}
        """By lock whose bolt was thrown into a closed door: the ecosystem that told it."""
        self._waiting: dict[str, bool] = {}
        """Locks whose door opened all the same."""

    @hears("locked")
    def locked(self, event: Event) -> None:
        """The bolt is thrown; into the frame, if the door is closed."""
        about = event.about
        if self._closed.get(self.setting.door_of.get(about, about)) and about not in self._thrown:
            self.room(self._thrown)
            self._thrown[about] = event.source

    @hears("unlocked", "jammed", "offline")
    def unlocked(self, event: Event) -> None:
        """The bolt is not thrown, or no longer known to be."""
        if self._thrown.pop(event.about, None) is not None and self._waiting:
            self._forget(event.about)

    @hears("disconnected")
    def disconnected(self, event: Event) -> None:
        """Unlockings are no longer heard."""
        for lock in [lock for lock, source in self._thrown.items() if source == event.source]:
            del self._thrown[lock]
            self._forget(lock)

    @hears("door_closed")
    def door_closed(self, event: Event) -> None:
        """From now on a thrown bolt holds it."""
        door = self.setting.door_of.get(event.about, event.about)
        if door not in self._closed:
            self.room(self._closed)
        self._closed[door] = True

    @hears("door_opened")
    def door_opened(self, event: Event) -> None:
        """Wait for the unlocking, if the bolt was thrown."""
        door = self.setting.door_of.get(event.about, event.about)
        if not self._closed.get(door):
            return
        self._closed[door] = False
        for lock in self.setting.locks_of.get(door, (door,)):
            if lock not in self._thrown:
                continue
            if event.resync:
                del self._thrown[lock]
            else:
                self.room(self._waiting)
                self._waiting[lock] = True
                self.wake(self._grace, lock)

    def due(self, at: int, key: str) -> None:
        """No unlocking was heard."""
        del self._waiting[key]
        if self._thrown.pop(key, None) is not None:
            what = f"{self.place(key)} was opened while the lock said that its bolt was thrown; no unlocking was heard."
            self.tell(self.wall(at), key, what)

    def state(self) -> Any:
        """Doors, bolts, and what is waited for."""
        return [self._closed, self._thrown, self._waiting]

    def restore(self, state: Any) -> None:
        """Take them back."""
        self._closed, self._thrown, self._waiting = msgspec.convert(
            state, tuple[dict[str, bool], dict[str, str], dict[str, bool]]
        )

    def _forget(self, lock: str) -> None:
        if self._waiting.pop(lock, False):
            self.sleep(lock)
