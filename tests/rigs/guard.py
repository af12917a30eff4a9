"""An owner over whose home Nightlatch stands guard: `nightlatch run`, a phone that gets the alerts, the journal."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from nightlatch.errors import StoreError
from nightlatch.journal.journal import Journal
from nightlatch.model.event import Event
from nightlatch.service.control import ask
from nightlatch.service.folder import running
from nightlatch.service.status import Status
from tests.rigs.owner import NIGHTLATCH, Owner

SERVICE = """
[service]
port = 0

[alerts]
group_seconds = 0
[[alerts.channels]]
id = "phone"
url = "env:PHONE"
"""


class Phone:
    """Takes what apprise posts as JSON, and when."""

    def __init__(self) -> None:
        self.messages: list[tuple[float, str]] = []
        self.reachable = True
        phone = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                said = json.loads(self.rfile.read(int(self.headers["content-length"])))
                if phone.reachable:
                    phone.messages.append((time.time(), f"{said['title']}\n{said['message']}"))
                self.send_response(200 if phone.reachable else 503)
                self.end_headers()

            def log_message(self, format: str, *_: Any) -> None:  # noqa: A002  # its parent's word
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"json://127.0.0.1:{self._server.server_port}/"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Switch it off."""
        self._server.shutdown()
        self._server.server_close()

    def texts(self) -> str:
        """Everything it ever showed."""
        return "\n".join(text for _, text in self.messages)


class Guard:
    """A running Nightlatch of an owner."""

    def __init__(self, owner: Owner, phone: Phone) -> None:
        self.owner = owner
        self.phone = phone
        self.state = owner.folder / ".local/state/nightlatch"
        self.log = owner.folder / "run.log"
        self.program = [str(NIGHTLATCH)]
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; returns once it stands guard."""
        self.spawn()
        self.until(lambda: self._status() is not None, 30)

    def spawn(self) -> None:
        """Start it, and do not wait for it."""
        env = {"HOME": str(self.owner.folder), "PATH": os.environ["PATH"], "LANG": "C.UTF-8", **self.owner.secrets}
        command = [*self.owner.place, *self.program, "run", "-c", "nightlatch.toml"]
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(
                command, cwd=self.owner.folder, env=env, stdin=subprocess.PIPE, stdout=out, stderr=out
            )

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Stop or kill it."""
        if self.process is not None:
            self.process.send_signal(number)
            self.process.communicate(timeout=10)
            self.process = None

    def status(self) -> Status:
        """What `nightlatch status` is told."""
        found = self._status()
        assert found is not None
        return found

    def _status(self) -> Status | None:
        assert self.process is None or self.process.poll() is None, self.log.read_text()
        if not running(self.state):
            return None
        try:
            return ask(self.state, "status", Status)
        except StoreError:
            return None  # it is just starting

    def connected(self) -> None:
        """Wait until every hub is, has told how its locks stand, and is done with the first audit's questions.

        A simulated lock says everything once: what it says while it is being asked may be lost on the radio.
        """

        def there() -> bool:
            status = self.status()
            return bool(status.locks) and status.audit is not None and all(hub.connected for hub in status.ecosystems)

        self.until(there, 60)

    def events(self, since: int = 0) -> list[Event]:
        """What is in its journal, from an entry on."""
        journal = Journal.open(self.state, read_only=True)
        try:
            return [entry.event for entry in journal.entries(since) if entry.event is not None]
        finally:
            journal.close()

    def event(self, fits: Callable[[Event], bool], seconds: float = 15) -> Event:
        """The newest event that fits, waited for."""
        found: list[Event] = []

        def look() -> bool:
            found[:] = [event for event in self.events() if fits(event)]
            return bool(found)

        self.until(look, seconds)
        return found[-1]

    def message(self, words: str, seconds: float = 15, since: float = 0) -> float:
        """When the phone showed these words."""
        self.until(lambda: any(words in text for at, text in self.phone.messages if at >= since), seconds)
        return next(at for at, text in self.phone.messages if words in text and at >= since)

    def until(self, what: Callable[[], Any], seconds: float) -> None:
        """Wait for something; AssertionError with what was said and logged when it does not come."""
        deadline = time.monotonic() + seconds
        while not what():
            assert time.monotonic() < deadline, f"{self.phone.texts()}\n{self.log.read_text()[-4000:]}"
            time.sleep(0.02)

    def measure(self, name: str, act: Callable[[], Any], fits: Callable[[Event], bool], words: str) -> Event:
        """Do something, wait for its event and its alert, and print how long each took."""
        before, begun = len(self.events()), time.time()
        act()
        event = self.event(lambda one: one.at >= begun * 1e6 and fits(one))
        shown = self.message(words, since=begun)
        line = f"{name}: event {event.at / 1000 - begun * 1000:.0f} ms, on the phone {(shown - begun) * 1000:.0f} ms"
        say(line)
        assert len(self.events()) > before
        return event


def say(line: str) -> None:
    """Show a figure although the test passes."""
    print(f"\n  {line}", file=sys.__stdout__, flush=True)  # that is its purpose


@contextmanager
def guarding(owner: Owner, house: str) -> Iterator[Guard]:
    """Nightlatch over this house, stopped and its journal verified afterwards."""
    phone = Phone()
    owner.secrets["PHONE"] = phone.url
    owner.configure(house + SERVICE)
    guard = Guard(owner, phone)
    try:
        guard.start()
        guard.connected()
        yield guard
        guard.stop()
        verified = owner.run("journal", "verify", "--full")
        assert verified.returncode == 0, verified.stdout
    finally:
        guard.stop(signal.SIGKILL)
        phone.close()
