from __future__ import annotations

import os
import sqlite3
from collections.abc import Mapping
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from nightlatch.access.vault import FILE, Vault, new_key
from nightlatch.cli.app import run
from nightlatch.configuration.read import Configuration, parse
from nightlatch.errors import JournalError, NightlatchError, ReadError, StoreError
from nightlatch.guard.erasing import erase
from nightlatch.journal.journal import Journal
from nightlatch.journal.verify import verify
from nightlatch.model.access import Credential, Grant, Person
from nightlatch.model.event import Event
from nightlatch.secrets import Secret
from nightlatch.service.folder import held, prepare
from nightlatch.service.restoring import backup, restore
from nightlatch.store.access import AccessRecords
from nightlatch.store.audits import Audits
from nightlatch.store.database import connect
from nightlatch.store.users import Code, Device, Recovery, Session, Token, User, UserRecords
from tests.unit.guard.test_erasing import audit

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
WORDS = Secret("correct horse battery staple lamp")


@pytest.fixture
def state(tmp_path: Path) -> Path:
    folder = tmp_path / "state"
    prepare(folder)
    connect(folder).dispose()
    journal = Journal.open(folder)
    journal.append([Event(n, "unlocked", "lock:front", by="code", slot=3, person="ana") for n in range(300)])
    journal.append([Event(400, "unlocked", "lock:front", by="code", slot=4, person="rob")])
    verify(journal)
    journal.close()
    return folder


def people(folder: Path) -> set[str]:
    journal = Journal.open(folder)
    try:
        assert verify(journal, keep=False).sound
        return {entry.event.person for entry in journal.entries() if entry.event is not None and entry.event.slot}
    finally:
        journal.close()


def test_a_backup_brings_the_journal_back_proven_and_says_so_in_it(state: Path, tmp_path: Path) -> None:
    file = tmp_path / "home.nlb"
    assert backup(state, file, WORDS) == file.stat().st_size
    assert file.stat().st_mode & 0o777 == 0o600
    elsewhere = tmp_path / "elsewhere"
    restored = restore(elsewhere, file, WORDS, NOW)
    assert (restored.entries, restored.erased, restored.aside) == (301, 0, "")
    assert people(elsewhere) == {"ana", "rob"}
    journal = Journal.open(elsewhere)
    assert [entry.event.kind for entry in journal.entries(301) if entry.event is not None] == ["restored"]
    journal.close()


def test_what_was_there_is_moved_aside_and_a_newer_past_does_not_accuse_the_older_copy(
    state: Path, tmp_path: Path
) -> None:
    backup(state, tmp_path / "old.nlb", WORDS)
    journal = Journal.open(state)
    journal.append([Event(500, "locked", "lock:front")])
    verify(journal)
    journal.close()
    restored = restore(state, tmp_path / "old.nlb", WORDS, NOW)
    assert restored.aside == str(state / "before-restore-20261122T120000Z")
    assert people(state) == {"ana", "rob"}
    assert people(Path(restored.aside)) == {"ana", "rob"}
    assert not list(state.glob(".restoring-*"))


@pytest.mark.parametrize("moves", range(9))
def test_a_restore_that_is_cut_off_at_any_moment_is_noticed_and_can_be_done_again(
    state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moves: int
) -> None:
    backup(state, tmp_path / "old.nlb", WORDS)
    replace, done = os.replace, 0

    def cut_off(source: Path, target: Path) -> None:
        nonlocal done
        if Path(target).parent in (state, state / "before-restore-20261122T120000Z"):
            if done == moves:
                raise KeyboardInterrupt
            done += 1
        replace(source, target)

    with monkeypatch.context() as patched:
        patched.setattr(os, "replace", cut_off)
        with suppress(KeyboardInterrupt):
            restore(state, tmp_path / "old.nlb", WORDS, NOW)
            assert done == moves
    try:
        Journal.open(state).close()
    except JournalError as error:
        assert "Restore it from a backup" in str(error)
        restore(state, tmp_path / "old.nlb", WORDS, NOW + timedelta(minutes=1))
    assert people(state) == {"ana", "rob"}


def test_who_was_erased_since_the_backup_stays_erased(state: Path, tmp_path: Path) -> None:
    backup(state, tmp_path / "old.nlb", WORDS)
    journal = Journal.open(state)
    journal.sealer.forget("ana")
    journal.close()
    assert restore(state, tmp_path / "old.nlb", WORDS, NOW).erased == 1
    assert people(state) == {"rob"}


@pytest.mark.parametrize("times", [1, 2])
def test_audits_that_may_name_who_was_erased_since_are_not_restored(state: Path, tmp_path: Path, times: int) -> None:
    with Audits.open(state) as audits:
        audits.add("home", audit())
    backup(state, tmp_path / "old.nlb", WORDS)
    restore(state, tmp_path / "old.nlb", WORDS, NOW)
    assert kept(state) == 1
    erase(state, "ana", None, now=NOW)
    for n in range(times):
        restore(state, tmp_path / "old.nlb", WORDS, NOW + timedelta(minutes=n + 1))
    assert kept(state) == 0


def kept(folder: Path) -> int:
    with closing(sqlite3.connect(folder / "nightlatch.db")) as database:
        (number,) = database.execute("SELECT count(*) FROM audits").fetchone()
    return int(number)


def test_a_backup_whose_journal_was_changed_is_refused_and_changes_nothing(state: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(state / "journal.db")) as database:
        (entries,) = database.execute("SELECT entries FROM bundle").fetchone()
        changed = entries.replace(b'"unlocked"', b'"door_opn"', 1)
        assert changed != entries
        database.execute("UPDATE bundle SET entries = ?", (changed,))
        database.commit()
    backup(state, tmp_path / "bad.nlb", WORDS)
    before = sorted(path.name for path in state.iterdir())
    with pytest.raises(JournalError, match="not what was signed: entry 0"):
        restore(state, tmp_path / "bad.nlb", WORDS, NOW)
    assert sorted(path.name for path in state.iterdir() if path.name != "service.lock") == before


def test_a_backup_never_replaces_a_file_and_a_running_service_is_never_restored_over(
    state: Path, tmp_path: Path
) -> None:
    file = tmp_path / "home.nlb"
    file.write_text("holiday pictures")
    with pytest.raises(StoreError, match="File exists"):
        backup(state, file, WORDS)
    assert file.read_text() == "holiday pictures"
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []
    with held(state), pytest.raises(StoreError, match="Stop it first"):
        restore(state, file, WORDS, NOW)


def test_an_empty_folder_and_a_weak_passphrase_are_told(state: Path, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no journal to back up"):
        backup(tmp_path, tmp_path / "x.nlb", WORDS)
    with pytest.raises(NightlatchError, match="too easy to guess"):
        backup(state, tmp_path / "x.nlb", Secret("password1234"))


def sealed(folder: Path, configuration: Configuration | None = None, env: Mapping[str, str] | None = None) -> Vault:
    """Ana and Rob with a code each."""
    engine = connect(folder)
    records = AccessRecords(engine)
    records.put(*(Credential(f"c{one}", one, 6) for one in ("ana", "rob")), Person("ana", "Ana"), Person("rob", "Rob"))
    vault = Vault.open(folder, records, configuration, env or {})
    vault.keep("cana", Secret("824613"))
    vault.keep("crob", Secret("519374"))
    return vault


def test_the_pins_come_back_with_their_key_and_are_opened_before_anything_is_replaced(
    state: Path, tmp_path: Path
) -> None:
    sealed(state)
    backup(state, tmp_path / "b", WORDS)

    restored = restore(tmp_path / "elsewhere", tmp_path / "b", WORDS, NOW)

    assert (restored.secrets, restored.unopened) == (2, "")
    assert (tmp_path / "elsewhere" / FILE).stat().st_mode & 0o777 == 0o600
    vault = Vault.open(tmp_path / "elsewhere", AccessRecords(connect(tmp_path / "elsewhere")))
    assert vault.pin("cana") == Secret("824613")


def test_it_is_told_that_grants_hold_as_they_did_then(
    state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    records = AccessRecords(connect(state))
    leave = Grant("g1", "person:ana", ("door:front",))
    records.put(Person("ana", "Ana"), leave, msgspec.structs.replace(leave, id="g2", ended=1))
    backup(state, tmp_path / "b", WORDS)
    records.put(msgspec.structs.replace(leave, ended=2))

    assert restore(tmp_path / "elsewhere", tmp_path / "b", WORDS, NOW).grants == 1
    monkeypatch.setenv("NIGHTLATCH_STATE", str(tmp_path / "third"))
    monkeypatch.setenv("WORDS", WORDS.reveal())
    assert run(["restore", str(tmp_path / "b"), "--passphrase", "env:WORDS", "--yes"]) == 0
    assert "1 grant holds as when the backup was made, also any that was ended since" in capsys.readouterr().out


def test_a_backup_whose_key_does_not_open_the_pins_is_refused_and_changes_nothing(state: Path, tmp_path: Path) -> None:
    sealed(state)
    (state / FILE).write_text(new_key().reveal())
    backup(state, tmp_path / "b", WORDS)
    (state / FILE).write_text("as it is now")

    with pytest.raises(ReadError, match=r"b: its codes cannot be opened: access\.key is another key than the one"):
        restore(state, tmp_path / "b", WORDS, NOW)

    assert (state / FILE).read_text() == "as it is now"
    assert not [path for path in state.iterdir() if path.is_dir()]


def test_with_a_key_from_elsewhere_it_is_told_whether_it_opens_the_pins(
    state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configuration = parse('[access]\nkey = "env:ACCESS_KEY"\n', tmp_path / "nightlatch.toml")
    right = new_key().reveal()
    sealed(state, configuration, {"ACCESS_KEY": right})
    backup(state, tmp_path / "b", WORDS)

    monkeypatch.setenv("ACCESS_KEY", right)
    assert restore(tmp_path / "one", tmp_path / "b", WORDS, NOW, configuration).secrets == 2
    monkeypatch.setenv("ACCESS_KEY", new_key().reveal())
    assert "another key" in restore(tmp_path / "two", tmp_path / "b", WORDS, NOW, configuration).unopened
    missing = restore(tmp_path / "three", tmp_path / "b", WORDS, NOW).unopened
    assert missing.startswith("access.key: the key is missing")


def test_the_codes_of_who_was_erased_since_the_backup_do_not_come_back(state: Path, tmp_path: Path) -> None:
    sealed(state)
    backup(state, tmp_path / "b", WORDS)
    erase(state, "ana", None, now=NOW)

    restore(state, tmp_path / "b", WORDS, NOW)

    records = AccessRecords(connect(state))
    assert [one.id for one in records.people()] == ["rob"]
    assert [one.id for one in records.credentials()] == ["crob"]
    assert list(records.all_sealed()) == ["credential:crob"]


def test_everybody_signs_in_anew_and_no_token_or_link_of_then_opens_anything(state: Path, tmp_path: Path) -> None:
    engine = connect(state)
    with UserRecords(engine).begin() as book:
        book.put(User("ana", "Ana", "owner", "h", 1, "$argon2id$", 1), User("eve", "Eve", "viewer", "h2", 1))
        book.put(Session("s", "d", "ana", "", 1, 1, 0, "::1", "Firefox"), Token("t", "d", "ana", "x", "see", 1, 2))
        book.put(Device("d", "ana", 1), Code("c", "reset", "", "ana", "Ana", "owner", "h", 1, 2))
        book.put(Recovery("r", "ana"))
    engine.dispose()
    backup(state, tmp_path / "old.nlb", WORDS)
    journal = Journal.open(state)
    journal.sealer.forget("rob")
    journal.close()
    assert restore(state, tmp_path / "old.nlb", WORDS, NOW).users == 1
    engine = connect(state)
    with UserRecords(engine).read() as book:
        kept = {kind.__name__: len(book.every(kind)) for kind in (Session, Token, Device, Code, Recovery)}
        # Eve is not known to the journal: whoever was erased since is gone from here too.
        assert [one.id for one in book.every(User)] == ["ana"]
    engine.dispose()
    assert kept == {"Session": 0, "Token": 0, "Device": 0, "Code": 0, "Recovery": 1}
