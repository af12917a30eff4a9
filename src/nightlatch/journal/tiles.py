"""Writes the journal as C2SP tlog-tiles: files that others' verifiers read, and any web server can serve.

https://c2sp.org/tlog-tiles: `checkpoint`, `tile/L/N` with 256 hashes each, `tile/entries/N` with the
entries themselves, and `.p/W` for the last, unfinished one of each.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import msgspec

from nightlatch.errors import UsageError
from nightlatch.journal import notes
from nightlatch.journal.edge import BITS
from nightlatch.journal.journal import Journal
from nightlatch.journal.leaves import BUNDLE, DROPPED, pack
from nightlatch.journal.witnesses.interface import agree
from nightlatch.reading.files import read_text
from nightlatch.writing import replace

CHECKPOINT = "checkpoint"
Done = Callable[[int, int], None]
"""Told (entries written, entries in all) as it goes on."""


class Exported(msgspec.Struct, frozen=True):
    """What an export wrote."""

    size: int
    """Entries under the checkpoint."""
    files: int
    pruned: int
    """Bundles left out because retention dropped contents of theirs: their hashes are there."""


def path(level: int | str, n: int, width: int = BUNDLE) -> str:
    """Where a tile stands: `tile/0/x001/x234/067`, of a level or of `entries`; `.p/W` follows for an unfinished one."""
    parts = [f"{n % 1000:03}"]
    while n := n // 1000:
        parts.append(f"x{n % 1000:03}")
    return f"tile/{level}/{'/'.join(reversed(parts))}{'' if width == BUNDLE else f'.p/{width}'}"


def export(journal: Journal, folder: Path, done: Done = lambda *_: None) -> Exported:
    """Write the journal as it is now into a folder: an empty one, or one that holds an earlier export of it.

    What the earlier export wrote is not written again. UsageError when the folder holds something
    else or cannot be written; JournalError when it holds what is not in this journal.
    """
    try:
        before = _before(journal, folder)
        with journal.view() as view:
            size, note = view.size, view.note
        files = pruned = 0
        for n in range(before // BUNDLE, -(-size // BUNDLE)):
            width = min(BUNDLE, size - n * BUNDLE)
            with journal.view() as view:
                leaves, hashes = view.bundle(n)[:width], view.tile(0, n)[:width]
            _write(folder / path(0, n, width), b"".join(hashes))
            files += 1
            if DROPPED in leaves:
                pruned += 1
            else:
                _write(folder / path("entries", n, width), pack(leaves))
                files += 1
            done(n * BUNDLE + width, size)
        files += _upper(journal, folder, before, size)
        replace(folder / CHECKPOINT, note.encode())
    except OSError as error:
        raise UsageError(f"cannot be written: {error.strerror}", where=str(folder)) from None
    return Exported(size, files + 1, pruned)


def _upper(journal: Journal, folder: Path, before: int, size: int) -> int:
    """Write the tiles above the lowest level; how many."""
    files = 0
    level = 1
    while size >> BITS * level:
        count = size >> BITS * level
        for n in range((before >> BITS * level) // BUNDLE, -(-count // BUNDLE)):
            width = min(BUNDLE, count - n * BUNDLE)
            with journal.view() as view:
                hashes = view.tile(level, n)[:width]
            _write(folder / path(level, n, width), b"".join(hashes))
            files += 1
        level += 1
    return files


def _before(journal: Journal, folder: Path) -> int:
    """How many entries an earlier export into this folder wrote."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    held = folder / CHECKPOINT
    if held.is_file():
        return agree(journal, read_text(held, limit=notes.LARGEST), str(held)).size
    if any(folder.iterdir()):
        raise UsageError(
            "is not empty, and holds no earlier export", where=str(folder), todo="Name a folder that is empty or new."
        )
    return 0


def _write(file: Path, data: bytes) -> None:
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with open(file, "wb", opener=_private) as out:
        out.write(data)


def _private(name: str, flags: int) -> int:
    return os.open(name, flags | os.O_CLOEXEC, 0o600)
