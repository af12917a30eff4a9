"""The sample home: invented, and set up with the mistakes that real homes have."""

from __future__ import annotations

import re
from datetime import date, datetime
from pathlib import Path

from nightlatch.configuration.read import Configuration, parse

FOLDER = Path(__file__).parent
BASE = date(2026, 11, 22)
"""The day that the dates in the sample's nightlatch.toml were written for."""


def configuration(now: datetime) -> Configuration:
    """The sample's configuration, its days moved along so that the home never grows old."""
    path = FOLDER / "nightlatch.toml"
    return parse(moved(path.read_text("utf-8"), now.date()), path)


def moved(text: str, today: date) -> str:
    """A configuration written for BASE, its days moved along so that it fits today."""
    days = today - BASE

    def shift(match: re.Match[str]) -> str:
        return (date.fromisoformat(match[0]) + days).isoformat()

    return re.sub(r"(?<== )\d{4}-\d\d-\d\d", shift, text)
