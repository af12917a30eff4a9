"""Passwords: judged by zxcvbn, kept as argon2id makes them, compared in threads of which two at most work at a time."""

from __future__ import annotations

import asyncio
import unicodedata
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cached_property

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.profiles import RFC_9106_LOW_MEMORY
from zxcvbn_rs_py import zxcvbn

from nightlatch.secrets import Secret
from nightlatch.text import sentences
from nightlatch.web.errors import Refused
from nightlatch.web.texts import _

SHORTEST, LONGEST = 8, 256
GOOD = 3
"""zxcvbn's score that is taken: guessed in 10^8 to 10^10 tries."""
AT_ONCE, MOST_WAITING = 2, 16
"""64 MiB each while it works (RFC 9106, second recommendation); who comes when as many wait is told to come again."""


class Busy(Refused):
    """Too many sign in at once."""

    status = 503

    def __init__(self) -> None:
        super().__init__(_("too many sign in at this moment"), todo=_("Try again in a few seconds."))


class Passwords:
    """Makes and compares what is kept of passwords."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)
        self._room = asyncio.Semaphore(AT_ONCE)
        self._waiting = 0

    @cached_property
    def _nobody(self) -> str:
        """What the password of an unknown user is compared with: that takes as long."""
        return self._hasher.hash("nobody")

    def hash(self, password: Secret) -> str:
        """What is kept of it. It takes 0.1 s and more."""
        return self._hasher.hash(_text(password))

    def same(self, kept: str, password: Secret) -> bool:
        """Whether it is the one; with nothing kept, no after the same time."""
        nobody = self._nobody  # made at the first try, whoever that is
        try:
            return self._hasher.verify(kept or nobody, _text(password)) and bool(kept)
        except (VerificationError, InvalidHashError):
            return False

    def stale(self, kept: str) -> bool:
        """Whether it was made in a way that is no longer the present one."""
        return self._hasher.check_needs_rehash(kept)

    async def hashed(self, password: Secret) -> str:
        """As `hash`, in a thread. Busy."""
        async with self.room():
            return await asyncio.to_thread(self.hash, password)

    async def is_same(self, kept: str, password: Secret) -> bool:
        """As `same`, in a thread. Busy."""
        async with self.room():
            return await asyncio.to_thread(self.same, kept, password)

    @asynccontextmanager
    async def room(self) -> AsyncIterator[None]:
        """Wait until one of few may work. Busy, where many wait already."""
        if self._waiting >= MOST_WAITING:
            raise Busy
        self._waiting += 1
        try:
            async with self._room:
                yield
        finally:
            self._waiting -= 1


def judge(password: Secret, *known: str) -> None:
    """Refused, with what would make it better, where it can be guessed. `known`: the user's and the home's names."""
    text = _text(password)
    if len(text) > LONGEST:
        raise Refused(_("this password is longer than %(most)d characters", most=LONGEST))
    words = [word for name in known for word in (name, *name.split()) if word]
    found = zxcvbn(text, [*words, "nightlatch"])
    if int(found.score) >= GOOD and len(text) >= SHORTEST:
        return
    told: list[str] = []
    if found.feedback is not None:
        warning = found.feedback.warning
        told = [*([str(warning)] if warning is not None else []), *(str(one) for one in found.feedback.suggestions)]
    advice = sentences(told) or _("Use a few words that do not belong together.")
    raise Refused(_("this password can be guessed"), todo=advice)


def _text(password: Secret) -> str:
    """The same text however a keyboard composes it (NFKC, as NIST SP 800-63B asks)."""
    return unicodedata.normalize("NFKC", password.reveal())
