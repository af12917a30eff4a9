"""What the audit says of codes that Nightlatch manages: from the ledger, the grants and the vault, without a digit."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.unit.cli.access_home import pins
from tests.unit.cli.strange_home import BURGLARS, TOML, WEAK, StrangeHome

Finding = dict[str, Any]


def test_expired_endless_weak_and_strange_codes_are_told_and_good_ones_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    home = StrangeHome(tmp_path, monkeypatch, capsys)
    home.toml.write_text(f'{TOML}\n[access]\ndeadline = "1s"\n')
    home.plant("front", 3, WEAK)
    home.plant("front", 6, BURGLARS)
    for person, name, role in (("gus", "Gus Guest", "guest"), ("vic", "Vic Visitor", "service")):
        assert home.call("people", "add", person, "--name", name, "--role", role, "--yes")[0] == 0
    ends = time.time() + 8
    until = datetime.fromtimestamp(ends, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert home.call("grant", "add", "--to", "gus", "--doors", "front", "--until", until, "--yes")[0] == 0
    for person in ("vic", "rosa"):
        assert home.call("grant", "add", "--to", person, "--doors", "front", "--yes")[0] == 0
    assert home.call("sync", "--yes")[0] == 0
    home.adopted(code=1)
    assert home.call("access", "adopt", "front/3", "--person", "rosa", "--manage")[0] == 0
    assert home.call("sync", "--yes")[0] == 0
    slots = {one["person"]: one["slot"] for one in home.ask("ledger") if one["state"] == "present"}

    found = findings(home)
    gus, vic, rosa = (f"credential:front/{slots[one]}" for one in ("gus", "vic", "rosa"))
    assert found("least-privilege/not-expired", gus)["verdict"] == "pass"
    assert found("strong-passwords/pin-not-common", gus)["verdict"] == "pass"

    home.lock().dead = True
    time.sleep(max(0.0, ends - time.time()))
    assert home.call("sync", "--yes", "--wait", "4")[0] == 1
    found = findings(home)
    expired = found("least-privilege/not-expired", gus)
    assert (expired["verdict"], expired["severity"]) == ("fail", "critical")
    assert "Gus Guest" in expired["label"] and "it is still on the lock" in expired["summary"]
    endless = found("least-privilege/visitor-bounded", vic)
    assert endless["verdict"] == "fail" and "has no end" in endless["summary"]
    weak = found("strong-passwords/pin-not-common", rosa)
    assert weak["verdict"] == "fail"
    assert found("strong-passwords/pin-not-common", vic)["verdict"] == "pass"
    assert found("default-credentials/no-default-code", rosa)["verdict"] == "fail"
    strange = found("least-privilege/explained", "credential:front/6")
    assert strange["verdict"] == "fail"

    home.lock().dead = False
    assert home.call("sync", "--yes")[0] == 0
    with pytest.raises(StopIteration):
        findings(home)("least-privilege/not-expired", gus)
    home.searched()


def findings(home: StrangeHome) -> Callable[[str, str], Finding]:
    """An audit's findings by practice/check and subject; no PIN that anybody has is in it."""
    report = home.ask("audit", code=1)
    said = json.dumps(report)
    for pin in pins().values():
        assert not re.search(rf"(?<![0-9a-f]){pin}(?![0-9a-f])", said)

    def find(check: str, subject: str) -> Finding:
        return next(
            one
            for one in report["findings"]
            if f"{one['practice']}/{one['check']}" == check and one["subject"] == subject
        )

    return find
