"""Drops the contents of old entries; their hashes stay, and so the tree still verifies."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from nightlatch.journal.journal import Journal
from nightlatch.journal.leaves import BUNDLE, DROPPED
from nightlatch.model.event import micros

_AT = re.compile(rb'\{"at":(-?\d+)')


def _before(leaf: bytes, since: int) -> bool:
    found = _AT.match(leaf)
    return found is not None and int(found[1]) < since


def retain(journal: Journal, days: int, now: datetime) -> int:
    """Drop the contents of what is older than so many days; of how many entries. 0 days: keep them for ever.

    Whole bundles of 256 entries go at once, each when its newest entry is old enough. The journal
    tells of it by a `retained` event.
    """
    if not days:
        return 0
    since = micros(now - timedelta(days=days))
    with journal.view() as view:
        before = view.first_since(since)
        done = max((done for done, _ in view.retained()), default=0)
        for n in range(done // BUNDLE, before // BUNDLE):
            # The column that finds them is under no hash: only an entry itself says surely when it was heard.
            if not all(leaf == DROPPED or _before(leaf, since) for leaf in view.bundle(n)):
                before = n * BUNDLE
                break
    return journal.drop_contents(before, at=micros(now), days=days)
