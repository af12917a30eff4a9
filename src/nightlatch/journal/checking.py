"""Hashes a range of bundles again: the part of `verify` that takes time, and runs in a process of its own.

`python -m nightlatch.journal.checking FILE KEPT` reads "FIRST STOP" lines of bundle numbers and answers each
with a line of JSON. It imports little, so that it starts at once.
"""

from __future__ import annotations

import json
import sqlite3
import sys
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from nightlatch.journal.tree import HASH, whole_root

BUNDLE = 256
UPPER = 1 << 48
"""The place of the first tile of level 1 (`storage.place`)."""


class Checked(NamedTuple):
    """What a range came to: entries without content, and the first fault with the entries it is about, if any."""

    dropped: int
    what: str = ""
    first: int = 0
    last: int = 0


def entries_of(data: bytes) -> list[bytes] | None:
    """The entries of a bundle; None when their lengths do not add up."""
    found, place, end = [], 0, len(data)
    while place + 2 <= end:
        stop = place + 2 + (data[place] << 8 | data[place + 1])
        found.append(data[place + 2 : stop])
        place = stop
    return found if place == end else None


def check(entries: list[bytes], hashes: bytes, start: int, kept: int) -> Checked:
    """Compare entries from index `start` on with the hashes that were written for them.

    An entry may be empty, its content dropped, only before index `kept`.
    """
    dropped = 0
    for within, entry in enumerate(entries):
        stored, index = hashes[within * HASH : (within + 1) * HASH], start + within
        if not entry and index < kept:
            dropped += 1
        elif not entry:
            return Checked(dropped, "its content is gone, and no entry says that retention dropped it", index, index)
        elif sha256(b"\0" + entry).digest() != stored:
            return Checked(dropped, "its content is not what was written: it does not match its hash", index, index)
    return Checked(dropped)


def check_bundles(reader: sqlite3.Connection, first: int, stop: int, kept: int) -> Checked:
    """Check full bundles `first` to `stop`, without: contents against hashes, and those against the tile above."""
    dropped, above, above_n = 0, b"", -1
    for n in range(first, stop):
        start, last = n * BUNDLE, (n + 1) * BUNDLE - 1
        try:
            row = reader.execute("SELECT entries FROM bundle WHERE n = ?", (n,)).fetchone()
            tile = reader.execute("SELECT hashes FROM tile WHERE place = ?", (n,)).fetchone()
            if n >> 8 != above_n:
                above_n = n >> 8
                found = reader.execute("SELECT hashes FROM tile WHERE place = ?", (UPPER | above_n,)).fetchone()
                above = found[0] if found and isinstance(found[0], bytes) else b""
        except sqlite3.DatabaseError as error:
            return Checked(dropped, f"the disk's copy cannot be read: {error}", start, last)
        if row is None or tile is None:
            return Checked(dropped, "the entries are gone" if row is None else "their hashes are gone", start, last)
        hashes = tile[0]
        entries = entries_of(row[0]) if isinstance(row[0], bytes) and isinstance(hashes, bytes) else None
        if entries is None or len(entries) != BUNDLE or len(hashes) != BUNDLE * HASH:
            return Checked(dropped, "the lengths of the entries or hashes do not add up", start, last)
        made = [sha256(b"\0" + entry).digest() for entry in entries]
        if b"".join(made) != hashes:  # dropped, or bad
            part = check(entries, hashes, start, kept)
            dropped += part.dropped
            if part.what:
                return Checked(dropped, *part[1:])
            made = [hashes[place : place + HASH] for place in range(0, len(hashes), HASH)]
        root = whole_root(made)
        within = n % BUNDLE * HASH
        if above[within : within + HASH] != root:
            return Checked(dropped, f"their hashes do not lead to the one kept above them (level 1, {n})", start, last)
    return Checked(dropped)


def main(path: str, kept: int) -> None:
    """Serve ranges until the input ends."""
    reader = sqlite3.connect(f"{Path(path).absolute().as_uri()}?mode=ro", uri=True, timeout=10)
    for line in sys.stdin:
        first, stop = map(int, line.split())
        sys.stdout.write(json.dumps(check_bundles(reader, first, stop, kept)) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
