"""What proves the journal, in words: the way from an entry to a signed checkpoint, and from one to the next."""

from __future__ import annotations

import msgspec

from nightlatch.journal import notes, tree
from nightlatch.journal.journal import Journal
from nightlatch.web.errors import NotFound
from nightlatch.web.texts import _

MOST = 200
"""Checkpoints that a page lists: the newest."""


class Kept(msgspec.Struct, frozen=True):
    """A checkpoint that is kept."""

    size: int
    root: str
    """Hex."""
    signed: bool
    """Whether one of the journal's keys signed it."""


class Proven(msgspec.Struct, frozen=True):
    """The proof of an entry, looked through here."""

    holds: bool
    """Whether the entry's hash leads to the signed root."""
    hashes: int
    """Neighbouring hashes on the way."""
    size: int
    """Entries under the checkpoint."""
    root: str
    key: str
    """The public key that signed, for whoever checks."""


class Compared(msgspec.Struct, frozen=True):
    """Whether the journal under a newer checkpoint begins with the one under an older."""

    old: int
    new: int
    old_root: str
    new_root: str
    consistent: bool
    path: tuple[str, ...]
    """The hashes that show it, hex (RFC 6962, 2.1.2)."""


def kept(journal: Journal) -> list[Kept]:
    """The newest checkpoints that are kept, newest first."""
    with journal.view() as view:
        found = view.checkpoints()[-MOST:]
    keys = journal.verifiers
    return [
        Kept(one.size, one.root.hex(), one.signed_by(keys) is not None)
        for one in (notes.parse(text) for _size, text in reversed(found))
    ]


def note(journal: Journal, size: int) -> str:
    """The signed note of a checkpoint that is kept."""
    with journal.view() as view:
        for found, text in view.checkpoints(size - 1):
            if found == size:
                return text
    raise NotFound(_("no checkpoint over %(size)s entries is kept", size=size))


def proven(journal: Journal, index: int) -> Proven:
    """What the proof of an entry shows, under the newest checkpoint."""
    keys = journal.verifiers
    with journal.view() as view:
        hashed = view.tile(0, index // 256)[index % 256]
        leaf = view.bundle(index // 256)[index % 256]
        path = tree.inclusion(index, view.size, view.node)
        checkpoint = notes.parse(view.note)
    signer = checkpoint.signed_by(keys)
    root = tree.root_by_inclusion(tree.leaf_hash(leaf), index, checkpoint.size, path)
    holds = root == checkpoint.root and signer is not None and hashed == tree.leaf_hash(leaf)
    return Proven(holds, len(path), checkpoint.size, checkpoint.root.hex(), signer.text if signer else "")


def compared(journal: Journal, old: int, new: int) -> Compared:
    """Whether what a newer checkpoint is over goes on from what an older one is over."""
    first, second = (notes.parse(note(journal, size)) for size in sorted((old, new)))
    with journal.view() as view:
        path = tree.consistency(first.size, second.size, view.node) if first.size else []
    holds = not first.size or tree.consistent(first.size, first.root, second.size, second.root, path)
    return Compared(
        first.size, second.size, first.root.hex(), second.root.hex(), holds, tuple(one.hex() for one in path)
    )
