"""The past that pages show, read once and then only what is new, is the past that the journal tells."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nightlatch.access import ledger, recalling
from nightlatch.access.schedules.wall import DAY, HOUR
from nightlatch.errors import UsageError
from nightlatch.journal.journal import Journal
from nightlatch.model.access import Entry
from nightlatch.web.access.past import Past
from tests.unit.access.test_recalling import LOCKS, after, steps

NOW = 1_800_000_000_000_000
ZONE = ZoneInfo("Europe/Berlin")
Key = tuple[str, str, int]


@settings(max_examples=30, deadline=None)
@given(st.lists(steps, max_size=24), st.integers(0, 500), st.integers(0, 24))
def test_it_tells_the_same_as_the_whole_journal(history: list[tuple[str, str, str, int]], ago: int, look: int) -> None:
    with TemporaryDirectory() as folder:
        journal = Journal.open(Path(folder))
        lines: dict[Key, Entry] = {}
        past, at = Past(journal, ZONE), NOW - 12 * DAY
        for number, (lock, credential, does, hours) in enumerate(history):
            at += hours * HOUR // 20 + 1
            key = (lock, credential, 0 if credential else 9)
            before = lines.get(key)
            found = after(before, lock, credential, does, at)
            if found is not None and found != before:
                lines[key] = found
                journal.append(list(ledger.events(before, found, at)) or [])
            if number == look:
                past.begins(max(at, NOW - 11 * DAY))
        now = max(at, NOW - 11 * DAY) + 1
        instant = now - ago * HOUR // 4
        entries = list(lines.values())
        if instant < past.begins(now):
            with pytest.raises(UsageError):
                past.at(entries, instant, LOCKS)
            return
        told = sorted(map(repr, past.at(entries, instant, LOCKS)))
        # Lines on which no code may be are nobody's way in: both may tell them or not.
        whole = sorted(map(repr, recalling.at(journal, entries, instant, LOCKS)))
        assert [one for one in told if "state='absent'" not in one and "state='planned'" not in one] == [
            one for one in whole if "state='absent'" not in one and "state='planned'" not in one
        ]
        journal.close()
