"""Backups: the state folder in one encrypted file, and back; a restored journal is proven before it is used.

The file: a line of magic, a JSON line (salt, cost), then chunks of AES-256-GCM under a key that
argon2id (RFC 9106) makes of the passphrase. Each chunk's nonce is its number and whether it is the
last (the STREAM construction of Hoang, Reyhanitabar, Rogaway and Vizár, 2015): chunks cannot be left
out, swapped or cut off unseen. Inside is a tar of the databases, as SQLite's own backup copies them
while a service runs, and of the key files.
"""

from __future__ import annotations

import io
import os
import secrets
import shutil
import sqlite3
import struct
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import IO

import msgspec
from argon2.low_level import Type, hash_secret_raw
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from nightlatch.errors import NightlatchError, ReadError, StoreError
from nightlatch.secrets import Secret

MAGIC = b"nightlatch-backup-1\n"
CHUNK = 1024 * 1024
TAG = 16
HEADER_LIMIT = 4096
MEMBER_LIMIT = 64 * 1024**3
DATABASES = ("nightlatch.db", "journal.db", "witness.db")
TRIES = 5
MADE = "backup.made"
"""An empty file in the state folder: its time is when a backup was last made."""
SHORTEST = 12
"""Characters of a passphrase: a backup lies about where others may try for years."""


class _Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    salt: str
    time: int = 3
    memory_kib: int = 65536
    lanes: int = 4

    def key(self, passphrase: Secret) -> bytes:
        return hash_secret_raw(
            passphrase.reveal().encode(),
            bytes.fromhex(self.salt),
            time_cost=self.time,
            memory_cost=self.memory_kib,
            parallelism=self.lanes,
            hash_len=32,
            type=Type.ID,
        )

    @property
    def sane(self) -> bool:
        """Whether it asks for no more work than our own backups do: a foreign file must not stop the machine."""
        lanes = 1 <= self.lanes <= 16 and 8 * self.lanes <= self.memory_kib <= 262_144
        return len(self.salt) == 32 and 1 <= self.time <= 10 and lanes


class _Sealed(io.RawIOBase):
    """A stream that encrypts what is written into it, chunk by chunk."""

    def __init__(self, out: IO[bytes], key: bytes) -> None:
        self._out = out
        self._cipher = AESGCM(key)
        self._waiting = bytearray()
        self._number = 0

    def writable(self) -> bool:
        """It is."""
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]  # a buffer is a buffer
        """Take bytes; whole chunks go out at once."""
        self._waiting += data
        while len(self._waiting) > CHUNK:
            self._seal(bytes(self._waiting[:CHUNK]), last=False)
            del self._waiting[:CHUNK]
        return len(data)

    def finish(self) -> None:
        """Write the last chunk."""
        self._seal(bytes(self._waiting), last=True)

    def _seal(self, chunk: bytes, *, last: bool) -> None:
        self._out.write(self._cipher.encrypt(_nonce(self._number, last=last), chunk, MAGIC))
        self._number += 1


class _Opened(io.RawIOBase):
    """A stream that decrypts a backup; ReadError at the first chunk that is not as it was written."""

    def __init__(self, file: IO[bytes], key: bytes, where: str) -> None:
        self._file = file
        self._cipher = AESGCM(key)
        self._where = where
        self._number = 0
        self._chunk = b""
        self._next = file.read(CHUNK + TAG)

    def readable(self) -> bool:
        """It is."""
        return True

    def read(self, size: int = -1) -> bytes:
        """At most `size` bytes of what was backed up; nothing at its end."""
        while not self._chunk and self._next:
            sealed, self._next = self._next, self._file.read(CHUNK + TAG)
            try:
                self._chunk = self._cipher.decrypt(_nonce(self._number, last=not self._next), sealed, MAGIC)
            except InvalidTag:
                first = "cannot be opened: another passphrase, or it is damaged"
                what = "is damaged or cut off" if self._number else first
                raise ReadError(what, where=self._where, todo="Nothing was changed.") from None
            self._number += 1
        size = len(self._chunk) if size < 0 else size
        given, self._chunk = self._chunk[:size], self._chunk[size:]
        return given

    def drain(self) -> None:
        """Read to the end, so that a cut-off file is found out even behind the tar's own end."""
        while self.read(CHUNK):
            pass


def _nonce(number: int, *, last: bool) -> bytes:
    return struct.pack(">QI", number, last)


def write(folder: Path, out: IO[bytes], passphrase: Secret, keys: tuple[str, ...]) -> int:
    """Write a backup of a state folder, which a service may be using; the bytes that were backed up.

    `keys` are the key files beside the databases. StoreError when the folder cannot be read.
    """
    header = _Header(secrets.token_hex(16))
    out.write(MAGIC + msgspec.json.encode(header) + b"\n")
    sealed = _Sealed(out, header.key(passphrase))
    total = 0
    with tarfile.open(fileobj=sealed, mode="w|", format=tarfile.PAX_FORMAT) as tar, ExitStack() as copies:
        databases, held = _matching(folder, keys, copies)
        for name, path in databases:
            with path.open("rb") as file:
                total += _add(tar, file, path.stat().st_size, name)
        for name, data in held.items():
            total += _add(tar, io.BytesIO(data), len(data), name)
    sealed.finish()
    (folder / MADE).touch(mode=0o600)
    return total


def _matching(
    folder: Path, keys: tuple[str, ...], copies: ExitStack
) -> tuple[list[tuple[str, Path]], dict[str, bytes]]:
    """Copies of the databases, and the keys that belong to them: a key that is changed meanwhile begins it anew."""

    def held() -> dict[str, bytes]:
        return {name: (folder / name).read_bytes() for name in keys if (folder / name).is_file()}

    for _ in range(TRIES):
        with ExitStack() as these:
            before = held()
            copied = [(name, these.enter_context(_copied(folder / name))) for name in DATABASES]
            if held() == before:
                copies.push(these.pop_all())
                return [(name, path) for name, path in copied if path is not None], before
    raise StoreError("its keys are changed over and over", where=str(folder), todo="Back it up again later.")


def _add(tar: tarfile.TarFile, file: IO[bytes], size: int, name: str) -> int:
    member = tarfile.TarInfo(name)
    member.size, member.mode = size, 0o600
    tar.addfile(member, file)
    return size


@contextmanager
def _copied(path: Path) -> Iterator[Path | None]:
    """A copy of a database as it is at one instant, on the same disk and as private; None where there is none."""
    if not path.is_file():
        yield None
        return
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    os.close(handle)
    try:
        with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(name)) as target:
            source.backup(target)
        yield Path(name)
    except sqlite3.DatabaseError as error:
        raise StoreError(f"cannot be backed up: {error}", where=str(path)) from None
    finally:
        for suffix in ("", "-journal", "-wal", "-shm"):
            Path(name + suffix).unlink(missing_ok=True)


def unpack(file: IO[bytes], passphrase: Secret, folder: Path, keys: tuple[str, ...], where: str) -> list[str]:
    """Unpack a backup into an empty folder; the names of the files. ReadError when it is none, or damaged."""
    if file.read(len(MAGIC)) != MAGIC:
        raise ReadError("is no backup of Nightlatch", where=where)
    try:
        header = msgspec.json.decode(file.readline(HEADER_LIMIT), type=_Header)
        key = header.key(passphrase) if header.sane else None
    except (msgspec.MsgspecError, ValueError):
        key = None
    if key is None:
        raise ReadError("has a damaged head", where=where)
    opened = _Opened(file, key, where)
    names: list[str] = []
    try:
        with tarfile.open(fileobj=opened, mode="r|") as tar:
            for member in tar:
                if member.name not in (*DATABASES, *keys) or not member.isreg() or member.size > MEMBER_LIMIT:
                    raise ReadError("holds a file that no backup holds", where=where)
                content = tar.extractfile(member)
                if content is None or member.name in names:
                    raise ReadError("holds a file twice", where=where)
                with open(folder / member.name, "xb", opener=_private) as target:
                    shutil.copyfileobj(content, target, CHUNK)
                    target.flush()
                    os.fsync(target.fileno())
                names.append(member.name)
        opened.drain()
    except tarfile.TarError:
        raise ReadError("is damaged", where=where) from None
    except OSError as error:
        raise StoreError(f"cannot be written: {error.strerror}", where=str(folder)) from None
    return names


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def check_passphrase(passphrase: Secret) -> None:
    """Refuse one that is guessed too easily."""
    from nightlatch.catalogue import passwords

    if len(passphrase) < SHORTEST or passwords.score(passphrase) < 3:
        raise NightlatchError(
            "this passphrase is too easy to guess",
            todo="Take five random words, and keep them where you find them when this machine is lost.",
        )
