"""Pages of the journal are what a reader of all of it would give, whatever was lost, sealed, erased or dropped."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nightlatch.journal.journal import FILE, Journal
from nightlatch.journal.leaves import BUNDLE, Entry
from nightlatch.journal.lookup import Lookup
from nightlatch.journal.paging import newest, next_after
from nightlatch.journal.selecting import Wanted
from nightlatch.model.event import Event, Kind

AT = 1_790_000_000_000_000
KINDS: tuple[Kind, ...] = ("unlocked", "locked", "battery", "wrong_code", "tamper")


def event(number: int) -> Event:
    person = ("", "ana", "ben", "")[number % 4]
    slot = 3 if number % 4 == 3 and number % 3 else 0
    # The clock is set back once, in the middle.
    at = AT + (number if number < 500 else number - 200) * 1_000_000
    return Event(at, KINDS[number % 5 if number % 97 else 4], f"lock:{number % 7}", person=person, slot=slot)


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Journal]:
    journal = Journal.open(tmp_path_factory.mktemp("paging"))
    journal.append([event(number) for number in range(1100)])
    yield journal
    journal.close()


@pytest.fixture(scope="module")
def lookup(journal: Journal) -> Lookup:
    return Lookup(journal)


def everything(journal: Journal, wanted: Wanted) -> list[Entry]:
    return [entry for entry in reversed(list(journal.entries())) if wanted.fits(entry)]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    wanted=st.builds(
        Wanted,
        kinds=st.frozensets(st.sampled_from([*KINDS, "gap"]), max_size=2),
        about=st.frozensets(st.sampled_from(["lock:1", "lock:5", "lock:none"]), max_size=2),
        person=st.sampled_from(["", "ana", "nobody"]),
        credentials=st.sampled_from([frozenset(), frozenset((("lock:1", 3),))]),
        since=st.none() | st.integers(AT - 1, AT + 1_100_000_000),
        until=st.none() | st.integers(AT - 1, AT + 1_100_000_000),
    ),
    most=st.sampled_from([1, 7, 50, 2000]),
)
def test_pages_back_and_forth_hold_every_wanted_entry_once_and_in_order(
    journal: Journal, lookup: Lookup, wanted: Wanted, most: int
) -> None:
    expected = [entry.index for entry in everything(journal, wanted)]
    back: list[int] = []
    page = newest(journal, lookup, wanted, most)
    while True:
        back += [entry.index for entry in page.entries]
        if page.older is None:
            break
        page = newest(journal, lookup, wanted, most, before=page.older)
    assert back == expected
    forth: list[int] = []
    page = next_after(journal, lookup, wanted, most, after=-1)
    while True:
        forth += [entry.index for entry in reversed(page.entries)]
        if page.newer is None:
            break
        page = next_after(journal, lookup, wanted, most, after=page.newer)
    assert forth == expected[::-1]


def test_a_page_whose_time_is_over_says_how_far_it_looked_and_the_next_goes_on_there(journal: Journal) -> None:
    lookup = Lookup(journal)
    wanted = Wanted(kinds=frozenset(("unlocked",)), by=frozenset(("voice",)))
    page = newest(journal, lookup, wanted, 50, seconds=0)
    rounds = 0
    while page.older is not None:
        assert page.entries == ()
        assert page.looked_to == page.older
        page, former = newest(journal, lookup, wanted, 50, before=page.older, seconds=0.001), page.older
        assert page.older is None or page.older < former
        rounds += 1
    assert rounds >= 1


def test_what_is_written_meanwhile_is_found_at_once(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path)
    lookup = Lookup(journal)
    wanted = Wanted(kinds=frozenset(("tamper",)))
    assert newest(journal, lookup, wanted, 5).entries == ()
    for number in (300, 1, 255, 256, 2):
        journal.append([Event(AT, "locked", "lock:a")] * number + [Event(AT, "tamper", "lock:b")])
        page = newest(journal, lookup, wanted, 5)
        assert page.entries[0].index == journal.size - 1
        assert page.newer is None
    journal.close()


def test_an_erased_person_is_found_no_more_and_their_entries_stay(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path)
    lookup = Lookup(journal)
    journal.append([Event(AT, "unlocked", "lock:a", person="ana"), Event(AT, "unlocked", "lock:a", person="ben")])
    wanted = Wanted(person="ana")
    assert [entry.index for entry in newest(journal, lookup, wanted, 5).entries] == [0]
    journal.sealer.forget("ana")
    assert newest(journal, lookup, wanted, 5).entries == ()
    assert [entry.erased for entry in newest(journal, lookup, Wanted(), 5).entries] == [False, True]
    journal.close()


def test_pages_end_where_contents_were_dropped(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path)
    journal.append([event(number) for number in range(3 * BUNDLE)])
    journal.drop_contents(2 * BUNDLE, at=AT, days=1)
    page = newest(journal, Lookup(journal), Wanted(), 500)
    assert (page.first, page.older, page.entries[-1].index) == (2 * BUNDLE, None, 2 * BUNDLE)
    journal.close()


def test_damaged_entries_are_on_every_page_that_might_hold_them(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path)
    journal.append([event(number) for number in range(2 * BUNDLE + 5)])
    journal.close()
    with sqlite3.connect(tmp_path / FILE) as database:
        database.execute("UPDATE bundle SET entries = x'00' WHERE n = 1")
    journal = Journal.open(tmp_path)
    page = newest(journal, Lookup(journal), Wanted(kinds=frozenset(("door_forced",))), 500)
    assert [entry.index for entry in page.entries] == list(range(2 * BUNDLE - 1, BUNDLE - 1, -1))
    assert all(entry.damaged for entry in page.entries)
    journal.close()


def test_more_words_than_there_are_numbers_share_some_and_are_still_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nightlatch.journal.lookup.MOST_CODES", 10)
    journal = Journal.open(tmp_path)
    journal.append([Event(AT, "online", f"lock:{number}") for number in range(100)])
    lookup = Lookup(journal)
    for number in (0, 9, 50, 99):
        page = newest(journal, lookup, Wanted(about=frozenset((f"lock:{number}",))), 5)
        assert [entry.index for entry in page.entries] == [number]
    journal.close()
