"""A door was opened in a way that the owner had switched off."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from nightlatch.guard.detections import interface
from nightlatch.guard.detections.interface import SECOND, Detection, hears
from nightlatch.model.event import Event
from nightlatch.model.finding import Severity


class RemoteOrVoiceUnlock(Detection, id="remote-or-voice-unlock"):
    """A door was unlocked from afar, or by voice, though the owner said that this is not needed.

    Silent where the owner never said so, and for what Nightlatch itself was asked to do within
    `within_s` before.
    """

    title = "A door was unlocked remotely or by voice, where that is switched off"
    severity = Severity.HIGH

    class Thresholds(interface.Thresholds, frozen=True):
        """`[detections.remote-or-voice-unlock]`."""

        within_s: Annotated[
            int, Meta(ge=1, le=3600, description="seconds after our own command within which an unlocking is its doing")
        ] = 60

    def __init__(self, thresholds: Any, setting: interface.Setting) -> None:
        super().__init__(thresholds, setting)
        self._within: int = thresholds.within_s * SECOND
        self._ours: dict[str, int] = {}
        """Engine time of our last unlock command, by lock."""

    @hears("command")
    def commanded(self, event: Event) -> None:
        """Remember what we asked for."""
        if event.name == "unlock":
            if self._ours.pop(event.about, None) is None:
                self.room(self._ours)
            self._ours[event.about] = self.setting.now

    @hears("unlocked")
    def unlocked(self, event: Event) -> None:
        """Tell it, if this way is switched off."""
        by = event.by
        if by == "voice":
            off, way = self.setting.household.voice is False, "by voice"
        elif by == "remote":
            off, way = self.setting.household.remote is False, "remotely"
        else:
            return
        if not off:
            return
        ours = self._ours.get(event.about)
        if ours is None or self.setting.now - ours > self._within:
            what = f"{self.place(event.about)} was unlocked {way}, though that is switched off."
            person = self.setting.household.person(event)
            self.tell(event.at, event.about, what, key=f"{event.about}/{by}", person=person)

    def state(self) -> Any:
        """Our last unlock commands."""
        return self._ours

    def restore(self, state: Any) -> None:
        """Take them back."""
        self._ours = msgspec.convert(state, dict[str, int])
