"""Durable appends beside a plain insert of the same bytes: speed, and how often the disk is asked to sync."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.journals.events import events
from benchmarks.journals.stores import Store, ours, plain, pymerkle
from nightlatch.journal.journal import Journal

TIMES = "Durable appends, per event"
RATIOS = "Speed of durable appends, as a part of a plain SQLite insert's of the same bytes (WAL, synchronous=FULL)"
SYNCS = "Calls of fdatasync and fsync"
OURS, PLAIN, PEER = "nightlatch", "plain SQLite", "pymerkle SqliteTree"
SINGLE, BATCH = "one at a time", "1,000 in a transaction"
LARGE = 1_000


@contextmanager
def folder() -> Iterator[Path]:
    """An empty folder on the disk of the project: what a temporary folder lies on may be no disk."""
    with tempfile.TemporaryDirectory(prefix=".bench-", dir=Path.cwd()) as name:
        yield Path(name)


def appends(rounds: int, singles: int, batches: int) -> list[Figure]:
    """Every store in every round, one after another: a disk's own speed drifts. The first round warms up."""
    took: dict[tuple[str, str], list[float]] = {}
    with folder() as place:
        journal = Journal.open(place)
        sealer = journal.sealer
        stores = {OURS: ours(journal), PLAIN: plain(place, sealer), PEER: pymerkle(place, sealer)}
        start = 0
        for turn in range(rounds + 1):
            one_by_one = events(start, singles)
            many = [events(start + singles + LARGE * n, LARGE) for n in range(batches)]
            start += singles + batches * LARGE
            for name, store in stores.items():
                items, groups = store.ready(one_by_one), [store.ready(group) for group in many]
                begin = time.perf_counter()
                for item in items:
                    store.one(item)
                middle = time.perf_counter()
                for group in groups:
                    store.batch(group)
                end = time.perf_counter()
                if turn:
                    took.setdefault((SINGLE, name), []).append((middle - begin) / singles * 1e6)
                    took.setdefault((BATCH, name), []).append((end - middle) / (batches * LARGE) * 1e6)
        for store in stores.values():
            store.close()
    return [
        *(Figure(TIMES, f"{name}, {how}", "µs", tuple(values)) for (how, name), values in took.items()),
        *(
            Figure(RATIOS, f"{name}, {how}", "", tuple(a / b for a, b in zip(took[how, PLAIN], values, strict=True)))
            for (how, name), values in took.items()
            if name != PLAIN
        ),
    ]


def syncs(singles: int, batches: int) -> list[Figure]:
    """How often each asks the disk to sync, counted where the C library is called; nothing without a C compiler."""
    compiler = shutil.which("cc")
    if compiler is None:
        return []
    figures = []
    with folder() as place:
        library = place / "syncs.so"
        source = Path(__file__).with_name("syncs.c")
        subprocess.run([compiler, "-shared", "-fPIC", "-O2", "-o", library, source, "-ldl"], check=True)
        for name in (OURS, PLAIN):
            (place / name).mkdir()
            said = subprocess.run(
                [sys.executable, "-m", __name__, str(place / name), name, str(singles), str(batches)],
                env={**os.environ, "LD_PRELOAD": str(library)},
                check=True,
                capture_output=True,
                text=True,
            ).stdout
            for how, number in zip((SINGLE, BATCH), said.split(), strict=True):
                count = singles if how == SINGLE else batches
                figures.append(Figure(SYNCS, f"{name}, {count:,} appends, {how}", "calls", (float(number),)))
    return figures


def _count(place: Path, name: str, singles: int, batches: int) -> tuple[int, int]:
    """The calls for single appends and for batches, once the file is there and warm."""
    counter = ctypes.c_long.in_dll(ctypes.CDLL(None), "syncs_counted")
    journal = Journal.open(place)
    store: Store = ours(journal) if name == OURS else plain(place, journal.sealer)
    items = store.ready(events(0, singles))
    before = counter.value
    for item in items:
        store.one(item)
    middle = counter.value
    for n in range(batches):
        store.batch(store.ready(events(singles + n * LARGE, LARGE)))
    found = (middle - before, counter.value - middle)
    store.close()
    return found


if __name__ == "__main__":
    print(*_count(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
