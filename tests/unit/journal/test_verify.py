import json
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from nightlatch.errors import JournalError
from nightlatch.journal import checking, tree
from nightlatch.journal import verify as module
from nightlatch.journal.journal import FILE, Journal
from nightlatch.journal.leaves import pack, unpack
from nightlatch.journal.notes import Signer
from nightlatch.journal.storage import place
from nightlatch.journal.verify import VERIFIED, Report, verify
from nightlatch.journal.view import View
from tests.unit.journal.making import AT, event, filled, tamper

COUNT = 70_000
Change = Callable[[sqlite3.Connection], object]


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A closed journal with more than 65536 entries, so with tiles of every level."""
    folder = tmp_path_factory.mktemp("large")
    filled(folder, COUNT, batch=1_000).close()
    return folder


@pytest.fixture
def copy(large: Path, tmp_path: Path) -> Path:
    shutil.copytree(large, tmp_path / "copy")
    return tmp_path / "copy"


def report_of(folder: Path, **options: object) -> Report:
    journal = Journal.open(folder, read_only=True)
    try:
        return verify(journal, **{"keep": False, **options})  # type: ignore[arg-type]
    finally:
        journal.close()


def entry_changed(index: int) -> Change:
    def change(connection: sqlite3.Connection) -> None:
        n, within = divmod(index, 256)
        (data,) = connection.execute("SELECT entries FROM bundle WHERE n = ?", (n,)).fetchone()
        leaves = unpack(data)
        leaves[within] = leaves[within].replace(b'"lock:front"', b'"lock:fronT"')
        connection.execute("UPDATE bundle SET entries = ? WHERE n = ?", (pack(leaves), n))

    return change


@pytest.mark.parametrize("value", ["NULL", "'text'", "7"])
@pytest.mark.parametrize(
    "column",
    [
        *("tail.note", "tail.entries", "tail.hashes", "tail.at", "tail.count"),
        *("bundle.entries", "tile.hashes", "signer.key", "checkpoint.note"),
    ],
)
def test_a_value_of_another_type_is_damage_and_no_fault_of_new_events(tmp_path: Path, column: str, value: str) -> None:
    filled(tmp_path, 5_000, batch=1_000).close()
    table, name = column.split(".")
    # The newest row: what an append starts from.
    key = {"tail": "first", "bundle": "n", "tile": "place", "signer": "first", "checkpoint": "size"}[table]
    change = f"UPDATE {table} SET {name} = {value} WHERE {key} = (SELECT max({key}) FROM {table})"
    tamper(tmp_path, lambda connection: connection.execute(change))
    try:
        # When they were heard is in the entries themselves, too: that column only finds them sooner.
        assert report_of(tmp_path).sound == (column == "tail.at")
    except JournalError as error:
        assert table == "tail", "what opening does not need is a fault among others, and no reason to give up"
        assert str(tmp_path) in str(error)
    try:
        journal = Journal.open(tmp_path)
    except JournalError:
        return
    try:
        assert journal.append([event(1)])
    except JournalError:
        pass
    finally:
        journal.close()


def test_what_another_verification_kept_meanwhile_accuses_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = filled(tmp_path, 300)
    view = Journal.view

    @contextmanager
    def slow(one: Journal) -> Iterator[View]:
        with view(one) as found:
            monkeypatch.setattr(Journal, "view", view)
            journal.append([event(300)])
            assert verify(journal).sound
            yield found

    opened = Journal.open

    def then_slow(folder: Path, **options: bool) -> Journal:
        made = opened(folder, **options)
        monkeypatch.setattr(Journal, "open", opened)
        monkeypatch.setattr(Journal, "view", slow)
        return made

    monkeypatch.setattr(Journal, "open", then_slow)
    assert verify(journal).sound
    journal.close()


def test_a_journal_as_it_was_written_is_sound(large: Path) -> None:
    report = report_of(large)
    assert report.sound
    assert (report.size, report.since, report.keys, report.dropped) == (COUNT, 0, 1, 0)
    assert report.checkpoints >= COUNT // 4_096


def test_two_processes_find_what_one_finds(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WORTH_A_PROCESS", 1)
    assert report_of(copy) == report_of(copy, processes=1)
    tamper(copy, entry_changed(68_000))
    tamper(copy, entry_changed(300))
    assert [fault.first for fault in report_of(copy).faults] == [300, 68_000]
    assert report_of(copy, processes=1).faults[0] == report_of(copy).faults[0]


def test_a_helper_that_ends_early_leaves_its_work_to_this_process(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WORTH_A_PROCESS", 1)
    monkeypatch.setattr(sys, "executable", "/bin/false")
    tamper(copy, entry_changed(69_000))
    assert [fault.first for fault in report_of(copy).faults] == [69_000]


@pytest.mark.parametrize("index", [0, 255, 256, 40_001, 69_887])
def test_a_changed_entry_is_named(copy: Path, index: int) -> None:
    tamper(copy, entry_changed(index))
    fault = report_of(copy).faults[0]
    assert (fault.first, fault.last) == (index, index)
    assert str(fault) == f"entry {index}: its content is not what was written: it does not match its hash"


def test_a_changed_entry_of_the_unfinished_bundle_is_named(copy: Path) -> None:
    tamper(
        copy,
        lambda connection: connection.execute("UPDATE tail SET entries = replace(entries, 'lock:front', 'lock:fronT')"),
    )
    assert report_of(copy).faults[0].first == COUNT // 256 * 256


def test_an_entry_whose_content_was_emptied_by_another_hand_is_named(copy: Path) -> None:
    def empty(connection: sqlite3.Connection) -> None:
        (data,) = connection.execute("SELECT entries FROM bundle WHERE n = 2").fetchone()
        leaves = unpack(data)
        leaves[7] = b""
        connection.execute("UPDATE bundle SET entries = ? WHERE n = 2", (pack(leaves),))
        connection.execute("INSERT INTO retained VALUES (1000, 5)")

    tamper(copy, empty)
    faults = report_of(copy).faults
    assert [fault.first for fault in faults] == [5, 519]
    assert "no entry says that retention dropped it" in faults[1].what


@pytest.mark.parametrize(
    ("change", "first", "last", "what"),
    [
        ("DELETE FROM bundle WHERE n = 3", 768, 1_023, "the entries are gone"),
        (f"DELETE FROM tile WHERE place = {place(0, 4)}", 1_024, 1_279, "their hashes are gone"),
        ("UPDATE bundle SET entries = substr(entries, 1, 99) WHERE n = 5", 1_280, 1_535, "do not add up"),
        (f"UPDATE tile SET hashes = zeroblob(8192) WHERE place = {place(1, 0)}", 0, 255, "do not lead to"),
        (f"UPDATE tile SET hashes = zeroblob(32) WHERE place = {place(2, 0)}", 0, 65_535, "do not lead to"),
        (f"DELETE FROM tile WHERE place = {place(2, 0)}", 0, 65_535, "does not hold the 1 hashes"),
        ("UPDATE checkpoint SET note = replace(note, 'latch', 'watch') WHERE size = 9000", 5_000, 8_999, "signature"),
        ("UPDATE signer SET first = 60000", 0, 4_999, "signature"),
    ],
)
def test_what_is_missing_or_forged_is_named_with_the_entries_it_is_about(
    copy: Path, change: str, first: int, last: int, what: str
) -> None:
    tamper(copy, lambda connection: connection.execute(change))
    fault = report_of(copy).faults[0]
    assert what in fault.what
    assert (fault.first, fault.last) == (first, last)


def test_a_consistent_forgery_is_bounded_by_the_signed_checkpoints_around_it(copy: Path) -> None:
    def forge(connection: sqlite3.Connection) -> None:
        entry_changed(20_000)(connection)
        n = 20_000 // 256
        (data,) = connection.execute("SELECT entries FROM bundle WHERE n = ?", (n,)).fetchone()
        hashes = [tree.leaf_hash(leaf) for leaf in unpack(data)]
        connection.execute("UPDATE tile SET hashes = ? WHERE place = ?", (b"".join(hashes), place(0, n)))
        (above,) = connection.execute("SELECT hashes FROM tile WHERE place = ?", (place(1, 0),)).fetchone()
        above = above[: n * 32] + tree.whole_root(hashes) + above[n * 32 + 32 :]
        connection.execute("UPDATE tile SET hashes = ? WHERE place = ?", (above, place(1, 0)))
        top = tree.whole_root([above[k : k + 32] for k in range(0, 8_192, 32)])
        connection.execute("UPDATE tile SET hashes = ? WHERE place = ?", (top, place(2, 0)))

    tamper(copy, forge)
    (fault,) = report_of(copy).faults
    assert "do not lead to the signed checkpoint" in fault.what
    assert fault.first <= 20_000 <= fault.last
    assert fault.last - fault.first < 5_000


def test_a_cut_off_tail_shows_by_what_was_verified_before(copy: Path) -> None:
    journal = Journal.open(copy)
    journal.append([event(1)])
    assert verify(journal).sound
    journal.close()
    tamper(copy, lambda connection: connection.execute(f"DELETE FROM tail WHERE first >= {COUNT}"))
    fault = report_of(copy).faults[0]
    assert (fault.first, fault.last) == (COUNT, COUNT)
    assert "it was cut off or put back" in fault.what


def test_an_older_copy_put_back_shows_by_what_was_verified_before(copy: Path, tmp_path: Path) -> None:
    shutil.copy(copy / FILE, tmp_path / "older")
    journal = Journal.open(copy)
    journal.append([event(n) for n in range(700)])
    assert verify(journal).sound
    journal.close()
    shutil.copy(tmp_path / "older", copy / FILE)
    assert "70700 entries were verified before, and 70000 are left" in report_of(copy).faults[0].what
    journal = Journal.open(copy)
    journal.append([event(n) for n in range(900, 1_700)])
    assert "does not begin with what was verified" in verify(journal, full=False).faults[0].what
    journal.close()


def test_what_was_verified_once_is_the_start_of_the_next(copy: Path) -> None:
    journal = Journal.open(copy)
    assert verify(journal).since == 0
    assert (copy / VERIFIED).stat().st_mode & 0o777 == 0o600
    journal.append([event(n) for n in range(500)])
    seen: list[tuple[int, int]] = []
    report = verify(journal, full=False, progress=lambda done, all_: seen.append((done, all_)))
    assert report.sound and report.since == COUNT
    assert seen[-1] == (500 + COUNT % 256, 500 + COUNT % 256)
    assert verify(journal, full=False).since == COUNT + 500
    journal.close()


def test_an_incremental_verification_names_new_entries_that_were_changed(copy: Path) -> None:
    journal = Journal.open(copy)
    verify(journal)
    journal.append([event(n) for n in range(500)])
    journal.close()
    tamper(copy, entry_changed(70_100))
    assert report_of(copy, full=False).faults[0].first == 70_100


def test_a_forged_mark_of_what_was_verified_is_not_believed(copy: Path) -> None:
    journal = Journal.open(copy)
    verify(journal)
    (copy / VERIFIED).write_text((copy / VERIFIED).read_text().replace("\n70000\n", "\n69999\n"))
    report = verify(journal, full=False)
    assert "does not bear the journal's signature" in report.faults[0].what
    assert report.since == 0
    (copy / VERIFIED).write_bytes(b"\xff\xfe")
    with pytest.raises(JournalError, match="cannot be read"):
        verify(journal)
    journal.close()


def test_the_key_that_was_given_must_be_the_journals(large: Path) -> None:
    other = Signer("nightlatch/other", bytes(32)).verifier
    assert "not signed with the key that was given" in report_of(large, key=other).faults[0].what


def test_rotated_keys_are_followed_and_a_forged_one_is_named(copy: Path) -> None:
    journal = Journal.open(copy)
    old = journal.verifiers[0]
    journal.rotate(AT)
    journal.append([event(n) for n in range(5_000)])
    report = verify(journal, key=old)
    assert report.sound and report.keys == 2 and report.unproven_keys == ()
    journal.close()
    forged = Signer(old.name, b"7" * 32).verifier.text
    tamper(copy, lambda connection: connection.execute("UPDATE signer SET key = ? WHERE first > 0", (forged,)))
    faults = report_of(copy).faults
    assert any("it should name the key that signs from here on" in fault.what for fault in faults)
    assert any("does not bear the journal's signature" in fault.what for fault in faults)


def test_a_handover_whose_entry_or_checkpoint_is_gone_is_named(copy: Path) -> None:
    journal = Journal.open(copy)
    journal.rotate(AT)
    journal.append([event(n) for n in range(300)])
    journal.close()
    tamper(copy, lambda connection: connection.execute(f"UPDATE checkpoint SET note = '?' WHERE size = {COUNT + 1}"))
    report = report_of(copy)
    assert report.unproven_keys == (COUNT + 1,)
    assert "is no signed checkpoint" in report.faults[0].what
    tamper(copy, lambda connection: connection.execute(f"DELETE FROM bundle WHERE n = {COUNT // 256}"))
    whats = [fault.what for fault in report_of(copy).faults]
    assert "the entries are gone" in whats
    assert "it should name the key that signs from here on, and does not" in whats


def test_a_flipped_byte_and_a_zeroed_page_are_named(copy: Path) -> None:
    data = bytearray((copy / FILE).read_bytes())
    place_ = data.index(b'"lock:front"', len(data) // 2)
    data[place_ + 3] ^= 0x20
    (copy / FILE).write_bytes(data)
    first = report_of(copy).faults[0]
    assert first.first == first.last and "does not match its hash" in first.what
    page = place_ // 4096 * 4096
    data[page : page + 4096] = bytes(4096)
    (copy / FILE).write_bytes(data)
    assert report_of(copy).faults[0].first // 256 == first.first // 256


def test_a_file_that_is_no_database_is_an_error_with_advice(copy: Path) -> None:
    (copy / FILE).write_bytes(b"not a database at all, and long enough to be looked at" * 100)
    with pytest.raises(JournalError) as caught:
        report_of(copy)
    assert "nightlatch journal verify" in caught.value.todo


def test_the_helper_answers_ranges_line_by_line(copy: Path) -> None:
    tamper(copy, entry_changed(600))
    answers = subprocess.run(
        [sys.executable, "-m", checking.__name__, str(copy / FILE), "0"],
        input="0 2\n2 4\n",
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    assert json.loads(answers[0]) == [0, "", 0, 0]
    assert json.loads(answers[1])[2:] == [600, 600]
