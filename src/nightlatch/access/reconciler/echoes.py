"""What a lock tells of our own writes: awaited for each write once, and only what fits what was done."""

from __future__ import annotations

from collections.abc import Mapping

from nightlatch.access.reconciler.chooser import Act

ECHO_S = 20.0
"""For how long after a write the lock's own report of it is awaited, and not taken for somebody else's change."""
FITS: Mapping[Act, frozenset[str]] = {
    Act.SET: frozenset(("code_added", "code_changed")),
    Act.CLEAR: frozenset(("code_removed",)),
}
"""The kinds of events that a lock tells of a write with."""


class Echoes:
    """Those of one lock. Times are seconds of a clock that is never set."""

    def __init__(self) -> None:
        self._awaited: dict[int, tuple[Act, float]] = {}

    def write(self, slot: int, act: Act) -> None:
        """Something is about to be sent."""
        self._awaited[slot] = act, float("inf")

    def ended(self, slot: int, now: float, *, refused: bool) -> None:
        """It was sent; what was refused is not reported."""
        if slot in self._awaited:
            act, _ = self._awaited.pop(slot)
            if not refused:
                self._awaited[slot] = act, now + ECHO_S

    def take(self, slot: int, kind: str, now: float) -> bool:
        """Whether this report is of our own write; the next one is not."""
        act, until = self._awaited.get(slot, (None, 0.0))
        if act is None or now > until or kind not in FITS[act]:
            return False
        del self._awaited[slot]
        return True
