"""Finding entries: each filter, the newest first found, and what is written meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from nightlatch.journal.journal import Journal
from nightlatch.journal.selecting import Wanted, every, follow, newest
from nightlatch.model.event import Event

MINUTE = 60_000_000


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    """A thousand entries, a minute each, by turns of two locks."""
    journal = Journal.open(tmp_path)
    events = []
    for n in range(1000):
        about = "lock:front" if n % 2 else "lock:back"
        if n % 10 == 0:
            events.append(Event(n * MINUTE, "unlocked", about, by="code", slot=3, person="ana" if n % 20 else ""))
        else:
            events.append(Event(n * MINUTE, "battery", about, value=n % 100))
    journal.append(events)
    yield journal
    journal.close()


def indices(journal: Journal, wanted: Wanted) -> list[int]:
    found = [entry.index for entry in every(journal, wanted)]
    assert found == [entry.index for entry in newest(journal, wanted, 10_000)]
    assert found[-3:] == [entry.index for entry in newest(journal, wanted, 3)]
    return found


def test_each_filter_keeps_what_fits_and_nothing_else(journal: Journal) -> None:
    assert indices(journal, Wanted()) == list(range(1000))
    assert indices(journal, Wanted(about=frozenset({"lock:front"}))) == list(range(1, 1000, 2))
    assert indices(journal, Wanted(kinds=frozenset({"unlocked"}))) == list(range(0, 1000, 10))
    assert indices(journal, Wanted(by=frozenset({"code"}))) == list(range(0, 1000, 10))
    assert indices(journal, Wanted(by=frozenset({"remote"}))) == []
    assert indices(journal, Wanted(since=995 * MINUTE)) == [995, 996, 997, 998, 999]
    assert indices(journal, Wanted(until=3 * MINUTE)) == [0, 1, 2]
    assert indices(journal, Wanted(since=300 * MINUTE, until=302 * MINUTE)) == [300, 301]


def test_a_persons_entries_include_those_heard_before_the_code_was_known_to_be_theirs(journal: Journal) -> None:
    assert indices(journal, Wanted(person="ana")) == list(range(10, 1000, 20))
    theirs = frozenset({("lock:back", 3)})
    assert indices(journal, Wanted(person="ana", credentials=theirs)) == list(range(0, 1000, 10))
    assert indices(journal, Wanted(person="bob", credentials=theirs)) == list(range(0, 1000, 20))
    journal.sealer.forget("ana", "back/3")
    assert indices(journal, Wanted(person="ana", credentials=theirs)) == []


def test_a_clock_that_was_set_back_hides_nothing(journal: Journal) -> None:
    journal.append([Event(5 * MINUTE, "battery", "lock:front", value=1)])
    assert indices(journal, Wanted(since=4 * MINUTE, until=6 * MINUTE)) == [4, 5, 1000]


def test_following_gives_what_is_written_meanwhile_each_once(journal: Journal) -> None:
    rounds = iter(range(3))

    def pause() -> bool:
        number = next(rounds)
        journal.append([Event(n, "tamper", "lock:front") for n in range(number * 300)])
        return number < 2

    wanted = Wanted(kinds=frozenset({"tamper"}))
    assert [entry.index for entry in follow(journal, wanted, 1000, pause)] == list(range(1000, 1300))


def test_an_empty_journal_has_nothing(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path / "empty")
    assert indices(journal, Wanted()) == []
    assert indices(journal, Wanted(since=1)) == []
    journal.close()
