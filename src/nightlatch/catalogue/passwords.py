"""How strong a password is, by zxcvbn; the password itself goes nowhere."""

from __future__ import annotations

from collections.abc import Iterable

from nightlatch.secrets import Secret

LONGEST = 256
"""Characters that are looked at: zxcvbn's time grows with the square of the length."""

MOST_HINTS = 32


def score(password: Secret, hints: Iterable[str] = ()) -> int:
    """The score of zxcvbn: 0 (guessed at once) to 4 (hard). `hints` are words an attacker would try first.

    Hints are the vendor, the user name, the home's name. Of a password longer than 256 characters the
    first 256 are scored. Source: D. Wheeler, zxcvbn, USENIX Security 2016.
    """
    from zxcvbn_rs_py import zxcvbn

    text = password.reveal()[:LONGEST]
    if not text:
        return 0
    words = [hint[:LONGEST] for hint, _ in zip((one for one in hints if one), range(MOST_HINTS), strict=False)]
    return int(zxcvbn(text, words).score)
