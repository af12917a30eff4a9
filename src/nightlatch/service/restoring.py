"""Makes backup files, and puts one in the place of the state folder's content once its journal is proven."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import msgspec

from nightlatch.access.erasing import forget_unknown
from nightlatch.access.register import live
from nightlatch.access.vault import FILE as SEAL
from nightlatch.access.vault import Vault
from nightlatch.configuration.read import Configuration
from nightlatch.errors import JournalError, ReadError, SecretError, StoreError
from nightlatch.journal import cosigning, keys
from nightlatch.journal.journal import FILE as JOURNAL
from nightlatch.journal.journal import Journal
from nightlatch.journal.verify import VERIFIED, verify
from nightlatch.model.event import Event, micros
from nightlatch.secrets import Secret
from nightlatch.service import backup as sealed
from nightlatch.service.folder import held, prepare, running
from nightlatch.store.access import AccessRecords
from nightlatch.store.database import connect
from nightlatch.store.scrubbing import forget_audits
from nightlatch.store.users import Code, Device, Session, Token, User, UserRecords
from nightlatch.writing import replace

KEYS = (keys.FILE, cosigning.FILE, SEAL)
DATABASE = "nightlatch.db"
LEFT_BY_SQLITE = ("", "-wal", "-shm", "-journal")


class Restored(msgspec.Struct, frozen=True):
    """What a restore did."""

    entries: int
    """Entries of the journal, each proven against its signed checkpoint."""
    erased: int
    """People whose keys were destroyed again: they had been erased since the backup was made."""
    aside: str
    """Where that which was there before is now; nothing when there was nothing."""
    secrets: int = 0
    """PINs and addresses that were sealed, each of them opened with the key."""
    unopened: str = ""
    """Why they could not be opened: the key is kept elsewhere, and is not the one by now."""
    grants: int = 0
    """Grants that hold again as they did when the backup was made: also any that was ended since."""
    users: int = 0
    """Users of the web app as they were then. All of them sign in anew, and tokens and links are made anew."""


def backup(folder: Path, file: Path, passphrase: Secret) -> int:
    """Write a backup of the state folder; its size in bytes. The file appears whole or not at all."""
    sealed.check_passphrase(passphrase)
    if not (folder / JOURNAL).is_file():
        raise StoreError("there is no journal to back up", where=str(folder), todo="Start with: nightlatch run")
    try:
        handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name[:100]}.")
    except OSError as error:
        raise StoreError(f"cannot be written: {error.strerror}", where=str(file)) from None
    try:
        with os.fdopen(handle, "wb") as out:
            sealed.write(folder, out, passphrase, KEYS)
            out.flush()
            os.fsync(out.fileno())
            size = out.tell()
        os.link(name, file)  # never over a file that is there
    except OSError as error:
        raise StoreError(f"cannot be written: {error.strerror}", where=str(file)) from None
    finally:
        Path(name).unlink(missing_ok=True)
    return size


def in_use(folder: Path) -> bool:
    """Whether a state stands in this folder."""
    return any((folder / name).exists() for name in (*sealed.DATABASES, *KEYS))


def restore(
    folder: Path, file: Path, passphrase: Secret, now: datetime, configuration: Configuration | None = None
) -> Restored:
    """Prove a backup and put it in place; what was there is moved aside into the folder.

    Whoever was erased since the backup was made stays erased. ReadError, JournalError or StoreError,
    with nothing changed, when the backup is damaged, its journal is not what was signed, or its key does
    not open the PINs. A key that is kept elsewhere is found by the configuration.
    """
    prepare(folder)
    if running(folder):
        raise StoreError("a Nightlatch is running on this folder", where=str(folder), todo="Stop it first.")
    with held(folder), _workshop(folder) as made:
        try:
            with file.open("rb") as source:
                names = sealed.unpack(source, passphrase, made, KEYS, str(file))
        except OSError as error:
            raise ReadError(f"cannot be read: {error.strerror}", where=str(file)) from None
        entries, erased = _prove(made, folder, file, now)
        secrets, unopened = _unseal(made, configuration, file)
        grants = _granted(made, micros(now))
        users = _signed_out(made)
        aside = folder / f"before-restore-{now:%Y%m%dT%H%M%SZ}"
        try:
            if in_use(folder):
                aside.mkdir(mode=0o700)
                _put_aside(folder, aside)
            _put_in_place(made, folder)
        except OSError as error:
            todo = f"Restore again. What was there before is in {aside}."
            raise StoreError(f"cannot be moved: {error.strerror}", where=str(folder), todo=todo) from None
        return Restored(
            entries, erased, str(aside) if aside.exists() and names else "", secrets, unopened, grants, users
        )


def _prove(made: Path, folder: Path, file: Path, now: datetime) -> tuple[int, int]:
    """The number of entries of an unpacked journal and of people erased again; JournalError unless all is proven."""
    journal = Journal.open(made)
    try:
        found = verify(journal)
        if not found.sound:
            raise JournalError(
                f"its journal is not what was signed: {found.faults[0]}", where=str(file), todo="Nothing was changed."
            )
        erased = _erase_again(journal, made, folder)
        journal.append([Event(micros(now), "restored", "home", value=found.size, detail="restored from a backup")])
        return found.size, erased
    finally:
        journal.close()


def _unseal(made: Path, configuration: Configuration | None, file: Path) -> tuple[int, str]:
    """How many secrets an unpacked database has sealed, all of them opened; or why a key from elsewhere opens none."""
    if not (made / DATABASE).exists():
        return 0, ""
    engine = connect(made)
    try:
        within = (made / SEAL).exists()
        return Vault.open(made, AccessRecords(engine), None if within else configuration).prove(), ""
    except (SecretError, StoreError) as error:
        if within:
            what = f"its codes cannot be opened: {SEAL} {error.what}"
            raise ReadError(what, where=str(file), todo="Nothing was changed.") from None
        # Where it is unpacked is gone in a moment.
        return 0, str(error).replace(f"{made}{os.sep}", "")
    finally:
        engine.dispose()


def _granted(made: Path, now: int) -> int:
    if not (made / DATABASE).exists():
        return 0
    engine = connect(made)
    try:
        return sum(live(one, now) for one in AccessRecords(engine).grants())
    finally:
        engine.dispose()


def _signed_out(made: Path) -> int:
    """End every session, token, known browser and one-time code: any of them may have been ended since. The users."""
    if not (made / DATABASE).exists():
        return 0
    engine = connect(made)
    try:
        with UserRecords(engine).begin() as book:
            for kind in (Session, Token, Device, Code):
                book.drop(kind)
            return len(book.every(User))
    finally:
        engine.dispose()


def _erase_again(journal: Journal, made: Path, folder: Path) -> int:
    """Destroy what the present journal, if it goes on from this one, has destroyed since."""
    if not (folder / JOURNAL).is_file():
        return 0
    try:
        present = Journal.open(folder, read_only=True)
    except JournalError:
        return 0  # it is why a backup is restored
    try:
        if present.verifiers[-1].name != journal.verifiers[-1].name or present.size < journal.size:
            return 0
        since = present.entries(journal.size)
        told = any(entry.event is not None and entry.event.kind == "erased" for entry in since)
        erased = journal.sealer.keep_only(present.sealer.keys())
    finally:
        present.close()
    if (told or erased) and (made / DATABASE).exists():
        # Who it was, nothing tells any more, and the backup's audits still name everybody.
        engine = connect(made)
        try:
            forget_audits(engine)
            forget_unknown(engine, journal.sealer.knows)
            with UserRecords(engine).begin() as book:
                for user in book.every(User):
                    if not journal.sealer.knows(user.id):
                        book.forget(user.id)
        finally:
            engine.dispose()
    return erased


@contextmanager
def _workshop(folder: Path) -> Iterator[Path]:
    """A private folder on the same disk, gone afterwards."""
    made = Path(tempfile.mkdtemp(dir=folder, prefix=".restoring-"))
    try:
        yield made
    finally:
        shutil.rmtree(made)


# While files are exchanged journal.key is always there, and journal.db comes last. So after a kill in between a
# service finds a key without its journal and says so, where it would begin another if it found neither.


def _put_aside(folder: Path, aside: Path) -> None:
    for name in KEYS:
        if (folder / name).exists():
            replace(aside / name, (folder / name).read_bytes())
    # What was verified before goes along: the journal that comes has its own past.
    _move(folder, aside, (*sealed.DATABASES, VERIFIED, keys.NEXT))


def _put_in_place(made: Path, folder: Path) -> None:
    for name in KEYS:
        if not (made / name).exists():
            (folder / name).unlink(missing_ok=True)
    _move(made, folder, (*KEYS, VERIFIED, *sorted(sealed.DATABASES, key=lambda name: name == JOURNAL)))


def _move(source: Path, target: Path, names: Sequence[str]) -> None:
    for name in names:
        for suffix in LEFT_BY_SQLITE:
            if (source / f"{name}{suffix}").exists():
                os.replace(source / f"{name}{suffix}", target / f"{name}{suffix}")  # noqa: PTH105  # the atomic one
