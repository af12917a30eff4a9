"""A proof of one entry: a file that says by itself, with only the public key, that the entry was in the journal.

Its last part follows C2SP tlog-proof (index, audit path, signed checkpoint); before it stand the entry
itself, exactly as it was hashed, and what it says, for people.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Sequence

import msgspec

from nightlatch.errors import JournalError, ReadError
from nightlatch.journal import notes, tree
from nightlatch.journal.journal import Journal
from nightlatch.journal.leaves import BUNDLE, DROPPED, decode
from nightlatch.journal.notes import Checkpoint, Verifier
from nightlatch.model.event import Event, instant

HEAD = "nightlatch.proof/1"
TREE = "c2sp.org/tlog-proof@v1"
LARGEST = 262_144
MOST_HASHES = 63


class Proved(msgspec.Struct, frozen=True):
    """What a proof shows to be so."""

    index: int
    leaf: bytes
    """The entry as it was hashed: JSON, personal fields sealed."""
    checkpoint: Checkpoint
    key: str
    """The public key that signed."""
    told: str
    """What the proof's maker says the entry means, with personal fields opened: not part of what is proved."""


def prove(journal: Journal, index: int) -> str:
    """The proof of this entry under the newest checkpoint; JournalError when there is no such entry or content."""
    with journal.view() as view:
        if not 0 <= index < view.size:
            raise JournalError(f"there is no entry {index}", where=journal.where, todo=f"It has {view.size}.")
        leaf = view.bundle(index // BUNDLE)[index % BUNDLE]
        path = tree.inclusion(index, view.size, view.node)
        note = view.note
    if leaf == DROPPED:
        raise JournalError(f"the content of entry {index} was dropped by retention", where=journal.where)
    told = describe(decode(index, leaf, journal.sealer).event)
    hashes = "".join(f"{b64encode(one).decode()}\n" for one in path)
    return f"{HEAD}\n# {told}\n{b64encode(leaf).decode()}\n{TREE}\nindex {index}\n{hashes}\n{note}"


def describe(event: Event | None) -> str:
    """One line about an event, for people: when, what, where, by whom."""
    if event is None:
        return ""
    parts = [instant(event.at).isoformat(timespec="milliseconds"), event.kind, event.about]
    if event.by:
        parts.append(f"by {event.by}")
    if event.slot:
        parts.append(f"slot {event.slot}")
    parts += [event.person, str(event.value), event.name, event.detail]
    return " ".join(" ".join(part.split()) for part in parts if part)[:500]


def check(proof: str, keys: Sequence[Verifier], *, where: str = "") -> Proved:
    """What the proof shows under one of these public keys, without the journal.

    ReadError when it cannot be read, JournalError when it does not hold.
    """
    if len(proof) > LARGEST:
        raise ReadError(f"is larger than {LARGEST} characters", where=where)
    lines = proof.split("\n")
    if len(lines) < 6 or lines[0] != HEAD or not lines[1].startswith("# ") or lines[3] != TREE:
        raise ReadError(
            "is no proof of a journal's entry", where=where, todo="Make one: nightlatch journal prove ENTRY"
        )
    word, _, number = lines[4].partition(" ")
    if word != "index" or not (number.isascii() and number.isdigit() and len(number) < 20):
        raise ReadError("line 5 is no index", where=where)
    try:
        end = lines.index("", 5)
        leaf = b64decode(lines[2], validate=True)
        path = [b64decode(line, validate=True) for line in lines[5:end]]
    except ValueError:
        raise ReadError("is damaged: its entry or hashes are no Base64", where=where) from None
    if len(path) > MOST_HASHES or any(len(one) != tree.HASH for one in path):
        raise ReadError("is damaged: its hashes are not of 32 bytes", where=where)
    checkpoint = notes.verified("\n".join(lines[end + 1 :]), keys, where=where)
    signer = checkpoint.signed_by(keys)
    index = int(number)
    root = tree.root_by_inclusion(tree.leaf_hash(leaf), index, checkpoint.size, path)
    if root != checkpoint.root or signer is None:
        raise JournalError(
            f"the entry is not number {index} of the journal {checkpoint.origin}",
            where=where,
            todo="It, or the proof, was changed.",
        )
    return Proved(index, leaf, checkpoint, signer.text, lines[1][2:])
