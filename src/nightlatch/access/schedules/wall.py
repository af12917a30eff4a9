"""The clock on the wall of a home: stretches of time in which its distance from UTC stays the same."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, tzinfo
from functools import lru_cache
from typing import NamedTuple

from nightlatch.model.event import EPOCH, instant

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
DAY_MINUTES = 1440
WEEK_MINUTES = 7 * DAY_MINUTES
FIRST_WEEKDAY = 3
"""1970-01-01 was a Thursday; Monday is 0."""
FOREVER = 1 << 62
"""Later than every instant that a schedule can name."""
_FIRST_YEAR, _LAST_YEAR = 1970, 9998


class Piece(NamedTuple):
    """From `begin` to before `end` (µs since 1970), the wall shows UTC + `offset` µs."""

    begin: int
    end: int
    offset: int


class Wall:
    """One zone's pieces, looked up a year at a time and kept.

    A zone is asked once a day: two changes within one day that cancel each other out would be
    missed; the IANA data has none since 1970.
    """

    __slots__ = ("_years", "zone")

    def __init__(self, zone: tzinfo) -> None:
        self.zone = zone
        self._years: dict[int, tuple[Piece, ...]] = {}

    def piece(self, at: int) -> Piece:
        """The piece that an instant lies in. Before 1970 the first offset holds, after 9998 the last."""
        for piece in self._year(_year(at)):
            if at < piece.end:
                return piece
        raise AssertionError("the pieces of a year end after it")

    def pieces(self, since: int) -> Iterator[Piece]:
        """The pieces from the one that `since` lies in, in order."""
        piece = self.piece(since)
        yield piece
        while piece.end < FOREVER:
            piece = self.piece(piece.end)
            yield piece

    def minute(self, at: int) -> int:
        """Minutes since 1970-01-01 00:00 by the wall."""
        return (at + self.piece(at).offset) // MINUTE

    def instants(self, minute: int) -> tuple[int, ...]:
        """When the wall shows this minute: never, once or twice."""
        naive = minute * MINUTE
        found = []
        for piece in self.pieces(naive - 2 * DAY):
            if piece.begin > naive + 2 * DAY:
                break
            if piece.begin <= naive - piece.offset < piece.end:
                found.append(naive - piece.offset)
        return tuple(found)

    def local(self, at: int) -> datetime:
        """The wall's date and time at an instant, without a zone."""
        return EPOCH.replace(tzinfo=None) + timedelta(microseconds=at + self.piece(at).offset)

    def _year(self, year: int) -> tuple[Piece, ...]:
        known = self._years.get(year)
        if known is None:
            known = self._years[year] = tuple(self._look(year))
        return known

    def _look(self, year: int) -> Iterator[Piece]:
        begin, end = _new_year(year), _new_year(year + 1)
        piece_begin = -FOREVER if year == _FIRST_YEAR else begin
        offset = self._offset(begin)
        for day in range(begin, end, DAY):
            after = self._offset(day + DAY)
            if after != offset:
                change = self._change(day, day + DAY)
                if change < end:
                    yield Piece(piece_begin, change, offset)
                    piece_begin, offset = change, after
        yield Piece(piece_begin, FOREVER if year == _LAST_YEAR else end, offset)

    def _change(self, low: int, high: int) -> int:
        """The second at which the offset of `low` gives way to that of `high`."""
        first = self._offset(low)
        while high - low > SECOND:
            middle = (low + high) // (2 * SECOND) * SECOND
            if self._offset(middle) == first:
                low = middle
            else:
                high = middle
        return high

    def _offset(self, at: int) -> int:
        return (instant(at).astimezone(self.zone).utcoffset() or timedelta()) // timedelta(microseconds=1)


@lru_cache(maxsize=64)
def wall(zone: tzinfo) -> Wall:
    """The wall of a zone, shared by all who ask."""
    return Wall(zone)


@lru_cache(maxsize=1024)
def _new_year(year: int) -> int:
    return (datetime(year, 1, 1, tzinfo=EPOCH.tzinfo) - EPOCH) // timedelta(microseconds=1)


def _year(at: int) -> int:
    if at < 0:
        return _FIRST_YEAR
    # The mean year of the Gregorian calendar is 365.2425 days: off by one at most, around New Year.
    year = min(_FIRST_YEAR + at // (DAY * 3652425 // 10000), _LAST_YEAR)
    if at < _new_year(year):
        return year - 1
    return year + 1 if year < _LAST_YEAR and at >= _new_year(year + 1) else year
