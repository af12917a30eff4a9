"""Bitwarden's and Vaultwarden's JSON export, plain or protected by a password of its own."""

from __future__ import annotations

import binascii
import hmac
from base64 import b64decode
from collections.abc import Iterator
from datetime import date, datetime
from hashlib import sha256
from typing import Any

import msgspec

from nightlatch.errors import ReadError, SourceError
from nightlatch.reading.files import MIB, read_bytes
from nightlatch.reading.structured import json
from nightlatch.secrets import Secret
from nightlatch.sources._kdf import argon2, pbkdf2
from nightlatch.sources._vault import Login, Vault

MAX_EXPORT = 32 * MIB
_LOGIN = 1
_PBKDF2, _ARGON2ID = 0, 1
_EXPORT_AGAIN = "Export again as “.json”, or as “.json (Encrypted)” with the type “Password protected”."


class _Uri(msgspec.Struct):
    uri: str | None = None


class _LoginPart(msgspec.Struct):
    uris: list[_Uri] | None = None
    username: str | None = None
    password: str | None = None
    totp: str | None = None
    passkeys: list[Any] | None = msgspec.field(default=None, name="fido2Credentials")
    revised: str | None = msgspec.field(default=None, name="passwordRevisionDate")


class _Past(msgspec.Struct):
    used: str | None = msgspec.field(default=None, name="lastUsedDate")


class _Item(msgspec.Struct):
    type: int
    login: _LoginPart | None = None
    history: list[_Past] | None = msgspec.field(default=None, name="passwordHistory")
    created: str | None = msgspec.field(default=None, name="creationDate")
    deleted: str | None = msgspec.field(default=None, name="deletedDate")
    archived: str | None = msgspec.field(default=None, name="archivedDate")


class _Export(msgspec.Struct):
    items: list[_Item]


class _Envelope(msgspec.Struct, rename="camel"):
    """The outside of an export. `kdf_memory` is in MiB."""

    encrypted: bool = False
    password_protected: bool = False
    salt: str = ""
    kdf_type: int = _PBKDF2
    kdf_iterations: int = 0
    kdf_memory: int = 0
    kdf_parallelism: int = 0
    data: str = ""
    check: str = msgspec.field(default="", name="encKeyValidation_DO_NOT_EDIT")


class Bitwarden(Vault, kind="bitwarden"):
    """Reads a JSON export. Of passwords only strength, reuse and age are told; notes and cards are not read."""

    def logins(self) -> Iterator[Login]:
        """The logins that are neither in the trash nor archived."""
        where = str(self.settings.path)
        data = read_bytes(self.settings.path, limit=MAX_EXPORT)
        envelope: _Envelope = json(data, _Envelope, where=where)
        if envelope.encrypted:
            data = _opened(envelope, self.settings.password, where)
        export: _Export = json(data, _Export, where=where)
        for number, item in enumerate(export.items, 1):
            part = item.login
            if item.type != _LOGIN or part is None or item.deleted or item.archived:
                continue
            yield Login(
                place=f"item {number}",
                urls=tuple(Secret(entry.uri) for entry in part.uris or () if entry.uri),
                user=Secret(part.username or ""),
                password=Secret(part.password or ""),
                totp=bool(part.totp),
                passkey=bool(part.passkeys),
                changed_on=_changed(item, part),
            )


def _changed(item: _Item, part: _LoginPart) -> date | None:
    """When the password became what it is: its own date, else the last use of a past one, else the item's birth."""
    past = [day for entry in item.history or () if (day := _day(entry.used))]
    return _day(part.revised) or (max(past) if past else _day(item.created))


def _day(text: str | None) -> date | None:
    try:
        return datetime.fromisoformat(text).date() if text else None
    except ValueError:
        return None


def _opened(envelope: _Envelope, password: Secret | None, where: str) -> bytes:
    if not envelope.password_protected:
        raise SourceError(
            "is encrypted for one Bitwarden account and can only be read by it", where=where, todo=_EXPORT_AGAIN
        )
    if not password:
        raise SourceError(
            "is encrypted and needs its password",
            where=where,
            todo='Set password = "env:NAME", "file:PATH" or "keyring:NAME" for this source.',
        )
    master = _master(envelope, password.reveal().encode(), where)
    encrypt, sign = _stretched(master, b"enc"), _stretched(master, b"mac")
    _decrypted(envelope.check, encrypt, sign, where, "its password is wrong")
    return _decrypted(envelope.data, encrypt, sign, where, "is damaged: its seal does not fit its content")


def _master(envelope: _Envelope, password: bytes, where: str) -> bytes:
    salt = envelope.salt.encode()
    if envelope.kdf_type == _PBKDF2:
        return pbkdf2(password, salt, envelope.kdf_iterations, where=where)
    if envelope.kdf_type == _ARGON2ID:
        return argon2(
            password,
            sha256(salt).digest(),
            kind="id",
            memory=envelope.kdf_memory * MIB,
            iterations=envelope.kdf_iterations,
            lanes=envelope.kdf_parallelism,
            version=0x13,
            where=where,
        )
    raise ReadError(f"uses key derivation {envelope.kdf_type}, which is not known", where=where, todo=_EXPORT_AGAIN)


def _stretched(master: bytes, info: bytes) -> bytes:
    """One block of HKDF-Expand (RFC 5869) with SHA-256."""
    return hmac.digest(master, info + b"\x01", "sha256")


def _decrypted(sealed: str, encrypt: bytes, sign: bytes, where: str, wrong: str) -> bytes:
    """The bytes of an encrypted string of type 2: AES-256-CBC, then HMAC-SHA-256 over IV and ciphertext."""
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
    from cryptography.hazmat.primitives.padding import PKCS7

    kind, _, rest = sealed.partition(".")
    parts = rest.split("|")
    if kind != "2" or len(parts) != 3:
        raise ReadError("holds an encrypted text of an unknown kind", where=where, todo=_EXPORT_AGAIN)
    try:
        vector, text, seal = (b64decode(part, validate=True) for part in parts)
    except (binascii.Error, ValueError):
        raise ReadError("is damaged: an encrypted text is not Base64", where=where) from None
    if not hmac.compare_digest(hmac.digest(sign, vector + text, "sha256"), seal):
        raise SourceError(wrong, where=where)
    try:
        decryptor = Cipher(algorithms.AES(encrypt), modes.CBC(vector)).decryptor()
        unpadder = PKCS7(128).unpadder()
        return unpadder.update(decryptor.update(text) + decryptor.finalize()) + unpadder.finalize()
    except ValueError:
        raise ReadError("is damaged: an encrypted text has the wrong length", where=where) from None
