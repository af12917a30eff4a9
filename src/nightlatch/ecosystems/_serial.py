"""Serial numbers as identity: only those that can tell one thing from another."""

from __future__ import annotations

_PLACEHOLDERS = frozenset(
    ("none", "null", "n/a", "unknown", "default", "serial", "test", "test_sn", "123456", "12345678")
)


def serial_key(serial: str | None) -> str | None:
    """The shared key `serial:XYZ` of a serial number; None for none, and for one that many devices would share."""
    text = (serial or "").strip()
    if len(text) < 4 or len(set(text)) < 3 or text.casefold() in _PLACEHOLDERS:
        return None
    return f"serial:{text}"
