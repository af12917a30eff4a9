"""`nightlatch users`."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from nightlatch.journal.journal import Journal
from nightlatch.plugs import wall
from nightlatch.store.database import connect
from nightlatch.store.users import Session, User, UserRecords
from nightlatch.web.signin import chance, limits, users
from nightlatch.web.signin.passwords import Passwords
from tests.unit.cli.access_home import Run, runner, settle
from tests.unit.web.signin.conftest import QUICK


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("nightlatch.web.signin.passwords.PasswordHasher.from_parameters", lambda _parameters: QUICK)
    return settle(tmp_path, monkeypatch)


@pytest.fixture
def cli(state: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    return runner(capsys)


@pytest.fixture
def records(state: Path) -> UserRecords:
    state.mkdir()
    records = UserRecords(connect(state))
    with records.begin() as book:
        book.put(User("rosa", "Rosa Lund", "owner", "h-rosa", 1, "$argon2id$x", 1))
        book.put(Session("s1", "d", "rosa", "c", wall(), wall(), 0, "::1", "Firefox"))
    return records


def acts(state: Path) -> list[tuple[str, str, str]]:
    journal = Journal.open(state)
    found = [entry.event for entry in journal.entries() if entry.event is not None and entry.event.kind == "act"]
    journal.close()
    return [(one.name, one.person, one.about) for one in found]


def test_the_set_up_code_is_printed_as_a_link_behind_a_hash_and_kept_as_argon2id(cli: Run, state: Path) -> None:
    code, out, err = cli("users", "setup")
    assert code == 0
    found = re.fullmatch(r"http://localhost:5625/first-run#([2-9A-Z]{4}-[2-9A-Z]{4})\n", out)
    assert found, out
    assert "good once" in err
    engine = connect(state)
    with UserRecords(engine).read() as book:
        assert users.coded(book, Passwords(), found[1], wall()) is not None
        assert users.coded(book, Passwords(), "2222-2222", wall()) is None
    engine.dispose()
    kept = b"".join(one.read_bytes() for one in state.iterdir() if one.is_file())
    assert found[1].encode() not in kept
    assert chance.plain(found[1]).encode() not in kept
    assert b"$argon2id$" in kept


def test_a_second_set_up_code_voids_the_first(cli: Run, state: Path) -> None:
    first = json.loads(cli("users", "setup", "--format", "json")[1])["code"]
    second = json.loads(cli("users", "setup", "--format", "json")[1])["code"]
    engine = connect(state)
    with UserRecords(engine).read() as book:
        assert users.coded(book, Passwords(), first, wall()) is None
        assert users.coded(book, Passwords(), second.lower().replace("-", " "), wall()) is not None
    engine.dispose()


def test_there_is_no_set_up_code_once_there_is_an_owner(cli: Run, records: UserRecords) -> None:
    code, _, err = cli("users", "setup")
    assert code == 2
    assert "there is an owner already. Locked out? Run: nightlatch users reset NAME" in err


def test_somebody_is_invited_listed_and_withdrawn(cli: Run, records: UserRecords, state: Path) -> None:
    code, out, _ = cli("users", "add", "ana", "--name", "Ana Silva", "--role", "viewer")
    assert code == 0
    assert re.fullmatch(r"http://localhost:5625/sign-in/new#([2-9A-Z]{4}-){3}[2-9A-Z]{4}\n", out)
    rows = json.loads(cli("users", "list", "--format", "json")[1])
    assert [(one["id"], one["role"], one["invited"]) for one in rows] == [
        ("rosa", "owner", False),
        ("ana", "viewer", True),
    ]
    assert "password and app" in cli("users", "list")[1]
    assert cli("users", "remove", "ana", "--yes")[0] == 0
    assert "ana" not in cli("users", "list")[1]
    # Neither tells who it is about but by a handle of chance.
    (invited, withdrawn) = acts(state)
    assert (invited[0], withdrawn[0]) == ("user-invited", "invitation-withdrawn")
    assert invited[2].startswith("user:")
    assert "ana" not in invited[2]


def test_nobody_but_an_owner_is_invited_first(cli: Run, state: Path) -> None:
    code, _, err = cli("users", "add", "ana")
    assert code == 2
    assert "nightlatch users setup" in err


def test_a_reset_ends_the_lock_out_and_every_session_and_gives_a_link(
    cli: Run, records: UserRecords, state: Path
) -> None:
    stranger = limits.Visitor("192.168.1.7", here=False)
    under = limits.keys("rosa", "rosa", stranger, "")
    at = wall()
    with records.begin() as book:
        for _ in range(limits.FREE + 1):
            assert limits.admit(book, under, at).wait == 0
        assert limits.admit(book, under, at).wait > 0
    code, out, _ = cli("users", "reset", "rosa", "--yes", "--format", "json")
    assert code == 0
    with records.begin() as book:
        assert limits.admit(book, under, at).wait == 0
        assert book.every(Session) == []
        found = users.coded(book, Passwords(), json.loads(out)["code"], at)
        assert found is not None
        assert (found.kind, found.user) == ("reset", "rosa")
        kept = book.one(User, "rosa")
        assert kept is not None
        assert kept.password
    assert [one[0] for one in acts(state)] == ["reset"]


def test_a_reset_asks_where_somebody_can_answer(cli: Run, records: UserRecords) -> None:
    code, _, err = cli("users", "reset", "rosa")
    assert code == 2
    assert "Wherever Rosa Lund is signed in, that ends." in err


def test_the_last_owner_is_neither_removed_nor_made_less(cli: Run, records: UserRecords) -> None:
    for arguments in (("remove", "rosa", "--yes"), ("change", "rosa", "--role", "viewer")):
        code, _, err = cli("users", *arguments)
        assert code == 2
        assert "rosa is the only owner who can sign in. Make another user an owner first." in err


def test_another_role_ends_sessions_and_another_name_does_not(cli: Run, records: UserRecords) -> None:
    with records.begin() as book:
        book.put(User("ana", "Ana", "resident", "h-ana", 1), Session("s2", "e", "ana", "c", 1, 1, 0, "::1", "x"))
    assert cli("users", "change", "ana", "--name", "Ana Silva")[0] == 0
    with records.read() as book:
        assert [one.id for one in book.every(Session, user="ana")] == ["s2"]
    assert "viewer" in cli("users", "change", "ana", "--role", "viewer")[1]
    with records.read() as book:
        assert book.every(Session, user="ana") == []


def test_a_token_is_printed_once_listed_without_it_and_ended(cli: Run, records: UserRecords, state: Path) -> None:
    code, out, err = cli("users", "token", "add", "rosa", "--name", "backup", "--scope", "see", "--scope", "lock")
    assert code == 0
    assert re.fullmatch(r"nlt_[0-9A-Za-z]{43}\n", out)
    assert "backup may see lock" in err
    (told,) = json.loads(cli("users", "token", "list", "rosa", "--format", "json")[1])
    assert told["scopes"] == ["see", "lock"]
    assert out.strip() not in json.dumps(told)
    kept = b"".join(one.read_bytes() for one in state.iterdir() if one.is_file())
    assert out.strip().encode() not in kept
    assert cli("users", "token", "remove", "rosa", "nothing")[0] == 2
    assert cli("users", "token", "remove", "rosa", told["id"])[0] == 0
    assert "has no token" in cli("users", "token", "list", "rosa")[1]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--scope", "reveal"), "a token of yours cannot have: reveal"),
        (("--scope", "fly"), "a token of yours cannot have: fly"),
        (("--scope", "see", "--days", "7000"), "a token is made for 30, 90, 365 days"),
    ],
)
def test_a_token_never_reveals_nor_lasts_for_ever(
    cli: Run, records: UserRecords, arguments: tuple[str, ...], said: str
) -> None:
    code, _, err = cli("users", "token", "add", "rosa", "--name", "x", *arguments)
    assert code == 2
    assert said in err


@pytest.mark.parametrize("id_", ["", "Ana", "a b", "../etc", "-x", "a" * 65, "ä"])
def test_what_cannot_be_a_users_id_is_refused(cli: Run, records: UserRecords, id_: str) -> None:
    code, _, err = cli("users", "add", "--", id_)
    assert code == 2
    assert "cannot be a user's id" in err


def test_an_unknown_role_is_told_with_the_nearest(cli: Run, records: UserRecords) -> None:
    assert 'Did you mean "viewer"?' in cli("users", "add", "ana", "--role", "viewr")[2]


def test_without_anybody_the_list_says_how_to_begin(cli: Run, state: Path) -> None:
    assert "nightlatch users setup" in cli("users", "list")[1]
