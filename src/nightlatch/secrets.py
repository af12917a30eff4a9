"""Secrets are a type of their own: they print as dots, compare in constant time and do not serialise."""

from __future__ import annotations

import hmac
import os
import secrets as _random
import stat
from collections.abc import Mapping
from hashlib import blake2b
from pathlib import Path
from typing import NoReturn

from nightlatch.errors import SecretError

DOTS = "••••"


class Secret:
    """A PIN, password, key or token. `reveal()` is the only way to its text."""

    __slots__ = ("__text",)

    def __init__(self, text: str) -> None:
        self.__text = text

    def reveal(self) -> str:
        """The text itself. Never log, store, format or raise what this returns."""
        return self.__text

    def __repr__(self) -> str:
        return f"Secret({DOTS})"

    def __str__(self) -> str:
        return DOTS

    def __format__(self, spec: str) -> str:
        return format(DOTS, spec)

    def __len__(self) -> int:
        return len(self.__text)

    def __bool__(self) -> bool:
        return bool(self.__text)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self.__text.encode(), other.reveal().encode())

    def __hash__(self) -> int:
        return hash((Secret, self.__text))

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret cannot be pickled")


class Fingerprinter:
    """Tells equal secrets apart from different ones by a keyed digest whose key lives for one run.

    Keyed BLAKE2b (RFC 7693), 64 bits: two secrets of one run are equal when their fingerprints are.
    Nothing can be learned from a fingerprint once the run's key is gone.
    """

    __slots__ = ("__key",)

    def __init__(self) -> None:
        self.__key = _random.token_bytes(32)

    def __call__(self, secret: Secret) -> str:
        """The fingerprint of a secret, as fp:0123456789abcdef."""
        digest = blake2b(secret.reveal().encode(), digest_size=8, key=self.__key)
        return f"fp:{digest.hexdigest()}"


def resolve(reference: str, *, env: Mapping[str, str], base: Path, where: str) -> Secret:
    """The secret that `env:NAME`, `file:PATH` or `keyring:NAME` refers to.

    `base` is the folder that relative paths start from; `where` names the setting in errors.
    Raises SecretError when it cannot be had, or when its file is readable by others.
    """
    scheme, colon, name = reference.partition(":")
    if not colon or scheme not in ("env", "file", "keyring"):
        # The reference itself may be the secret, pasted in: it must not be repeated.
        raise SecretError(
            "a secret may not stand in the configuration",
            where=where,
            todo='Write "env:NAME", "file:PATH" or "keyring:NAME" instead, and change the secret if it was shared.',
        )
    if scheme == "env":
        if not env.get(name):
            raise SecretError(f"the environment variable {name} is not set", where=where, todo=f"Set {name}.")
        return Secret(env[name])
    if scheme == "file":
        try:
            path = base / Path(name).expanduser()
        except RuntimeError:
            raise SecretError("a file's path begins with ~ and the name of nobody here", where=where) from None
        return _from_file(path, where)
    return _from_keyring(name, where)


def _from_file(path: Path, where: str) -> Secret:
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            if stat.S_IMODE(mode) & 0o077:
                raise SecretError(
                    f"{path} can be read by other users (mode {stat.S_IMODE(mode):04o})",
                    where=where,
                    todo=f"Run: chmod 600 {path}",
                )
            text = file.read(65_537)
    except OSError as error:
        raise SecretError(f"{path} cannot be read: {error.strerror}", where=where) from None
    if len(text) > 65_536:
        raise SecretError(f"{path} is larger than 64 KiB", where=where)
    try:
        return Secret(text.decode().removesuffix("\n").removesuffix("\r"))
    except UnicodeDecodeError:
        raise SecretError(f"{path} is not UTF-8 text", where=where) from None


def _from_keyring(name: str, where: str) -> Secret:
    try:
        import keyring
        from keyring.errors import KeyringError
    except ModuleNotFoundError:
        raise SecretError(
            "reading from a keyring needs an extra", where=where, todo="Run: pip install 'nightlatch[keyring]'"
        ) from None
    try:
        text = keyring.get_password("nightlatch", name)
    except KeyringError as error:
        raise SecretError(f"the keyring cannot be read ({type(error).__name__})", where=where) from None
    if not text:
        raise SecretError(
            f"the keyring holds no {name!r} for nightlatch", where=where, todo=f"Run: keyring set nightlatch {name}"
        )
    return Secret(text)
