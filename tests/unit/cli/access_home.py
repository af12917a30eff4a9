"""A home whose access is changed from the command line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from nightlatch.cli.access_common import access
from nightlatch.cli.app import run
from nightlatch.model.access import Grant
from nightlatch.plugs import wall
from tests.unit.access.registering import HOME

Run = Callable[..., tuple[int, str, str]]


def settle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Write the configuration, and let commands find it; the state folder."""
    (tmp_path / "nightlatch.toml").write_text(HOME)
    monkeypatch.setenv("NIGHTLATCH_CONFIG", str(tmp_path / "nightlatch.toml"))
    monkeypatch.setenv("NIGHTLATCH_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("COLUMNS", "140")
    return tmp_path / "state"


def runner(capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command line; exit code, output and errors."""

    def call(*arguments: str) -> tuple[int, str, str]:
        code = run(arguments)
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err
        return code, out, err

    return call


def granted(to: str, *doors: str, **more: object) -> str:
    """Grant doors; the grant's id."""
    with access(None) as registrar:
        grant = Grant("", to, doors or ("front",), **more)  # type: ignore[arg-type]
        return registrar.add_grant(grant, wall()).grants[0].id


def pins() -> dict[str, str]:
    """Every PIN in clear, by credential."""
    with access(None) as registrar:
        return {one: pin.reveal() for one, pin in registrar.vault.pins().items()}
