"""What the audit may know of the journal: that it runs, whose events it holds, how whole it is, and who read it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import msgspec

from nightlatch.configuration.read import Configuration
from nightlatch.journal.journal import FILE, Journal
from nightlatch.journal.leaves import BUNDLE, decode
from nightlatch.model.event import Event, micros
from nightlatch.model.evidence import Grade, Item, Ref
from nightlatch.model.home import Home
from nightlatch.model.lock import Lock
from nightlatch.sources.interface import Context, Settings, Source
from nightlatch.store.database import connect
from nightlatch.store.occupied import running
from nightlatch.store.snapshots import Snapshot, Snapshots

HOME = Ref("home", "home")
MONTH = timedelta(days=30)
MOST = 1_000_000
"""Entries that are looked through for locks that were not heard in a month."""
READ = "journal_read"
"""Under which name the day is kept on which the log was last read."""
_HEAD = re.compile(rb'\{"at":(-?\d+),"kind":"([a-z_]+)","about":"([^"]*)"')


class JournalFacts(Source, kind="journal"):
    """The journal in a state folder. Of what it holds, only kinds, times and things are looked at, never people."""

    Settings = Settings
    grade = Grade.RECORDED
    gives = (
        Home.journal_running,
        Home.journal_verified_at,
        Home.journal_intact,
        Home.journal_missing_locks,
        Home.journal_gaps,
        Home.journal_retention_days,
        Home.log_read_on,
    )

    def __init__(self, configuration: Configuration, folder: Path, context: Context) -> None:
        super().__init__(Settings(), context)
        self.configuration = configuration
        self.folder = folder
        self._heard: set[str] | None = None
        self._from = 0

    def collect(self) -> Iterator[Item]:
        """What is known of the journal, each with its entry."""
        runs = running(self.folder)
        where = f"{'the service holds' if runs else 'no service holds'} {self.folder}"
        yield Home.journal_running.claim(HOME, runs, where=where, grade=Grade.OBSERVED)
        yield Home.journal_retention_days.claim(
            HOME,
            self.configuration.tables.journal.retention_days,
            where=self.configuration.place("journal", "retention_days"),
        )
        if (day := self._read_on()) is not None:
            yield Home.log_read_on.claim(HOME, day, where="nightlatch journal show")
        journal = Journal.open(self.folder, read_only=True)
        try:
            yield from self._entries(journal)
        finally:
            journal.close()

    def missing(self, home: Home) -> list[Item]:
        """The claim which of the home's locks the journal never heard of; nothing when it could not be read."""
        if self._heard is None:
            return []
        never = tuple(
            lock.ref
            for lock in home.all(Lock)
            if not any(f"lock:{key}" in self._heard for key in (lock.ref.key, *lock.keys))
        )
        claim = Home.journal_missing_locks.claim(
            HOME, never, where=f"{FILE}, entries from {self._from} on", at=self.context.now, grade=self.grade
        )
        return [msgspec.structs.replace(claim, source=self.context.id)]

    def _entries(self, journal: Journal) -> Iterator[Item]:
        month = micros(self.context.now - MONTH)
        wanted = {f"lock:{id_}" for id_ in self.configuration.ids("lock")}
        heard: set[str] = set()
        gaps: list[int] = []
        verdicts: dict[str, tuple[int, Event]] = {}
        index = size = journal.size
        for n in range((size - 1) // BUNDLE, -1, -1):
            with journal.view() as view:
                leaves = view.bundle(n)[: size - n * BUNDLE]
            latest = 0
            for index, leaf in zip(range(n * BUNDLE + len(leaves) - 1, -1, -1), reversed(leaves), strict=False):
                head = _HEAD.match(leaf)
                if head is None:
                    continue  # its content was dropped
                at, kind = int(head[1]), head[2]
                latest = max(latest, at)
                if head[3].startswith(b"lock:"):
                    heard.add(head[3].decode(errors="replace"))
                if kind == b"gap" and at >= month:
                    gaps.append(index)
                elif kind == b"verified":
                    event = decode(index, leaf, journal.sealer).event
                    if event is not None:
                        verdicts.setdefault(event.name, (index, event))
            done = "" in verdicts and wanted <= heard
            if latest < month and (done or size - index > MOST):
                break
        self._heard, self._from = heard, index
        where = f"{FILE}, entry {gaps[0]}" if gaps else f"{FILE}, entries from {index} on"
        yield Home.journal_gaps.claim(HOME, len(gaps), where=where)
        yield from self._verified(verdicts)

    def _verified(self, verdicts: dict[str, tuple[int, Event]]) -> Iterator[Item]:
        """Its own last verification; a witness that contradicts it outweighs that."""
        if "" not in verdicts:
            return
        index, own = verdicts[""]
        yield Home.journal_verified_at.claim(HOME, own.instant, where=f"{FILE}, entry {index}", at=own.instant)
        for index, event in [verdicts[""], *(one for name, one in verdicts.items() if name)]:
            if event.value != "intact":
                yield Home.journal_intact.claim(HOME, False, where=f"{FILE}, entry {index}", at=event.instant)
                return
        yield Home.journal_intact.claim(HOME, True, where=f"{FILE}, entry {verdicts[''][0]}", at=own.instant)

    def _read_on(self) -> date | None:
        if not (self.folder / "nightlatch.db").is_file():
            return None
        engine = connect(self.folder)
        try:
            kept = Snapshots(engine).get(READ)
        finally:
            engine.dispose()
        return date.fromisoformat(kept.state.decode()) if kept is not None else None


def note_reading(folder: Path, day: date) -> None:
    """Keep the day (at home) on which somebody read the log. StoreError when it cannot be kept."""
    engine = connect(folder)
    try:
        Snapshots(engine).put(READ, Snapshot(0, day.isoformat().encode()))
    finally:
        engine.dispose()
