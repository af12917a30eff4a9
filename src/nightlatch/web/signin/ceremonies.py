"""What a page carries between two requests without anything being kept: signed challenges and sealed values.

The key is of this run. A challenge is a nonce, a time and a MAC over both and its purpose; it is good
once: only those that were answered well are remembered, so that asking for many fills nothing.
"""

from __future__ import annotations

import hmac
import os
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from hashlib import blake2b

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from nightlatch.web.errors import Refused
from nightlatch.web.texts import _

MINUTE = 60_000_000
GOOD_FOR = 5 * MINUTE
SEALED_FOR = 30 * MINUTE
NONCE, MAC = 16, 32
_TIME = struct.Struct(">q")


class Expired(Refused):
    """The page was open for too long, or Nightlatch has started since."""

    def __init__(self) -> None:
        super().__init__(_("this page was open for too long"), todo=_("Begin again: nothing was changed."))


class Ceremonies:
    """Challenges and sealed values of one run."""

    def __init__(self) -> None:
        self._key = os.urandom(32)
        self._cipher = AESGCM(os.urandom(32))
        self._used: dict[bytes, int] = {}

    def challenge(self, purpose: str, now: int) -> bytes:
        """A challenge for a passkey to sign."""
        head = os.urandom(NONCE) + _TIME.pack(now)
        return head + self._mac(purpose, head)

    def check(self, purpose: str, challenge: bytes, now: int) -> None:
        """Expired unless it was made here, for this purpose, lately, and was not used."""
        head, mac = challenge[: NONCE + _TIME.size], challenge[NONCE + _TIME.size :]
        if len(mac) != MAC or not hmac.compare_digest(mac, self._mac(purpose, head)):
            raise Expired
        (made,) = _TIME.unpack(head[NONCE:])
        if not 0 <= now - made <= GOOD_FOR or challenge in self._used:
            raise Expired

    def use(self, challenge: bytes, now: int) -> None:
        """Take it as used. Expired where another was quicker."""
        if challenge in self._used:
            raise Expired
        self._used = {one: until for one, until in self._used.items() if until > now}
        self._used[challenge] = now + GOOD_FOR + MINUTE

    def sealed(self, purpose: str, text: str, now: int) -> str:
        """A value that a form carries: it can be neither read nor made by who fills the form in."""
        nonce = os.urandom(12)
        data = self._cipher.encrypt(nonce, _TIME.pack(now) + text.encode(), purpose.encode())
        return urlsafe_b64encode(nonce + data).decode()

    def opened(self, purpose: str, sealed: str, now: int) -> str:
        """What `sealed` was given for this purpose; Expired otherwise, or after half an hour."""
        try:
            data = urlsafe_b64decode(sealed.encode())
            plain = self._cipher.decrypt(data[:12], data[12:], purpose.encode())
        except (InvalidTag, Base64Error, ValueError):
            raise Expired from None
        (made,) = _TIME.unpack(plain[: _TIME.size])
        if not 0 <= now - made <= SEALED_FOR:
            raise Expired
        return plain[_TIME.size :].decode()

    def _mac(self, purpose: str, head: bytes) -> bytes:
        return blake2b(head + purpose.encode(), key=self._key, digest_size=MAC).digest()
