"""When a grant holds, as spans of instants.

The clock on the wall decides: a grant holds whenever the wall at home shows a time within its
schedule, from the grant's start to its end. In the hour that a DST change leaves out, nothing holds:
a window that begins in it begins when it is over. In the hour that comes twice, what the wall shows
holds both times: a window that lies in it whole runs twice, one that covers it is an hour longer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import tzinfo
from heapq import merge

from nightlatch.access.schedules.wall import FOREVER, MINUTE, Piece, Wall, wall
from nightlatch.access.schedules.windows import endless, windows
from nightlatch.model.access import Always, Dates, Grant, Recurring, Weekly

Span = tuple[int, int]
"""From a begin to before an end, µs since 1970; an end of 0: it never ends."""
Part = Weekly | Dates | Recurring
"""A schedule that can leave something out."""


def spans(grant: Grant, zone: tzinfo, since: int, until: int) -> Iterator[Span]:
    """The spans of a grant that overlap [since, until), whole, in order, with a gap between each two.

    A grant that is used up holds no more; when it was, its ledger and the journal tell.
    """
    if grant.uses and grant.used >= grant.uses:
        return
    first = grant.starts
    last = min(grant.ends or FOREVER, grant.ended or FOREVER)
    if last <= max(first, since) or until <= max(first, since):
        return
    schedule = grant.schedule
    if isinstance(schedule, Always) or endless(schedule):
        yield first, _told(last)
        return
    at = max(first, since)
    looked_from = _start(schedule, wall(zone), at, first)
    for begin, end in _joined(_held(schedule, wall(zone), looked_from)):
        if begin >= min(last, until):
            return
        if end > at:
            yield max(begin, first), _told(min(end, last))


def running(grant: Grant, zone: tzinfo, at: int) -> Span | None:
    """The span that holds at an instant."""
    return next(spans(grant, zone, at, at + 1), None)


def following(grant: Grant, zone: tzinfo, after: int) -> Span | None:
    """The first span that ends after an instant: the one that holds then, or the next."""
    return next(spans(grant, zone, after, FOREVER), None)


def union(many: Iterable[Iterable[Span]]) -> Iterator[Span]:
    """What at least one of several orders of spans holds, in order, with a gap between each two."""
    ordered = merge(*(((begin, end or FOREVER) for begin, end in each) for each in many))
    return ((begin, _told(end)) for begin, end in _joined(ordered))


def _start(schedule: Part, home: Wall, at: int, first: int) -> int:
    """`at`, or an instant within the span that holds then, before every change of the clock in it after `first`."""
    while True:
        piece = home.piece(at)
        here = next(_windows(schedule, home, piece, at), None)
        if here is None or here[0] > piece.begin or piece.begin <= max(first, 0):
            return at
        before = home.piece(piece.begin - 1)
        there = next(_windows(schedule, home, before, piece.begin - 1), None)
        if there is None or there[0] >= before.end:
            return at
        at = piece.begin - 1


def _held(schedule: Part, home: Wall, since: int) -> Iterator[Span]:
    """What the schedule holds and ends after `since`, cut at the changes of the clock."""
    for piece in home.pieces(since):
        nothing = True
        for begin, end in _windows(schedule, home, piece, max(piece.begin, since)):
            nothing = False
            if begin >= piece.end:
                break
            yield max(begin, piece.begin), min(end, piece.end)
        # The wall shows no time twice that lies before a piece's begin: nothing there, nothing ever.
        if nothing and piece.begin >= since:
            return


def _windows(schedule: Part, home: Wall, piece: Piece, since: int) -> Iterator[Span]:
    """The schedule's windows that end after `since`, as instants by the piece's offset, before and after it too."""
    at = max(since + piece.offset, 0) // MINUTE
    for begin, end in windows(schedule, home.zone, at):
        yield begin * MINUTE - piece.offset, end * MINUTE - piece.offset


def _joined(ordered: Iterable[Span]) -> Iterator[Span]:
    begin = end = -FOREVER
    for next_begin, next_end in ordered:
        if next_begin > end:
            if end > begin:
                yield begin, end
            begin, end = next_begin, next_end
        else:
            end = max(end, next_end)
    if end > begin:
        yield begin, end


def _told(end: int) -> int:
    return 0 if end >= FOREVER else end
