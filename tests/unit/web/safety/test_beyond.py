from __future__ import annotations

from pathlib import Path

import pytest

from nightlatch.configuration.read import parse
from nightlatch.errors import ConfigurationError
from nightlatch.store.database import connect
from nightlatch.store.users import Passkey, Role, User, UserRecords
from nightlatch.web.safety import beyond


def user(id_: str, role: Role = "owner", *, password: bool = True, totp: bool = True) -> User:
    return User(id_, id_.title(), role, f"handle-{id_}", 1, password="argon2" if password else "", totp=int(totp))


def check(folder: Path, *records: User | Passkey, host: str = "0.0.0.0") -> None:
    book = UserRecords(connect(folder))
    with book.begin() as writing:
        writing.put(*records)
    with book.read() as reading:
        beyond.check(parse(f'[service]\nhost = "{host}"\n', folder / "nightlatch.toml"), reading)


PASSKEY = Passkey("k", "ana", "Phone", b"key", 0, "internal", "nightlatch.lan", True, 1)


def test_before_there_is_an_owner_nobody_comes_from_beyond(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"nightlatch.toml:2: .*nobody is an owner yet.*on this machine"):
        check(tmp_path)
    with pytest.raises(ConfigurationError, match="nobody is an owner yet"):
        check(tmp_path, user("leo", "resident"))


def test_a_password_alone_is_not_enough_from_beyond(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="ben and leo signed up with a password alone"):
        check(tmp_path, user("ana"), user("leo", "viewer", totp=False), user("ben", "resident", totp=False))


def test_two_factors_are(tmp_path: Path) -> None:
    check(tmp_path, user("ana"), user("new", "viewer", password=False, totp=False))


def test_a_passkey_is(tmp_path: Path) -> None:
    check(tmp_path, user("ana", totp=False), PASSKEY)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_on_this_machine_set_up_comes_first(tmp_path: Path, host: str) -> None:
    check(tmp_path, host=host)
