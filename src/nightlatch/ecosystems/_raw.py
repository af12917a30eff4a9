"""A peer's own message, kept beside what was made of it: as JSON, bounded, and without a secret."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

import msgspec

MOST = 4096
"""Characters of a message that are kept; of a longer one only its plain values."""
HIDDEN = "••••"

_WORDS = frozenset(
    ("pin", "pins", "passwd", "psk", "secret", "secrets", "token", "tokens", "otp", "totp", "rfid", "credentials")
)
"""A name that has one of them is a secret's."""
_COMPOUNDS = re.compile(
    "pincode|usercode|mastercode|passcode|password|passphrase|userpin|masterpin|credentialdata|authtoken|accesstoken"
    "|networkkey|installcode|pairingcode|setupmanualcode|setupqrcode|username"
)
"""The same in whatever way the words are joined; and what somebody is called."""
_LAST = ("code", "codes", "key", "keys")
"""A name that ends so is a secret's, unless these are numbers of something:"""
_NUMBERED = frozenset(("alarm", "event", "error", "status", "reason", "result", "operation", "product", "country"))
_ABOUT = frozenset(
    ("count", "length", "min", "max", "limit", "mode", "status", "type", "enabled", "required", "supported", "index")
)
"""A name that ends so says something of secrets, and holds none."""
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_LETTERS = re.compile(r"[^a-z]")
_SPOKEN = re.compile(
    r"\b(?:pins?|codes?|pincode|passcode|password|secret|token|key)\b(?:.*\d{4}|\W*[=:]\W*\S)|\d{4}.*\b(?:pin|code)\b",
    re.IGNORECASE | re.DOTALL,
)
_CODE = re.compile(r"(?!.*\d{4})[A-Za-z0-9_]{1,64}")


def redacted(message: Any) -> str:
    """The message as JSON, every PIN, key, token, password and user's name in it hidden, of at most 4096 characters."""
    text = msgspec.json.encode(_hidden(message)).decode()
    if len(text) <= MOST:
        return text
    if isinstance(message, dict):
        plain = {name: value for name, value in message.items() if not isinstance(value, dict | list)}
        text = msgspec.json.encode(_hidden(plain)).decode()
    return text if len(text) <= MOST else msgspec.json.encode("too long to keep").decode()


def error_code(said: object) -> str:
    """A peer's code for an error, where it is one: peers put words of their own, and values, into such fields."""
    return said if isinstance(said, str) and _CODE.fullmatch(said) else "unknown"


def _hidden(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: HIDDEN if _is_secret(str(name)) and not (one is None or isinstance(one, bool)) else _hidden(one)
            for name, one in value.items()
        }
    if isinstance(value, list):
        return [_hidden(one) for one in value]
    return _text(value) if isinstance(value, str) else value


def _text(text: str) -> str:
    """A text that is JSON without its secrets; none that speaks of one."""
    if text.lstrip()[:1] in ("{", "["):
        try:
            return msgspec.json.encode(_hidden(msgspec.json.decode(text))).decode()
        except (msgspec.MsgspecError, RecursionError):
            return HIDDEN
    return HIDDEN if _SPOKEN.search(text) else text


@lru_cache(4096)
def _is_secret(name: str) -> bool:
    words = [word.lower() for word in _WORD.findall(name)]
    if not words or words[-1] in _ABOUT:
        return False
    if _COMPOUNDS.search(_LETTERS.sub("", name.lower())) or not _WORDS.isdisjoint(words):
        return True
    return words[-1] in _LAST and (len(words) == 1 or words[-2] not in _NUMBERED)
