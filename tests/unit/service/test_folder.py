from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from nightlatch.errors import StoreError
from nightlatch.service.folder import LOCK, held, prepare, running, sweep


def test_the_folder_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    prepare(tmp_path / "deep" / "state")
    assert (tmp_path / "deep" / "state").stat().st_mode & 0o777 == 0o700


def test_a_folder_that_others_could_read_is_closed_to_them(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    prepare(tmp_path)
    assert tmp_path.stat().st_mode & 0o777 == 0o700


def test_a_second_service_is_refused_and_told_which_process_is_first(tmp_path: Path) -> None:
    with held(tmp_path):
        assert running(tmp_path)
        with pytest.raises(StoreError, match=rf"another Nightlatch is running.*process {os.getpid()}"), held(tmp_path):
            pass
    assert not running(tmp_path)
    with held(tmp_path):
        assert running(tmp_path)


def test_a_killed_service_leaves_the_folder_free(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from nightlatch.service.folder import held\n"
        "with held(Path(sys.argv[1])): print('held', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"held\n"
        assert running(tmp_path)
        child.kill()
    assert not running(tmp_path)


def test_somebody_who_looks_whether_one_runs_is_no_other_service(tmp_path: Path) -> None:
    prepare(tmp_path)
    looking = os.open(tmp_path / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(looking, fcntl.LOCK_SH)
    timer = threading.Timer(0.02, os.close, (looking,))
    timer.start()
    with held(tmp_path):
        assert running(tmp_path)
    timer.join()


def test_a_folder_that_was_never_used_has_no_service(tmp_path: Path) -> None:
    assert not running(tmp_path / "nowhere")


def test_what_a_killed_backup_or_restore_left_is_swept_away_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / ".restoring-abc").mkdir()
    left = (".restoring-abc/journal.key", ".journal.db.xyz", ".nightlatch.db.xyz", ".access.key.xyz")
    for name in (*left, "journal.db", "notes.txt"):
        (tmp_path / name).write_text("x")
    now = (tmp_path / ".restoring-abc").stat().st_mtime
    sweep(tmp_path, now + 60)
    assert len(list(tmp_path.iterdir())) == 6  # a backup of now may be at work
    sweep(tmp_path, now + 2 * 3600)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["journal.db", "notes.txt"]
