import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightlatch.errors import JournalError
from nightlatch.journal.journal import Journal
from nightlatch.journal.seal import Sealer
from nightlatch.journal.verify import verify
from tests.unit.journal.making import event


def held(folder: Path) -> bytes:
    """Every byte of every file of the state folder."""
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_personal_fields_of_a_known_person_stand_nowhere_in_the_clear(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path)
    written = event(
        0, person="ana-maria", slot=4711, told=1_777_777_777, detail="came home", raw='{"user":"ana-maria"}'
    )
    journal.append([written])
    assert [entry.event for entry in journal.entries()] == [written]
    everything = held(tmp_path)
    for text in (b"ana-maria", b"4711", b"1777777777", b"came home"):
        assert text not in everything
    assert b'"kind":"unlocked"' in everything
    journal.close()


def test_an_erased_person_is_gone_from_entries_and_files_and_the_tree_verifies(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path)
    people = ["ana", "ben", "ana", ""]
    journal.append([event(n, person=people[n % 4], slot=1 + n % 4, detail=f"note {n}") for n in range(0, 600)])
    with sqlite3.connect(tmp_path / "journal.db") as reader:
        secrets = dict(reader.execute("SELECT id, secret FROM person_key"))
    reader.close()
    assert journal.sealer.forget("ana", "front/4") == 2
    assert journal.sealer.forget("ana") == 0
    for entry in journal.entries():
        assert entry.event is not None
        gone = entry.index % 4 != 1
        assert entry.erased is gone
        assert (entry.event.person, entry.event.slot, entry.event.detail) == (
            ("", 0, "") if gone else ("ben", 2, f"note {entry.index}")
        )
        assert entry.event.about == "lock:front"
    assert verify(journal).sound
    everything = held(tmp_path)
    assert [secret in everything for secret in secrets.values()].count(True) == 1
    journal.append([event(1, person="ana", detail="again")])
    journal.close()
    journal = Journal.open(tmp_path)
    (last,) = journal.entries(600)
    assert last.event is not None and last.event.detail == "again"
    assert next(journal.entries()).erased
    journal.close()


def test_a_person_erased_by_another_process_is_unreadable_here_too(tmp_path: Path) -> None:
    one, other = Journal.open(tmp_path), Journal.open(tmp_path)
    sealed = one.sealer.seal("ana", b"private")
    one.append([event(0, person="ana")])
    assert one.sealer.open(sealed) == other.sealer.open(sealed) == b"private"
    assert other.sealer.forget("ana") == 1
    assert one.sealer.open(sealed) is None
    assert next(one.entries()).erased
    fresh = one.sealer.seal("ana", b"later")
    one.append([event(0, person="ana")])
    assert other.sealer.open(fresh) == b"later"
    assert [entry.erased for entry in other.entries()] == [True, False]
    one.close()
    other.close()


def test_forgetting_says_so_when_a_reader_keeps_the_write_ahead_log_from_being_emptied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nightlatch.journal.storage.BUSY_MS", 50)
    journal = Journal.open(tmp_path)
    journal.append([event(0, person="ana")])
    reader = sqlite3.connect(tmp_path / "journal.db")
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM tail").fetchone()
    with pytest.raises(JournalError, match="is being read by another program"):
        journal.sealer.forget("ana")
    reader.close()
    assert journal.sealer.forget("ana") == 0
    assert next(journal.entries()).erased
    journal.close()


def test_a_key_made_in_an_append_that_failed_is_not_used_again(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path)
    with pytest.raises(OverflowError):
        journal.append([event(0, person="ana"), event(1, at=2**70)])
    sealed = journal.sealer.seal("ana", b"private")
    journal.append([event(0, person="ana")])
    journal.close()
    journal = Journal.open(tmp_path)
    assert journal.sealer.open(sealed) == b"private"
    (entry,) = journal.entries()
    assert entry.event is not None and entry.event.person == "ana"
    journal.close()


@pytest.mark.parametrize(
    "change", [lambda text: text[:-4], lambda text: text[:20] + "A" + text[21:], lambda text: f"{text[:-1]}?"]
)
def test_a_sealed_text_that_was_changed_is_refused(tmp_path: Path, change: object) -> None:
    journal = Journal.open(tmp_path)
    sealed = journal.sealer.seal("ana", b"private and long enough")
    with pytest.raises(JournalError, match="was changed"):
        journal.sealer.open(change(sealed))  # type: ignore[operator]
    journal.close()


@pytest.fixture(scope="module")
def sealer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sealer]:
    journal = Journal.open(tmp_path_factory.mktemp("sealer"))
    yield journal.sealer
    journal.close()


@given(st.text(min_size=1, max_size=30), st.binary(max_size=300))
def test_what_is_sealed_opens_again(sealer: Sealer, person: str, data: bytes) -> None:
    sealed = sealer.seal(person, data)
    assert sealer.open(sealed) == data
    assert sealed != sealer.seal(person, data)
