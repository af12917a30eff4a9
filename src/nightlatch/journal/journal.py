"""The journal: an append-only log of events whose every change shows."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from nightlatch.errors import JournalError, NightlatchError, ReadError
from nightlatch.journal import edge, keys, notes
from nightlatch.journal.edge import Edge
from nightlatch.journal.leaves import BUNDLE, DROPPED, Entry, decode, encode, pack
from nightlatch.journal.notes import Signer, Verifier
from nightlatch.journal.seal import Sealer
from nightlatch.journal.storage import Damaged, Storage, place
from nightlatch.journal.tree import EMPTY
from nightlatch.journal.view import View
from nightlatch.model.event import Event

FILE = "journal.db"
EVERY = 4_096
"""About every how many entries a checkpoint is kept for good: a consistent forgery is bounded to as many."""


class Journal:
    """The log in a state folder. Threads may share it; processes may each have theirs on one folder."""

    def __init__(self, storage: Storage, folder: Path, *, key_lost: bool = False) -> None:
        self._storage = storage
        self.folder = folder
        self.where = str(folder / FILE)
        """The file, as errors name it."""
        self.sealer = Sealer(storage)
        self._signer: Signer | None = None
        self._edge: Edge | None = None
        self._version = -1
        self._last: tuple[int, bytes, str] = (0, EMPTY, "")
        """Size, root and note of what was written here last, as far as this is certain."""
        self.changed: JournalError | None = None
        """Another hand than Nightlatch's changed the file: what was noticed of it."""
        self._key_lost = key_lost

    @classmethod
    def open(cls, folder: Path, *, read_only: bool = False, key_lost: bool = False) -> Journal:
        """The journal of this folder, begun when there is none; JournalError when it cannot be used.

        `read_only` needs neither the key nor a disk that can be written. `key_lost` opens one whose
        key is gone, so that `rotate` can give it another.
        """
        path = folder / FILE
        if not read_only:
            if not path.exists() and (folder / keys.FILE).exists():
                raise JournalError(
                    f"the journal is gone, and its key {keys.FILE} is still there",
                    where=str(path),
                    todo=f"Restore it from a backup, or move {folder / keys.FILE} away to begin another journal.",
                )
            try:
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            except OSError as error:
                raise JournalError(f"cannot be made: {error.strerror}", where=str(folder)) from None
        storage = Storage(path, read_only=read_only)
        try:
            journal = cls(storage, folder, key_lost=key_lost)
            if read_only:
                with journal.view():
                    pass
            else:
                journal._begin()
        except BaseException:
            storage.close()
            raise
        return journal

    def _begin(self) -> None:
        with self._storage.writing() as writer:
            if writer.execute("SELECT 1 FROM signer").fetchone() is None:
                signer = keys.make(self.folder, origin := keys.new_origin())
                note = notes.sign(notes.checkpoint_text(origin, 0, Edge().root), signer)
                writer.execute("INSERT INTO signer VALUES (0, ?)", (signer.verifier.text,))
                writer.execute("INSERT INTO salt VALUES (1, ?)", (os.urandom(32),))
                writer.execute("INSERT INTO tail VALUES (0, 0, ?, ?, ?, ?)", (b"", b"", b"", note))
        with self._storage.writing():
            self._current()

    def _current(self) -> Edge:
        """The edge, read anew when another process wrote or an append failed. Within a transaction."""
        writer = self._storage.writer
        (version,) = writer.execute("PRAGMA data_version").fetchone()
        if self._edge is None or version != self._version:
            self.sealer.clear()
            (named,) = writer.execute("SELECT key FROM signer ORDER BY first DESC LIMIT 1").fetchone()
            try:
                if not self._key_lost and (self._signer is None or self._signer.verifier.text != named):
                    self._signer = keys.current(self.folder, Verifier.parse(named, where=self.where))
                found = edge.read(writer, self.where)
                self._compare(writer, found)
            except (AttributeError, ReadError, TypeError, ValueError) as error:
                # SQLite keeps any type in any column: this is no fault of the events that are to be written.
                raise edge.damaged(f"its tables hold what no journal holds ({error})", self.where) from None
            self._edge, self._version = found, version
        return self._edge

    def _compare(self, writer: sqlite3.Connection, found: Edge) -> None:
        """Hold what was read anew against what was signed, and against what was here before.

        What contradicts it is kept for `verify` to find and told in `changed`. Appending goes on: a
        journal that refused events would be what somebody wanted.
        """
        view = View(writer, self.where)
        keys = [Verifier.parse(text, where=self.where) for _, text in view.signers()[-2:]]
        size, root, note = self._last
        try:
            signed = notes.verified(view.note, keys)
            if (signed.size, signed.root) != (found.size, found.root):
                raise JournalError(f"the newest entries do not lead to the checkpoint over {signed.size} entries")
            if found.size < size or view.root(size) != root:
                raise JournalError(f"it does not begin with the {size} entries that were there a moment ago")
        except NightlatchError as error:
            todo = "Run: nightlatch journal verify"
            self.changed = JournalError(f"was changed by another hand: {error.what}", where=self.where, todo=todo)
            kept = [(view.size, view.note), *([(size, note)] if note else [])]
            writer.executemany("INSERT OR IGNORE INTO checkpoint VALUES (?, ?)", kept)

    def append(self, events: Sequence[Event]) -> range:
        """Write events, in one transaction that is on disk when this returns; their indices.

        JournalError when they could not be written: then none of them was, and the call may be
        made again.
        """
        with self._storage.writing(self._forget):
            self._current()
            signer = self._signer
            if signer is None:
                raise JournalError(
                    "has no key to sign with", where=self.where, todo="Run: nightlatch journal key rotate --lost"
                )
            return self._append(events, signer)

    def _forget(self) -> None:
        """Nothing was written: what memory holds may be ahead of the file."""
        self._edge, self._last = None, (0, EMPTY, "")
        self.sealer.clear()

    def _append(self, events: Sequence[Event], *signers: Signer, keep: bool = False) -> range:
        now, writer = self._edge or self._current(), self._storage.writer
        first = now.size
        if not events:
            return range(first, first)
        entries = encode(events, self.sealer)
        hashes = [sha256(b"\0" + entry).digest() for entry in entries]
        times = [event.at for event in events]
        taken, written = 0, first  # `written`: up to where the tail's rows reach
        grown: dict[int, bytes] = {}
        while taken + (room := BUNDLE - len(now.hashes)) <= len(entries):
            now.add(entries[taken : taken + room], times[taken : taken + room], hashes[taken : taken + room])
            taken += room
            n = now.high.size
            row = (n, min(now.times), max(now.times), pack(now.entries))
            writer.execute("INSERT INTO bundle VALUES (?, ?, ?, ?)", row)
            grown[place(0, n)] = b"".join(now.hashes)
            for level, number, tile in now.finish():
                grown[place(level, number)] = tile
            written = now.size
        entries, hashes, times = entries[taken:], hashes[taken:], times[taken:]
        now.add(entries, times, hashes)
        size, root = now.size, now.root
        note = notes.sign(notes.checkpoint_text(signers[0].verifier.name, size, root), *signers)
        if taken:
            writer.executemany("INSERT OR REPLACE INTO tile VALUES (?, ?)", grown.items())
            writer.execute("DELETE FROM tail")
        instants = b"".join([at.to_bytes(8, "big", signed=True) for at in times])
        tail = (written, len(entries), pack(entries), b"".join(hashes), instants, note)
        writer.execute("INSERT OR REPLACE INTO tail VALUES (?, ?, ?, ?, ?, ?)", tail)
        if keep or first // EVERY != size // EVERY:
            writer.execute("INSERT OR IGNORE INTO checkpoint VALUES (?, ?)", (size, note))
        self._last = (size, root, note)
        return range(first, size)

    @property
    def size(self) -> int:
        """Entries in the log."""
        with self.view() as view:
            return view.size

    def checkpoint(self) -> str:
        """The newest checkpoint over all entries: a C2SP signed note."""
        with self.view() as view:
            return view.note

    @property
    def verifiers(self) -> list[Verifier]:
        """The public keys that signed this log, newest first."""
        with self.view() as view:
            return [Verifier.parse(text, where=self.where) for _, text in reversed(view.signers())]

    @contextmanager
    def view(self) -> Iterator[View]:
        """One unchanging view of the file. Keep it short: meanwhile its write-ahead log only grows."""
        with self._storage.reading() as reader:
            yield View(reader, self.where)

    def entries(self, start: int = 0, stop: int | None = None) -> Iterator[Entry]:
        """The entries from index `start` up to, without, `stop`, or the end that there is now.

        One that cannot be read is `damaged`, and what comes after it is read all the same.
        """
        size = self.size
        stop = size if stop is None else min(stop, size)
        for n in range(start // BUNDLE, -(-stop // BUNDLE)):
            yield from self.some(n, range(max(start - n * BUNDLE, 0), min(stop - n * BUNDLE, BUNDLE)))

    def some(self, n: int, places: Iterable[int]) -> Iterator[Entry]:
        """The entries at these places of bundle n, in their order."""
        try:
            with self.view() as view:
                leaves = view.bundle(n)
        except Damaged as error:
            yield from (Entry(n * BUNDLE + within, None, damaged=error.what) for within in places)
            return
        for within in places:
            try:
                entry = decode(n * BUNDLE + within, leaves[within], self.sealer)
            except JournalError as error:
                entry = Entry(n * BUNDLE + within, None, damaged=error.what)
            yield entry

    def rotate(self, at: int, *, reason: str = "") -> Verifier:
        """Sign with a new key from now on (at: µs); the new public key.

        The entry that says so stands under a checkpoint which both keys signed, or only the new one
        when the former is lost.
        """
        with self._storage.lock:  # nobody signs between the commit and the new key's taking over
            with self._storage.writing(self._forget) as writer:
                self._current()
                former = self._signer
                (named,) = writer.execute("SELECT key FROM signer ORDER BY first DESC LIMIT 1").fetchone()
                signer = keys.make(self.folder, Verifier.parse(named, where=self.where).name)
                new = signer.verifier.text
                event = Event(at, "key_rotated", "home", value=new, name=named, detail=reason)
                size = self._append([event], *((former, signer) if former else (signer,)), keep=True).stop
                writer.execute("INSERT INTO signer VALUES (?, ?)", (size, new))
            self._key_lost, self._signer, self._edge = False, None, None
            with self._storage.writing() as writer:  # or a key that another process is about to give is undone
                (named,) = writer.execute("SELECT key FROM signer ORDER BY first DESC LIMIT 1").fetchone()
                keys.settle(self.folder, named)
        return signer.verifier

    def drop_contents(self, before: int, *, at: int, days: int) -> int:
        """Drop the contents of the entries before this index, keep their hashes; how many were dropped.

        Writes a `retained` entry (at: µs, value: days) in the same transaction. Entries of the
        unfinished bundle stay until it is full.
        """
        with self._storage.writing(self._forget) as writer:
            now, signer = self._current(), self._signer
            if signer is None:
                raise JournalError("has no key to sign with", where=self.where)
            before = min(before, now.high.size * BUNDLE)
            dropped = 0
            done = writer.execute("SELECT max(before) FROM retained").fetchone()[0] or 0
            view = View(writer, self.where)
            for n in range(done // BUNDLE, -(-before // BUNDLE)):
                held = view.bundle(n)
                keep = [DROPPED if n * BUNDLE + within < before else leaf for within, leaf in enumerate(held)]
                dropped += sum(kept != leaf for kept, leaf in zip(keep, held, strict=True))
                writer.execute("UPDATE bundle SET entries = ? WHERE n = ?", (pack(keep), n))
            if dropped:
                event = Event(at, "retained", "home", value=days, name=f"before entry {before}")
                (entry,) = self._append([event], signer)
                writer.execute("INSERT INTO retained VALUES (?, ?)", (before, entry))
        if dropped:
            self._storage.flush()
        return dropped

    def close(self) -> None:
        """Close the file. What was appended stays durable without it."""
        self._storage.close()
