"""Faults of the machine under a running `nightlatch run`: said, journalled, and recovered from without a person."""

from __future__ import annotations

import resource
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.rigs.guard import say
from tests.rigs.owner import Owner
from tests.slow.faulty import HOUSE, Faulty, faulty, needs_unshare, on_a_small_disk
from tests.unit.journal.making import filled

NOTICE = """
[[alerts.notices]]
kinds = ["unlocked"]
channels = ["phone"]
"""
Act = Callable[[], None]

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def owner(tmp_path: Path) -> Owner:
    return Owner(tmp_path)


def goes_on_and_loses_nothing(guard: Faulty, fault: str, begin: Act, end: Act) -> None:
    """While nothing can be written the service guards; then all that waited is written, and told."""
    begin()
    begun = time.time()
    guard.order("cover_tamper", lock="front")
    guard.troubled("journal: ", 40)
    said = time.time() - begun
    acknowledged = guard.events()
    guard.locks_by_itself()
    guard.order("wrong_codes", lock="front", times=6, every_s=0.1)
    guard.troubled("journal: could not be verified: ", 20)
    assert guard.phone.messages == []
    end()
    ended = time.time()
    guard.message("tampering", 20, ended)
    guard.message("6 wrong codes", 20, ended)
    told = time.time() - ended
    guard.well(20)
    say(f"{fault}: said after {said:.1f} s; told after {told:.1f} s, all well after {time.time() - ended:.1f} s")
    after = guard.events()
    assert after[: len(acknowledged)] == acknowledged
    kinds = [event.kind for event in after[len(acknowledged) :]]
    assert [kind for kind in kinds if kind in ("tamper", "unlocked", "locked")] == ["tamper", "unlocked", "locked"]
    assert kinds.count("wrong_code") == 6
    assert ("outcome", "evidence") in [(event.kind, event.value) for event in after[len(acknowledged) :]]
    assert not [event for event in after if (event.kind, event.value) == ("verified", "not intact")]
    guard.stop()


@needs_unshare
def test_a_full_disk_stops_no_lock_and_loses_nothing(owner: Owner) -> None:
    with on_a_small_disk(owner) as disk, faulty(owner, start=False) as guard:
        guard.state = disk.folder
        guard.start()
        guard.connected()
        goes_on_and_loses_nothing(guard, "disk full", disk.fill, disk.make_room)
        guard.start()
        guard.well()
        guard.stop()
        disk.fill()
        refused = owner.run("run", "-c", "nightlatch.toml")
        assert refused.returncode == 2
        assert "Make room on the disk" in refused.stderr


@needs_unshare
def test_a_read_only_disk_is_told_at_the_start(owner: Owner) -> None:
    with on_a_small_disk(owner) as disk, faulty(owner, start=False) as guard:
        guard.state = disk.folder
        for _ in ("without a journal", "with one"):
            disk.remount("ro")
            refused = owner.run("run", "-c", "nightlatch.toml")
            assert refused.returncode == 2
            assert str(guard.owner.folder) in refused.stderr
            assert "Read-only file system" in refused.stderr
            disk.remount("rw")
            guard.start()
            guard.connected()
            guard.stop()


def test_a_disk_that_takes_no_more_writes_stops_no_lock_and_loses_nothing(owner: Owner) -> None:
    """A kernel keeps files that are open for writing from a read-only remount; so each write fails instead."""
    with faulty(owner) as guard:
        assert guard.process is not None
        process, unlimited = guard.process.pid, resource.getrlimit(resource.RLIMIT_FSIZE)

        def limit(most: int) -> None:
            resource.prlimit(process, resource.RLIMIT_FSIZE, (most, unlimited[1]))

        goes_on_and_loses_nothing(guard, "disk fails to write", lambda: limit(0), lambda: limit(unlimited[0]))


PAGE = 4096


def spoil(file: Path, page: int, fill: bytes = b"\xa5") -> None:
    """Overwrite a page; 0 is the first."""
    with file.open("r+b") as opened:
        opened.seek(page * PAGE)
        opened.write(fill * PAGE)


def prefilled(state: Path, count: int = 3000) -> int:
    """A journal from before, closed; a page within the contents of its first entries."""
    state.mkdir(parents=True)
    filled(state, count).close()
    with closing(sqlite3.connect(state / "journal.db")) as connection:
        (content,) = connection.execute("SELECT entries FROM bundle WHERE n = 0").fetchone()
    return (state / "journal.db").read_bytes().find(content[2000:2100]) // PAGE


@pytest.mark.parametrize("running", [True, False], ids=["while it runs", "while it does not"])
def test_a_damaged_page_of_old_entries_stops_nothing_and_is_told_with_its_place(owner: Owner, running: bool) -> None:
    with faulty(owner, start=False) as guard:
        page = prefilled(guard.state)
        if running:
            guard.start()
            guard.event(lambda event: (event.kind, event.value) == ("verified", "intact"))
        begun = time.time()
        spoil(guard.state / "journal.db", page)
        if running:
            assert guard.verify().returncode == 1
        else:
            guard.start()
            guard.troubled("journal: not intact: ")
        told = guard.message("The journal was changed", 20, begun) - begun
        guard.connected()
        guard.locks_by_itself()
        verified = guard.verify()
        assert verified.returncode == 1
        assert "entries 0 to 255: " in verified.stdout
        say(f"damaged page: told after {told:.1f} s: {verified.stdout}")
        assert "0 to 255" in str(guard.status().troubles) or running
        guard.stop()


def test_a_journal_that_cannot_be_written_any_more_is_set_aside_and_the_guard_goes_on(owner: Owner) -> None:
    with faulty(owner, HOUSE + NOTICE, start=False) as guard:
        prefilled(guard.state)
        guard.start()
        guard.connected()
        guard.stop()
        spoil(guard.state / "journal.db", 0)
        begun = time.time()
        guard.start()
        guard.connected()
        told = guard.message("another was begun", 20, begun) - begun
        guard.locks_by_itself()
        guard.message("unlocked", 20, begun)
        say(f"journal beyond repair: told after {told:.1f} s")
        assert guard.kinds()[0] == "restored"
        assert len(list(guard.state.glob("journal-damaged-*/journal.db"))) == 1
        assert guard.verify().returncode == 0
        guard.well()
        guard.stop()


@pytest.mark.parametrize("met", ["verifying", "writing"])
def test_a_journal_that_breaks_while_it_runs_is_set_aside_and_what_happens_next_is_told(owner: Owner, met: str) -> None:
    with faulty(owner) as guard:
        guard.order("cover_tamper", lock="front")
        guard.message("tampering")
        begun = time.time()
        database = guard.state / "journal.db"
        for file in (database, database.with_name("journal.db-wal")):
            for page in range(file.stat().st_size // PAGE):
                spoil(file, page)
        if met == "writing":
            spoil(database.with_name("journal.db-shm"), 0)  # what connections remember of the file does not count then
        guard.order("wrong_codes", lock="front", times=1)
        told = guard.message("another was begun", 40, begun) - begun
        guard.connected()
        guard.order("wrong_codes", lock="front", times=6, every_s=0.1)
        guard.message("wrong codes at one door", 20, begun)
        guard.until(lambda: guard.status().journal.intact, 20)
        say(f"journal damaged while it ran, met when {met}: told after {told:.1f} s")
        events = guard.events()
        assert events[0].kind == "restored"
        if met == "writing":
            # The first was heard when nothing could be written.
            assert [event.kind for event in events].count("wrong_code") == 7
        guard.locks_by_itself()
        guard.well()
        assert guard.verify().returncode == 0
        guard.stop()


def test_a_database_that_cannot_be_read_is_set_aside_and_the_guard_goes_on(owner: Owner) -> None:
    with faulty(owner) as guard:
        guard.order("cover_tamper", lock="front")
        guard.message("tampering")
        guard.stop()
        spoil(guard.state / "nightlatch.db", 0)
        begun = time.time()
        guard.start()
        guard.connected()
        told = guard.message("The database of audits and alerts was too damaged", 20, begun) - begun
        say(f"database beyond repair: told after {told:.1f} s")
        restored = guard.event(lambda event: event.kind == "restored")
        assert (guard.state / restored.name).exists()
        guard.locks_by_itself()
        guard.well()
        assert guard.verify().returncode == 0
        guard.stop()
