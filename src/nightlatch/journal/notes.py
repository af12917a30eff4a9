"""Signed notes and checkpoints as C2SP defines them: text that others' tools can check.

https://c2sp.org/signed-note and https://c2sp.org/tlog-checkpoint: three lines (origin, size, root),
an empty line, and one line for each signature.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from binascii import b2a_base64
from collections.abc import Iterable
from hashlib import sha256

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from nightlatch.errors import JournalError, ReadError
from nightlatch.journal.tree import HASH

ED25519 = b"\x01"
COSIGNATURE = b"\x04"
LARGEST = 65_536
"""Bytes of the largest note that is read."""
MOST_SIGNATURES = 32
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")
_SIGNATURE = re.compile(r"— ([^\s+]{1,200}) ([A-Za-z0-9+/]+={0,2})")


def key_id(name: str, algorithm: bytes, public: bytes) -> bytes:
    """The 4 bytes by which a signature says whose it is."""
    return sha256(name.encode() + b"\n" + algorithm + public).digest()[:4]


class Verifier:
    """A public key with its name; `text` is its C2SP encoding, NAME+HASH+KEY."""

    __slots__ = ("_key", "algorithm", "id", "name", "public", "text")

    def __init__(self, name: str, public: bytes, algorithm: bytes = ED25519) -> None:
        self.name, self.public, self.algorithm = name, public, algorithm
        self.id = key_id(name, algorithm, public)
        self.text = f"{name}+{self.id.hex()}+{b64encode(algorithm + public).decode()}"
        self._key = Ed25519PublicKey.from_public_bytes(public)

    @classmethod
    def parse(cls, text: str, *, where: str = "") -> Verifier:
        """The key that its C2SP encoding tells; ReadError when it is none."""
        parts = text.strip().split("+", 2)
        try:
            name, hashed, encoded = parts
            data = b64decode(encoded, validate=True)
        except (ValueError, Base64Error):
            data = b""
        if len(data) != 1 + HASH or data[:1] not in (ED25519, COSIGNATURE) or not name or re.search(r"\s", name):
            raise ReadError(
                "is no public key of a journal", where=where, todo="One looks like: nightlatch/0a1b…+0123abcd+AbC…="
            )
        found = cls(name, data[1:], data[:1])
        if found.id.hex() != hashed:
            raise ReadError("is a public key with a part that was changed: its hash does not match", where=where)
        return found

    def holds(self, signature: bytes, message: bytes) -> bool:
        """Whether this is the key's signature (64 bytes) of the message."""
        try:
            self._key.verify(signature, message)
        except InvalidSignature:
            return False
        return True


class Signer:
    """A private key with its name. Prints as its public part."""

    __slots__ = ("__key", "_prefix", "verifier")

    def __init__(self, name: str, seed: bytes) -> None:
        self.__key = Ed25519PrivateKey.from_private_bytes(seed)
        self.verifier = Verifier(name, self.__key.public_key().public_bytes_raw())
        self._prefix = self.verifier.id

    def __repr__(self) -> str:
        return f"Signer({self.verifier.text})"

    def sign(self, message: bytes) -> bytes:
        """Its signature of a message, 64 bytes."""
        return self.__key.sign(message)

    def line(self, text: str) -> str:
        """The signature line for a note's text."""
        signed = b2a_base64(self._prefix + self.__key.sign(text.encode())).decode()  # ends in a line feed
        return f"— {self.verifier.name} {signed}"


class Signature(msgspec.Struct, frozen=True):
    """One signature line: `key` is the id, `data` what follows it (64 bytes for Ed25519)."""

    name: str
    key: bytes
    data: bytes


class Checkpoint(msgspec.Struct, frozen=True):
    """What a log said its tree was: `text` is what was signed, `root` 32 bytes."""

    origin: str
    size: int
    root: bytes
    text: str
    signatures: tuple[Signature, ...]

    def signed_by(self, verifiers: Iterable[Verifier]) -> Verifier | None:
        """The first of these keys whose plain Ed25519 signature it bears."""
        message = self.text.encode()
        for verifier in verifiers:
            for one in self.signatures:
                if (one.name, one.key) == (verifier.name, verifier.id) and verifier.holds(one.data, message):
                    return verifier
        return None


def checkpoint_text(origin: str, size: int, root: bytes) -> str:
    """The text of a checkpoint, to be signed."""
    return f"{origin}\n{size}\n{b2a_base64(root).decode()}"


def sign(text: str, *signers: Signer) -> str:
    """The note: the text, an empty line and the signatures."""
    return f"{text}\n{''.join([one.line(text) for one in signers])}"


def parse(note: str, *, where: str = "") -> Checkpoint:
    """Read a signed checkpoint, without checking its signatures; ReadError when it is none."""

    def wrong(why: str) -> ReadError:
        return ReadError(f"is no signed checkpoint: {why}", where=where)

    if len(note) > LARGEST:
        raise wrong(f"it is larger than {LARGEST} characters")
    text, blank, below = note.rpartition("\n\n")
    text += "\n"
    lines = text.split("\n")
    if not blank or not below.endswith("\n") or len(lines) < 4 or not lines[0]:
        raise wrong("it needs an origin, a size, a root, an empty line and signatures")
    if not _SIZE.fullmatch(lines[1]):
        raise wrong("line 2 is no size")
    try:
        root = b64decode(lines[2], validate=True)
    except ValueError:
        root = b""
    if len(root) != HASH or b64encode(root).decode() != lines[2]:
        raise wrong("line 3 is no SHA-256 hash in Base64")
    signatures = []
    for line in below[:-1].split("\n"):
        match = _SIGNATURE.fullmatch(line)
        try:
            data = b64decode(match[2], validate=True) if match else b""
        except ValueError:
            data = b""
        if not match or len(data) < 5:
            raise wrong("a signature line cannot be read")
        signatures.append(Signature(match[1], data[:4], data[4:]))
        if len(signatures) > MOST_SIGNATURES:
            raise wrong(f"it has more than {MOST_SIGNATURES} signatures")
    return Checkpoint(lines[0], int(lines[1]), root, text, tuple(signatures))


def verified(note: str, verifiers: Iterable[Verifier], *, where: str = "") -> Checkpoint:
    """A checkpoint that one of these keys signed under its own origin; JournalError otherwise."""
    found = parse(note, where=where)
    keys = [one for one in verifiers if one.name == found.origin]
    if not found.signed_by(keys):
        raise JournalError(
            f"the checkpoint of {found.size} entries does not bear the journal's signature",
            where=where,
            todo="It was changed, or another journal wrote it.",
        )
    return found
