"""`nightlatch tls`."""

from __future__ import annotations

import json
import ssl
from pathlib import Path

import pytest

from nightlatch.cli.app import run


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "nightlatch.toml").write_text('[home]\nname = "Elm"\n[service]\nnames = ["attic.lan"]\n')
    monkeypatch.setenv("NIGHTLATCH_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("NIGHTLATCH_CONFIG", str(tmp_path / "nightlatch.toml"))
    monkeypatch.setenv("COLUMNS", "200")
    return tmp_path / "state"


def _run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = run(["tls", *words])
    said = capsys.readouterr()
    return code, said.out, said.err


def test_an_authority_is_made_and_told_of(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = _run(capsys, "init", "nightlatch.lan", "192.168.1.5")
    assert code == 0
    for said in ("attic.lan, nightlatch.lan, 192.168.1.5", "iPhone", "Android", "macOS", "Windows", "Firefox"):
        assert said in out
    assert "https://attic.lan:5625/ca.crt" in out
    assert 'host = "0.0.0.0" in [service] of' in out
    found = json.loads(_run(capsys, "show", "--format", "json")[1])
    assert found["fingerprint"] in out
    assert {"attic.lan", "nightlatch.lan", "192.168.1.5", "localhost"} <= set(found["names"])
    ssl.create_default_context(cafile=found["authority"])
    assert "PRIVATE" not in out


def test_a_certificate_is_renewed_by_the_same_authority(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _run(capsys, "init")
    before = (state / "tls/server.pem").read_bytes(), (state / "tls/authority.pem").read_bytes()
    assert _run(capsys, "renew")[0] == 0
    assert (state / "tls/server.pem").read_bytes() != before[0]
    assert (state / "tls/authority.pem").read_bytes() == before[1]


def test_without_an_authority_what_to_do_is_said(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words in ("show", "renew"):
        code, _, said = _run(capsys, words)
        assert code == 2
        assert "Make it with: nightlatch tls init" in said


def test_a_name_from_outside_later_on_is_refused_with_what_to_do(
    state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _run(capsys, "init")
    code, _, said = _run(capsys, "init", "door.example")
    assert code == 2
    assert "nightlatch tls init --anew attic.lan door.example" in said
    assert _run(capsys, "init", "--anew", "door.example")[0] == 0
