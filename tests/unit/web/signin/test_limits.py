"""How many wrong tries are taken."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from nightlatch.store.database import connect
from nightlatch.store.users import Tries, UserBook, UserRecords
from nightlatch.web.signin import limits
from nightlatch.web.signin.limits import FORGET, FREE, LONGEST, MOST_PER_HOUR, SECOND, Visitor, visitor

HOUR = 3600 * SECOND
NOW = 1_800_000_000 * SECOND
STRANGER, HERE = Visitor("192.168.1.7", here=False), Visitor("127.0.0.1", here=True)


@pytest.fixture
def records(tmp_path: Path) -> Iterator[UserRecords]:
    engine = connect(tmp_path)
    yield UserRecords(engine)
    engine.dispose()


@contextmanager
def within(records: UserRecords) -> Iterator[UserBook]:
    with records.begin() as book:
        yield book


@given(st.lists(st.one_of(st.integers(0, 20), st.integers(0, 2 * 3600), st.integers(0, 40 * 3600)), max_size=120))
def test_never_more_than_so_many_tries_an_hour_and_never_none_for_ever(pauses_s: list[int]) -> None:
    now, tries, taken = NOW, None, list[int]()
    for pause in pauses_s:
        now += pause * SECOND
        if limits.wait(tries, now) == 0:
            taken.append(now)
            tries = limits.counted(tries, "user:ana", now)
        assert limits.wait(tries, now) <= LONGEST
        assert limits.wait(tries, now + LONGEST) == 0
    for first in taken:
        assert sum(first <= at < first + HOUR for at in taken) <= MOST_PER_HOUR


def test_who_tries_as_fast_as_they_may_gets_so_many_an_hour_and_no_more() -> None:
    now, tries, taken = NOW, None, 0
    while now < NOW + HOUR:
        if limits.wait(tries, now) == 0:
            tries, taken = limits.counted(tries, "user:ana", now), taken + 1
        now += SECOND
    assert taken == MOST_PER_HOUR


@given(st.integers(-400 * 24 * 3600, -1))
def test_a_clock_that_was_set_back_locks_nobody_out(step_s: int) -> None:
    tries = None
    for _ in range(9):
        tries = limits.counted(tries, "user:ana", NOW)
    assert limits.wait(tries, NOW) > 0
    assert limits.wait(tries, NOW + step_s * SECOND) == 0


def test_a_day_without_another_forgets_wrong_tries() -> None:
    tries = None
    for _ in range(9):
        tries = limits.counted(tries, "user:ana", NOW)
    again = limits.counted(tries, "user:ana", NOW + FORGET)
    assert (again.count, limits.wait(again, NOW + FORGET)) == (1, 0)


def test_strangers_cannot_shut_out_a_known_browser_nor_this_machine(records: UserRecords) -> None:
    with within(records) as book:
        under = limits.keys("rosa", "rosa", STRANGER, "")
        while limits.admit(book, under, NOW).wait == 0:
            pass
        assert limits.admit(book, limits.keys("rosa", "rosa", STRANGER, "d" * 64), NOW).wait == 0
        assert limits.admit(book, limits.keys("rosa", "rosa", HERE, ""), NOW).wait == 0
        assert limits.admit(book, limits.place("passkey", HERE), NOW).wait == 0


def test_many_tries_at_once_are_no_more_than_one_after_another(records: UserRecords) -> None:
    under = limits.keys("rosa", "rosa", STRANGER, "")
    taken = 0
    for _ in range(50):
        with within(records) as book:
            taken += limits.admit(book, under, NOW).wait == 0
    assert taken == FREE + 1


def test_the_try_with_which_waiting_begins_is_told_once(records: UserRecords) -> None:
    under = limits.keys("rosa", "rosa", STRANGER, "")
    told = []
    now = NOW
    for _ in range(8):
        with within(records) as book:
            admission = limits.admit(book, under, now)
            told.append(admission.locked)
            now += LONGEST
    assert told == [False] * FREE + [True, False, False, False]


def test_another_address_of_the_same_ipv6_network_is_the_same_visitor() -> None:
    assert visitor("fd00::1:2:3:4") == visitor("fd00::5:6:7:8")
    assert visitor("::1") == Visitor("::1", here=True)
    assert visitor("::ffff:10.0.0.9") == Visitor("10.0.0.9", here=False)
    assert visitor(None) == visitor("no address") == Visitor("unknown", here=False)


def test_one_address_that_tries_many_names_waits_too(records: UserRecords) -> None:
    taken = 0
    with within(records) as book:
        for number in range(60):
            taken += limits.admit(book, limits.keys(f"name{number}", "", STRANGER, ""), NOW).wait == 0
    assert taken == limits.FREE_OF_ADDRESS + 1


def test_success_does_not_free_an_address_that_tries_others(records: UserRecords) -> None:
    taken = 0
    with within(records) as book:
        for number in range(60):
            taken += limits.admit(book, limits.keys(f"name{number}", "", STRANGER, ""), NOW).wait == 0
            mine = limits.keys("eve", "eve", STRANGER, "")
            if limits.admit(book, mine, NOW).wait == 0:
                limits.cleared(book, mine)
    assert taken == limits.FREE_OF_ADDRESS + 1


@settings(max_examples=20, deadline=None)
@given(st.lists(st.text(max_size=40), min_size=1, max_size=30, unique=True))
def test_names_that_nobody_has_share_counters_and_are_not_kept(names: list[str]) -> None:
    keys = [limits.keys(name, "", STRANGER, "")[0] for name in names]
    assert all(len(key) == len("nobody:000") for key in keys)


def test_what_is_kept_of_addresses_is_bounded_and_of_users_is_not_driven_out(
    records: UserRecords, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MOST_ADDRESSES", 20)
    with within(records) as book:
        limits.admit(book, limits.keys("rosa", "rosa", STRANGER, ""), NOW)
        for number in range(100):
            limits.admit(book, limits.keys(f"x{number}", "", Visitor(f"10.0.0.{number}", here=False), ""), NOW + number)
            limits.admit(book, limits.place("code", Visitor(f"10.0.0.{number}", here=False)), NOW + number)
        kept = [one.id for one in book.tries_of("")]
    assert sum(one.startswith("address:") for one in kept) == 20
    assert sum(one.startswith("code:") for one in kept) == 20
    assert "user:rosa" in kept


def test_a_restart_forgets_no_wrong_try(tmp_path: Path) -> None:
    under = limits.keys("rosa", "rosa", STRANGER, "")
    for _ in range(FREE + 1):
        engine: sa.Engine = connect(tmp_path)
        with UserRecords(engine).begin() as book:
            assert limits.admit(book, under, NOW).wait == 0
        engine.dispose()
    engine = connect(tmp_path)
    with UserRecords(engine).begin() as book:
        assert limits.admit(book, under, NOW).wait == limits.FIRST
        assert book.one(Tries, "user:rosa") is not None
    engine.dispose()
