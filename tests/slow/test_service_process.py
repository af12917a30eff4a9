"""`nightlatch run` as an owner starts and stops it, and as a power cut ends it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

NAMES = ("Ana", "Ben", "Cleo", "Dan")


def command(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "NIGHTLATCH_STATE": str(folder), "NIGHTLATCH_CONFIG": str(folder.with_name("state.toml"))}
    nightlatch = Path(sys.executable).with_name("nightlatch")
    return subprocess.run([nightlatch, *arguments], env=env, capture_output=True, text=True, timeout=60, check=False)


@contextmanager
def demo(folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    """A running demo, and its log."""
    log = folder.with_suffix(".log")
    env = {**os.environ, "NIGHTLATCH_STATE": str(folder)}
    nightlatch = Path(sys.executable).with_name("nightlatch")
    with log.open("ab") as out:
        process = subprocess.Popen([nightlatch, "run", "--demo", "--log-format", "json"], env=env, stderr=out)
    try:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and not (folder / "control.sock").exists():
            assert process.poll() is None, log.read_text()
            time.sleep(0.05)
        yield process, log
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_in_good_order_within_two_seconds(tmp_path: Path, number: signal.Signals) -> None:
    folder = tmp_path / "state"
    with demo(folder) as (process, log):
        time.sleep(8)
        begun = time.monotonic()
        process.send_signal(number)
        assert process.wait(10) == 0, log.read_text()
        assert time.monotonic() - begun < 2
    assert '"kind":"stopped"' in command(folder, "journal", "show", "--format", "jsonl").stdout.replace(" ", "")
    assert command(folder, "journal", "verify", "--full").returncode == 0
    assert not (folder / "control.sock").exists()


def test_a_second_one_on_the_same_folder_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    with demo(folder) as (process, _):
        second = command(folder, "run")
        assert second.returncode == 2
        assert f"another Nightlatch is running on this folder (process {process.pid})" in second.stderr


def test_killed_at_any_moment_it_starts_again_with_everything_it_acknowledged(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    heard = 0
    for wait in (0.5, 3.0, 6.0):
        with demo(folder) as (process, _):
            time.sleep(wait)
            status = command(folder, "status", "--format", "json").stdout
            heard = max(heard, int(re.findall(r'"entries": (\d+)', status)[0]))
            process.kill()
            process.wait()
        verified = command(folder, "journal", "verify", "--full")
        assert verified.returncode == 0, verified.stdout + verified.stderr
        lines = command(folder, "journal", "show", "--format", "jsonl", "--limit", "100000").stdout.splitlines()
        assert len(lines) >= heard


def test_no_log_line_names_a_person_and_the_folder_is_private(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    with demo(folder) as (process, log):
        time.sleep(20)
        process.send_signal(signal.SIGTERM)
        process.wait(10)
    text = log.read_text()
    assert '"message":"lock:front unlocked"' in text
    assert not [name for name in NAMES if re.search(rf"\b{name}\b", text, re.IGNORECASE)]
    assert folder.stat().st_mode & 0o777 == 0o700
    for path in folder.iterdir():
        assert path.stat().st_mode & 0o077 == 0, path.name
