"""`nightlatch people`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nightlatch.cli import access_common
from nightlatch.cli.access_common import access
from nightlatch.errors import StoreError
from nightlatch.model.access import Entry
from nightlatch.service import control
from tests.unit.cli.access_home import Run, granted, runner, settle


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    settle(tmp_path, monkeypatch)
    return runner(capsys)


def test_somebody_is_added_listed_changed_and_removed(cli: Run) -> None:
    code, out, _ = cli("people", "add", "ana", "--name", "Ana Silva", "--group", "friends")
    assert (code, out.splitlines()[0]) == (0, "Added Ana Silva (ana).")

    assert cli("people", "change", "ana", "--role", "service", "--leave", "friends")[0] == 0
    listed = json.loads(cli("people", "list", "--format", "json")[1])
    assert [(one["id"], one["role"], one["groups"], one["configured"]) for one in listed] == [
        ("ana", "service", [], False),
        ("rosa", "resident", ["family"], True),
    ]
    text = cli("people", "list")[1]
    assert "Rosa Lund" in text
    assert "in nightlatch.toml" in text

    assert cli("people", "remove", "ana", "--yes")[0] == 0
    assert "ana" not in cli("people", "list")[1]


def test_joining_a_group_that_has_grants_is_called_wider_and_asked(cli: Run) -> None:
    cli("people", "add", "ana", "--group", "friends")
    grant = granted("group:friends")

    code, _, err = cli("people", "add", "ben", "--name", "Ben", "--group", "friends")
    assert code == 2
    assert f"Wider: Ben can then open Front door: at any time, without an end (group:friends, grant {grant})." in err
    assert "Add --yes" in err
    assert "ben" not in cli("people", "list")[1]

    code, out, _ = cli("people", "add", "ben", "--name", "Ben", "--group", "friends", "--yes")
    assert code == 0
    assert "Ben has a new code. Show it: nightlatch code show ben" in out
    code, _, err = cli("people", "change", "rosa", "--group", "friends")
    assert "Wider: Rosa Lund" in err


def test_show_tells_grants_codes_and_locks_and_no_pin(cli: Run) -> None:
    cli("people", "add", "ana", "--name", "Ana Silva")
    grant = granted("ana", reason="waters the plants")
    with access(None) as registrar:
        (credential,) = registrar.register().active("ana")
        pin = registrar.vault.pin(credential.id).reveal()
        registrar.records.put_entries([Entry("lock:front", credential.id, 4, "exposed", reason="it does not answer")])

    code, out, _ = cli("people", "show", "ana")
    assert code == 0
    assert f"{grant}  Front door: at any time, without an end; waters the plants" in out
    assert "code of 6 digits, made" in out
    assert "Front lock, slot 4: exposed (it does not answer)" in out
    told = cli("people", "show", "ana", "--format", "json")[1]
    assert json.loads(told)["grants"][0]["in_words"] == "at any time, without an end"
    assert json.loads(told)["ledger"][0]["state"] == "exposed"
    assert pin not in out + told


def test_who_has_a_code_on_a_lock_waits_for_its_proof(cli: Run) -> None:
    cli("people", "add", "ana", "--name", "Ana Silva")
    granted("ana")
    with access(None) as registrar:
        (credential,) = registrar.register().active("ana")
        registrar.records.put_entries([Entry("lock:front", credential.id, 4, "present")])

    code, _, err = cli("people", "remove", "ana")
    assert code == 2
    assert "Ana Silva: 1 grant and 1 code end now." in err
    code, out, err = cli("people", "remove", "ana", "--yes")
    assert code == 0
    assert "Waiting for proof that their code is gone from Front lock." in out
    assert "No Nightlatch is running" in err
    assert "removed" in cli("people", "list")[1]
    code, _, err = cli("journal", "erase", "ana", "--yes")
    assert code == 2
    assert "a code of ana may still be on Front lock" in err


def test_groups_are_listed_with_who_is_in_them(cli: Run) -> None:
    cli("people", "add", "ana", "--name", "Ana", "--group", "family")
    grant = granted("group:family")

    assert cli("people", "groups")[1] == "family: Ana and Rosa Lund; 1 grant\n"
    rows = json.loads(cli("people", "groups", "--format", "json")[1])
    assert rows == [{"group": "family", "members": ["ana", "rosa"], "grants": [grant]}]
    assert [one["id"] for one in json.loads(cli("people", "list", "--group", "family", "-f", "json")[1])] == [
        "ana",
        "rosa",
    ]
    code, _, err = cli("people", "list", "--group", "famly")
    assert (code, "nobody is in a group 'famly'. Groups: family." in err) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("add", "a b"), "cannot be an id"),
        (("add", "ana", "--role", "gest"), "--role: there is no role 'gest'. Did you mean \"guest\"?"),
        (("change", "rosa", "--name", "R"), "Rosa Lund is in nightlatch.toml"),
        (("show", "rsa"), 'Did you mean "rosa"?'),
        (("remove", "rosa", "--yes"), "[[people]]"),
    ],
)
def test_what_cannot_be_is_said_in_words(cli: Run, arguments: tuple[str, ...], said: str) -> None:
    code, _, err = cli("people", *arguments)
    assert code == 2
    assert said in err


def test_the_running_service_is_told(cli: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []

    def tell(_folder: Path, do: str) -> bool:
        told.append(do)
        return True

    monkeypatch.setattr(control, "tell", tell)

    assert cli("people", "add", "ana")[0] == 0

    assert told == [access_common.CHANGED]


def test_a_change_is_kept_though_the_service_cannot_be_told(cli: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def deaf(*_: object) -> bool:
        raise StoreError("the running service does not answer (TimeoutError)")

    monkeypatch.setattr(control, "tell", deaf)

    code, _, err = cli("people", "add", "ana")

    assert code == 0
    assert "It is kept. the running service does not answer" in err
    assert "ana" in cli("people", "list")[1]
