"""Key derivation of password vaults, refused before it starts when a file asks for too much of it.

Vault files carry their own cost parameters, so a hostile one could ask for more memory or time than
the machine has. The bounds lie well above what the vaults' own programs offer.
"""

from __future__ import annotations

from hashlib import pbkdf2_hmac, sha256

from nightlatch.errors import ReadError
from nightlatch.reading.files import MIB

MAX_ARGON2_MEMORY = 1024 * MIB
MAX_ARGON2_WORK = 16 * 1024 * MIB
"""Memory times iterations, bytes: about 20 s on a slow machine."""
MAX_ARGON2_LANES = 64
MAX_PBKDF2_ROUNDS = 10_000_000
MAX_AES_ROUNDS = 300_000_000

_CHUNK_BLOCKS = 65_536
_TODO = "Lower the key derivation's settings in the password manager and save or export again."


def argon2(
    secret: bytes, salt: bytes, *, kind: str, memory: int, iterations: int, lanes: int, version: int, where: str
) -> bytes:
    """32 bytes by Argon2 (RFC 9106); `kind` is "d" or "id", `memory` is in bytes."""
    if not 8 * 1024 <= memory <= MAX_ARGON2_MEMORY:
        raise ReadError(
            f"asks for {_mib(memory)} of memory to open it; at most {_mib(MAX_ARGON2_MEMORY)} is given",
            where=where,
            todo=_TODO,
        )
    if iterations < 1 or memory * iterations > MAX_ARGON2_WORK:
        raise ReadError(f"asks for {iterations} passes over {_mib(memory)} to open it", where=where, todo=_TODO)
    if not 1 <= lanes <= MAX_ARGON2_LANES:
        raise ReadError(f"asks for {lanes} lanes to open it; at most {MAX_ARGON2_LANES} are given", where=where)
    from argon2.exceptions import HashingError
    from argon2.low_level import Type, hash_secret_raw

    try:
        return hash_secret_raw(
            secret,
            salt,
            time_cost=iterations,
            memory_cost=memory // 1024,
            parallelism=lanes,
            hash_len=32,
            type=Type.D if kind == "d" else Type.ID,
            version=version,
        )
    except HashingError:
        raise ReadError("has key derivation settings that Argon2 does not allow", where=where) from None


def pbkdf2(secret: bytes, salt: bytes, rounds: int, *, where: str) -> bytes:
    """32 bytes by PBKDF2-HMAC-SHA256 (RFC 8018)."""
    if not 1 <= rounds <= MAX_PBKDF2_ROUNDS:
        raise ReadError(
            f"asks for {rounds} rounds to open it; at most {MAX_PBKDF2_ROUNDS} are given", where=where, todo=_TODO
        )
    return pbkdf2_hmac("sha256", secret, salt, rounds)


def aes_kdf(secret: bytes, seed: bytes, rounds: int, *, where: str) -> bytes:
    """32 bytes by KeePass' AES-KDF: both halves of 32 bytes encrypted `rounds` times over, then hashed."""
    if not 1 <= rounds <= MAX_AES_ROUNDS:
        raise ReadError(
            f"asks for {rounds} rounds to open it; at most {MAX_AES_ROUNDS} are given", where=where, todo=_TODO
        )
    if len(seed) != 32 or len(secret) != 32:
        raise ReadError("has a key derivation seed of the wrong length", where=where)
    return sha256(_iterated(seed, secret[:16], rounds) + _iterated(seed, secret[16:], rounds)).digest()


def _iterated(key: bytes, block: bytes, rounds: int) -> bytes:
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    # CBC over zeros feeds each ciphertext back as the next plaintext: the iteration, at the cipher's full speed.
    cipher = Cipher(algorithms.AES(key), modes.CBC(block)).encryptor()
    zeros = bytes(16 * _CHUNK_BLOCKS)
    out = bytearray(len(zeros) + 15)
    last = block
    for start in range(0, rounds, _CHUNK_BLOCKS):
        size = 16 * min(_CHUNK_BLOCKS, rounds - start)
        cipher.update_into(zeros[:size], out)
        last = bytes(out[size - 16 : size])
    return last


def _mib(size: int) -> str:
    return f"{size // MIB} MiB" if size >= MIB else f"{size} bytes"
