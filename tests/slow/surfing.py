"""A real `nightlatch run` with its web app, and somebody who uses it over HTTP without a browser."""

from __future__ import annotations

import html
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx

from tests.unit.web.conftest import HOME
from tests.unit.web.signin.authenticator import Authenticator

NIGHTLATCH = Path(sys.executable).with_name("nightlatch")


class Run:
    """A Nightlatch with a home of one door, to be started and killed as often as one likes."""

    def __init__(self, folder: Path, more: str = "", **env: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        self.folder, self.state, self.log = folder, folder / "state", folder / "run.log"
        self.file = folder / "nightlatch.toml"
        self.file.write_text(HOME.replace("port = 0", f"port = {self.port}") + more)
        self.env = os.environ | {"NIGHTLATCH_CONFIG": str(self.file), "NIGHTLATCH_STATE": str(self.state), **env}
        self.address = f"http://localhost:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; returns once it answers."""
        with self.log.open("ab") as out:
            self.process = subprocess.Popen([NIGHTLATCH, "--debug", "run"], env=self.env, stdout=out, stderr=out)
        self.ready()

    def ready(self, seconds: float = 60) -> None:
        """Wait until it answers."""
        until = time.monotonic() + seconds
        while not self._answers():
            assert self.process is not None and self.process.poll() is None, self.log.read_text()[-3000:]
            assert time.monotonic() < until, self.log.read_text()[-3000:]
            time.sleep(0.05)

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self.address}/sign-in", timeout=5).status_code < 400
        except httpx.TransportError:
            return False

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Stop or kill it."""
        if self.process is not None:
            self.process.send_signal(number)
            self.process.wait(20)
            self.process = None

    def command(self, *words: str) -> str:
        """What a command beside it prints."""
        done = subprocess.run(
            [NIGHTLATCH, *words], env=self.env, capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode in (0, 1), (words, done.stdout, done.stderr)
        return done.stdout + done.stderr

    def code(self) -> str:
        """The code by which the first owner is made."""
        return str(json.loads(self.command("users", "setup", "--format", "json"))["link"]).partition("#")[2]


class Surfer:
    """Somebody's browser without its screen: keeps cookies, and sends forms as its last page has them."""

    def __init__(self, address: str) -> None:
        headers = {"origin": address, "sec-fetch-site": "same-origin", "user-agent": "Mozilla/5.0 Chrome/141.0"}
        self.http = httpx.Client(base_url=address, headers=headers, timeout=20)
        self.device = Authenticator(address)
        self.csrf = ""
        self.seen: dict[str, bytes] = {}
        """Every answer, by what was asked for."""

    def get(self, path: str) -> httpx.Response:
        """Have a page."""
        return self._saw(self.http.get(path))

    def post(self, path: str, **values: Any) -> httpx.Response:
        """Send a form."""
        return self._saw(self.http.post(path, data={"csrf": self.csrf, **values}))

    def ask(self, path: str, **values: Any) -> httpx.Response:
        """Send JSON as a script does."""
        return self._saw(self.http.post(path, json=values, headers={"x-csrf": self.csrf, "accept": "application/json"}))

    def done(self, response: httpx.Response) -> httpx.Response:
        """An answer that must say that it was done."""
        assert response.status_code in (200, 201, 303), (response.request.url, response.status_code, response.text)
        return response

    def coming(self, code: str) -> str:
        """The page on which a way in is made."""
        return self.done(self.post("/sign-in/new", code=code, next="/settings/me")).text

    def by_passkey(self, code: str, **who: str) -> None:
        """Make a user who signs in by a passkey."""
        ticket = hidden(self.coming(code), "ticket")
        options = self.done(self.ask("/sign-in/new/passkey/options", ticket=ticket, **who)).json()
        self.done(self.ask("/sign-in/new/passkey", ticket=ticket, credential=self.device.create(options), **who))
        self.done(self.get("/settings/me"))

    def sign_in(self) -> None:
        """Sign in by the passkey."""
        self.http.cookies.clear()
        options = self.done(self.ask("/sign-in/passkey/options")).json()
        self.done(self.ask("/sign-in/passkey", credential=self.device.get(options)))
        self.done(self.get("/settings/me"))

    def cookie(self) -> str:
        """What opens the session."""
        return next(one.value or "" for one in self.http.cookies.jar if one.name == "nightlatch")

    def _saw(self, response: httpx.Response) -> httpx.Response:
        self.seen[f"{response.request.method} {response.request.url.raw_path.decode()}"] = response.content
        if found := re.search(r'name="csrf" value="([^"]+)"', response.text):
            self.csrf = html.unescape(found[1])
        return response


def hidden(page: str, name: str) -> str:
    """What a page carries in a hidden field."""
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found, name
    return html.unescape(found[1])
