"""Keeping audits: private, migrated, crash-safe, and found again by time."""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import stat
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from nightlatch.errors import StoreError
from nightlatch.model.document import Audit, HomeDocument
from nightlatch.store import audits as module
from nightlatch.store.audits import Audits
from nightlatch.store.database import HEAD, connect

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def audit(hours: float, score: float = 50.0) -> Audit:
    return Audit(
        version="0",
        home=HomeDocument("Elm", "UTC"),
        at=NOW + timedelta(hours=hours),
        profile="full",
        score=score,
        coverage=0.5,
        worst=None,
        sections=(),
        sources=(),
        findings=(),
    )


def test_the_latest_audit_at_or_before_an_instant_is_found(tmp_path: Path) -> None:
    with Audits.open(tmp_path) as audits:
        for hours in (-48, -24, 0):
            audits.add("a.toml", audit(hours, score=50 + hours))
        audits.add("b.toml", audit(-1))
        found = audits.latest("a.toml", NOW - timedelta(hours=24))
        assert found is not None
        assert found.score == 26
        assert audits.latest("a.toml", NOW - timedelta(hours=49)) is None
        assert audits.latest("c.toml", NOW) is None


def test_an_audit_comes_back_as_it_was(tmp_path: Path) -> None:
    with Audits.open(tmp_path) as audits:
        audits.add("a", audit(0))
    with Audits.open(tmp_path) as audits:
        assert audits.latest("a", NOW) == audit(0)


def test_an_audit_that_is_asked_for_again_is_decoded_once_and_a_newer_one_anew(tmp_path: Path) -> None:
    with Audits.open(tmp_path) as audits:
        audits.add("a", audit(0))
        first = audits.latest("a")
        assert audits.latest("a", NOW) is first
        audits.add("a", audit(1, score=60))
        newer, older = audits.latest("a"), audits.latest("a", NOW)
        assert newer is not None
        assert newer.score == 60
        assert older == first


def test_a_clock_that_stepped_back_does_not_hide_what_came_before(tmp_path: Path) -> None:
    with Audits.open(tmp_path) as audits:
        audits.add("a", audit(0, score=1))
        audits.add("a", audit(-2, score=2))
        found = audits.latest("a", NOW)
        assert found is not None
        assert found.score == 1


def test_the_folder_and_the_file_are_the_owners_alone(tmp_path: Path) -> None:
    with Audits.open(tmp_path / "state") as audits:
        audits.add("a", audit(0))
        assert stat.S_IMODE((tmp_path / "state").stat().st_mode) == 0o700
        for file in (tmp_path / "state").iterdir():
            assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_the_oldest_beyond_the_limit_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KEPT", 3)
    with Audits.open(tmp_path) as audits:
        for hours in range(5):
            audits.add("a", audit(hours - 5, score=hours))
        assert audits.latest("a", NOW - timedelta(hours=4)) is None
        found = audits.latest("a", NOW - timedelta(hours=3))
        assert found is not None
        assert found.score == 2


def test_the_known_head_is_the_newest_migration() -> None:
    versions = Path(module.__file__).parent / "migrations" / "versions"
    assert max(file.stem.partition("_")[0] for file in versions.glob("0*.py")) == HEAD


def test_a_database_of_a_newer_nightlatch_is_refused(tmp_path: Path) -> None:
    connect(tmp_path).dispose()
    with sqlite3.connect(tmp_path / "nightlatch.db") as database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreError, match="newer Nightlatch"):
        connect(tmp_path)


@pytest.mark.parametrize(
    "data", [b"no database at all, but long enough to be one" * 50, b"SQLite format 3\x00" + b"\xff" * 4096]
)
def test_a_damaged_database_is_one_clear_error(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "nightlatch.db").write_bytes(data)
    with pytest.raises(StoreError, match=r"nightlatch\.db"):
        connect(tmp_path)


def test_a_damaged_audit_is_one_clear_error(tmp_path: Path) -> None:
    with Audits.open(tmp_path) as audits:
        audits.add("a", audit(0))
    with sqlite3.connect(tmp_path / "nightlatch.db") as database:
        database.execute("UPDATE audits SET document = x'00ff'")
    with Audits.open(tmp_path) as audits, pytest.raises(StoreError, match="damaged"):
        audits.latest("a", NOW)


WRITER = """
import sys
from pathlib import Path
from tests.unit.store.test_audits import Audits, audit
with Audits.open(Path(sys.argv[1])) as audits:
    for number in range(100_000):
        audits.add("a", audit(number, score=number))
        print(number, flush=True)
"""


def test_an_audit_that_was_acknowledged_survives_kill_9(tmp_path: Path) -> None:
    root = Path(__file__).parents[3]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join((str(root / "src"), str(root)))}
    for round_ in range(4):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path / str(round_))], stdout=subprocess.PIPE, text=True, env=env
        )
        assert writer.stdout is not None
        acknowledged = int(writer.stdout.readline())
        time.sleep(0.02 * round_)
        os.kill(writer.pid, signal.SIGKILL)
        rest = writer.stdout.read().split()
        writer.wait()
        writer.stdout.close()
        acknowledged = max(acknowledged, *(int(line) for line in rest[:-1] or ["0"]))
        with Audits.open(tmp_path / str(round_)) as audits:
            found = audits.latest("a", NOW + timedelta(days=9999))
            assert found is not None
            assert found.score is not None
            assert found.score >= acknowledged


def test_a_stored_document_decodes_with_the_published_schema(tmp_path: Path) -> None:
    with Audits.open(tmp_path) as audits:
        audits.add("a", audit(0))
        found = audits.latest("a", NOW)
    assert msgspec.to_builtins(found)["schema"] == "nightlatch.audit/1"


def test_a_folder_that_was_there_before_keeps_its_mode(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    with Audits.open(tmp_path) as audits:
        audits.add("home", audit(0))
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755
    assert stat.S_IMODE((tmp_path / "nightlatch.db").stat().st_mode) == 0o600


def test_a_folder_with_any_name_holds_the_database(tmp_path: Path) -> None:
    folder = tmp_path / "what? 50% #1"
    with Audits.open(folder) as audits:
        audits.add("home", audit(0))
    assert (folder / "nightlatch.db").stat().st_size > 0


def test_two_that_start_at_once_both_find_the_database_made(tmp_path: Path) -> None:
    code = "import sys, pathlib; from nightlatch.store.database import connect; connect(pathlib.Path(sys.argv[1]))"
    started = [
        subprocess.Popen([sys.executable, "-c", code, str(tmp_path / "s")], stderr=subprocess.PIPE) for _ in range(4)
    ]
    assert [process.communicate()[1] for process in started] == [b""] * 4
    with Audits.open(tmp_path / "s") as audits:
        audits.add("home", audit(0))


def test_a_database_that_another_holds_is_not_to_be_moved_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nightlatch.store.database.BUSY_MS", 50)
    with Audits.open(tmp_path) as audits:
        audits.add("home", audit(0))
        with contextlib.closing(sqlite3.connect(tmp_path / "nightlatch.db")) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StoreError, match="locked") as caught:
                audits.add("home", audit(1))
    assert "Another Nightlatch" in caught.value.todo


def test_a_full_disk_says_to_make_room(tmp_path: Path) -> None:
    with Audits.open(tmp_path) as audits:
        audits.add("home", audit(0))
        with audits._engine.connect() as connection:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
            connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")
        with pytest.raises(StoreError, match="full") as caught:
            for hours in range(200):
                audits.add("home", audit(hours))
    assert "Make room" in caught.value.todo
