"""A peer's own message, kept beside what was made of it: as JSON, bounded, and without a secret."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

import msgspec

MOST = 4096
"""Characters of a message that are kept; of a longer one only its plain values."""
HIDDEN = "••••"

_SECRETS = frozenset(
    (
        *("pin", "pincode", "pincodevalue", "userpin", "masterpin", "usercode", "mastercode", "code", "codes"),
        *("credentialdata", "password", "passphrase", "psk", "secret", "token", "authtoken", "accesstoken"),
        *("networkkey", "key", "installcode", "pairingcode", "setupmanualcode", "setupqrcode"),
    )
)
_LETTERS = re.compile(r"[^a-z]")


def redacted(message: Any) -> str:
    """The message as JSON, every PIN, key, token and password in it hidden, of at most 4096 characters."""
    text = msgspec.json.encode(_hidden(message)).decode()
    if len(text) <= MOST:
        return text
    if isinstance(message, dict):
        plain = {name: value for name, value in message.items() if not isinstance(value, dict | list)}
        text = msgspec.json.encode(_hidden(plain)).decode()
    return text if len(text) <= MOST else msgspec.json.encode("too long to keep").decode()


def _hidden(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: HIDDEN if _is_secret(str(name)) and one is not None else _hidden(one) for name, one in value.items()
        }
    if isinstance(value, list):
        return [_hidden(one) for one in value]
    return value


@lru_cache(4096)
def _is_secret(name: str) -> bool:
    return _LETTERS.sub("", name.lower()) in _SECRETS
