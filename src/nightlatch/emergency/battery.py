"""How long a lock's battery still lasts, told from how its charge fell so far; and when that cannot be told. Pure.

Each day counts with the median of its reports, so that a cold night or one wrong report moves nothing. The rate is
the median of the slopes between all pairs of days (Theil 1950, Sen 1968). What it may as well be is Sen's interval:
the slopes whose ranks lie around the median by z·√Var(S), with Kendall's Var(S) = n(n-1)(2n+5)/18, at 80 %. A
meter that reports steps gives runs of equal days that say nothing new, so the variance is widened by the number of
days for each level seen.

What a percentage means is the meter's guess from a voltage. Alkaline cells fall all along; lithium cells
(Li-FeS2) hold theirs nearly level until most of it is used, and then drop quickly (Energizer, Lithium
Iron Disulfide Handbook and Application Manual): where the charge does not fall, nothing is foretold.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

import msgspec

DAY = 86_400_000_000
EMPTY = 10.0
"""The charge, in %, down to which is counted: below it motors labour and locks begin to warn."""
NEW_BATTERY = 20.0
"""A rise by so many % from one day to the next is a new battery."""
LEAST_DAYS, LEAST_SPAN, LEAST_FALL = 5, 14, 3.0
"""Days with a report, days from first to last, and % that it fell: with less, nothing is foretold."""
MOST_DAYS = 90
"""The newest days with a report that are looked at: an older rate was another season's."""
FARTHEST = 3 * 365.0
"""Days; nothing is foretold beyond."""
_Z = 1.2816
"""Of the normal distribution: four times in five within."""

Sample = tuple[int, float]
"""When the lock told it, µs since 1970, and the charge in %."""


class Forecast(msgspec.Struct, frozen=True):
    """How long a battery still lasts, in days from now: `days`, and from `least` to `most` (None: no end in sight).

    All three None: it cannot be told, for the reason `why`.
    """

    charge: float | None = None
    """The last one that was told, in %."""
    at: int = 0
    """When, µs since 1970."""
    days: float | None = None
    least: float | None = None
    most: float | None = None
    why: str = ""
    since: int = 0
    """Since when this battery has been told of."""


def forecast(samples: Sequence[Sample], now: int) -> Forecast:
    """The forecast at `now` (µs), of samples in any order. What lies ahead of now, or is no charge, does not count."""
    told = sorted((at, charge) for at, charge in samples if 0 <= charge <= 100 and at <= now + DAY)
    if not told:
        return Forecast(why="its history begins with the next report")
    at, charge = told[-1]
    days = _since_new(_by_day(told))
    found = Forecast(charge, at, since=days[0][0] * DAY)
    days = days[-MOST_DAYS:]
    span = days[-1][0] - days[0][0]
    if len(days) < LEAST_DAYS or span < LEAST_SPAN:
        return msgspec.structs.replace(found, why=_short(span))
    slopes = sorted(
        (later[1] - earlier[1]) / (later[0] - earlier[0])
        for number, earlier in enumerate(days)
        for later in days[number + 1 :]
    )
    rate = -statistics.median(slopes)
    if rate * span < LEAST_FALL:
        return msgspec.structs.replace(found, why=f"its charge has hardly fallen in {span} days")
    level = statistics.median(one + rate * (day - days[-1][0]) for day, one in days)
    level -= rate * max((now - at) / DAY, 0.0)
    fast, slow = _around(slopes, days)
    left = max(level - EMPTY, 0.0)
    return msgspec.structs.replace(
        found, days=_until(left, rate), least=_until(left, max(fast, rate)), most=_end(left, min(slow, rate))
    )


def _by_day(told: Sequence[Sample]) -> list[tuple[int, float]]:
    """The median charge of each day that has one, oldest first."""
    days: dict[int, list[float]] = {}
    for at, charge in told:
        days.setdefault(at // DAY, []).append(charge)
    return [(day, statistics.median(charges)) for day, charges in sorted(days.items())]


def _since_new(days: list[tuple[int, float]]) -> list[tuple[int, float]]:
    """The days of the battery that is in the lock now. A single high report between lower ones is an error."""
    begin = 0
    for number in range(1, len(days)):
        before, here = days[number - 1][1], days[number][1]
        stays = number + 1 == len(days) or days[number + 1][1] - before >= NEW_BATTERY
        if here - before >= NEW_BATTERY and stays:
            begin = number
    return days[begin:]


def _around(slopes: Sequence[float], days: Sequence[tuple[int, float]]) -> tuple[float, float]:
    """The fastest and the slowest rate, in % a day, that the days as well allow."""
    count = len(days)
    levels = len({one for _, one in days})
    spread = _Z * math.sqrt(count * (count - 1) * (2 * count + 5) / 18 * count / levels)
    low = max(int((len(slopes) - spread) / 2), 0)
    high = min(math.ceil((len(slopes) + spread) / 2), len(slopes) - 1)
    return -slopes[low], -slopes[high]


def _until(left: float, rate: float) -> float:
    return min(left / rate, FARTHEST)


def _end(left: float, rate: float) -> float | None:
    if not left:
        return 0.0
    return None if rate * FARTHEST <= left else left / rate


def _short(span: int) -> str:
    return f"{LEAST_SPAN - span} more days of its history are needed" if span < LEAST_SPAN else "it is told too seldom"
