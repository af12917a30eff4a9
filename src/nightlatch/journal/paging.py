"""A page of the journal: the newest wanted entries before an index, or the next ones after it, in bounded time."""

from __future__ import annotations

import time
from collections.abc import Iterable
from itertools import groupby

import msgspec

from nightlatch.journal.journal import Journal
from nightlatch.journal.leaves import BUNDLE, Entry
from nightlatch.journal.lookup import Lookup
from nightlatch.journal.selecting import Wanted

SECONDS = 0.05
"""How long one page looks for entries; what it has by then it gives, and says how far it looked."""


class Page(msgspec.Struct, frozen=True):
    """Some wanted entries, and where to go on."""

    entries: tuple[Entry, ...]
    """Newest first."""
    size: int
    """Entries in the journal."""
    first: int
    """The first entry whose content is still kept."""
    older: int | None = None
    """Before which entry to ask for the next older page; None: there is none."""
    newer: int | None = None
    """After which entry to ask for the next newer page; None: this is the newest."""
    looked_to: int | None = None
    """Down to which entry, or up to which, it looked when its time was over before the page was full."""


def newest(
    journal: Journal, lookup: Lookup, wanted: Wanted, most: int, *, before: int | None = None, seconds: float = SECONDS
) -> Page:
    """The newest wanted entries, at most so many, before an index or the end."""
    until = time.perf_counter() + seconds
    spans, first, size = _spans(journal, wanted)
    stop = size if before is None else max(min(before, size), first)
    narrow = _narrow(wanted)
    if narrow:
        lookup.extend(seconds / 2)
    places = (
        place
        for begin, end in spans
        for place in (
            lookup.older(wanted, max(begin, first), min(end, stop))
            if narrow
            else range(min(end, stop) - 1, max(begin, first) - 1, -1)
        )
    )
    found, at = _read(journal, wanted, places, most + 1, until)
    more = len(found) > most
    looked_to = None
    if not more and at is not None:
        looked_to = at + 1
    elif not more and narrow and lookup.low > first:
        looked_to = min(lookup.low, stop)
    found = found[:most]
    older = found[-1].index if more else looked_to
    newer = (found[0].index if found else stop - 1) if stop < size else None
    return Page(tuple(found), size, first, older, newer, looked_to)


def next_after(
    journal: Journal, lookup: Lookup, wanted: Wanted, most: int, *, after: int, seconds: float = SECONDS
) -> Page:
    """The wanted entries that come next after an index, at most so many."""
    until = time.perf_counter() + seconds
    spans, first, size = _spans(journal, wanted)
    start = max(after + 1, first)
    narrow = _narrow(wanted)
    if narrow:
        lookup.extend(seconds / 2)
    places = (
        place
        for begin, end in reversed(spans)
        for place in (lookup.newer(wanted, max(begin, start), end) if narrow else range(max(begin, start), end))
    )
    found, at = _read(journal, wanted, places, most + 1, until)
    more = len(found) > most
    looked_to = None if more or at is None else at - 1
    found = found[:most]
    newer = found[-1].index if more else looked_to
    older = found[0].index if found else start
    return Page(tuple(reversed(found)), size, first, older if older > first else None, newer, looked_to)


def _narrow(wanted: Wanted) -> bool:
    """Whether the lookup knows of something that is asked for."""
    return bool(wanted.about or wanted.kinds or wanted.person)


def _spans(journal: Journal, wanted: Wanted) -> tuple[list[tuple[int, int]], int, int]:
    """Where entries of the wanted times may be, newest first; the first entry that is kept; how many there are."""
    with journal.view() as view:
        dropped = view.retained()
        first = dropped[-1][0] if dropped else 0
        if wanted.since is None and wanted.until is None:
            return [(0, view.size)], first, view.size
        return view.spans(wanted.since, wanted.until), first, view.size


def _read(
    journal: Journal, wanted: Wanted, places: Iterable[int], most: int, until: float
) -> tuple[list[Entry], int | None]:
    """The entries of these places that are wanted, and the first place that was not reached within the time."""
    found: list[Entry] = []
    begun = False
    for n, group in groupby(places, key=lambda place: place // BUNDLE):
        if begun and time.perf_counter() > until:
            return found, next(group)
        begun = True
        for entry in journal.some(n, [place % BUNDLE for place in group]):
            if wanted.fits(entry):
                found.append(entry)
                if len(found) == most:
                    return found, None
    return found, None
