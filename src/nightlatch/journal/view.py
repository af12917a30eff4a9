"""What the file holds at one instant: entries, tiles, nodes of the tree, checkpoints."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from nightlatch.journal import tree
from nightlatch.journal.edge import BITS, damaged
from nightlatch.journal.leaves import BUNDLE, split, unpack
from nightlatch.journal.storage import place, trouble

MOST_TILES = 64
"""Tiles kept in memory: a proof needs three, at any size."""


class View:
    """One unchanging view, for as long as the transaction is open that `Journal.view` began."""

    def __init__(self, reader: sqlite3.Connection, where: str) -> None:
        self.reader = reader
        self.where = where
        rows = self._rows("SELECT first, count, note FROM tail ORDER BY first DESC LIMIT 1")
        if not rows:
            raise damaged("the newest entries and the checkpoint over them are gone", where)
        first, entries, note = rows[0]
        if not (isinstance(first, int) and isinstance(entries, int) and isinstance(note, str)):
            raise damaged("the newest entries and the checkpoint over them cannot be read", where)
        self.size: int = first + entries
        """Entries in the log."""
        self.note: str = note
        """The newest checkpoint, a signed note."""
        self._tiles: dict[tuple[int, int], list[bytes]] = {}

    @property
    def bundles(self) -> int:
        """How many bundles are full."""
        return self.size // BUNDLE

    def bundle(self, n: int) -> list[bytes]:
        """The entries of bundle n, in the order of the log; dropped ones are empty. JournalError when damaged."""
        if n < self.bundles:
            rows = self._rows("SELECT entries FROM bundle WHERE n = ?", n)
            if not rows:
                raise damaged("they are gone", self._range(n))
        else:
            rows = self._rows("SELECT entries FROM tail ORDER BY first")
        try:
            leaves = [leaf for (part,) in rows for leaf in unpack(part)]
        except (TypeError, ValueError) as error:
            raise damaged(str(error), self._range(n)) from None
        wanted = min(BUNDLE, self.size - n * BUNDLE)
        if len(leaves) != wanted:
            raise damaged(f"there are {len(leaves)} instead of {wanted}", self._range(n))
        return leaves

    def tile(self, level: int, n: int) -> list[bytes]:
        """The hashes of a tile, 256 or what there is of an unfinished one; JournalError when damaged."""
        found = self._tiles.get((level, n))
        if found is None:
            if level == 0 and n == self.bundles:
                rows = self._rows("SELECT hashes FROM tail ORDER BY first")
            else:
                rows = self._rows("SELECT hashes FROM tile WHERE place = ?", place(level, n))
            found = split(b"".join([part for (part,) in rows if isinstance(part, bytes)]))
            wanted = min(BUNDLE, (self.size >> BITS * level) - n * BUNDLE)
            if len(found) != wanted or not found or len(found[-1]) != tree.HASH:
                raise damaged(f"tile {n} of level {level} does not hold the {wanted} hashes that it should", self.where)
            if len(self._tiles) >= MOST_TILES:
                self._tiles.clear()
            self._tiles[level, n] = found
        return found

    def node(self, height: int, index: int) -> bytes:
        """The root of the whole subtree there: a `tree.NodeReader`."""
        level, within = divmod(height, BITS)
        n, offset = divmod(index << within, BUNDLE)
        return tree.whole_root(self.tile(level, n)[offset : offset + (1 << within)])

    def root(self, size: int | None = None) -> bytes:
        """The root over the first `size` entries, or all."""
        return tree.root(self.size if size is None else size, self.node)

    def checkpoints(self, since: int = 0) -> list[tuple[int, str]]:
        """(size, signed note) of the kept checkpoints that are larger than `since`, smallest first."""
        query = (
            "SELECT size, note FROM checkpoint WHERE size > ?"
            " UNION SELECT first + count, note FROM tail WHERE first + count > ? ORDER BY 1"
        )
        return self._rows(query, since, since)

    def signers(self) -> list[tuple[int, str]]:
        """(first size that it signed, public key) of every key so far, oldest first."""
        return self._rows("SELECT first, key FROM signer ORDER BY first")

    def retained(self) -> list[tuple[int, int]]:
        """(before which entry contents were dropped, entry that says so), oldest first."""
        return self._rows("SELECT before, entry FROM retained ORDER BY before")

    def check_keys(self) -> None:
        """JournalError when the table of the keys for personal data, or what else is small, is damaged."""
        self._rows("SELECT (SELECT count(salt) FROM salt), (SELECT count(*) FROM room)")
        ((found,), *_) = self._rows("PRAGMA integrity_check('person_key')")
        if found != "ok":
            raise damaged(str(found), self.where)

    def first_since(self, at: int) -> int:
        """The first entry of the first bundle that holds one as late as this instant (µs): all before are earlier."""
        ((n,),) = self._rows("SELECT min(n) FROM bundle WHERE last_at >= ?", at)
        return (self.bundles if n is None else int(n)) * BUNDLE

    def spans(self, since: int | None, until: int | None) -> list[tuple[int, int]]:
        """The entries [first, end) of which some may be as late as `since` and before `until` (µs), newest first.

        Runs of bundles: clocks are set, so there may be several. What fills no bundle yet is always among them.
        """
        query = "SELECT n FROM bundle WHERE last_at >= ? AND first_at < ? ORDER BY n DESC"
        numbers = self._rows(query, -(2**62) if since is None else since, 2**62 if until is None else until)
        found = [(self.bundles * BUNDLE, self.size)]
        for (n,) in numbers:
            if found[-1][0] == (n + 1) * BUNDLE:
                found[-1] = (n * BUNDLE, found[-1][1])
            else:
                found.append((n * BUNDLE, (n + 1) * BUNDLE))
        return found

    def _rows(self, query: str, *values: int) -> list[Any]:
        try:
            return self.reader.execute(query, values).fetchall()
        except sqlite3.DatabaseError as error:
            raise trouble(error, Path(self.where)) from None

    def _range(self, n: int) -> str:
        return f"{self.where}, entries {n * BUNDLE} to {min(self.size, (n + 1) * BUNDLE) - 1}"
