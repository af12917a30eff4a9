"""`nightlatch access` and `sync` while `nightlatch run` keeps the locks: they ask it, and connect to nothing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.unit.cli.strange_home import TOML

NIGHTLATCH = Path(sys.executable).with_name("nightlatch")
SERVED = TOML.replace("people = 0", "people = 3") + "\n[service]\nport = 0\n"
"""Each lock has codes in its slots 1 to 3, made by the simulated home, which lives within the service."""


class Served:
    """A home whose service runs."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.state = folder, folder / "state"
        self.toml = folder / "nightlatch.toml"
        self.toml.write_text(SERVED)
        self.env = {
            "HOME": str(folder),
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "COLUMNS": "160",
            "NIGHTLATCH_STATE": str(self.state),
            "NIGHTLATCH_CONFIG": str(self.toml),
        }
        self.log = folder / "log"
        with self.log.open("ab") as log:
            self.process = subprocess.Popen([NIGHTLATCH, "run"], env=self.env, stderr=log, stdout=log)
        until = time.monotonic() + 30
        while not (self.state / "control.sock").exists():
            assert self.process.poll() is None and time.monotonic() < until, self.log.read_text()
            time.sleep(0.05)

    def call(self, *arguments: str, code: int = 0) -> str:
        done = subprocess.run(
            [NIGHTLATCH, *arguments], env=self.env, capture_output=True, text=True, check=False, timeout=90
        )
        assert done.returncode == code, f"{arguments}\n{done.stdout}\n{done.stderr}\n{self.log.read_text()}"
        assert "Traceback" not in done.stderr
        return done.stdout

    def ask(self, *arguments: str, code: int = 0) -> Any:
        return json.loads(self.call(*arguments, "--format", "json", code=code))

    def codes(self, *, code: int) -> dict[str, tuple[str, str]]:
        """How every strange code stands after the locks were read: state, and person or name."""
        found = self.ask("access", "adopt", code=code)
        assert found["not_read"] == {}
        return {
            f"{one['lock'].removeprefix('lock:')}/{one['slot']}": (one["state"], one["person"] or one["name"])
            for one in found["codes"]
        }


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    made = Served(tmp_path)
    try:
        yield made
    finally:
        made.process.send_signal(signal.SIGTERM)
        try:
            made.process.wait(15)
        finally:
            made.process.kill()
            made.process.wait()


def test_codes_are_adopted_and_locks_given_up_through_the_running_service(served: Served) -> None:
    assert len(served.codes(code=1)) == 6
    (kept,) = served.ask("access", "adopt", "front/1", "--keep", "Cleaner")
    assert (kept["done"], kept["what"]) == (True, "it is kept as 'Cleaner'")
    (gone,) = served.ask("access", "adopt", "front/2", "--remove", "--yes")
    assert (gone["done"], gone["what"]) == (True, "it is gone: its slot was read empty")
    assert "front/2" not in served.codes(code=1)

    theirs = served.folder / "core.config_entries"
    data = {"locks": ["lock.front"], "slots": {"3": {"name": "Gardener"}}}
    entries = [{"domain": "lock_code_manager", "data": data}]
    theirs.write_text(json.dumps({"key": "core.config_entries", "data": {"entries": entries}}))
    told = served.ask("access", "import", str(theirs), "--yes")
    assert [(one["code"], one["done"]) for one in told["results"]] == [("front/3", True)]

    served.call("grant", "add", "--to", "rosa", "--doors", "front", "--yes")
    assert served.ask("sync", "--yes")["left"] == []
    states = {one["person"]: one["state"] for one in served.ask("ledger") if one["lock"] == "lock:front"}
    assert states["rosa"] == "present"
    told = served.ask("access", "retire", "front", "--foreign", "--yes")
    assert len(told["proven_gone"]) == 3 and told["not_proven"] == []
    assert {place.partition("/")[0] for place in served.codes(code=1)} == {"back"}


def test_a_slot_that_nightlatch_toml_explains_is_foreign_again_once_it_does_not(served: Served) -> None:
    assert served.codes(code=1)["front/3"] == ("foreign", "")
    explained = SERVED.replace('role = "resident"', 'role = "resident"\ncredentials = ["front/3"]')
    for text, stands in ((explained, ("kept", "rosa")), (SERVED, ("foreign", ""))):
        served.toml.write_text(text)
        served.process.send_signal(signal.SIGHUP)
        until = time.monotonic() + 20
        while (now := served.codes(code=1)["front/3"]) != stands:
            assert time.monotonic() < until, (now, stands, served.log.read_text())
            time.sleep(0.5)
