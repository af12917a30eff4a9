"""The demo is a configuration like any other, and everything in it fits together."""

from __future__ import annotations

import socket
import stat
from pathlib import Path

from nightlatch import demo
from nightlatch.configuration.plugs import make
from nightlatch.ecosystems.simulated import Simulated
from nightlatch.guard.autolock.settings import rules
from nightlatch.guard.known import household
from nightlatch.model.event import instant


def test_the_demo_s_locks_people_faults_and_rules_belong_together(tmp_path: Path) -> None:
    configuration = demo.configuration(tmp_path / "demo")
    (plug,) = make(configuration, now=instant(0), env={})
    assert isinstance(plug, Simulated)
    locks = {f"lock:{lock}" for lock in plug.house.locks}
    known = household(configuration, None)
    assert set(known.locks) == {rule.lock for rule in rules(configuration)} == locks
    assert {slot for _, slot in known.holders} == set(plug.house.locks["front"].codes)
    # Beside the state folder, not in it: it names people, and erasing one must leave no name there.
    assert configuration.path == tmp_path / "demo.toml"
    assert stat.S_IMODE(configuration.path.stat().st_mode) == 0o600


def test_another_pace_is_written_down(tmp_path: Path) -> None:
    assert demo.configuration(tmp_path / "demo", pace=60).tables.sources[0]["pace"] == 60
    assert "pace = 60\n" in (tmp_path / "demo.toml").read_text()


def test_where_another_nightlatch_runs_the_demo_takes_another_port(tmp_path: Path) -> None:
    try:
        taken = socket.create_server(("127.0.0.1", demo.PORT))
    except OSError:
        taken = None  # by another one, as in the story
    assert demo.configuration(tmp_path / "demo").tables.service.port == 0
    if taken is not None:
        taken.close()
        assert demo.configuration(tmp_path / "demo").tables.service.port == demo.PORT
