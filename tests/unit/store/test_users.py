"""Users as they are kept."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from nightlatch.errors import StoreError
from nightlatch.store.database import connect
from nightlatch.store.users import Device, Passkey, Recovery, Session, Token, Tries, User, UserRecords

ANA = User("ana", "Ana Silva", "owner", "handle", 1, "$argon2id$", 2, 3)
KEY = Passkey("key", "ana", "Phone", b"\x00\xff", 4, "internal", "localhost", True, 5)
SESSION = Session("s1", "digest", "ana", "csrf", 1, 1, 1, "::1", "Firefox on Linux")
TOKEN = Token("t1", "digest", "ana", "panel", "see", 1, 2)


@pytest.fixture
def records(tmp_path: Path) -> Iterator[UserRecords]:
    engine = connect(tmp_path)
    yield UserRecords(engine)
    engine.dispose()


def test_what_is_put_is_found_as_it_was(records: UserRecords) -> None:
    with records.begin() as book:
        book.put(ANA, KEY, SESSION, TOKEN, Recovery("r", "ana"), Device("d", "ana", 1))
    with records.read() as book:
        assert book.one(User, "ana") == ANA
        assert book.every(Passkey, user="ana") == [KEY]
        assert book.every(Passkey, user="ben") == []
        assert book.one(Session, "s1") == SESSION
        assert book.one(Token, "t2") is None


def test_the_version_tells_changes_of_who_is_signed_in_and_of_nothing_else(records: UserRecords) -> None:
    seen = []
    for change in (ANA, SESSION, TOKEN):
        with records.begin() as book:
            book.put(change)
        seen.append(records.version())
    assert len(set(seen)) == 3
    with records.begin() as book:
        book.put(Tries("user:ana", 1, 1, 1), Recovery("r", "ana"))
        book.touch(Session, "s1", seen=9)
        assert book.drop(Session, id="another") == 0
    assert records.version() == seen[-1]
    with records.begin() as book:
        assert book.sessions_but("ana") == 1
    assert records.version() != seen[-1]


def test_what_is_not_committed_leaves_nothing(records: UserRecords) -> None:
    with pytest.raises(ZeroDivisionError), records.begin() as book:
        book.put(ANA)
        _ = 1 / 0
    with records.read() as book:
        assert book.every(User) == []


def test_forgetting_a_user_takes_all_that_is_theirs_and_nothing_of_who_is_called_alike(records: UserRecords) -> None:
    other = msgspec.structs.replace(ANA, id="anabel")
    with records.begin() as book:
        book.put(ANA, KEY, SESSION, TOKEN, Recovery("r", "ana"), Device("d", "ana", 1), other)
        book.put(Tries("user:ana", 1, 1, 1), Tries("user:ana:here", 1, 1, 1), Tries("user:anabel", 1, 1, 1))
        book.connection.exec_driver_sql("INSERT INTO access_secrets VALUES ('totp:ana', x'00'), ('totp:anabel', x'00')")
    with records.begin() as book:
        assert book.forget("ana") == 8
        assert book.every(User) == [other]
        assert [one.id for one in book.every(Tries)] == ["user:anabel"]
        assert book.connection.exec_driver_sql("SELECT id FROM access_secrets").scalars().all() == ["totp:anabel"]
        assert not any(book.every(kind) for kind in (Passkey, Session, Token, Recovery, Device))


def test_a_damaged_record_is_one_clear_error(records: UserRecords, tmp_path: Path) -> None:
    with records.begin() as book:
        book.put(ANA)
    with sqlite3.connect(tmp_path / "nightlatch.db") as database:
        database.execute("UPDATE users SET role = 'king'")
    with pytest.raises(StoreError, match="record of a user that is damaged"), records.read() as book:
        book.one(User, "ana")
