"""Proves the journal to be what was written: every entry, hash, checkpoint and key, or what is new since last time."""

from __future__ import annotations

import os
from base64 import b64encode
from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path

import msgspec

from nightlatch.errors import JournalError, NightlatchError, ReadError
from nightlatch.journal import notes
from nightlatch.journal.checking import BUNDLE, Checked, check, check_bundles
from nightlatch.journal.helper import Helper
from nightlatch.journal.journal import Journal
from nightlatch.journal.leaves import DROPPED, decode
from nightlatch.journal.notes import Checkpoint, Verifier
from nightlatch.journal.storage import Damaged
from nightlatch.journal.tree import whole_root
from nightlatch.journal.view import View
from nightlatch.model.event import Event
from nightlatch.writing import replace

VERIFIED = "journal.verified"
"""The newest checkpoint that was verified, in a file of its own: a journal put back to an older copy shows by it."""
WHOLE = 1_000_000
"""Entries up to which everything is verified each time unless asked otherwise: a matter of a second or two."""
CHUNK = 64
"""Bundles of one piece of work, 16,384 entries: some 20 ms."""
WORTH_A_PROCESS = 400
"""Bundles from which on a second process pays for its start."""
MOST_FAULTS = 20

Progress = Callable[[int, int], None]
"""Told (entries checked, entries to check)."""


class Fault(msgspec.Struct, frozen=True):
    """Something that is not as it was written, and the entries `first` to `last` that it is about."""

    what: str
    first: int
    last: int

    @property
    def where(self) -> str:
        """The entries in words."""
        return f"entry {self.first}" if self.first == self.last else f"entries {self.first} to {self.last}"

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


class Report(msgspec.Struct, frozen=True):
    """What a verification found."""

    size: int
    since: int
    """Entries before this one were verified earlier, and only their tree was compared now."""
    checkpoint: str
    """The newest checkpoint, a signed note."""
    checkpoints: int
    """How many signed checkpoints were compared."""
    dropped: int
    """Entries whose content retention dropped, among those that were checked."""
    keys: int
    """How many keys signed the journal, one after another."""
    unproven_keys: tuple[int, ...]
    """The sizes at which a key took over that the former did not sign for: it was lost, or somebody else's hand."""
    faults: tuple[Fault, ...]
    """The first bad entry first."""

    @property
    def sound(self) -> bool:
        """Whether all is as it was written."""
        return not self.faults


def verify(
    journal: Journal,
    *,
    full: bool = True,
    progress: Progress = lambda _done, _all: None,
    processes: int = 2,
    keep: bool = True,
    key: Verifier | None = None,
) -> Report:
    """Verify the journal as it is now. `full=False`: only what is new since the last verification.

    `key`: a public key that must be among those that signed it. `keep`: remember a sound result, so
    that the next one can start from it. JournalError when the file cannot be read at all.
    """
    own = Journal.open(journal.folder, read_only=True)  # its long look at the file holds up nobody else's
    try:
        return _Verification(own, progress, processes).run(full=full, keep=keep, key=key)
    finally:
        own.close()


class _Verification:
    def __init__(self, journal: Journal, progress: Progress, processes: int) -> None:
        self.journal, self.progress, self.processes = journal, progress, processes
        self.faults: list[Fault] = []
        self.dropped = self.checkpoints = 0
        self.unproven: list[int] = []
        self.since = self.keys = 0

    def run(self, *, full: bool, keep: bool, key: Verifier | None) -> Report:
        former = self._former()  # before the view: what another verification keeps meanwhile may be longer than that
        with self.journal.view() as view:
            try:
                self._everything(view, former, full=full, key=key)
            except (Damaged, ReadError) as error:
                self._fault(f"what vouches for them cannot be read: {error.what}", 0, view.size - 1)
            except (AttributeError, TypeError, ValueError) as error:
                # SQLite keeps any type in any column.
                self._fault(f"the tables hold what no journal holds ({error})", 0, view.size - 1)
            report = Report(
                view.size,
                self.since,
                view.note,
                self.checkpoints,
                self.dropped,
                self.keys,
                tuple(self.unproven),
                tuple(sorted(self.faults, key=lambda fault: (fault.first, fault.last))[:MOST_FAULTS]),
            )
        if report.sound and keep:
            self._keep(report.checkpoint)
        return report

    def _everything(self, view: View, former: str | None, *, full: bool, key: Verifier | None) -> None:
        signers = [(first, Verifier.parse(text, where=view.where)) for first, text in view.signers()]
        self.keys = len(signers)
        if key is not None and key.text not in (one.text for _, one in signers):
            self._fault("the journal was not signed with the key that was given", 0, max(0, view.size - 1))
        verified = self._verified(view, former, [one for _, one in signers])
        self.since = since = 0 if full or verified is None else verified.size
        kept = self._retained(view)
        self._keys(view, signers)
        # The tree is compared while the second process already hashes: neither waits for the other.
        self._contents(view, since // BUNDLE, kept, meanwhile=partial(self._tree, view, signers, since))
        try:
            view.check_keys()
        except JournalError as error:
            self._fault(f"the keys of their personal data cannot be read: {error.what}", 0, view.size - 1)

    def _fault(self, what: str, first: int, last: int) -> None:
        self.faults.append(Fault(what, first, max(first, last)))

    def _former(self) -> str | None:
        """The note that the verification before left."""
        path = self.journal.folder / VERIFIED
        try:
            with path.open(encoding="utf-8") as file:
                return file.read(notes.LARGEST)
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            raise JournalError(f"cannot be read: {error}", where=str(path), todo="Restore it or remove it.") from None

    def _verified(self, view: View, former: str | None, keys: Sequence[Verifier]) -> Checkpoint | None:
        """The checkpoint that was verified last, once the journal is found to begin with it."""
        if former is None:
            return None
        try:
            found = notes.verified(former, keys, where=str(self.journal.folder / VERIFIED))
        except NightlatchError as error:
            self._fault(f"{VERIFIED} is not of this journal ({error.what})", 0, view.size - 1)
            return None
        if found.size > view.size:
            gone = f"{found.size} entries were verified before, and {view.size} are left: it was cut off or put back"
            self._fault(gone, view.size, found.size - 1)
        elif not self._leads(view, found):
            self._fault("the journal does not begin with what was verified before: another one", 0, found.size - 1)
        else:
            return found
        return None

    def _leads(self, view: View, checkpoint: Checkpoint) -> bool:
        try:
            return view.root(checkpoint.size) == checkpoint.root
        except JournalError as error:
            self._fault(error.what, 0, checkpoint.size - 1)
            return True  # what is wrong is told already, and more exactly

    def _retained(self, view: View) -> int:
        """Up to which entry contents may be missing, as entries of the log itself say."""
        kept = 0
        for before, entry in view.retained():
            dropped, event = self._event(view, entry)
            if dropped:  # its own time was up as well; a later one vouches for both
                continue
            if event is None or (event.kind, event.name) != ("retained", f"before entry {before}"):
                self._fault("it should say which contents were dropped, and does not", entry, entry)
            else:
                kept = max(kept, before)
        return kept

    def _keys(self, view: View, signers: Sequence[tuple[int, Verifier]]) -> None:
        """Each key was announced by an entry, under a checkpoint that the former one signed as well."""
        handovers = dict(view.checkpoints()) if len(signers) > 1 else {}
        for (_, former), (size, new) in pairwise(signers):
            dropped, event = self._event(view, size - 1)
            if not dropped and (event is None or (event.kind, event.value) != ("key_rotated", new.text)):
                self._fault("it should name the key that signs from here on, and does not", size - 1, size - 1)
            try:
                proven = notes.parse(handovers.get(size, "")).signed_by([former]) is not None
            except ReadError:
                proven = False
            if not proven:
                self.unproven.append(size)

    def _event(self, view: View, index: int) -> tuple[bool, Event | None]:
        """Whether its content was dropped, and the event of this entry; None when it cannot be read."""
        if index >= view.size:
            return False, None
        try:
            leaf = view.bundle(index // BUNDLE)[index % BUNDLE]
            return leaf == DROPPED, decode(index, leaf, self.journal.sealer).event
        except JournalError:
            return False, None  # what is wrong with it is named with the contents

    def _contents(self, view: View, first: int, kept: int, meanwhile: Callable[[], None]) -> None:
        """Hash every entry from bundle `first` on again, on two cores when that pays."""
        stop, done = view.bundles, 0
        entries = view.size - first * BUNDLE
        work = [(n, min(n + CHUNK, stop)) for n in range(first, stop, CHUNK)]
        alone = self.processes < 2 or stop - first < WORTH_A_PROCESS or (os.cpu_count() or 1) < 2
        with Helper(Path(self.journal.where), kept, work, alone=alone) as helper:
            meanwhile()
            while (chunk := helper.next()) is not None:
                self._take(check_bundles(view.reader, *chunk, kept))
                done += chunk[1] - chunk[0]
                self.progress((done + helper.done) * BUNDLE, entries)
            for part in helper.results:
                self._take(part)
        self._tail(view, kept)
        self.progress(entries, entries)

    def _take(self, part: Checked) -> None:
        self.dropped += part.dropped
        if part.what:
            self._fault(part.what, part.first, part.last)

    def _tail(self, view: View, kept: int) -> None:
        if view.size % BUNDLE == 0:
            return
        start = view.bundles * BUNDLE
        try:
            self._take(check(view.bundle(view.bundles), b"".join(view.tile(0, view.bundles)), start, kept))
        except JournalError as error:
            self._fault(str(error), start, view.size - 1)

    def _tree(self, view: View, signers: Sequence[tuple[int, Verifier]], since: int) -> None:
        """What stands above the entries: tiles and checkpoints."""
        self._upper(view, since)
        self._checkpoints(view, signers, since)

    def _upper(self, view: View, since: int) -> None:
        """Each full tile from level 1 on leads to the hash kept above it."""
        level = 1
        while view.size >> 8 * (level + 1):
            for n in range((since >> 8 * (level + 1)), view.size >> 8 * (level + 1)):
                span = BUNDLE ** (level + 1)
                try:
                    sound = whole_root(view.tile(level, n)) == view.tile(level + 1, n // BUNDLE)[n % BUNDLE]
                except JournalError as error:
                    self._fault(str(error), n * span, (n + 1) * span - 1)
                    continue
                if not sound:
                    what = f"the hashes above them do not lead to the next (level {level + 1}, {n})"
                    self._fault(what, n * span, (n + 1) * span - 1)
            level += 1

    def _checkpoints(self, view: View, signers: Sequence[tuple[int, Verifier]], since: int) -> None:
        """Every kept checkpoint is signed and is a head of this tree; the first that is not bounds what was forged."""
        good = since
        for size, note in view.checkpoints(since):
            self.checkpoints += 1
            keys = [one for first, one in signers if first <= size][-2:]
            try:
                found = notes.verified(note, keys[-1:] if size != signers[-1][0] else keys)
                if found.size != size:
                    raise JournalError(f"the checkpoint is over {found.size} entries and kept for {size}")
            except NightlatchError as error:
                self._fault(error.what, good, size - 1)
                continue
            try:
                sound = size <= view.size and view.root(size) == found.root
            except JournalError:
                return  # the tile that is damaged was named already
            if not sound:
                what = (
                    f"they do not lead to the signed checkpoint over {size} entries ({b64encode(found.root).decode()})"
                )
                self._fault(what, good, size - 1)
                return
            good = size

    def _keep(self, note: str) -> None:
        try:
            replace(self.journal.folder / VERIFIED, note.encode())
        except OSError as error:
            raise JournalError(
                f"cannot be written: {error.strerror}", where=str(self.journal.folder / VERIFIED)
            ) from None
