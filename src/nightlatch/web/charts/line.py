"""A line over time, with an area below it, and gaps where nothing was known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from math import ceil, isfinite

import msgspec
from markupsafe import Markup

WIDTH, HEIGHT = 640, 220
LEFT, RIGHT, TOP, BOTTOM = 48, 12, 18, 32
"""What stays free around the plot, for the axes' words."""
TICKS = 7
"""Times below the plot, about."""
STEPS = (
    *(timedelta(minutes=one) for one in (1, 5, 15, 30)),
    *(timedelta(hours=one) for one in (1, 3, 6, 12)),
    *(timedelta(days=one) for one in (1, 2, 7, 14, 30, 91, 182, 365, 1826)),
)
DAY = timedelta(days=1)
MONTHS = timedelta(days=100)


class Point(msgspec.Struct, frozen=True):
    """A value at an instant (UTC); None: it was not known then."""

    at: datetime
    value: float | None


class Axis(msgspec.Struct, frozen=True):
    """The values' axis: where it begins and ends, and what is written at it."""

    low: float
    high: float
    ticks: tuple[float, ...]
    unit: str = ""


def line(
    points: Sequence[Point], *, axis: Axis, zone: tzinfo, texts: tuple[str, str], name: str, gap: timedelta
) -> Markup:
    """The chart. `texts` are its title and what it shows in a sentence; `name` makes its ids the page's own.

    Points that are further apart than `gap` are not joined. A table of the values stands beside it, for
    whoever does not see it.
    """
    title, description = texts
    known = [one for one in points if one.value is not None and isfinite(one.value)]
    begin, end = _span(known)

    def across(at: datetime) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * ((at - begin) / (end - begin))

    def down(value: float) -> float:
        share = min(1.0, max(0.0, (value - axis.low) / (axis.high - axis.low)))
        return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)

    parts = [
        Markup(
            '<line class="axis" x1="{}" y1="{}" x2="{}" y2="{}"/><text x="{}" y="{}" text-anchor="end">{}</text>'
        ).format(LEFT, y, WIDTH - RIGHT, y, LEFT - 6, _number(down(tick) + 4), f"{tick:g}{axis.unit}")
        for tick in axis.ticks
        for y in (_number(down(tick)),)
    ]
    for at, text in _ticks(begin, end, zone):
        parts.append(
            Markup('<text x="{}" y="{}" text-anchor="middle">{}</text>').format(
                _number(across(at)), HEIGHT - BOTTOM + 18, text
            )
        )
    for run in _runs(points, gap):
        places = [(_number(across(one.at)), _number(down(one.value or 0.0))) for one in run]
        if len(places) == 1:
            parts.append(Markup('<circle class="dot" cx="{}" cy="{}" r="3.5"/>').format(*places[0]))
            continue
        path = " L".join(f"{x} {y}" for x, y in places)
        floor = _number(down(axis.low))
        parts.append(
            Markup('<path class="area" d="M{} L{} {} L{} {} Z"/><path class="line" d="M{}"/>').format(
                path, places[-1][0], floor, places[0][0], floor, path
            )
        )
        parts.append(Markup('<circle class="dot" cx="{}" cy="{}" r="3"/>').format(*places[-1]))
    return Markup(
        '<svg class="chart" viewBox="0 0 {} {}" role="img" aria-labelledby="{}-title {}-desc">'
        '<title id="{}-title">{}</title><desc id="{}-desc">{}</desc>{}</svg>'
    ).format(WIDTH, HEIGHT, name, name, name, title, name, description, Markup("").join(parts))


def _span(known: Sequence[Point]) -> tuple[datetime, datetime]:
    """From the first to the last instant; an hour around a single one."""
    if not known:
        begin = datetime(2000, 1, 1, tzinfo=UTC)
        return begin, begin + DAY
    begin, end = known[0].at, known[-1].at
    if end - begin < timedelta(minutes=2):
        return begin - timedelta(minutes=30), end + timedelta(minutes=30)
    return begin, end


def _runs(points: Sequence[Point], gap: timedelta) -> Iterator[list[Point]]:
    """The points in stretches in which something was known throughout."""
    run: list[Point] = []
    for one in points:
        if run and (one.value is None or one.at - run[-1].at > gap):
            yield run
            run = []
        if one.value is not None and isfinite(one.value):
            run.append(one)
    if run:
        yield run


def _ticks(begin: datetime, end: datetime, zone: tzinfo) -> Iterator[tuple[datetime, str]]:
    """Round times of the home's clock, and how they read."""
    step = next((one for one in STEPS if (end - begin) / one <= TICKS), STEPS[-1])
    local = begin.astimezone(zone)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    # By the clock on the wall: a day is a day, however long it is where clocks are put forward.
    number = ceil((local.replace(tzinfo=None) - midnight) / step)
    while True:
        wall = midnight + number * step
        at = wall.replace(tzinfo=zone).astimezone(UTC)
        if at > end:
            return
        if at >= begin:
            yield at, f"{wall:%b %Y}" if step > MONTHS else f"{wall.day} {wall:%b}" if step >= DAY else f"{wall:%H:%M}"
        number += 1


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
