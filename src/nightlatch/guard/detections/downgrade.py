"""The link to a lock or hub became weaker."""

from __future__ import annotations

from typing import Any

import msgspec

from nightlatch.guard.detections.interface import Detection, Setting, hears
from nightlatch.model.event import Event
from nightlatch.model.finding import Severity

_STRENGTH = {
    "none": 0,
    "s0": 1,
    "s2_unauthenticated": 2,
    "zigbee": 3,
    "ble": 3,
    "s2_authenticated": 4,
    "s2_access_control": 5,
    "matter": 5,
    "tls": 5,
}
_WEAK = 2
"""Up to here a link is worth telling even if it was never seen stronger."""
_NAMES = {
    "none": "no encryption",
    "s0": "S0",
    "s2_unauthenticated": "S2 Unauthenticated",
    "s2_authenticated": "S2 Authenticated",
    "s2_access_control": "S2 Access Control",
    "tls": "TLS",
    "zigbee": "Zigbee",
    "ble": "Bluetooth LE",
    "matter": "Matter",
}


class Downgrade(Detection, id="downgrade"):
    """The security of a link changed to a weaker class, or a hub is no longer reached over TLS.

    Where no earlier change told what it was before, a link without encryption, with S0 or with
    S2 Unauthenticated is told. It is over when the link is as strong as before again.
    """

    title = "A link became weaker"
    severity = Severity.HIGH

    def __init__(self, thresholds: Any, setting: Setting) -> None:
        super().__init__(thresholds, setting)
        self._known: dict[str, str] = {}
        """The last class of each link."""
        self._open: dict[str, str] = {}
        """By link that became weaker: what it was before; nothing when that is not known."""

    @hears("security_changed")
    def changed(self, event: Event) -> None:
        """Compare it with what it was."""
        about, new = event.about, event.value
        if type(new) is not str or new not in _STRENGTH:
            return
        before = self._known.get(about) or (event.name if event.name in _STRENGTH else "")
        if about not in self._known:
            self.room(self._known)
        self._known[about] = new
        strength = _STRENGTH[new]
        if about in self._open:
            wanted = self._open[about]
            if strength >= _STRENGTH[wanted] if wanted else strength > _WEAK:
                del self._open[about]
                self.end(event.at, about, f"{self.place(about)}: the link is protected by {_NAMES[new]} again.")
                return
        if strength < _STRENGTH[before] if before else strength <= _WEAK:
            if about not in self._open:
                self.room(self._open)
                self._open[about] = before
            what = f"{self.place(about)}: the link became weaker, {_NAMES[new]}"
            self.tell(event.at, about, f"{what} instead of {_NAMES[before]}." if before else f"{what}.")

    def state(self) -> Any:
        """What each link was, and which became weaker."""
        return [self._known, self._open]

    def restore(self, state: Any) -> None:
        """Take it back."""
        self._known, self._open = msgspec.convert(state, tuple[dict[str, str], dict[str, str]])
