"""`nightlatch fix` on a home without hubs: what it is asked about must be there."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.cli.access_home import runner, settle


def test_what_is_no_practice_check_or_thing_is_refused_and_the_nearest_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    settle(tmp_path, monkeypatch)
    cli = runner(capsys)
    code, out, err = cli("fix", "lock:frnt", "--dry-run")
    assert (code, out) == (2, "")
    assert "'lock:frnt' is no practice, no check and no thing of this home" in err
    assert 'Did you mean "lock:front"?' in err
    assert cli("fix", "lock:front", "tamper-resistance", "--dry-run")[0] == 0
