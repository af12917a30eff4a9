"""Which files of a data folder hold PINs in plain text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from nightlatch.errors import ReadError
from nightlatch.reading.files import MIB

SEARCH_LIMIT = 32 * MIB
"""How much of each file is searched for PINs."""
NEWEST_LOGS = 5
MOST_LOGS = 1000

# "pin_code": 264813, also within the JSON that a log line quotes, and "pincodevalue" of the lock's own messages.
_PIN = re.compile(rb'pin_?code(?:value)?\\*"?\s*:\s*\\*"?[0-9]{3,}', re.IGNORECASE)


def with_pins(folder: Path) -> list[Path]:
    """Those of state.json, database.db and the newest logs that hold PINs. ReadError when one cannot be read."""
    return [path for path in _searched(folder) if _holds_pin(path)]


def _searched(folder: Path) -> Iterator[Path]:
    for name in ("state.json", "database.db"):
        if (folder / name).is_file():
            yield folder / name
    try:
        logs = [one for one in islice((folder / "log").glob("*/*.log*"), MOST_LOGS) if one.is_file()]
        yield from sorted(logs, key=lambda one: one.stat().st_mtime, reverse=True)[:NEWEST_LOGS]
    except OSError as error:
        raise ReadError(f"cannot be read: {error.strerror}", where=str(folder / "log")) from None


def _holds_pin(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return _PIN.search(file.read(SEARCH_LIMIT)) is not None
    except OSError as error:
        raise ReadError(f"cannot be read: {error.strerror}", where=str(path)) from None
