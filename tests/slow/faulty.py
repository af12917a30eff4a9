"""A running Nightlatch over a home and on a disk that a test spoils while it runs."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from nightlatch.journal.journal import Journal
from nightlatch.model.event import Event
from nightlatch.service.status import LockStatus
from tests.rigs.guard import SERVICE, Guard, Phone
from tests.rigs.owner import Owner

HOUSE = """
[[doors]]
id = "front"
name = "Front door"
exterior = true

[[locks]]
id = "front"
door = "front"
bind = ["simulated:front"]

[[sources]]
kind = "simulated"
doors = ["front"]
people = 0

[[autolock]]
lock = "front"
after = "2s"
retry_after = "2s"
"""


class Faulty(Guard):
    """Nightlatch over a simulated home that does what it is told."""

    def __init__(self, owner: Owner, phone: Phone) -> None:
        super().__init__(owner, phone)
        self.program = [sys.executable, "-P", str(Path(__file__).with_name("ordered.py"))]

    def order(self, kind: str, **given: Any) -> None:
        """Order something of the home (`ordered`)."""
        assert self.process is not None
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"kind": kind, **given}).encode() + b"\n")
        self.process.stdin.flush()

    def ready(self) -> str:
        """What /ready answers: "ready", or why it is not."""
        try:
            with urllib.request.urlopen(f"{self.status().address}/ready", timeout=10) as answer:
                return str(answer.read().decode().strip())
        except urllib.error.HTTPError as refusal:
            assert refusal.code == 503
            return refusal.read().decode().strip()

    def troubled(self, words: str, seconds: float = 15) -> None:
        """Wait until status and /ready both say these words."""
        self.until(lambda: any(words in line for line in self.status().troubles), seconds)
        assert words in self.ready()

    def well(self, seconds: float = 25) -> None:
        """Wait until status and /ready say that all is well."""
        self.until(lambda: not self.status().troubles, seconds)
        assert self.ready() == "ready"

    def lock(self) -> LockStatus:
        """How the front door's lock stands."""
        (found,) = (lock for lock in self.status().locks if lock.id == "lock:front")
        return found

    def locks_by_itself(self) -> None:
        """Somebody unlocks, and auto-lock locks again."""
        self.order("unlock", lock="front")
        self.until(lambda: self.lock().security == "unlocked", 10)
        self.until(lambda: self.lock().security == "secured", 10)

    def events(self, since: int = 0) -> list[Event]:
        """What is in its journal, from an entry on. SQLite would not follow the path into another mount namespace."""
        if not self.owner.place:
            return super().events(since)
        with TemporaryDirectory() as copy:
            for name in ("journal.db", "journal.db-wal"):
                shutil.copy(self.state / name, copy)
            journal = Journal.open(Path(copy), read_only=True)
            try:
                return [entry.event for entry in journal.entries(since) if entry.event is not None]
            finally:
                journal.close()

    def kinds(self) -> list[str]:
        """The kinds of all events in the journal."""
        return [event.kind for event in self.events()]

    def verify(self) -> subprocess.CompletedProcess[str]:
        """`nightlatch journal verify --full`."""
        return self.owner.run("journal", "verify", "--full")


@contextmanager
def faulty(owner: Owner, house: str = HOUSE, *, start: bool = True) -> Iterator[Faulty]:
    """One that stands guard, ended by the test or after it."""
    phone = Phone()
    owner.secrets["PHONE"] = phone.url
    owner.configure(house + SERVICE)
    guard = Faulty(owner, phone)
    try:
        if start:
            guard.start()
            guard.connected()
        yield guard
    finally:
        guard.stop(signal.SIGKILL)
        phone.close()


class Disk:
    """A small disk of its own under an owner's state folder, in a mount namespace of its own."""

    def __init__(self, owner: Owner, size: str = "48m") -> None:
        self._inside = owner.folder / ".local/state/nightlatch"
        self._inside.mkdir(parents=True)
        script = f'mount -t tmpfs -o size={size},mode=700 none "$0" && echo ready && exec sleep 600'
        self._holder = subprocess.Popen(
            ["unshare", *_NAMESPACE, "sh", "-c", script, str(self._inside)], stdout=subprocess.PIPE
        )
        assert self._holder.stdout is not None
        if self._holder.stdout.readline() != b"ready\n":
            self.close()
            pytest.skip("it takes root or unprivileged user namespaces to mount a disk")
        self.place = ["nsenter", "--target", str(self._holder.pid), *_NAMESPACE, "--wd=.", "--"]
        self.folder = Path(f"/proc/{self._holder.pid}/root{self._inside}")
        """The state folder as it is seen from here."""
        self._filler = self.folder / "filler"

    def fill(self) -> None:
        """Leave no room, nor any that the journal set aside for itself."""
        shrink = "import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute('PRAGMA wal_checkpoint(TRUNCATE)')"
        subprocess.run([*self.place, sys.executable, "-c", shrink, str(self._inside / "journal.db")], check=True)
        with self._filler.open("ab", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(65536))
            except OSError:
                pass

    def make_room(self) -> None:
        """Take away what filled it."""
        self._filler.unlink()

    def remount(self, how: str) -> None:
        """ro or rw."""
        subprocess.run([*self.place, "mount", "-o", f"remount,{how}", str(self._inside)], check=True)

    def close(self) -> None:
        """Let it go."""
        self._holder.kill()
        self._holder.communicate()


_NAMESPACE = ["--mount"] if os.geteuid() == 0 else ["--user", "--map-root-user", "--mount"]
needs_unshare = pytest.mark.skipif(shutil.which("unshare") is None, reason="there is no unshare")


@contextmanager
def on_a_small_disk(owner: Owner) -> Iterator[Disk]:
    """The owner's state folder is on a disk of its own."""
    disk = Disk(owner)
    owner.place = disk.place
    try:
        yield disk
    finally:
        disk.close()
