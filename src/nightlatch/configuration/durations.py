"""Lengths of time and hours of the day, as owners write them."""

from __future__ import annotations

import re

SECOND = 1_000_000
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_DURATION = re.compile(r"(\d{1,6})\s*([smhd])")
_WINDOW = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")


def duration(text: str) -> int:
    """`90s`, `3m`, `2h` or `1d` in µs; ValueError when it is none."""
    match = _DURATION.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is no length of time: write it as 90s, 3m, 2h or 1d")
    return int(match[1]) * _UNITS[match[2]] * SECOND


def window(text: str) -> tuple[int, int]:
    """`22:00-06:00` as minutes since midnight; the end may lie on the next day. ValueError when it is none."""
    match = _WINDOW.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} are no hours of a day: write them as 22:00-06:00")
    begin, end = int(match[1]) * 60 + int(match[2]), int(match[3]) * 60 + int(match[4])
    if begin == end:
        raise ValueError(f"{text!r} begins when it ends")
    return begin, end
