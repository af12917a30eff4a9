"""Retention: contents of old entries go, hashes stay, and the journal says so itself."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from nightlatch.journal.journal import Journal
from nightlatch.journal.retention import retain
from nightlatch.journal.verify import verify
from nightlatch.model.event import instant
from tests.unit.journal.making import AT, event, filled, tamper

DAY = 86_400_000_000
START = instant(AT)


def aged(folder: Path) -> Journal:
    """Three bundles of a day each, and some entries of the fourth."""
    journal = Journal.open(folder)
    for day in range(4):
        journal.append([event(n, at=AT + day * DAY + n, detail="secretive") for n in range(256 if day < 3 else 10)])
    return journal


def test_what_is_older_goes_bundle_by_bundle_and_the_tree_still_verifies(tmp_path: Path) -> None:
    journal = aged(tmp_path)
    root = journal.checkpoint()
    assert retain(journal, 2, START + timedelta(days=2, hours=-1)) == 0, "no entry of the first day is two days old"
    assert journal.checkpoint() == root, "nothing was dropped, and nothing is told"
    assert retain(journal, 2, START + timedelta(days=3, hours=-1)) == 256
    entries = list(journal.entries())
    assert [entry.event is None for entry in entries] == [n < 256 for n in range(len(entries))]
    last = entries[-1].event
    assert last is not None
    assert (last.kind, last.value) == ("retained", 2)
    report = verify(journal)
    assert report.sound
    assert report.dropped == 256
    assert retain(journal, 2, START + timedelta(days=3, hours=-1)) == 0
    journal.close()


def test_who_can_write_the_file_cannot_have_contents_dropped_before_their_time(tmp_path: Path) -> None:
    aged(tmp_path).close()
    tamper(tmp_path, lambda connection: connection.execute("UPDATE bundle SET first_at = 0, last_at = 0"))
    journal = Journal.open(tmp_path)
    assert retain(journal, 2, START + timedelta(days=3, hours=-1)) == 256, "those that are old, and no other"
    journal.close()


def test_for_ever_means_for_ever(tmp_path: Path) -> None:
    journal = aged(tmp_path)
    assert retain(journal, 0, START + timedelta(days=40_000)) == 0
    journal.close()


def test_no_byte_of_what_was_dropped_is_left_in_the_files(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path)
    journal.append([event(1, detail="unmistakable words") for _ in range(256)])
    assert b"unmistakable" in b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert retain(journal, 1, START + timedelta(days=2)) == 256
    journal.close()
    assert b"unmistakable" not in b"".join(file.read_bytes() for file in tmp_path.iterdir())


def test_it_goes_on_where_it_ended_before(tmp_path: Path) -> None:
    journal = filled(tmp_path, 600)
    assert retain(journal, 1, START + timedelta(days=2)) == 512
    journal.append([event(n, at=AT + n) for n in range(300)])
    assert retain(journal, 1, START + timedelta(days=2)) == 0, "the entry that told of it is not old enough"
    assert retain(journal, 1, START + timedelta(days=4)) == 256
    assert verify(journal).sound
    journal.close()
