"""Full and incremental verification, and the proof of one entry; beside journalctl on the same entries."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from functools import partial

from benchmarks.figures import Figure
from benchmarks.journals.appending import OURS, folder
from benchmarks.journals.events import events
from benchmarks.journals.journald import Sealed
from nightlatch.journal import tree
from nightlatch.journal.journal import Journal
from nightlatch.journal.proof import prove
from nightlatch.journal.verify import verify

FULL = "Full verification"
GROWTH = "Growth of the journal with its entries"
JOURNALD = "journalctl --verify, sealed"
TIMES_JOURNALD = "journalctl's time over Nightlatch's, per entry"
BATCH = 10_000
PROVED = 200


def filled(journal: Journal, size: int) -> None:
    """Append until it holds so many."""
    for start in range(journal.size, size, BATCH):
        journal.append(events(start, min(BATCH, size - start)))


def full(rounds: int, size: int, sealed_size: int) -> list[Figure]:
    """Verify a journal of `size` and a sealed one of `sealed_size` of the same entries, in turns."""
    ours: list[float] = []
    one: list[float] = []
    theirs: list[float] = []
    with folder() as place:
        journal = Journal.open(place)
        filled(journal, size)
        try:
            leaves = (leaf for n in range(sealed_size // 256) for leaf in _bundle(journal, n))
            (place / "sealed").mkdir()
            sealed: Sealed | None = Sealed(place / "sealed", leaves)
        except (OSError, subprocess.CalledProcessError):
            sealed = None  # no systemd, or no right to a namespace: the row is left out
        for _ in range(rounds):
            ours.append(size / _verified(journal, 2))
            one.append(size / _verified(journal, 1))
            if sealed is not None:
                theirs.append(sealed.count / sealed.verify())
        journal.close()
    figures = [
        Figure(FULL, f"{OURS}, {size:,} entries, two processes", "entries/s", tuple(ours)),
        Figure(FULL, f"{OURS}, {size:,} entries, one process", "entries/s", tuple(one)),
    ]
    if sealed is not None:
        figures += [
            Figure(FULL, f"{JOURNALD}, {sealed.count:,} entries", "entries/s", tuple(theirs)),
            Figure(FULL, TIMES_JOURNALD, "×", tuple(a / b for a, b in zip(ours, theirs, strict=True))),
        ]
    return figures


def growth(rounds: int, sizes: tuple[int, ...]) -> list[Figure]:
    """Append, verify, prove and open as one journal grows through these sizes."""
    figures = []
    with folder() as place:
        for size in sizes:
            journal = Journal.open(place)
            filled(journal, size)
            singles = [_timed(partial(journal.append, events(0, 1))) for _ in range(PROVED)]
            whole = _verified(journal, 2)
            news = []
            for _ in range(rounds):
                journal.append(events(size, 1_000))
                news.append(_timed(partial(verify, journal, full=False)) * 1e3)
            step = journal.size // PROVED
            proofs = [_timed(partial(prove, journal, index)) * 1e3 for index in range(0, PROVED * step, step)]
            with journal.view() as view:
                found = tree.consistency(size, view.size, view.node)
                assert tree.consistent(size, view.root(size), view.size, view.root(), found)
            journal.close()
            opened = []
            for _ in range(rounds):
                begin = time.perf_counter()
                Journal.open(place).close()
                opened.append((time.perf_counter() - begin) * 1e3)
            figures += [
                Figure(GROWTH, f"{size:,} entries: append one", "µs", tuple(one * 1e6 for one in singles)),
                Figure(GROWTH, f"{size:,} entries: verify all", "s", (whole,)),
                Figure(GROWTH, f"{size:,} entries: verify 1,000 new", "ms", tuple(news)),
                Figure(GROWTH, f"{size:,} entries: prove one", "ms", tuple(proofs)),
                Figure(GROWTH, f"{size:,} entries: open", "ms", tuple(opened)),
            ]
    return figures


def _bundle(journal: Journal, n: int) -> list[bytes]:
    with journal.view() as view:
        return view.bundle(n)


def _verified(journal: Journal, processes: int) -> float:
    def work() -> None:
        report = verify(journal, processes=processes)
        if not report.sound:
            raise RuntimeError(str(report.faults[0]))

    return _timed(work)


def _timed(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin
