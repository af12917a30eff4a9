"""`nightlatch run` as an owner starts and stops it, and as a power cut ends it."""

from __future__ import annotations

import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
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
            found: list[str] = []

            def told(found: list[str] = found) -> bool:
                # It may just be starting, and answer nobody yet.
                found[:] = re.findall(r'"entries": (\d+)', command(folder, "status", "--format", "json").stdout)
                return bool(found)

            until(told)
            heard = max(heard, int(found[0]))
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


def test_a_person_who_is_erased_is_in_no_file_and_the_log_still_verifies_until_a_byte_is_changed(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "state"
    with demo(folder) as (process, _):
        for words in ("(Ana)", "wrong code"):
            until(lambda words=words: words in command(folder, "journal", "show", "--limit", "1000").stdout, 90)
        erased = command(folder, "journal", "erase", "ana", "--yes")
        assert erased.returncode == 0, erased.stderr
        process.send_signal(signal.SIGTERM)
        process.wait(10)
    # As the owner is told to: the configuration would name her in what happens from now on.
    configuration = folder.with_name("state.toml")
    configuration.write_text(re.sub(r'(?m)^(id|name) = "[Aa]na"$', r'\1 = "first"', configuration.read_text()))
    shown = command(folder, "journal", "show", "--limit", "1000").stdout
    assert "(Ana)" not in shown
    assert command(folder, "journal", "verify", "--full").returncode == 0
    for path in folder.rglob("*"):
        assert not re.search(rb"(?<![a-z0-9])ana(?![a-z0-9])", path.read_bytes(), re.IGNORECASE), path.name

    database = folder / "journal.db"
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    data = bytearray(database.read_bytes())
    at = data.find(b'"kind":"wrong_code"')
    data[at + 10] ^= 1
    database.write_bytes(data)
    verified = command(folder, "journal", "verify", "--full")
    assert verified.returncode == 1
    named = re.search(r"entry (\d+): its content is not what was written", verified.stdout)
    assert named is not None
    assert named[1] in re.findall(r"^ *(\d+) .*wrong code", shown, re.MULTILINE)


def test_a_changed_configuration_is_taken_on_reload_and_a_wrong_one_is_not(tmp_path: Path) -> None:
    folder, configuration = tmp_path / "state", tmp_path / "state.toml"
    with demo(folder) as (_, log):
        text = configuration.read_text()
        configuration.write_text(text.replace('name = "Elm Street 4"', 'name = "Oak Lane 2"'))
        assert command(folder, "reload").returncode == 0
        until(lambda: command(folder, "status").stdout.startswith("Oak Lane 2"))
        configuration.write_text(text + "\n[detections.tampr]\non = false\n")
        assert command(folder, "reload").returncode == 0
        until(lambda: "the former one stays" in log.read_text())
        until(lambda: command(folder, "status").stdout.startswith("Oak Lane 2"))
        assert 'Did you mean \\"tamper\\"?' in log.read_text()


def until(what: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.1)
