"""The journal's own key: a file of mode 0600 beside it, in the encoding of Go's note package (PRIVATE+KEY+…)."""

from __future__ import annotations

import os
import stat
from base64 import b64decode, b64encode
from pathlib import Path

from nightlatch.errors import JournalError
from nightlatch.journal.notes import ED25519, Signer, Verifier
from nightlatch.writing import replace

FILE = "journal.key"
NEXT = "journal.key.next"
"""A key that is about to take over; it does once the journal's file names it."""
SEED = 32


def new_origin() -> str:
    """A name for a new journal that tells it from every other and says nothing of the home."""
    return f"nightlatch/{os.urandom(8).hex()}"


def make(folder: Path, origin: str) -> Signer:
    """A new key, waiting in `journal.key.next` until `settle`."""
    seed = os.urandom(SEED)
    signer = Signer(origin, seed)
    try:
        replace(folder / NEXT, encoded(signer.verifier, seed))
    except OSError as error:
        raise _unusable(folder / NEXT, f"cannot be written: {error.strerror}") from None
    return signer


def encoded(public: Verifier, seed: bytes) -> bytes:
    """A private key as its file holds it."""
    return f"PRIVATE+KEY+{public.name}+{public.id.hex()}+{b64encode(ED25519 + seed).decode()}\n".encode()


def settle(folder: Path, current: str) -> None:
    """Finish or undo what a crash interrupted: the waiting key takes over if the journal names it, else it goes."""
    waiting = folder / NEXT
    if not waiting.exists():
        return
    try:
        if load(waiting).verifier.text == current:
            os.replace(waiting, folder / FILE)  # noqa: PTH105  # the atomic one
            _sync(folder)
        else:
            waiting.unlink(missing_ok=True)
    except FileNotFoundError:
        return  # another process was quicker
    except OSError as error:
        raise _unusable(waiting, f"cannot be put in place: {error.strerror}") from None
    except JournalError:
        if waiting.exists():
            raise


def load(path: Path) -> Signer:
    """The key of this file; JournalError when it is missing, readable by others, or no key."""
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            if mode & 0o077:
                raise JournalError(
                    f"can be read by other users (mode {mode:04o}): who reads it can forge the journal",
                    where=str(path),
                    todo=f"Run: chmod 600 {path}; then give the journal a new key: nightlatch journal key rotate",
                )
            text = file.read(1_000)
    except OSError as error:
        raise _unusable(path, f"cannot be read: {error.strerror}") from None
    parts = text.decode(errors="replace").strip().split("+", 4)
    try:
        private, word, origin, hashed, encoded = parts
        data = b64decode(encoded, validate=True)
    except ValueError:
        raise _unusable(path, "is no key of a journal") from None
    if (private, word) != ("PRIVATE", "KEY") or data[:1] != ED25519 or len(data) != 1 + SEED:
        raise _unusable(path, "is no key of a journal")
    signer = Signer(origin, data[1:])
    if signer.verifier.id.hex() != hashed:
        raise _unusable(path, "is damaged: the key does not match its hash")
    return signer


def current(folder: Path, named: Verifier) -> Signer:
    """The key that signs now; `named` is the one that the journal's file names."""
    settle(folder, named.text)
    signer = load(folder / FILE)
    if signer.verifier.text != named.text:
        raise _unusable(folder / FILE, "is not the key that this journal is signed with")
    return signer


def _unusable(path: Path, why: str) -> JournalError:
    return JournalError(
        why,
        where=str(path),
        todo="Restore it from a backup; if there is none, run: nightlatch journal key rotate --lost",
    )


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
