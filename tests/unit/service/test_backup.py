from __future__ import annotations

import io
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nightlatch.errors import NightlatchError, ReadError
from nightlatch.secrets import Secret
from nightlatch.service import backup

WORDS = Secret("correct horse battery staple lamp")
KEYS = ("journal.key",)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, bytes]:
    folder = tmp_path_factory.mktemp("state")
    for name in backup.DATABASES:
        with closing(sqlite3.connect(folder / name)) as database:
            database.execute("PRAGMA journal_mode=WAL")
            database.execute("CREATE TABLE t (x BLOB)")
            database.execute("INSERT INTO t VALUES (randomblob(1500000))")
            database.commit()
    (folder / "journal.key").write_bytes(b"the signing key")
    (folder / "other.txt").write_text("not ours")
    out = io.BytesIO()
    assert backup.write(folder, out, WORDS, KEYS) > 3_000_000
    return folder, out.getvalue()


def test_what_was_backed_up_comes_back_and_nothing_else(made: tuple[Path, bytes], tmp_path: Path) -> None:
    folder, data = made
    names = backup.unpack(io.BytesIO(data), WORDS, tmp_path, KEYS, "b")
    assert (
        sorted(names)
        == ["journal.db", "journal.key", "nightlatch.db", "witness.db"]
        == sorted(p.name for p in tmp_path.iterdir())
    )
    for name in backup.DATABASES:
        with closing(sqlite3.connect(folder / name)) as old, closing(sqlite3.connect(tmp_path / name)) as new:
            assert old.execute("SELECT x FROM t").fetchall() == new.execute("SELECT x FROM t").fetchall()
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o600
    assert {p.name for p in folder.iterdir()} >= {"other.txt"}
    assert not [p for p in folder.iterdir() if p.name.startswith(".")]


def test_a_backup_shows_nothing_of_what_is_in_it(made: tuple[Path, bytes]) -> None:
    _, data = made
    assert b"the signing key" not in data
    assert b"SQLite" not in data
    assert b"journal.key" not in data


def test_the_wrong_passphrase_opens_nothing(made: tuple[Path, bytes], tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="cannot be opened: another passphrase"):
        backup.unpack(io.BytesIO(made[1]), Secret("correct horse battery staple lamb"), tmp_path, KEYS, "b")
    assert not list(tmp_path.iterdir())


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_backup_that_was_changed_or_cut_off_anywhere_is_refused(
    made: tuple[Path, bytes], tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    whole = made[1]
    at = data.draw(st.integers(0, len(whole) - 1))
    bad = whole[:at] if data.draw(st.booleans()) else whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :]
    with pytest.raises(ReadError):
        backup.unpack(io.BytesIO(bad), WORDS, tmp_path_factory.mktemp("out"), KEYS, "b")


def test_chunks_that_were_swapped_or_left_out_are_refused(made: tuple[Path, bytes], tmp_path: Path) -> None:
    whole = made[1]
    head = whole.index(b"\n", len(backup.MAGIC)) + 1
    size = backup.CHUNK + backup.TAG
    first, second, rest = whole[head : head + size], whole[head + size : head + 2 * size], whole[head + 2 * size :]
    for number, order in enumerate(((second, first, rest), (first, rest), (first, second))):
        folder = tmp_path / str(number)
        folder.mkdir()
        with pytest.raises(ReadError):
            backup.unpack(io.BytesIO(whole[:head] + b"".join(order)), WORDS, folder, KEYS, "b")


@pytest.mark.parametrize(
    "head",
    [
        *(b"", b"{}", b'{"salt":"zz"}', b"[" * 5000),
        *(
            b'{"salt":"' + b"0" * 32 + b'",' + cost + b"}"
            for cost in (b'"memory_kib":999999999', b'"lanes":0', b'"lanes":-1', b'"lanes":16,"memory_kib":8')
        ),
    ],
)
def test_a_foreign_head_is_refused_before_any_work(head: bytes, tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="damaged head"):
        backup.unpack(io.BytesIO(backup.MAGIC + head + b"\nrest"), WORDS, tmp_path, KEYS, "b")


def test_a_file_that_is_no_backup_is_told_apart(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="no backup of Nightlatch"):
        backup.unpack(io.BytesIO(b"PK\x03\x04"), WORDS, tmp_path, KEYS, "photo.zip")


def test_a_passphrase_that_is_guessed_easily_is_refused() -> None:
    backup.check_passphrase(WORDS)
    for weak in ("short", "password1234", "aaaaaaaaaaaa"):
        with pytest.raises(NightlatchError, match="too easy to guess"):
            backup.check_passphrase(Secret(weak))


def test_a_key_that_is_changed_while_the_databases_are_copied_belongs_to_the_copies(
    made: tuple[Path, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, _ = made
    key = folder / "journal.key"
    before = key.read_bytes()
    copied: list[bytes] = []
    copy = backup._copied

    def changing(path: Path) -> object:
        copied.append(key.read_bytes())
        if len(copied) == 2:
            key.write_bytes(b"another key")
        return copy(path)

    monkeypatch.setattr(backup, "_copied", changing)
    out = io.BytesIO()
    backup.write(folder, out, WORDS, KEYS)
    key.write_bytes(before)

    backup.unpack(io.BytesIO(out.getvalue()), WORDS, tmp_path, KEYS, "b")

    assert (tmp_path / "journal.key").read_bytes() == b"another key"
    assert copied[-3:] == [b"another key"] * 3
    assert not [path for path in folder.iterdir() if path.name.startswith(".")]
