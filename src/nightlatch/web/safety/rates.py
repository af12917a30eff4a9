"""How often one client, or one user, may ask: a bucket of tokens each, which fills up by itself."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable

import msgspec

MOST = 4096
"""Clients that are remembered; whoever asked longest ago is forgotten first."""
HERE = 10
"""How many times more this machine may."""


class Rate(msgspec.Struct, frozen=True):
    """At most `burst` at once, and `each_s` a second for as long as one likes."""

    burst: float
    each_s: float


CHANGES = Rate(100, 5)
READS = Rate(300, 30)


class Buckets:
    """Who asked how often. `clock` gives seconds that never go back."""

    def __init__(self, clock: Callable[[], float], most: int = MOST) -> None:
        self._clock = clock
        self._most = most
        self._left: OrderedDict[tuple[str, Rate], tuple[float, float]] = OrderedDict()

    def wait(self, client: str, rate: Rate, times: float = 1) -> int:
        """Take one token; 0 when there was one, else in how many whole seconds there is. `times` widens the rate."""
        now, key = self._clock(), (client, rate)
        left, at = self._left.pop(key, (rate.burst * times, now))
        left = min(rate.burst * times, left + (now - at) * rate.each_s * times)
        taken = left >= 1
        self._left[key] = (left - 1 if taken else left, now)
        while len(self._left) > self._most:
            self._left.popitem(last=False)
        return 0 if taken else max(1, math.ceil((1 - left) / (rate.each_s * times)))

    def __len__(self) -> int:
        return len(self._left)
