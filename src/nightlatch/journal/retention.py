"""Drops the contents of old entries; their hashes stay, and so the tree still verifies."""

from __future__ import annotations

from datetime import datetime, timedelta

from nightlatch.journal.journal import Journal
from nightlatch.model.event import micros


def retain(journal: Journal, days: int, now: datetime) -> int:
    """Drop the contents of what is older than so many days; of how many entries. 0 days: keep them for ever.

    Whole bundles of 256 entries go at once, each when its newest entry is old enough. The journal
    tells of it by a `retained` event.
    """
    if not days:
        return 0
    with journal.view() as view:
        before = view.first_since(micros(now - timedelta(days=days)))
    return journal.drop_contents(before, at=micros(now), days=days)
