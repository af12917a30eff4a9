"""One page of the web app's journal, at 100,000 and a million entries, beside reading the journal for the same."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial

from benchmarks.figures import Figure, Target, timed
from benchmarks.journals.appending import folder
from benchmarks.journals.events import AT, STEP
from benchmarks.journals.verifying import filled
from nightlatch.journal.journal import Journal
from nightlatch.journal.lookup import Lookup
from nightlatch.journal.paging import newest
from nightlatch.journal.selecting import Wanted
from nightlatch.journal.selecting import newest as read_backwards
from nightlatch.model.event import Event

GROUP = "A page of the journal"
RARE, TIMES_RARE = "a rare filter, 50 entries", "reading backwards over a page, a rare filter"
GROWTH = "a page at ten times the entries, the slowest filter"
BUILD = "the lookup of all entries, made once after a start"
MOST = 50
NOTES = ("A page of the journal: 50 entries, decoded, from index to structs; the page's HTML is not part of it.",)


def measure(quick: bool) -> list[Figure]:
    """Pages by several filters; how they grow; and what they spare."""
    sizes = (1_000, 10_000) if quick else (100_000, 1_000_000)
    rounds = 2 if quick else 7
    slowest: dict[int, list[float]] = {}
    figures: list[Figure] = []
    with folder() as place:
        journal = Journal.open(place)
        try:
            journal.append([Event(AT, "tamper", "lock:rare", person="somebody")])
            for size in sizes:
                filled(journal, size)
                lookup = Lookup(journal)
                build = _timed(partial(lookup.extend, 3600.0))
                found = {name: _page(journal, lookup, wanted, rounds) for name, wanted in _filters(size).items()}
                slowest[size] = [max(times) for times in zip(*found.values(), strict=True)]
                if size != sizes[-1]:
                    continue
                figures += [
                    Figure(GROUP, name, "ms", tuple(1e3 * one for one in times)) for name, times in found.items()
                ]
                figures.append(Figure(GROUP, BUILD, "s", (build,)))
                reading = partial(read_backwards, journal, _filters(size)[RARE], MOST)
                whole = [_timed(reading) for _ in range(min(rounds, 2))]
                pages = found[RARE]
                figures.append(Figure(GROUP, TIMES_RARE, "x", tuple(one / min(pages) for one in whole)))
        finally:
            journal.close()
    small, large = (slowest[size] for size in sizes)
    figures.append(Figure(GROUP, GROWTH, "x", tuple(a / b for a, b in zip(large, small, strict=True))))
    return figures


def targets(figures: Sequence[Figure]) -> list[Target]:
    """A page is read for what it shows, not for how long the journal is."""
    named = {figure.name: figure.median for figure in figures if figure.group == GROUP}
    if not named:
        return []
    rare, growth = named[TIMES_RARE], named[GROWTH]
    return [
        Target("a page by a rare filter, beside reading backwards", ">= 100 x", f"{rare:.0f} x", rare >= 100),
        Target("a page at ten times the entries", "<= 15 x", f"{growth:.1f} x", growth <= 15),
    ]


def _filters(size: int) -> dict[str, Wanted]:
    return {
        "no filter, 50 entries": Wanted(),
        "a common kind, 50 entries": Wanted(kinds=frozenset(("battery",))),
        RARE: Wanted(kinds=frozenset(("tamper",))),
        "a person with one entry": Wanted(person="somebody"),
        "a common kind, long ago": Wanted(kinds=frozenset(("battery",)), until=AT + STEP * (size // 5)),
    }


def _page(journal: Journal, lookup: Lookup, wanted: Wanted, rounds: int) -> list[float]:
    return [timed(lambda _: newest(journal, lookup, wanted, MOST, seconds=60), range(5)) for _ in range(rounds)]


def _timed(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin
