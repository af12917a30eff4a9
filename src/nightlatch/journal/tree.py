"""The Merkle tree of RFC 6962: hashes, roots, proofs and their checks. Indices and sizes count leaves."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256

EMPTY = sha256().digest()
"""The root of a tree without leaves (RFC 6962, 2.1)."""
HASH = 32
"""Bytes of one hash."""

NodeReader = Callable[[int, int], bytes]
"""Gives the root of the whole subtree of 2^height leaves at this height and index."""


def leaf_hash(leaf: bytes) -> bytes:
    """The hash of one leaf."""
    return sha256(b"\0" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of the node above two."""
    return sha256(b"\1" + left + right).digest()


def whole_root(hashes: Sequence[bytes]) -> bytes:
    """The root over a power of two of leaf (or node) hashes: level by level, the quickest way in Python."""
    level = hashes
    while len(level) > 1:
        pairs = iter(level)
        level = [sha256(b"\1" + left + right).digest() for left, right in zip(pairs, pairs, strict=True)]
    return level[0]


class Frontier:
    """The roots of the whole subtrees along a tree's right edge, largest first: all that appending needs."""

    __slots__ = ("roots", "size")

    def __init__(self, size: int = 0, roots: Iterable[bytes] = ()) -> None:
        self.size = size
        self.roots = list(roots)

    def push(self, hashed: bytes) -> None:
        """Take in the next leaf's hash."""
        roots, size = self.roots, self.size
        while size & 1:
            hashed = sha256(b"\1" + roots.pop() + hashed).digest()
            size >>= 1
        roots.append(hashed)
        self.size += 1


def fold(roots: Sequence[bytes]) -> bytes:
    """The root over the subtrees of a right edge, largest first."""
    if not roots:
        return EMPTY
    found = roots[-1]
    for left in roots[-2::-1]:
        found = sha256(b"\1" + left + found).digest()
    return found


def edge(size: int) -> list[tuple[int, int]]:
    """(height, index) of the whole subtrees along the right edge of a tree of this size, largest first."""
    places = []
    start = 0
    for height in range(size.bit_length() - 1, -1, -1):
        if size >> height & 1:
            places.append((height, start >> height))
            start += 1 << height
    return places


def root(size: int, node: NodeReader) -> bytes:
    """The root of the first `size` leaves."""
    return fold([node(height, index) for height, index in edge(size)])


def _root_of(start: int, stop: int, node: NodeReader) -> bytes:
    """The root over a subtree's leaves; `start` is a multiple of the power of two that holds them."""
    return fold([node(height, (start >> height) + index) for height, index in edge(stop - start)])


def _split(width: int) -> int:
    """The largest power of two smaller than this."""
    return 1 << (width - 1).bit_length() - 1


def inclusion(index: int, size: int, node: NodeReader) -> list[bytes]:
    """The audit path of a leaf in the tree of this size, lowest first (RFC 6962, 2.1.1)."""
    if not 0 <= index < size:
        raise ValueError(f"no leaf {index} in a tree of {size}")
    path = []
    start, stop = 0, size
    while stop - start > 1:
        middle = start + _split(stop - start)
        if index < middle:
            path.append(_root_of(middle, stop, node))
            stop = middle
        else:
            path.append(_root_of(start, middle, node))
            start = middle
    return path[::-1]


def consistency(old: int, new: int, node: NodeReader) -> list[bytes]:
    """Why the tree of `new` leaves begins with that of `old` (RFC 6962, 2.1.2); empty when old is 0 or new."""
    if not 0 <= old <= new:
        raise ValueError(f"a tree of {new} does not hold one of {old}")
    if old in (0, new):
        return []
    path = []
    start, stop = 0, new
    while old != stop:
        middle = start + _split(stop - start)
        if old <= middle:
            path.append(_root_of(middle, stop, node))
            stop = middle
        else:
            path.append(_root_of(start, middle, node))
            start = middle
    if start:
        path.append(_root_of(start, stop, node))
    return path[::-1]


def root_by_inclusion(hashed: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """The root that this leaf's hash and path lead to; None when the path cannot be one (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return None
    place, last = index, size - 1
    for sibling in path:
        if last == 0:
            return None
        if place & 1 or place == last:
            hashed = node_hash(sibling, hashed)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            hashed = node_hash(hashed, sibling)
        place, last = place >> 1, last >> 1
    return hashed if last == 0 else None


def consistent(old: int, old_root: bytes, new: int, new_root: bytes, path: Sequence[bytes]) -> bool:
    """Whether the path shows that the new tree begins with the old one (RFC 9162, 2.1.4.2)."""
    if old == new:
        return old_root == new_root and not path
    if old == 0:
        return old_root == EMPTY and not path
    if not 0 < old < new or not path:
        return False
    steps = list(path)
    if old & old - 1 == 0:
        steps.insert(0, old_root)
    place, last = old - 1, new - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    was = now = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            was, now = node_hash(step, was), node_hash(step, now)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            now = node_hash(now, step)
        place, last = place >> 1, last >> 1
    return last == 0 and was == old_root and now == new_root
