"""The questions of `nightlatch access adopt`, answered on a real terminal."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.unit.cli.strange_home import TOML

NIGHTLATCH = Path(sys.executable).with_name("nightlatch")
SIX = TOML.replace("people = 0", "people = 3").replace('["front", "back"]', '["front"]')
"""Codes in the slots 1 to 3 of the front lock, made by the simulated home; the back lock is on no hub."""
CTRL_C, CTRL_D = "\x03", "\x04"
LIMIT_S = 30


class Terminal:
    """Somebody at a terminal on which a command runs."""

    def __init__(self, folder: Path, *arguments: str, toml: str = SIX) -> None:
        self.folder = folder
        (folder / "nightlatch.toml").write_text(toml)
        self.env = {
            "HOME": str(folder),
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "TERM": "xterm",
            "COLUMNS": "160",
            "NIGHTLATCH_STATE": str(folder / "state"),
            "NIGHTLATCH_CONFIG": str(folder / "nightlatch.toml"),
        }
        self._ours, theirs = pty.openpty()
        self._process = subprocess.Popen(
            ["setsid", "--ctty", NIGHTLATCH, "access", *arguments],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env=self.env,
        )
        os.close(theirs)
        self.shown = ""
        self._read = 0

    def waits(self, text: str) -> str:
        """Wait until it shows this; what came with it, from the last wait on."""
        until = time.monotonic() + LIMIT_S
        while (at := self.shown.find(text, self._read)) < 0:
            assert time.monotonic() < until and self._more(), f"{text!r} was not shown:\n{self.shown}"
        seen, self._read = self.shown[self._read : at + len(text)], at + len(text)
        return seen

    def types(self, text: str) -> None:
        """Type an answer, and Enter."""
        os.write(self._ours, f"{text}\n".encode())

    def presses(self, key: str) -> None:
        """Press a key."""
        # A signal in the moment before Python waits for the terminal is only noticed with the next key.
        time.sleep(0.5)
        os.write(self._ours, key.encode())

    def answers(self, *dialogue: tuple[str, str]) -> None:
        """Wait for each question, and answer it."""
        for question, answer in dialogue:
            self.waits(question)
            self.types(answer)

    def ends(self) -> int:
        """Its exit code, once it ended."""
        until = time.monotonic() + LIMIT_S
        while self._more():
            assert time.monotonic() < until, self.shown
        assert "Traceback" not in self.shown
        return self._process.wait(LIMIT_S)

    def close(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        os.close(self._ours)

    def ledger(self) -> dict[int, tuple[str, str]]:
        """How each code stands after another command has looked: state, and name or person."""
        done = subprocess.run(
            [NIGHTLATCH, "access", "adopt", "front", "--format", "json"],
            env=self.env,
            capture_output=True,
            text=True,
            check=False,
            timeout=LIMIT_S,
        )
        codes = json.loads(done.stdout)["codes"]
        return {one["slot"]: (one["state"], one["person"] or one["name"]) for one in codes}

    def _more(self) -> bool:
        ready, _, _ = select.select([self._ours], [], [], 0.2)
        if not ready:
            return self._process.poll() is None or bool(select.select([self._ours], [], [], 0)[0])
        try:
            data = os.read(self._ours, 65_536)
        except OSError:
            return False  # the other end is closed
        self.shown += re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", data.decode(errors="replace")).replace("\r", "")
        return bool(data)


@pytest.fixture
def terminal(tmp_path: Path, request: pytest.FixtureRequest) -> Terminal:
    made = Terminal(tmp_path, "adopt", "front")
    request.addfinalizer(made.close)
    return made


def test_every_answer_does_what_it_says(terminal: Terminal) -> None:
    terminal.answers(
        ("front/1 [p/k/r/s/q/?]", "x"),
        ("it is somebody's: name the person", ""),
    )
    # Only Enter leaves the code as it is.
    terminal.answers(
        ("front/2 [p/k/r/s/q/?]", "p"),
        ("Whose is it? An id (known: rosa)", "joe"),
        ("joe is new. Their name", "Joe Doe"),
        ("Their role", "service"),
        ("front/2: it stays: Joe Doe's", ""),
    )
    assert terminal.ends() == 1
    assert "done       front/2: it is kept as joe's" in terminal.shown
    assert terminal.ledger() == {1: ("foreign", ""), 2: ("kept", "joe"), 3: ("foreign", "")}


def test_a_code_is_kept_by_name_another_is_rosas_by_her_name_and_the_third_goes(terminal: Terminal) -> None:
    terminal.answers(
        ("front/1 [p/k/r/s/q/?]", "k"),
        ("What do you call it?", ""),
        ("What do you call it?", "Cleaner"),
        ("front/2 [p/k/r/s/q/?]", "P"),
        ("Whose is it?", "rosa lund"),
        ("front/3 [p/k/r/s/q/?]", "r"),
        ("Whoever uses it is locked out. Take it off? [y/N]", "n"),
        ("front/3 [p/k/r/s/q/?]", "r"),
        ("Take it off? [y/N]", "y"),
    )
    assert terminal.ends() == 0
    assert "done       front/1: it is kept as 'Cleaner'" in terminal.shown
    assert "done       front/3: it is gone: its slot was read empty" in terminal.shown


def test_what_cannot_be_is_said_and_asked_again(terminal: Terminal) -> None:
    terminal.answers(
        ("front/1 [p/k/r/s/q/?]", "p"),
        ("Whose is it?", "Joe Doe"),
        ("is new. Their name", "Joe"),
        ("Their role", "guest"),
        ("cannot be an id", ""),
    )
    terminal.answers(
        ("front/2 [p/k/r/s/q/?]", "p"),
        ("Whose is it?", "joe"),
        ("is new. Their name", "Joe"),
        ("Their role", "boss"),
        ("there is no role 'boss'", "q"),
    )
    assert terminal.ends() == 1
    assert set(terminal.ledger().values()) == {("foreign", "")}


@pytest.mark.parametrize("key", [CTRL_C, CTRL_D])
def test_ended_in_the_middle_what_was_decided_stays(terminal: Terminal, key: str) -> None:
    terminal.answers(("front/1 [p/k/r/s/q/?]", "k"), ("What do you call it?", "Cleaner"), ("front/2 [", "r"))
    terminal.waits("Take it off? [y/N]")
    terminal.presses(key)
    assert terminal.ends() == 1
    assert "Stopped: what you decided of front/1 stays, and it is done by nightlatch run" in terminal.shown
    assert terminal.ledger() == {1: ("kept", "Cleaner"), 2: ("foreign", ""), 3: ("foreign", "")}


def test_ended_while_it_waits_for_a_lock_what_was_decided_stays(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    first = Terminal(tmp_path, "adopt", "front", "--yes")
    request.addfinalizer(first.close)
    assert first.ends() == 1
    slow = SIX.replace("answer_s = 0.0", "answer_s = 9.0")
    waiting = Terminal(tmp_path, "adopt", "front/3", "--remove", "--yes", toml=slow)
    request.addfinalizer(waiting.close)
    waiting.waits("Waiting for the locks")
    waiting.presses(CTRL_C)
    assert waiting.ends() == 130
    assert "Stopped: what you decided of front/3 stays, and it is done by nightlatch run" in waiting.shown


def test_ended_before_the_first_answer_nothing_is_decided(terminal: Terminal) -> None:
    terminal.waits("front/1 [p/k/r/s/q/?]")
    terminal.presses(CTRL_C)
    assert terminal.ends() == 1
    assert "Stopped: nothing was decided." in terminal.shown


def test_a_lock_is_given_up_only_where_its_name_is_typed(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    wrong = Terminal(tmp_path, "retire", "front")
    request.addfinalizer(wrong.close)
    wrong.answers(("Type 'Front lock' to go on", "front"))
    assert wrong.ends() == 2
    assert "that is not its name: nothing was done" in wrong.shown
    right = Terminal(tmp_path, "retire", "front", "--foreign", "--wait", "20")
    request.addfinalizer(right.close)
    assert "Front lock: 3 codes to take off\n  slot 1: somebody unknown" in right.waits("Type 'Front lock' to go on")
    right.types("Front lock")
    assert right.ends() == 0
    assert "proven gone Front lock: 3 codes" in right.shown
