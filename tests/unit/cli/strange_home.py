"""A simulated home with codes that nobody explained, the same one for every command of a test."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nightlatch.cli.app import run
from nightlatch.ecosystems import simulated
from nightlatch.ecosystems._simulated.house import House
from nightlatch.ecosystems._simulated.lock import Kept, SimulatedLock
from nightlatch.ecosystems._simulated.plan import Plan
from nightlatch.secrets import Secret

TOML = """
[home]
timezone = "Europe/Berlin"

[[doors]]
id = "front"

[[doors]]
id = "back"

[[locks]]
id = "front"
name = "Front lock"
door = "front"
bind = ["simulated:front"]

[[locks]]
id = "back"
name = "Back lock"
door = "back"
bind = ["simulated:back"]

[[people]]
id = "rosa"
name = "Rosa Lund"
role = "resident"

[[sources]]
kind = "simulated"
doors = ["front", "back"]
people = 0
answer_s = 0.0
codes = { slots = 6, master = false }
"""
CLEANERS, BURGLARS, OTHERS, WEAK = "482917", "610385", "739104", "123456"
PINS = (CLEANERS, BURGLARS, OTHERS, WEAK)


class StrangeHome:
    """Where the commands run, and what its locks keep."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self.state, self._capsys = folder, folder / "state", capsys
        self.toml = folder / "nightlatch.toml"
        self.toml.write_text(TOML)
        monkeypatch.setenv("NIGHTLATCH_CONFIG", str(self.toml))
        monkeypatch.setenv("NIGHTLATCH_STATE", str(self.state))
        monkeypatch.setenv("COLUMNS", "160")
        self.house: House | None = None
        self.planted: list[tuple[str, int, str]] = []
        monkeypatch.setattr(simulated, "House", self._same)

    def _same(self, plan: Plan, clock: Callable[[], int], prefix: str) -> House:
        if self.house is None:
            self.house = House(plan, clock, prefix)
            for lock, slot, pin in self.planted:
                self.plant(lock, slot, pin)
        return self.house

    def plant(self, lock: str, slot: int, pin: str) -> None:
        """Somebody types a code in at the keypad, and no hub hears of it."""
        if self.house is None:
            self.planted.append((lock, slot, pin))
        else:
            self.lock(lock).put(slot, Kept(Secret(pin)), told=False)

    def lock(self, id_: str = "front") -> SimulatedLock:
        """One of the locks: there is none before the first command that reaches them."""
        assert self.house is not None
        return self.house.locks[id_]

    def memory(self, id_: str = "front") -> dict[int, str]:
        """What a lock itself keeps, by slot."""
        return {slot: kept.code.reveal() for slot, kept in self.lock(id_).codes.items() if kept.code is not None}

    def call(self, *arguments: str) -> tuple[int, str, str]:
        """Run a command line: exit code, output and errors. No PIN is in any of it."""
        code = run(arguments)
        out, err = self._capsys.readouterr()
        assert "Traceback" not in out + err
        assert not [pin for pin in PINS if pin in out + err]
        return code, " ".join(out.split()), " ".join(err.split())

    def ask(self, *arguments: str, code: int = 0) -> Any:
        """The same for programs; `code` is how it is to end."""
        ended = run((*arguments, "--format", "json"))
        out, err = self._capsys.readouterr()
        assert ended == code, out + err
        assert not [pin for pin in PINS if pin in out + err]
        return json.loads(out)

    def adopted(self, *, code: int) -> dict[str, tuple[str, str, str | None]]:
        """How every strange code stands: state, name and person, by lock and slot."""
        found = self.ask("access", "adopt", code=code)
        assert found["not_read"] == {}
        return {
            f"{one['lock'].removeprefix('lock:')}/{one['slot']}": (one["state"], one["name"], one["person"])
            for one in found["codes"]
        }

    def searched(self) -> None:
        """No file of the state folder has a PIN."""
        files = [path for path in self.state.rglob("*") if path.is_file()]
        assert files
        for path in files:
            data = path.read_bytes()
            assert not [pin for pin in PINS if pin.encode() in data], path.name
