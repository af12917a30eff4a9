"""Tokens and codes by chance, and the digests that are kept of them."""

from __future__ import annotations

import hashlib
import secrets

SYMBOLS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Of codes that people read and type: no 0, O, 1, I, L, and no U."""
BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
GROUP = 4


def token() -> str:
    """256 bits by chance, base64url: what a cookie holds."""
    return secrets.token_urlsafe(32)


def base62() -> str:
    """256 bits by chance in letters and digits: 43 of them hold 256.03 bits."""
    return "".join(secrets.choice(BASE62) for _ in range(43))


def short_id() -> str:
    """What names a record in an address: it opens nothing."""
    return secrets.token_hex(6)


def code(groups: int) -> str:
    """A code for people: groups of four (19.6 bits each), as 7KMQ-W3TD."""
    return "-".join("".join(secrets.choice(SYMBOLS) for _ in range(GROUP)) for _ in range(groups))


def plain(typed: str) -> str:
    """A code as it was meant: without spaces and strokes, in capitals."""
    return "".join(sign for sign in typed[:100].upper() if sign.isalnum())


def digest(text: str) -> str:
    """SHA-256 of what has 78 bits or more by chance: nobody finds it by trying."""
    return hashlib.sha256(text.encode()).hexdigest()
