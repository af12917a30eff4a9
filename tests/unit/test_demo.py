"""The demo is a configuration like any other, and everything in it fits together."""

from __future__ import annotations

import socket
import stat
from pathlib import Path

from nightlatch import demo
from nightlatch.configuration.plugs import make
from nightlatch.demo.access import ADOPTED, STAY, give
from nightlatch.ecosystems.simulated import Simulated
from nightlatch.guard.autolock.settings import rules
from nightlatch.guard.known import household
from nightlatch.model.event import instant
from nightlatch.plugs import wall
from nightlatch.store.access import AccessRecords
from nightlatch.store.database import connect


def test_the_demo_s_locks_people_faults_and_rules_belong_together(tmp_path: Path) -> None:
    configuration = demo.configuration(tmp_path / "demo")
    (plug,) = [one for one in make(configuration, now=instant(0), env={}) if isinstance(one, Simulated)]
    locks = {f"lock:{lock}" for lock in plug.house.locks}
    known = household(configuration, None)
    assert set(known.locks) == {rule.lock for rule in rules(configuration)} == locks
    assert {*(slot for _, slot in known.holders), ADOPTED[1]} == set(plug.house.locks["front"].codes)
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


def test_its_people_are_given_leave_once_and_its_guest_a_new_stay_each_time(tmp_path: Path) -> None:
    configuration, now = demo.configuration(tmp_path / "demo"), wall()
    give(configuration, tmp_path / "demo", now)
    give(configuration, tmp_path / "demo", now + 1)
    give(configuration, tmp_path / "demo", now + STAY + 1)
    engine = connect(tmp_path / "demo")
    records = AccessRecords(engine)
    assert sorted(one.to for one in records.grants()) == ["group:cleaners", "person:mia", "person:mia", "person:noah"]
    assert sorted(one.person for one in records.credentials()) == ["mia", "noah", "olga"]
    assert {(one.lock, one.kept, one.person) for one in records.entries()} == {
        (f"lock:{lock}", True, "eva") for lock in ("front", "garden", "garage")
    }
    engine.dispose()
