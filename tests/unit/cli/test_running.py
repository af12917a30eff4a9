"""`nightlatch run`, `status` and `unit` as people meet them."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from nightlatch.cli.app import run
from nightlatch.service import control
from nightlatch.service.status import AuditStatus, EcosystemStatus, JournalStatus, LockStatus, Status

AT = datetime(2026, 7, 1, 22, 30, tzinfo=UTC)
WHY = "the door is closed and the bolt thrown"
STATUS = Status(
    "0",
    1,
    AT,
    "Elm",
    (),
    (EcosystemStatus("zwave", "zwavejs", connected=True),),
    (LockStatus("lock:front", "Front lock", "Front door", "secured", WHY, 90),),
    JournalStatus(1, AT, intact=True),
    {"high": 1},
    AuditStatus(AT, 80.0, 0.9, 2),
    timezone="Europe/Berlin",
)
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("NIGHTLATCH_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("COLUMNS", "120")

    def call(*arguments: str) -> tuple[int, str, str]:
        code = run(list(arguments))
        return code, *capsys.readouterr()

    return call


def test_status_is_told_on_the_clock_at_home_and_in_utc_to_programs(cli: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control, "ask", lambda *_: STATUS)
    code, out, _ = cli("status")
    assert code == 0
    assert "1 alert open · since 2026-07-02 00:30" in out
    assert "1 entry, intact at 2026-07-02 00:30" in out
    assert "score 80, 2 open, 2026-07-02 00:30" in out
    assert json.loads(cli("status", "--format", "json")[1])["started"] == "2026-07-01T22:30:00Z"


def test_status_fits_a_narrow_terminal(cli: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control, "ask", lambda *_: STATUS)
    monkeypatch.setenv("COLUMNS", "40")
    assert max(map(len, cli("status")[1].splitlines())) <= 40


def test_a_pace_without_the_demo_is_refused(cli: Run) -> None:
    code, out, err = cli("run", "--pace", "3")
    assert (code, out) == (2, "")
    assert "Add --demo" in err


def test_the_unit_names_the_services_own_configuration(cli: Run) -> None:
    assert "NIGHTLATCH_CONFIG=/etc/nightlatch/nightlatch.toml" in cli("unit")[1]
    assert "NIGHTLATCH_CONFIG=/srv/home.toml" in cli("unit", "--config", "/srv/home.toml")[1]


def test_a_restore_is_not_begun_where_nobody_can_be_asked(cli: Run, tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir()
    (state / "journal.db").write_bytes(b"here")
    (words := tmp_path / "words").write_text("correct horse battery staple lamp")
    words.chmod(0o600)
    code, out, err = cli("restore", str(tmp_path / "home.nlb"), "--passphrase", f"file:{words}")
    assert (code, out) == (2, "")
    assert "Add --yes" in err
