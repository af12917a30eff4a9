"""The open header of a KDBX file: what it says before any password is tried."""

from __future__ import annotations

import struct
from hashlib import sha256

import msgspec

from nightlatch.errors import ReadError
from nightlatch.secrets import Secret
from nightlatch.sources._kdf import aes_kdf, argon2

_SIGNATURE = bytes.fromhex("03d9a29a67fb4bb5")
_SIGNATURE_1 = bytes.fromhex("03d9a29a65fb4bb5")
_MAX_HEADER = 1024 * 1024
_END, _CIPHER, _SEED, _ROUNDS, _STREAM, _KDF = 0, 2, 5, 6, 10, 11
_SALSA20 = 2
# AES-256 and ChaCha20. Twofish is there in plain Python only: hours for a large file.
_CIPHERS = (bytes.fromhex("31c1f2e6bf714350be5805216afc5aff"), bytes.fromhex("d6038a2b8b6f4cb5a524339a31dbb59a"))
_ARGON2D = bytes.fromhex("ef636ddf8c29444b91f7a9a403e30a0c")
_ARGON2ID = bytes.fromhex("9e298b1956db4773b23dfc3ec6f0a1e6")
_AES = bytes.fromhex("c9d9f39a628a4460bf740d08c18a4fea")
_NUMBERS = {0x04: "<I", 0x05: "<Q", 0x0C: "<i", 0x0D: "<q"}


class Header(msgspec.Struct, frozen=True):
    """Main version (3 or 4) and the fields by their number, as they stand in the file."""

    version: int
    fields: dict[int, bytes]


def header(data: bytes, *, where: str) -> Header:
    """Read the header of a KDBX 3 or 4 file."""
    if data[:8] == _SIGNATURE_1:
        raise ReadError(
            "is a KeePass 1 database (.kdb)", where=where, todo="Open it with KeePassXC and save it as .kdbx."
        )
    if data[:8] != _SIGNATURE:
        raise ReadError("is not a KeePass database", where=where)
    if len(data) < 12:
        raise _truncated(where)
    version = int.from_bytes(data[10:12], "little")
    if version not in (3, 4):
        raise ReadError(f"is a KDBX file of version {version}; 3 and 4 can be read", where=where)
    sizes = struct.Struct("<BH" if version == 3 else "<BI")
    fields: dict[int, bytes] = {}
    at = 12
    while True:
        if at + sizes.size > len(data):
            raise _truncated(where)
        number, size = sizes.unpack_from(data, at)
        at += sizes.size
        if at + size > min(len(data), _MAX_HEADER):
            raise _truncated(where)
        fields[number] = data[at : at + size]
        at += size
        if number == _END:
            break
    if fields.get(_CIPHER) not in _CIPHERS:
        raise ReadError(
            "uses a cipher that cannot be read", where=where, todo="Choose AES-256 or ChaCha20 in its settings."
        )
    return Header(version, fields)


def transformed_key(head: Header, password: Secret, *, where: str) -> bytes:
    """The key that the file's own derivation makes of the password, refused when it asks for too much."""
    composite = sha256(sha256(password.reveal().encode()).digest()).digest()
    if head.version == 3:
        if _number(head.fields.get(_STREAM, b"")) != _SALSA20:
            raise ReadError("hides its passwords in a way that is not known", where=where)
        seed, rounds = head.fields.get(_SEED, b""), _number(head.fields.get(_ROUNDS, b""))
        return aes_kdf(composite, seed, rounds, where=where)
    settings = _variants(head.fields.get(_KDF, b""), where)
    kind = settings.get("$UUID")
    salt = _bytes(settings.get("S"), where)
    if kind == _AES:
        return aes_kdf(composite, salt, _int(settings.get("R"), where), where=where)
    if kind not in (_ARGON2D, _ARGON2ID):
        raise ReadError("uses a key derivation that is not known", where=where)
    return argon2(
        composite,
        salt,
        kind="d" if kind == _ARGON2D else "id",
        memory=_int(settings.get("M"), where),
        iterations=_int(settings.get("I"), where),
        lanes=_int(settings.get("P"), where),
        version=_int(settings.get("V"), where),
        where=where,
    )


def _variants(data: bytes, where: str) -> dict[str, bytes | int]:
    """A variant dictionary: after two bytes of version, type, name and value each, until a zero byte."""
    found: dict[str, bytes | int] = {}
    at = 2
    try:
        while data[at]:
            kind = data[at]
            (size,) = struct.unpack_from("<i", data, at + 1)
            name = data[at + 5 : at + 5 + size].decode()
            at += 5 + size
            (length,) = struct.unpack_from("<i", data, at)
            value = data[at + 4 : at + 4 + length]
            at += 4 + length
            if size < 0 or length < 0 or at > len(data):
                raise ReadError("has damaged key derivation settings", where=where)
            found[name] = struct.unpack(_NUMBERS[kind], value)[0] if kind in _NUMBERS else value
    except (IndexError, struct.error, UnicodeDecodeError):
        raise ReadError("has damaged key derivation settings", where=where) from None
    return found


def _number(value: bytes) -> int:
    return int.from_bytes(value, "little")


def _int(value: bytes | int | None, where: str) -> int:
    if not isinstance(value, int):
        raise ReadError("lacks a number among its key derivation settings", where=where)
    return value


def _bytes(value: bytes | int | None, where: str) -> bytes:
    if not isinstance(value, bytes):
        raise ReadError("lacks the salt among its key derivation settings", where=where)
    return value


def _truncated(where: str) -> ReadError:
    return ReadError("is cut off inside its header", where=where, todo="Copy or save it again.")
