"""Codes of an authenticator app: RFC 6238 with SHA-1, six digits and steps of 30 s, which every app makes."""

from __future__ import annotations

import hmac
from urllib.parse import quote

import pyotp

from nightlatch.secrets import Secret

STEP = 30_000_000
"""In µs."""
AROUND = (0, -1, 1)
"""Steps that are taken: clocks differ, and typing takes time."""
DIGITS = 6


def new_secret() -> Secret:
    """160 bits by chance, base32."""
    return Secret(pyotp.random_base32(32))


def step_of(secret: Secret, typed: str, now: int, last: int) -> int | None:
    """The step whose code was typed, where it is none of `last` or before: a code is good once. None: it is wrong."""
    code = "".join(typed[:32].split())
    if len(code) != DIGITS or not (code.isascii() and code.isdigit()):
        return None
    maker = pyotp.TOTP(secret.reveal())
    found = None
    for around in AROUND:  # all of them, so that the time it takes tells nothing
        step = now // STEP + around
        if hmac.compare_digest(maker.generate_otp(step), code) and step > last:
            found = step
    return found


def address(secret: Secret, user: str, home: str) -> Secret:
    """What an app reads from the picture (otpauth:, as its Key URI format has it)."""
    issuer = quote(f"Nightlatch {home}".replace(":", " "), safe="")
    return Secret(f"otpauth://totp/{issuer}:{quote(user, safe='')}?secret={secret.reveal()}&issuer={issuer}")


def grouped(secret: Secret) -> Secret:
    """The secret as it can be typed: in fours."""
    text = secret.reveal()
    return Secret(" ".join(text[at : at + 4] for at in range(0, len(text), 4)))
