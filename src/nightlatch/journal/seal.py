"""Personal data under a key per person: destroy the key, and what it sealed can be read by nobody again."""

from __future__ import annotations

import os
from base64 import urlsafe_b64encode
from binascii import Error as Base64Error
from binascii import a2b_base64, b2a_base64
from collections.abc import Callable
from hashlib import blake2b

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from nightlatch.errors import JournalError
from nightlatch.journal.storage import Storage

_Encrypt = Callable[[bytes, bytes, bytes | None], bytes]
_random = os.urandom
NONCE = 12
MOST_CACHED = 4_096


class Sealer:
    """Seals and opens by AES-256-GCM (NIST SP 800-38D) with a random key and a random nonce of 96 bits.

    A person is a person's id, or a credential as LOCK/SLOT while nobody is known. The file knows
    neither: its keys stand under a digest of the person, salted with a secret of this journal.
    """

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._sealing: dict[str, tuple[str, _Encrypt]] = {}
        self._opening: dict[str, AESGCM | None] = {}
        self._version = 0
        self._salt = b""

    def seal(self, person: str, data: bytes) -> str:
        """Text that `open` turns back: KEYID.BASE64. Makes the person's key when there is none."""
        storage = self._storage
        with storage.lock:  # no key of another thread's append, which may yet fail
            if not storage.depth:  # within an append that was looked at already
                self._renew()
            name, encrypt = self._sealing.get(person) or self._key(person)
        nonce = _random(NONCE)
        return f"{name}.{b2a_base64(nonce + encrypt(nonce, data, None), newline=False).decode()}"

    def open(self, text: str) -> bytes | None:
        """What was sealed; None once its person was erased. JournalError when it was changed."""
        name, _, body = text.partition(".")
        self._renew()
        try:
            key = self._opening[name]
        except KeyError:
            key = self._found(name)
        if key is None:
            return None
        try:
            data = a2b_base64(body, strict_mode=True)
            return key.decrypt(data[:NONCE], data[NONCE:], None)
        except (InvalidTag, Base64Error, ValueError):
            raise JournalError(
                "a sealed text was changed: it cannot be opened", todo="Run: nightlatch journal verify"
            ) from None

    def forget(self, *people: str) -> int:
        """Destroy the keys of these people and credentials; how many there were.

        When it returns neither the file nor its write-ahead log holds them.
        """
        with self._storage.writing() as writer:
            gone = sum(
                writer.execute("DELETE FROM person_key WHERE subject = ?", (self._digest(one),)).rowcount
                for one in people
            )
        self.clear()
        self._storage.flush()
        return gone

    def keys(self) -> set[str]:
        """The ids of all keys that there are."""
        with self._storage.reading() as reader:
            return {name for (name,) in reader.execute("SELECT id FROM person_key")}

    def knows(self, person: str) -> bool:
        """Whether a person has a key: somebody of whom anything was written, and who was not erased since."""
        return self.name(person) is not None

    def name(self, person: str) -> str | None:
        """The id of a person's key, with which each text that it seals begins; None when there is no key."""
        with self._storage.reading() as reader:
            row = reader.execute("SELECT id FROM person_key WHERE subject = ?", (self._digest(person),)).fetchone()
        return None if row is None else str(row[0])

    def keep_only(self, names: set[str]) -> int:
        """Destroy every key but those with these ids; how many."""
        gone = self.keys() - names
        with self._storage.writing() as writer:
            writer.executemany("DELETE FROM person_key WHERE id = ?", [(name,) for name in gone])
        self.clear()
        self._storage.flush()
        return len(gone)

    def clear(self) -> None:
        """Keep no key in memory: the file may hold others by now."""
        self._sealing.clear()
        self._opening.clear()

    def _renew(self) -> None:
        """Drop what is cached when any other connection wrote: another process may have erased a person."""
        version = self._storage.version()
        if version != self._version:
            self._version = version
            self.clear()

    def _digest(self, person: str) -> bytes:
        if not self._salt:
            with self._storage.reading() as reader:
                (self._salt,) = reader.execute("SELECT salt FROM salt").fetchone()
        return blake2b(person.encode(), key=self._salt, digest_size=16).digest()

    def _key(self, person: str) -> tuple[str, _Encrypt]:
        digest = self._digest(person)
        with self._storage.writing() as writer:
            row = writer.execute("SELECT id, secret FROM person_key WHERE subject = ?", (digest,)).fetchone()
            if row is None:
                row = (urlsafe_b64encode(os.urandom(8)).decode().rstrip("="), os.urandom(32))
                writer.execute("INSERT INTO person_key VALUES (?, ?, ?)", (row[0], digest, row[1]))
        if len(self._sealing) >= MOST_CACHED:
            self._sealing.clear()
        self._sealing[person] = found = (row[0], AESGCM(row[1]).encrypt)
        return found

    def _found(self, name: str) -> AESGCM | None:
        with self._storage.reading() as reader:
            row = reader.execute("SELECT secret FROM person_key WHERE id = ?", (name,)).fetchone()
        if len(self._opening) >= MOST_CACHED:
            self._opening.clear()
        self._opening[name] = found = row and AESGCM(row[0])
        return found
