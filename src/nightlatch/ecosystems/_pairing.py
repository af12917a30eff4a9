"""One movement that is told twice becomes one event: a state that changed, and an action that says by whom."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from msgspec.structs import replace

from nightlatch.model.event import Event, Kind

HOLD_SECONDS = 0.5
"""How long a movement waits for the action that says by whom it was."""
PAIR_US = 10_000_000
"""An action and a change of state this close together (µs) tell of one movement."""


class Pairing:
    """The order of one lock's events. `waits`: the lock tells actions, so that a change of state waits for one."""

    def __init__(self, *, waits: bool) -> None:
        self._waits = waits
        self._acted: tuple[Kind, int] | None = None
        """An action whose change of state has not come yet, and when it was heard."""
        self._moved: tuple[Kind, int] | None = None
        """A change of state whose action has not come yet."""
        self._held: list[Event] = []
        self._timer: asyncio.TimerHandle | None = None
        self._timed: Event | None = None

    @property
    def holding(self) -> bool:
        """A change of state waits for its action."""
        return bool(self._held)

    def wait(self, tell: Callable[[list[Event]], object]) -> None:
        """Have what waits told by itself after HOLD_SECONDS; to be called after each message."""
        first = self._held[0] if self._held else None
        if first is self._timed:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timed, self._timer = first, None
        if first is not None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(HOLD_SECONDS, lambda: tell(self.release()))

    def release(self) -> list[Event]:
        """The events that wait, whether or not an action came."""
        held, self._held = self._held, []
        return held

    def action(self, event: Event) -> list[Event]:
        """The lock says that it was moved, and perhaps by whom. What may go now."""
        if self._held and self._held[0].kind == event.kind:
            first, *rest = self.release()
            self._moved = None
            late = event if event.resync else first
            return [replace(event, at=first.at, resync=late.resync, since=late.since), *rest]
        if self._held:
            # It came late, and belongs to a movement before the one that waits: it goes before that.
            return [event]
        # Behind a change of state that did not wait so long, it still tells by whom.
        self._acted = None if _pairs(self._moved, event) else (event.kind, event.at)
        self._moved = None
        return [event]

    def state(self, event: Event) -> list[Event]:
        """The lock's state changed as by this event. What may go now."""
        acted, self._acted, self._moved = self._acted, None, None
        if _pairs(acted, event):
            return []
        self._moved = (event.kind, event.at)
        going = self.release()
        if self._waits and event.kind != "jammed":
            self._held = [event]
            return going
        return [*going, event]

    def other(self, event: Event) -> list[Event]:
        """Anything else; it does not overtake a movement that waits."""
        if self._held:
            self._held.append(event)
            return []
        return [event]


def _pairs(first: tuple[Kind, int] | None, second: Event) -> bool:
    return first is not None and first[0] == second.kind and second.at - first[1] <= PAIR_US
