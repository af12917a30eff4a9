import sqlite3
import stat
import threading
from pathlib import Path

import pytest
from pymerkle import InmemoryTree

from nightlatch.errors import JournalError
from nightlatch.journal import notes, tree
from nightlatch.journal.journal import Journal
from nightlatch.journal.leaves import LARGEST
from nightlatch.journal.verify import verify
from nightlatch.model.event import Event
from tests.unit.journal import reference
from tests.unit.journal.making import AT, event, filled, tamper


def leaves_of(journal: Journal) -> list[bytes]:
    with journal.view() as view:
        return [leaf for n in range(-(-view.size // 256)) for leaf in view.bundle(n)]


def test_what_comes_after_a_damaged_entry_is_read_all_the_same(tmp_path: Path) -> None:
    filled(tmp_path, 700).close()

    def break_two(file: sqlite3.Connection) -> None:
        (whole,) = file.execute("SELECT entries FROM bundle WHERE n = 0").fetchone()
        file.execute("UPDATE bundle SET entries = ? WHERE n = 0", (whole.replace(b"{", b"x", 1),))
        file.execute("UPDATE bundle SET entries = substr(entries, 2) WHERE n = 1")

    tamper(tmp_path, break_two)
    journal = Journal.open(tmp_path)
    entries = list(journal.entries())
    assert [entry.index for entry in entries] == list(range(700))
    assert [entry.index for entry in entries if entry.damaged] == [0, *range(256, 512)]
    assert all((entry.event is None) == bool(entry.damaged) for entry in entries)
    assert [entry.index for entry in journal.entries(300, 520)] == list(range(300, 520))
    journal.close()


def test_what_was_appended_is_read_again_in_order_and_after_reopening(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path)
    assert journal.size == 0
    assert journal.append([event(0)]) == range(0, 1)
    assert journal.append([event(number) for number in range(1, 900)]) == range(1, 900)
    assert journal.append([]) == range(900, 900)
    journal.close()
    journal = Journal.open(tmp_path)
    assert [(entry.index, entry.event) for entry in journal.entries()] == [(n, event(n)) for n in range(900)]
    assert [entry.index for entry in journal.entries(250, 260)] == list(range(250, 260))
    assert list(journal.entries(900)) == []
    journal.close()


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257, 512, 1000])
def test_the_root_is_that_of_the_definition_and_signed_in_a_checkpoint(tmp_path: Path, size: int) -> None:
    journal = filled(tmp_path, size, batch=77)
    leaves = leaves_of(journal)
    signed = notes.verified(journal.checkpoint(), journal.verifiers)
    assert signed.size == len(leaves) == size
    assert signed.root == reference.mth(leaves)
    with journal.view() as view:
        assert view.root() == signed.root
        for old in {size // 3, size // 2, size}:
            assert view.root(old) == reference.mth(leaves[:old])
    journal.close()


def test_pymerkle_agrees_on_the_root_of_a_real_journal(tmp_path: Path) -> None:
    journal = filled(tmp_path, 700)
    peer = InmemoryTree(algorithm="sha256")
    for leaf in leaves_of(journal):
        peer.append_entry(leaf)
    assert peer.get_root() == notes.parse(journal.checkpoint()).root
    with journal.view() as view:
        path = tree.inclusion(300, 700, view.node)
    assert set(path) <= set(peer.prove_inclusion(301).path)
    journal.close()


def test_tiles_of_the_second_level_are_written_when_65536_entries_are_there(tmp_path: Path) -> None:
    journal = filled(tmp_path, 65_536 + 300, batch=9_000)
    with journal.view() as view:
        assert len(view.tile(1, 0)) == 256
        assert view.tile(2, 0) == [tree.whole_root(view.tile(1, 0))]
        assert len(view.tile(1, 1)) == 1
        first = view.root()
    journal.close()
    journal = Journal.open(tmp_path)
    journal.append([event(1)])
    with journal.view() as view:
        assert view.root(65_536 + 300) == first
    assert verify(journal).sound
    journal.close()


def test_files_are_for_their_owner_alone(tmp_path: Path) -> None:
    journal = filled(tmp_path / "state", 1)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "state").iterdir()}
    journal.close()
    assert stat.S_IMODE((tmp_path / "state").stat().st_mode) == 0o700
    assert set(modes) == {"journal.db", "journal.db-wal", "journal.db-shm", "journal.key"}
    assert set(modes.values()) == {0o600}


def test_two_that_write_to_one_folder_see_each_other(tmp_path: Path) -> None:
    one, other = Journal.open(tmp_path), Journal.open(tmp_path)
    for number in range(0, 600, 3):
        assert one.append([event(number)]) == range(number, number + 1)
        assert other.append([event(number + 1), event(number + 2)]) == range(number + 1, number + 3)
    assert [entry.event for entry in one.entries()] == [event(number) for number in range(600)]
    assert one.changed is other.changed is None
    assert verify(one).sound
    one.close()
    other.close()


def test_threads_share_a_journal(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path)
    taken: list[int] = []

    def write() -> None:
        for number in range(50):
            taken.extend(journal.append([event(number)]))

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == list(range(200))
    assert verify(journal).sound
    journal.close()


def test_a_raw_message_that_is_too_long_is_cut_and_says_so(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path)
    long = '"\\\x01é' * 200_000
    journal.append([event(1, raw=long), event(3, raw=long, detail=long), event(4, about="x" * 99_999)])
    found = [entry.event for entry in journal.entries()]
    for one in found[:2]:
        assert one is not None
        assert "cut: 800000 characters of raw" in one.detail
        assert long.startswith(one.raw)
        assert len(one.raw) >= 5_000
    assert all(0 < len(leaf) <= LARGEST for leaf in leaves_of(journal))
    assert verify(journal).sound
    journal.close()


def test_text_that_no_utf8_can_hold_is_written_with_question_marks(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path)
    journal.append([event(1, detail="a\ud800b"), event(3, detail="a\ud800b")])
    assert [entry.event and entry.event.detail for entry in journal.entries()] == ["a?b", "a?b"]
    journal.close()


def test_an_event_that_cannot_be_written_leaves_the_journal_as_it_was(tmp_path: Path) -> None:
    journal = filled(tmp_path, 300)
    before = journal.checkpoint()
    with pytest.raises(OverflowError):
        journal.append([event(1), event(2), Event(2**70, "battery", "lock:front")])
    assert journal.checkpoint() == before
    assert journal.append([event(300)]) == range(300, 301)
    assert verify(journal).sound
    journal.close()


def test_a_journal_that_is_gone_while_its_key_is_there_is_not_begun_anew(tmp_path: Path) -> None:
    filled(tmp_path, 3).close()
    for path in tmp_path.glob("journal.db*"):
        path.unlink()
    with pytest.raises(JournalError, match="the journal is gone") as caught:
        Journal.open(tmp_path)
    assert "Restore it from a backup" in caught.value.todo


def test_a_reader_needs_neither_the_key_nor_a_file_that_can_be_written(tmp_path: Path) -> None:
    filled(tmp_path, 10).close()
    (tmp_path / "journal.key").unlink()
    (tmp_path / "journal.db").chmod(0o400)
    journal = Journal.open(tmp_path, read_only=True)
    assert len(list(journal.entries())) == 10
    assert verify(journal, keep=False).sound
    journal.close()
    with pytest.raises(JournalError, match="there is no journal"):
        Journal.open(tmp_path / "elsewhere", read_only=True)


def test_dropped_contents_are_gone_from_the_file_and_the_tree_still_verifies(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path)
    journal.append([event(n, about=f"lock:needle{n}", slot=0, by="") for n in range(1_000)])
    root = journal.checkpoint()
    assert journal.drop_contents(300, at=AT, days=30) == 300
    assert journal.drop_contents(200, at=AT, days=30) == 0
    assert journal.drop_contents(10_000, at=AT, days=30) == 768 - 300  # the unfinished bundle stays
    entries = list(journal.entries())
    assert [entry.event is None for entry in entries[:1_000]] == [True] * 768 + [False] * 232
    told = [entry.event for entry in entries[1_000:]]
    assert [(one.kind, one.value, one.name) for one in told if one] == [
        ("retained", 30, "before entry 300"),
        ("retained", 30, "before entry 768"),
    ]
    with journal.view() as view:
        assert view.root(1_000) == notes.parse(root).root
    report = verify(journal)
    assert report.sound and report.dropped == 768
    journal.close()
    held = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"needle767" not in held and b"needle768" in held


def test_changes_by_another_hand_while_it_runs_are_told_and_kept_as_evidence(tmp_path: Path) -> None:
    journal = filled(tmp_path, 300)

    def forge(connection: object) -> None:
        connection.execute("UPDATE tail SET entries = ?, hashes = ?", (forged, hashes))  # type: ignore[attr-defined]

    with journal.view() as view:
        leaves = view.bundle(1)
    leaves[3] = leaves[3].replace(b"battery", b"offline").replace(b"unlocked", b"locked--")
    forged = b"".join(len(leaf).to_bytes(2, "big") + leaf for leaf in leaves)
    hashes = b"".join(map(tree.leaf_hash, leaves))
    tamper(tmp_path, forge)
    journal.append([event(n) for n in range(300, 900)])
    assert journal.changed is not None and "changed by another hand" in str(journal.changed)
    fault = verify(journal).faults[0]
    assert fault.first <= 259 <= fault.last == 299
    journal.close()


def test_entries_that_were_cut_off_while_it_runs_are_told(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path)
    for number in range(20):
        journal.append([event(number)])
    tamper(tmp_path, lambda connection: connection.execute("DELETE FROM tail WHERE first >= 10"))
    journal.append([event(99)])
    assert journal.changed is not None and "20 entries that were there a moment ago" in str(journal.changed)
    assert not verify(journal).sound
    journal.close()
