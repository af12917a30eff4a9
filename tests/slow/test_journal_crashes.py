"""kill -9 while the journal is written: what was acknowledged is there, and the tree is whole."""

import os
import random
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

from nightlatch.journal import notes
from nightlatch.journal.journal import Journal
from nightlatch.journal.verify import verify
from nightlatch.model.event import Event

ROUNDS = 200
WRITER = """
import os, sys, random
from pathlib import Path
from nightlatch.journal.journal import Journal
from nightlatch.model.event import Event

journal, random = Journal.open(Path(sys.argv[1])), random.Random(int(sys.argv[2]))
while True:
    first = journal.size
    count = random.choice((1, 1, 1, 2, 40, 300))
    numbers = range(first, first + count)
    journal.append([Event(n, "unlocked", "lock:front", slot=n % 7, detail=f"number {n}") for n in numbers])
    os.write(1, b"%d\\n" % (first + count))
    if random.random() < 0.02:
        journal.rotate(first)
    if random.random() < 0.02:
        journal.drop_contents(first // 2, at=first, days=1)
"""


def acknowledged(pipe: int, until: float) -> int:
    """The last size that the writer said was on disk, by the time it is to die."""
    said = b""
    while (left := until - time.monotonic()) > 0:
        if select.select([pipe], [], [], left)[0]:
            said += os.read(pipe, 65_536)
    return last(said)


def last(said: bytes) -> int:
    lines = said.split(b"\n")
    return int(lines[-2]) if len(lines) > 1 else 0


def test_two_hundred_kills_lose_no_acknowledged_event_and_tear_no_tree(tmp_path: Path) -> None:
    chance = random.Random(5625)
    sure, former, slowest, rounds_with_events = 0, None, 0.0, 0
    for round_ in range(ROUNDS):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path), str(round_)], stdout=subprocess.PIPE, bufsize=0
        )
        assert writer.stdout is not None
        pipe = writer.stdout.fileno()
        first = select.select([pipe], [], [], 30)[0] if round_ % 10 else []
        assert first or round_ % 10 == 0, "the writer said nothing for 30 s"  # every tenth dies while it starts
        found = acknowledged(pipe, time.monotonic() + chance.uniform(0.0, 0.06))
        writer.send_signal(signal.SIGKILL)
        rest, _ = writer.communicate()
        sure = max(sure, found, last(b"\n" + rest) if rest.count(b"\n") else 0)
        rounds_with_events += found > 0

        begin = time.monotonic()
        journal = Journal.open(tmp_path)
        slowest = max(slowest, time.monotonic() - begin)
        assert journal.changed is None
        assert journal.size >= sure
        report = verify(journal, full=round_ % 20 == 19, processes=1)
        assert report.sound, report.faults
        with journal.view() as view:
            assert former is None or view.root(former.size) == former.root
        former = notes.verified(journal.checkpoint(), journal.verifiers)
        journal.append([Event(round_, "started", "home")])
        sure = journal.size
        journal.close()
    assert rounds_with_events > ROUNDS / 2
    journal = Journal.open(tmp_path, read_only=True)
    for entry in journal.entries():
        if entry.event is not None and entry.event.kind == "unlocked":
            assert entry.event.at == entry.index and entry.event.detail == f"number {entry.index}"
    journal.close()
    assert slowest < 2
