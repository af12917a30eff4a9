"""Cosignatures and the protocol of witnesses as C2SP defines them.

https://c2sp.org/tlog-cosignature (`cosignature/v1`, Ed25519) and https://c2sp.org/tlog-witness: a log
sends a checkpoint, the size it had when the witness last signed, and a proof that it only grew; the
witness answers with signature lines.
"""

from __future__ import annotations

import os
import re
import struct
from base64 import b64decode, b64encode
from collections.abc import Sequence
from pathlib import Path

import msgspec

from nightlatch.errors import JournalError, ReadError
from nightlatch.journal import keys, notes
from nightlatch.journal.notes import COSIGNATURE, Checkpoint, Signer, Verifier
from nightlatch.journal.tree import HASH
from nightlatch.writing import replace

FILE = "witness.key"

REQUEST_LIMIT = 32 * 1024
"""Bytes of a request: a proof has 63 hashes at most, a checkpoint a few lines."""
ANSWER_LIMIT = 32 * 1024
MOST_HASHES = 63
SIZE_TYPE = "text/x.tlog.size"
"""The content type of a refusal that tells which size the witness signed last."""
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")
_SIGNED = struct.Struct(">Q64s")


class Cosigner:
    """A witness's private key with its name. Prints as its public part."""

    __slots__ = ("_signer", "verifier")

    def __init__(self, signer: Signer) -> None:
        self._signer = signer
        self.verifier = Verifier(signer.verifier.name, signer.verifier.public, COSIGNATURE)

    def __repr__(self) -> str:
        return f"Cosigner({self.verifier.text})"

    @classmethod
    def of(cls, folder: Path) -> Cosigner:
        """The witness key in a state folder, made when there is none; JournalError when it cannot be used."""
        path = folder / FILE
        try:
            if not path.exists():
                name, seed = f"nightlatch/witness/{os.urandom(8).hex()}", os.urandom(keys.SEED)
                replace(path, keys.encoded(Signer(name, seed).verifier, seed))
            return cls(keys.load(path))
        except OSError as error:
            what = f"cannot be written: {error.strerror}"
        except JournalError as error:
            what = error.what
        raise JournalError(
            what,
            where=str(path),
            todo="Restore it from a backup, or move it away: then a new one is made, and every journal that is "
            "witnessed here needs its public part.",
        )

    def line(self, checkpoint: Checkpoint, at: int) -> str:
        """The signature line for a checkpoint, signed at a POSIX time in seconds."""
        signed = _SIGNED.pack(at, self._signer.sign(_message(checkpoint.text, at)))
        return f"— {self.verifier.name} {b64encode(self.verifier.id + signed).decode()}\n"


def cosigned_at(checkpoint: Checkpoint, verifier: Verifier) -> int | None:
    """When a witness signed a checkpoint, as a POSIX time in seconds; None when it did not."""
    for one in checkpoint.signatures:
        if (one.name, one.key) != (verifier.name, verifier.id) or len(one.data) != _SIGNED.size:
            continue
        at, signature = _SIGNED.unpack(one.data)
        if at < 1 << 63 and verifier.holds(signature, _message(checkpoint.text, at)):
            return int(at)
    return None


def _message(text: str, at: int) -> bytes:
    return f"cosignature/v1\ntime {at}\n{text}".encode()


class Request(msgspec.Struct, frozen=True):
    """What a log sends: how large it was, why it only grew since, and its signed checkpoint."""

    old: int
    proof: tuple[bytes, ...]
    note: str
    checkpoint: Checkpoint


def request(old: int, proof: Sequence[bytes], note: str) -> str:
    """The body of an `add-checkpoint` request."""
    hashes = "".join(f"{b64encode(one).decode()}\n" for one in proof)
    return f"old {old}\n{hashes}\n{note}"


def read_request(body: bytes) -> Request:
    """A foreign request; ReadError when it is none, or larger than one can be."""
    if len(body) > REQUEST_LIMIT:
        raise ReadError(f"is larger than {REQUEST_LIMIT} bytes", where="request")
    try:
        head, blank, note = body.decode().partition("\n\n")
    except UnicodeDecodeError:
        raise ReadError("is not UTF-8 text", where="request") from None
    first, *hashes = head.split("\n")
    word, _, size = first.partition(" ")
    if not blank or word != "old" or not _SIZE.fullmatch(size):
        raise ReadError('does not begin with "old SIZE", proof lines and an empty line', where="request")
    if len(hashes) > MOST_HASHES:
        raise ReadError(f"has more than {MOST_HASHES} proof lines", where="request")
    proof = tuple(_hash(text, f"request:{number}") for number, text in enumerate(hashes, 2))
    return Request(int(size), proof, note, notes.parse(note, where="request"))


def _hash(text: str, where: str) -> bytes:
    try:
        found = b64decode(text, validate=True)
    except ValueError:
        found = b""
    if len(found) != HASH or b64encode(found).decode() != text:
        raise ReadError("is no SHA-256 hash in Base64", where=where)
    return found


def read_size(body: str, where: str) -> int:
    """The size in a refusal; ReadError when there is none."""
    size = body.removesuffix("\n")
    if not _SIZE.fullmatch(size):
        raise ReadError("answered with no size", where=where)
    return int(size)


def read_cosignature(note: str, answer: str, verifier: Verifier, where: str) -> str:
    """The line of a witness's answer that is its cosignature of the note; ReadError when there is none."""
    for line in answer.split("\n"):
        if not line.startswith(f"— {verifier.name} "):
            continue
        signed = notes.parse(f"{note}{line}\n", where=where)
        if cosigned_at(msgspec.structs.replace(signed, signatures=signed.signatures[-1:]), verifier) is not None:
            return f"{line}\n"
    raise ReadError(
        "answered without the signature of the key that is configured",
        where=where,
        todo='Check that "key" is what that witness\'s `nightlatch journal key show` prints as its witness key.',
    )
