"""`nightlatch autolock`: with a service that runs, and without."""

from __future__ import annotations

import asyncio
import json
import os
import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import msgspec
import pytest

from nightlatch.cli.app import run
from nightlatch.guard.autolock import control as verbs
from nightlatch.guard.autolock.driver import AutoLock
from nightlatch.guard.autolock.machine import Memory
from nightlatch.guard.autolock.settings import rules
from nightlatch.guard.household import Household
from nightlatch.guard.listening import Listener
from nightlatch.model.event import micros
from nightlatch.plugs import wall
from nightlatch.service import control
from nightlatch.service.folder import held, prepare
from nightlatch.store.database import connect
from nightlatch.store.snapshots import Snapshots
from tests.unit.guard.simulating import Kept

TOML = """\
[[locks]]
id = "front"
name = "Front door lock"
[[autolock]]
lock = "front"
"""
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "nightlatch.toml"
    path.write_text(TOML)
    monkeypatch.setenv("NIGHTLATCH_CONFIG", str(path))
    monkeypatch.setenv("NIGHTLATCH_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("COLUMNS", "120")
    return path


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str], config: Path) -> Run:
    def call(*arguments: str) -> tuple[int, str, str]:
        code = run(["autolock", *arguments])
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err
        return code, out, err

    return call


@pytest.fixture
def service(config: Path) -> Iterator[AutoLock]:
    """A service's auto-lock behind its control socket, in a thread of its own."""
    from nightlatch.configuration.read import load

    folder = Path(os.environ["NIGHTLATCH_STATE"])
    prepare(folder)
    loop = asyncio.new_event_loop()
    intake = Kept()
    listener = Listener([], intake, clock=wall)
    household = Household(names={"lock:front": "Front door lock"})
    autolock = AutoLock(rules(load(config)), listener, intake, clock=wall, notice=lambda _: None, household=household)
    ready, stop = threading.Event(), asyncio.Event()

    async def serve() -> None:
        with held(folder):
            async with control.serve(folder, verbs.handlers(autolock)):
                ready.set()
                await stop.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    assert ready.wait(5)
    try:
        yield autolock
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()


def memory() -> Memory:
    engine = connect()
    try:
        kept = Snapshots(engine).get(verbs.SNAPSHOT)
    finally:
        engine.dispose()
    assert kept is not None
    return msgspec.json.decode(kept.state, type=dict[str, Memory])["lock:front"]


def test_without_a_service_there_is_nothing_to_show(cli: Run) -> None:
    code, out, err = cli("show")
    assert (code, out) == (2, "")
    assert "nightlatch run" in err


def test_a_pause_without_a_service_holds_from_the_next_start(cli: Run) -> None:
    before = wall()
    code, out, _ = cli("pause", "front", "--for", "2h")
    assert code == 0
    assert "holds from the next start" in out
    assert before + 7199 * 10**6 < memory().paused_until < before + 7210 * 10**6
    assert json.loads(cli("resume", "front", "--format", "json")[1]) == {"lock": "lock:front", "paused_until": None}
    assert memory().paused_until == 0


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (("pause", "front", "--for", "soon"), "--for: 'soon' is no length of time"),
        (("pause", "front", "--for", "8d"), "within seven days"),
        (("pause", "attic", "--for", "2h"), "the lock 'attic' does not lock by itself"),
    ],
)
@pytest.mark.parametrize("runs", [True, False])
def test_what_cannot_be_paused_is_told_with_or_without_a_service(
    cli: Run, request: pytest.FixtureRequest, arguments: tuple[str, ...], what: str, runs: bool
) -> None:
    if runs:
        request.getfixturevalue("service")
    code, out, err = cli(*arguments)
    assert (code, out) == (2, "")
    assert what in err


def test_a_running_service_is_shown_paused_and_resumed(cli: Run, service: AutoLock) -> None:
    code, out, _ = cli("show")
    assert code == 0
    assert "Front door lock: where the bolt is: its hub is not connected" in out
    assert "secured: unknown" in out
    assert "the owner paused it until" in cli("pause", "front", "--for", "30m")[1]
    (shown,) = json.loads(cli("show", "--format", "json")[1])
    assert (shown["lock"], shown["phase"], shown["secured"]) == ("lock:front", "paused", None)
    end = datetime.fromisoformat(shown["paused_until"])
    assert wall() + 1790 * 10**6 < micros(end) < wall() + 1810 * 10**6
    assert json.loads(cli("resume", "front", "-f", "json")[1])["paused_until"] is None
