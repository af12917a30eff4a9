"""How long to wait before trying again."""

from __future__ import annotations

import msgspec


class Backoff(msgspec.Struct, frozen=True):
    """How long to wait before the next attempt to connect, s: doubled each time, capped, and spread by chance."""

    first_s: float = 1.0
    cap_s: float = 60.0
    steady_s: float = 60.0
    """A connection that lasted so long was a good one: the next attempt is a first one again."""

    def wait(self, attempt: int, chance: float) -> float:
        """Seconds before attempt number `attempt` (from 0); `chance` is from 0 to 1."""
        return min(self.cap_s, self.first_s * 2.0 ** min(attempt, 30)) * (0.5 + chance / 2)
