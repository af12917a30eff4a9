"""Keeps PINs, calendar addresses and secrets of authenticator apps sealed in the database, under a key outside of it.

Each is sealed by AES-256-GCM (NIST SP 800-38D) with a random nonce of 96 bits, bound to what it is
of: a PIN that is moved to another credential's row does not open. The key is the file `access.key` in
the state folder, or what `[access] key` refers to: 32 bytes as base64. Several, the newest first, are
what a change of keys needs while it lasts: the first seals, all of them open.
"""

from __future__ import annotations

import os
import secrets
import stat
from base64 import b64decode, b64encode
from collections.abc import Mapping
from hashlib import blake2b
from pathlib import Path

import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from nightlatch.configuration.read import Configuration
from nightlatch.errors import StoreError
from nightlatch.secrets import Secret, resolve
from nightlatch.store.access import AccessRecords, mark, put_mark, put_sealed, sealed_in
from nightlatch.text import count
from nightlatch.writing import replace

FILE = "access.key"
LIMIT = 4_096
MOST_KEYS = 16
KEY, NAME, NONCE = 32, 8, 12
"""Bytes of a key, of its id, and of a nonce."""
_MARK = "key"
_BOUND = b"nightlatch access 1\n"


class VaultError(StoreError):
    """The key of the vault is missing, is no key, or is another than the one that its secrets are sealed with."""


class _Key:
    """One key; its id tells nothing of it."""

    __slots__ = ("cipher", "id", "raw", "text")

    def __init__(self, text: str) -> None:
        raw = b64decode(text, validate=True)
        if len(raw) != KEY:
            raise ValueError
        self.text, self.raw = text, raw
        self.id = blake2b(raw, digest_size=NAME, person=b"access key").digest()
        self.cipher = AESGCM(raw)


def new_key() -> Secret:
    """A key of 256 bits by chance, as `access.key` and `[access] key` hold it."""
    return Secret(b64encode(secrets.token_bytes(KEY)).decode())


class Vault:
    """What is sealed in the records of one state folder. Threads and processes may each have theirs."""

    def __init__(
        self, folder: Path, records: AccessRecords, configuration: Configuration | None, env: Mapping[str, str]
    ) -> None:
        self._records = records
        self._folder = folder
        self._env = env
        self._reference = configuration.tables.access.key if configuration is not None else ""
        outside = configuration if self._reference else None
        self._base = outside.base if outside is not None else folder
        self.where = outside.where("access", "key") if outside is not None else str(folder / FILE)
        """Where the key is, as errors name it."""
        self._keys: tuple[_Key, ...] = ()

    @classmethod
    def open(
        cls,
        folder: Path,
        records: AccessRecords,
        configuration: Configuration | None = None,
        env: Mapping[str, str] = os.environ,
    ) -> Vault:
        """The vault of a state folder. Its key is made when the first secret is kept.

        StoreError when the key is missing though something is sealed, is no key, or is another;
        SecretError when what `[access] key` refers to cannot be had.
        """
        vault = cls(folder, records, configuration, env)
        vault._keys = vault._read()
        with records.reading() as connection:
            try:
                vault._check(connection)
            except VaultError:
                # Another process may have changed the key in between: what the database says by now, its file has.
                vault._keys = vault._read()
                vault._check(connection)
        if len(vault._keys) > 1:
            vault._settle()
        return vault

    @property
    def outside(self) -> bool:
        """Whether the owner keeps the key elsewhere than in the state folder."""
        return bool(self._reference)

    def pin(self, credential: str) -> Secret:
        """The PIN of a credential. StoreError when there is none, or it cannot be opened."""
        return self._get(f"credential:{credential}", "PIN of a credential")

    def pins(self) -> dict[str, Secret]:
        """Every PIN, by its credential."""
        sealed = self._records.all_sealed()
        start = "credential:"
        return {name[len(start) :]: self._opened(name, one) for name, one in sealed.items() if name.startswith(start)}

    def address(self, feed: str) -> Secret:
        """The address of a feed. StoreError as of `pin`."""
        return self._get(f"feed:{feed}", "address of a feed")

    def totp(self, user: str) -> Secret:
        """What a user's authenticator app makes its codes of. StoreError as of `pin`."""
        return self._get(f"totp:{user}", "secret of an authenticator app")

    def mark(self, pin: Secret) -> str:
        """What tells a code from another without being one: nobody who lacks the key can try codes against it.

        Marks under different keys cannot be compared: `model.access.Entry.mark`.
        """
        if not self._keys:
            try:
                with self._records.writing() as connection:
                    self._sealing(connection)
            except StoreError:
                return ""
        key = self._keys[0]
        digest = blake2b(pin.reveal().encode(), key=key.raw, digest_size=16, person=b"access mark").hexdigest()
        return f"{key.id.hex()}:{digest}"

    def keep(self, credential: str, pin: Secret) -> None:
        """Seal the PIN of a credential, in the place of a former one."""
        with self._records.writing() as connection:
            self.keep_within(connection, f"credential:{credential}", pin)

    def keep_address(self, feed: str, address: Secret) -> None:
        """Seal the address of a feed, in the place of a former one."""
        with self._records.writing() as connection:
            self.keep_within(connection, f"feed:{feed}", address)

    def keep_within(self, connection: sa.Connection, name: str, secret: Secret) -> None:
        """Seal a secret within a transaction of `AccessRecords.writing`, under the key that seals by then."""
        sealing = self._sealing(connection)
        put_sealed(connection, {name: _seal(sealing, name, secret.reveal().encode())})

    def prove(self) -> int:
        """Open everything that is sealed; how many. StoreError when one of them cannot be."""
        sealed = self._records.all_sealed()
        for name, one in sealed.items():
            self._opened(name, one)
        return len(sealed)

    def rotate(self) -> int:
        """Seal everything anew under another key; how many. It can be interrupted at any point, and done again.

        A key in the state folder is replaced. One that is kept elsewhere is the owner's to replace:
        the first of those that `[access] key` gives seals, and the others open what is sealed still.
        """
        with self._records.writing() as connection:
            # Whoever holds this transaction is the only one who changes the key's file.
            self._keys = self._read()
            self._check(connection)
            if not self.outside:
                self._keys = (_Key(new_key().reveal()), *self._keys)
                self._write()
            connection.exec_driver_sql("PRAGMA secure_delete=ON")
            done = self._reseal(connection)
        self._settle()
        with self._records.engine.connect() as plain:
            plain.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        return done

    def _settle(self) -> None:
        """Finish what a crash interrupted: all is sealed with one key, and no other is left in the key's file."""
        if self.outside:
            return
        with self._records.writing() as connection:
            self._keys = self._read()
            self._check(connection)
            name = mark(connection, _MARK)
            # The key that seals by what the database says: another may wait that nothing is sealed with yet.
            self._keys = tuple(sorted(self._keys, key=lambda key: key.id.hex() != name))
            self._reseal(connection)
        # Not before that is on disk; and by then yet another may have been made.
        with self._records.writing() as connection:
            name = mark(connection, _MARK)
            used = {one[:NAME].hex() for one in sealed_in(connection).values()} | {name}
            self._keys = tuple(key for key in self._read() if key.id.hex() in used)
            self._write()

    def _reseal(self, connection: sa.Connection) -> int:
        sealing = self._keys[0]
        sealed = sealed_in(connection)
        old = {name: one for name, one in sealed.items() if one[:NAME] != sealing.id}
        put_sealed(connection, {name: _seal(sealing, name, self._plain(name, one)) for name, one in old.items()})
        put_mark(connection, _MARK, sealing.id.hex())
        return len(old)

    def _sealing(self, connection: sa.Connection) -> _Key:
        """The key that seals now, made when there is none. Within a transaction that writes."""
        name = mark(connection, _MARK)
        if not self._keys or (name and self._keys[0].id.hex() != name):
            self._keys = self._read()
            self._check(connection)
        if not self._keys:
            self._keys = (_Key(new_key().reveal()),)
            self._write()
        found = next((key for key in self._keys if key.id.hex() == name), self._keys[0])
        if found.id.hex() != name:
            put_mark(connection, _MARK, found.id.hex())
        return found

    def _get(self, name: str, what: str) -> Secret:
        sealed = self._records.sealed(name)
        if sealed is None:
            raise StoreError(f"the {what} is not kept here", todo="It was removed: list what there is.")
        return self._opened(name, sealed)

    def _opened(self, name: str, sealed: bytes) -> Secret:
        if all(key.id != sealed[:NAME] for key in self._keys):
            self._keys = self._read()  # another process has made another key
        return Secret(self._plain(name, sealed).decode())

    def _plain(self, name: str, sealed: bytes) -> bytes:
        key = next((key for key in self._keys if key.id == sealed[:NAME]), None)
        if key is None:
            raise self._another()
        nonce, body = sealed[NAME : NAME + NONCE], sealed[NAME + NONCE :]
        try:
            return key.cipher.decrypt(nonce, body, _BOUND + name.encode())
        except (InvalidTag, ValueError):
            raise StoreError(
                f"what is sealed for {name} was changed: it cannot be opened",
                where=str(self._records.engine.url.database),
                todo="Restore a backup, or make another code: nightlatch code new PERSON",
            ) from None

    def _check(self, connection: sa.Connection) -> None:
        """That the keys are those that the records were sealed with."""
        name = mark(connection, _MARK)
        if not name or any(key.id.hex() == name for key in self._keys):
            return
        if not self._keys:
            many = connection.exec_driver_sql("SELECT count(*) FROM access_secrets").scalar_one()
            if not many:
                return
            raise VaultError(
                f"the key is missing, and {count(many, 'secret')} {'is' if many == 1 else 'are'} sealed with it",
                where=self.where,
                todo="Restore it from a backup: without it the codes cannot be read, only made anew.",
            )
        raise self._another()

    def _another(self) -> StoreError:
        return VaultError(
            "is another key than the one that the codes are sealed with",
            where=self.where,
            todo="Put the right one back; while keys are changed, write both, the newest first.",
        )

    def _read(self) -> tuple[_Key, ...]:
        if self._reference:
            text = resolve(self._reference, env=self._env, base=self._base, where=self.where).reveal()
        else:
            text = _from_file(self._folder / FILE)
        try:
            keys = tuple(_Key(word) for word in text.split())
        except ValueError:
            keys = ()
        if (text or self._reference) and not 0 < len(keys) <= MOST_KEYS:
            raise VaultError(
                "is no key: it is 32 bytes as base64",
                where=self.where,
                todo="Restore it from a backup; for a first key, run: openssl rand -base64 32",
            )
        return keys

    def _write(self) -> None:
        if self.outside:
            raise VaultError("holds no key", where=self.where)
        path = self._folder / FILE
        try:
            replace(path, "".join(f"{key.text}\n" for key in self._keys).encode())
            handle = os.open(self._folder, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)
        except OSError as error:
            raise VaultError(f"cannot be written: {error.strerror}", where=str(path)) from None


def _seal(key: _Key, name: str, plain: bytes) -> bytes:
    nonce = os.urandom(NONCE)
    return key.id + nonce + key.cipher.encrypt(nonce, plain, _BOUND + name.encode())


def _from_file(path: Path) -> str:
    """The text of the key's file; nothing where there is none."""
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            if mode & 0o077:
                raise VaultError(
                    f"can be read by other users (mode {mode:04o}): who has it and the database has every code",
                    where=str(path),
                    todo=f"Run: chmod 600 {path}; then: nightlatch code key rotate",
                )
            return file.read(LIMIT).decode("ascii", "replace")
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise VaultError(f"cannot be read: {error.strerror}", where=str(path)) from None
