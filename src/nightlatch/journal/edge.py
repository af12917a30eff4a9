"""The right edge of the tree: the unfinished bundle, the unfinished tiles above it, and the root."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from nightlatch.journal import tree
from nightlatch.journal.leaves import BUNDLE, split, unpack
from nightlatch.journal.storage import Damaged, place
from nightlatch.journal.tree import Frontier

BITS = 8
"""A tile's level covers this many levels of the tree: 2^8 = 256 hashes."""


class Edge:
    """What an append starts from, in memory: bounded by 256 entries and some tiles, however long the log is."""

    __slots__ = ("entries", "hashes", "high", "low", "tiles", "times")

    def __init__(self) -> None:
        self.entries: list[bytes] = []
        self.times: list[int] = []
        self.hashes: list[bytes] = []
        self.low = Frontier()
        """Over the unfinished bundle."""
        self.high = Frontier()
        """Over the bundles; its leaves are their roots."""
        self.tiles: list[list[bytes]] = []
        """The unfinished tile of each level from 1 on."""

    @property
    def size(self) -> int:
        """Entries in the log."""
        return self.high.size * BUNDLE + self.low.size

    @property
    def root(self) -> bytes:
        """The tree's root."""
        return tree.fold(self.high.roots + self.low.roots)

    def add(self, entries: Sequence[bytes], times: Sequence[int], hashes: Sequence[bytes]) -> None:
        """Put entries into the unfinished bundle, which has room for them."""
        self.entries += entries
        self.times += times
        self.hashes += hashes
        if len(self.hashes) < BUNDLE:
            for hashed in hashes:
                self.low.push(hashed)

    def finish(self) -> list[tuple[int, int, bytes]]:
        """Begin a new bundle; the tiles above that grew, as (level, n, hashes)."""
        n, root = self.high.size, tree.whole_root(self.hashes)
        self.entries, self.times, self.hashes, self.low = [], [], [], Frontier()
        self.high.push(root)
        grown = []
        for level in range(1, len(self.tiles) + 2):
            if level > len(self.tiles):
                self.tiles.append([])
            tile = self.tiles[level - 1]
            tile.append(root)
            grown.append((level, n >> BITS * level, b"".join(tile)))
            if len(tile) < BUNDLE:
                break
            root = tree.whole_root(tile)
            self.tiles[level - 1] = []
        return grown


def read(reader: sqlite3.Connection, where: str) -> Edge:
    """The edge as the file has it: some rows, however long the log is."""
    rows = reader.execute("SELECT first, count, entries, hashes, at FROM tail ORDER BY first").fetchall()
    if not rows:
        raise damaged("the newest entries are gone", where)
    edge = Edge()
    bundles, start = divmod(rows[0][0], BUNDLE)
    if start:
        raise damaged(f"the newest entries from {bundles * BUNDLE} on are gone", where)
    level = 1
    while bundles >> BITS * (level - 1):
        count = (bundles >> BITS * (level - 1)) % BUNDLE
        hashes = b""
        if count:
            n = bundles >> BITS * level
            found = reader.execute("SELECT hashes FROM tile WHERE place = ?", (place(level, n),)).fetchone()
            hashes = found[0] if found else b""
            if len(hashes) != count * tree.HASH:
                raise damaged(f"tile {n} of level {level} does not hold the {count} hashes that it should", where)
        edge.tiles.append(split(hashes))
        level += 1
    edge.high = Frontier(bundles)
    for tile in reversed(edge.tiles):
        part = Frontier()
        for hashed in tile:
            part.push(hashed)
        edge.high.roots += part.roots
    for first, count, entries, hashes, at in rows:
        try:
            leaves = unpack(entries)
        except ValueError:
            leaves = []
        if first != edge.size or not len(leaves) == count == len(at) // 8 == len(hashes) // tree.HASH:
            raise damaged(f"the entries from {first} on cannot be read", where)
        edge.add(leaves, times_of(at), split(hashes))
    return edge


def times_of(at: bytes) -> list[int]:
    """The instants of a tail row."""
    return [int.from_bytes(at[at_ : at_ + 8], "big", signed=True) for at_ in range(0, len(at), 8)]


def damaged(what: str, where: str) -> Damaged:
    """An error that leads to `verify`."""
    return Damaged(what, where=where, todo="Run: nightlatch journal verify. Restore the last backup beside it.")
