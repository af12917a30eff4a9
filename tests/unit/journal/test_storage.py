import resource
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from nightlatch.errors import JournalError, StoreError
from nightlatch.journal.journal import FILE, Journal
from nightlatch.journal.storage import Damaged
from nightlatch.journal.verify import verify
from tests.unit.journal.making import event, filled, tamper


@pytest.fixture
def little_room() -> Iterator[None]:
    """No file of this process may grow beyond 40 MB: what a full disk does, as far as SQLite can tell."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (40_000_000, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
    signal.signal(signal.SIGXFSZ, handler)


def test_a_full_disk_refuses_an_append_whole_and_the_next_goes_on(tmp_path: Path, little_room: None) -> None:
    journal = filled(tmp_path, 300)
    big = [event(number, kind="locked", raw="x" * 40_000) for number in range(256)]
    written = 300
    with pytest.raises(JournalError, match="cannot be read or written") as caught:
        for _ in range(20):
            written = journal.append(big).stop
    assert isinstance(caught.value, StoreError) and caught.value.where == str(tmp_path / FILE)
    assert "Make room on the disk" in caught.value.todo
    assert journal.size == written
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert journal.append(big) == range(written, written + 256)
    assert verify(journal).sound
    journal.close()


def test_a_file_that_may_not_grow_refuses_an_append_and_can_be_read_on(tmp_path: Path) -> None:
    journal = filled(tmp_path, 300)
    journal._storage.writer.execute("PRAGMA max_page_count = 1")  # SQLite holds to the pages that it has
    with pytest.raises(JournalError, match="full"):
        for number in range(50):
            journal.append([event(number, raw="x" * 60_000) for number in range(256)])
    assert verify(journal).sound
    journal._storage.writer.execute("PRAGMA max_page_count = 1000000")
    size = journal.size
    assert journal.append([event(1)]) == range(size, size + 1)
    assert journal.changed is None
    assert verify(journal).sound
    journal.close()


def test_a_locked_file_is_told_with_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nightlatch.journal.storage.BUSY_MS", 50)
    journal = filled(tmp_path, 3)
    other = sqlite3.connect(tmp_path / FILE, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(JournalError, match="another program has been writing") as caught:
        journal.append([event(3)])
    assert "Try again" in caught.value.todo
    other.execute("ROLLBACK")
    other.close()
    assert journal.append([event(3)]) == range(3, 4)
    journal.close()


def test_a_folder_that_cannot_be_written_is_told_and_can_be_read(tmp_path: Path) -> None:
    """In a process without a right to write there: root may write anywhere, so it becomes somebody else."""
    filled(tmp_path / "state", 20).close()
    for path in (tmp_path / "state").iterdir():
        path.chmod(0o444)
    (tmp_path / "state").chmod(0o555)
    program = (
        "import os, sys; from pathlib import Path; from nightlatch.journal.journal import Journal;"
        "from nightlatch.errors import JournalError; folder = Path(sys.argv[1]);\n"
        "os.geteuid() or os.setuid(65534)\n"
        "try: Journal.open(folder)\n"
        "except JournalError as error: print(error)\n"
        "print(len(list(Journal.open(folder, read_only=True).entries())))"
    )
    for parent in (tmp_path, *tmp_path.parents):
        if str(parent).startswith("/tmp/") and parent.owner() == Path.home().owner():
            parent.chmod(parent.stat().st_mode | 0o055)
    command = [sys.executable, "-c", program, str(tmp_path / "state")]
    said = subprocess.run(command, capture_output=True, text=True, check=True)
    first, count = said.stdout.splitlines()
    assert "Make the folder writable for yourself" in first
    assert count == "20"


def test_a_journal_that_was_closed_meanwhile_is_not_called_damaged(tmp_path: Path) -> None:
    journal = filled(tmp_path, 3)
    journal.close()
    with pytest.raises(JournalError, match="cannot be used") as caught:
        journal.append([event(3)])
    assert not isinstance(caught.value, Damaged)


def test_a_file_of_a_newer_nightlatch_is_left_alone(tmp_path: Path) -> None:
    filled(tmp_path, 1).close()
    tamper(tmp_path, lambda connection: connection.execute("PRAGMA user_version = 99"))
    with pytest.raises(JournalError, match="is of schema 99") as caught:
        Journal.open(tmp_path)
    assert caught.value.todo == "Update Nightlatch."


@pytest.mark.parametrize("page", [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 40, 200])
def test_a_zeroed_page_is_an_error_or_a_fault_that_is_named_and_never_a_sound_journal(
    tmp_path: Path, page: int
) -> None:
    filled(tmp_path, 6_000).close()
    with sqlite3.connect(tmp_path / FILE) as connection:
        connection.execute("VACUUM")  # so that no page is spare
    connection.close()
    data = bytearray((tmp_path / FILE).read_bytes())
    page = min(page, len(data) // 4_096 - 1)
    data[page * 4_096 : (page + 1) * 4_096] = bytes(4_096)
    (tmp_path / FILE).write_bytes(data)
    try:
        journal = Journal.open(tmp_path, read_only=True)
    except JournalError as error:
        assert "damaged" in str(error) or "schema 0" in str(error) or "gone" in str(error)
        return
    try:
        report = verify(journal, keep=False)
        assert not report.sound
    except JournalError as error:
        assert "nightlatch journal verify" in error.todo
    journal.close()


def test_two_that_begin_a_journal_at_once_share_it(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from nightlatch.journal.journal import Journal;"
        "from nightlatch.model.event import Event;"
        "j = Journal.open(Path(sys.argv[1])); [j.append([Event(n, 'battery', 'lock:x')]) for n in range(50)]"
    )
    started = [
        subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stderr=subprocess.PIPE) for _ in range(3)
    ]
    assert [one.communicate()[1] for one in started] == [b"", b"", b""]
    journal = Journal.open(tmp_path)
    assert journal.size == 150
    assert verify(journal).sound
    journal.close()


def test_damage_to_an_old_page_stops_no_append_and_verify_names_the_entries(tmp_path: Path) -> None:
    filled(tmp_path, 6_000).close()
    data = bytearray((tmp_path / FILE).read_bytes())
    page = data.index(b'"lock:front"', len(data) // 2) // 4_096
    data[page * 4_096 : (page + 1) * 4_096] = bytes(4_096)
    (tmp_path / FILE).write_bytes(data)
    journal = Journal.open(tmp_path)
    assert journal.append([event(number) for number in range(600)]) == range(6_000, 6_600)
    faults = verify(journal).faults
    assert len(faults) == 1 and faults[0].last < 6_000
    journal.close()


def test_a_verification_under_way_holds_up_no_append_and_no_reader(tmp_path: Path) -> None:
    journal = filled(tmp_path, 20_000, batch=1_000)
    seen = []

    def meanwhile(done: int, _all: int) -> None:
        (index,) = journal.append([event(done, person=f"person {done}")])
        seen.append(index)
        assert journal.size == index + 1

    report = verify(journal, progress=meanwhile, processes=1)
    assert report.sound and report.size == 20_000
    assert seen == list(range(20_000, 20_000 + len(seen)))
    journal.close()
