"""`nightlatch who` and `nightlatch ledger`, from the database and the journal of a state folder."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from nightlatch.access import ledger
from nightlatch.cli.app import run
from nightlatch.journal.journal import Journal
from nightlatch.model.access import Credential, Entry, Grant, Person
from nightlatch.model.command import Rules
from nightlatch.model.event import instant
from nightlatch.store.access import AccessRecords
from nightlatch.store.database import connect

HOME = """
[home]
timezone = "Europe/Berlin"
[[doors]]
id = "front"
name = "Front door"
[[locks]]
id = "front"
name = "Front lock"
door = "front"
[[locks]]
id = "shed"
name = "Shed"
[[people]]
id = "dee"
name = "Dee"
credentials = ["shed/1"]
"""
HOUR = 3_600_000_000
NOW = int(time.time()) * 1_000_000
Run = Callable[..., tuple[int, str, str]]

PRESENT = Entry("lock:front", "c-ana", 2, "present", NOW - 9 * HOUR, "value", NOW - HOUR, True, person="ana")
EXPOSED = Entry("lock:front", "c-cy", 4, "exposed", NOW - HOUR, "value", NOW - 3 * HOUR, True, person="cy")
FOREIGN = Entry("lock:front", "", 7, "foreign", NOW - HOUR, "presence", NOW - 2 * HOUR, True, creator="Apple Home")


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "nightlatch.toml").write_text(HOME)
    monkeypatch.setenv("NIGHTLATCH_CONFIG", str(tmp_path / "nightlatch.toml"))
    monkeypatch.setenv("NIGHTLATCH_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("COLUMNS", "200")
    for command in ("who", "ledger"):
        monkeypatch.setattr(f"nightlatch.cli.{command}.now", lambda: instant(NOW))
    engine = connect(tmp_path / "state")
    records = AccessRecords(engine)
    records.put(Person("ana", "Ana Bach"), Person("cy", "Cyrus"), Grant("g1", "person:ana", ("*",)))
    records.put(Credential("c-ana", "ana", 6), Credential("c-cy", "cy", 6))
    records.put_entries([PRESENT, EXPOSED, FOREIGN])
    records.put_rules("lock:front", Rules(30))
    engine.dispose()
    return tmp_path / "state"


@pytest.fixture
def nightlatch(state: Path, capfd: pytest.CaptureFixture[str]) -> Run:  # the folder it works in
    def call(*arguments: str) -> tuple[int, str, str]:
        code = run(arguments)
        told = capfd.readouterr()
        return code, told.out, told.err

    return call


def test_who_shows_exposed_and_foreign_codes_first_with_their_evidence_and_its_age(nightlatch: Run) -> None:
    code, out, _ = nightlatch("who", "front")
    assert code == 0
    lines = out.splitlines()
    assert lines[0] == "Front door  3 people or codes, 1 exposed, 1 foreign"
    assert lines[1].startswith("  EXPOSED  Cyrus (code, slot 4): the code was read back 3 hours ago; it should be gone")
    assert lines[2].startswith("  FOREIGN  somebody unknown (code, slot 7): the slot was read as in use 2 hours ago")
    assert "put there by Apple Home" in lines[2]
    assert lines[3].startswith("  present  Ana Bach (code, slot 2): the code was read back 60 minutes ago")


def test_a_code_on_a_lock_that_is_no_longer_part_of_the_home_is_shown_until_it_is_proven_gone(
    state: Path, nightlatch: Run
) -> None:
    engine = connect(state)
    left = Entry("lock:cellar", "c-cy", 4, "exposed", NOW - HOUR, "value", NOW - 3 * HOUR, True, person="cy")
    AccessRecords(engine).put_entries([left, Entry("lock:attic", "c-cy", state="absent", seen=NOW, person="cy")])
    engine.dispose()
    for arguments in ((), ("cellar",), ("lock:cellar",)):
        _, out, _ = nightlatch("who", *arguments)
        assert "cellar (no longer in nightlatch.toml)  1 person or code, 1 exposed" in out
        assert "attic" not in out
    assert nightlatch("who", "attic")[0] == 2


def test_every_door_is_shown_and_what_is_not_known_is_said(nightlatch: Run) -> None:
    _, out, _ = nightlatch("who")
    assert "Shed  1 person or code" in out
    assert "Dee (code, slot 1): the configuration says so; the slot was never read" in out
    assert "? Shed was never read: codes on it that are not listed here may open it." in out
    assert out.count("No audit was made") == 1


def test_many_ways_are_cut_and_counted_but_never_the_exposed(nightlatch: Run, state: Path) -> None:
    engine = connect(state)
    many = [Entry("lock:shed", f"c{n}", n, "exposed" if n < 60 else "present", person="ana") for n in range(1, 200)]
    AccessRecords(engine).put_entries(many)
    engine.dispose()
    _, out, _ = nightlatch("who", "shed")
    assert out.count("EXPOSED") == 59
    assert "… and 140 more ways to open it: --all shows each" in out
    assert "more ways" not in nightlatch("who", "shed", "--all")[1]


def test_on_a_narrow_terminal_lines_keep_to_it(nightlatch: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    _, out, _ = nightlatch("who")
    assert max(map(len, out.splitlines())) <= 40


def test_a_code_whose_grant_is_over_is_exposed_although_nothing_runs(nightlatch: Run, state: Path) -> None:
    engine = connect(state)
    AccessRecords(engine).put(Grant("g1", "person:ana", ("*",), ended=NOW - HOUR))
    engine.dispose()
    _, out, _ = nightlatch("who", "front")
    assert "EXPOSED  Ana Bach (code, slot 2): the code was read back 60 minutes ago; it should be gone; nobody" in out


def test_json_has_the_same_and_no_secret(nightlatch: Run) -> None:
    _, out, _ = nightlatch("who", "door:front", "--format", "json")
    told = json.loads(out)
    (door,) = told["doors"]
    assert [one["state"] for one in door["openers"]] == ["exposed", "foreign", "present"]
    assert door["openers"][2]["person"] == "ana"


def test_a_time_to_come_tells_by_grants_and_by_what_stays(nightlatch: Run) -> None:
    _, out, _ = nightlatch("who", "--at", "in 3 days")
    assert "As it will be, by what is known now, on" in out
    assert "granted  Ana Bach (code): a grant holds now; no code of theirs is proven on the lock" in out
    assert "EXPOSED  Cyrus" in out


def test_a_past_time_is_told_from_the_journal(nightlatch: Run, state: Path) -> None:
    journal = Journal.open(state)
    before = Entry("lock:front", "c-cy", 4, "present", person="cy", proof="value", present=True, seen=NOW - 5 * HOUR)
    gone = Entry("lock:front", "c-bo", 0, "absent", person="bo", proof="value", present=False)
    journal.append(ledger.events(None, before, NOW - 5 * HOUR))
    journal.append(ledger.events(None, Entry("lock:front", "c-bo", 5, "present", person="bo"), NOW - 4 * HOUR))
    journal.append(ledger.events(before, EXPOSED, NOW - HOUR))
    journal.append(ledger.events(None, FOREIGN, NOW - HOUR))
    journal.append(ledger.events(None, gone, NOW - HOUR // 2))
    journal.close()
    then = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime((NOW - 2 * HOUR) / 1e6))
    code, out, err = nightlatch("who", "front", "--at", then)
    assert (code, err) == (0, "")
    assert "As it was on" in out
    assert "present  Cyrus (code, slot 4): the code was read back 3 hours ago" in out
    assert "present  bo (code, slot 5)" in out
    assert "FOREIGN" not in out


def test_a_past_time_without_a_journal_says_that_it_is_not_known(nightlatch: Run) -> None:
    code, _, err = nightlatch("who", "--at", "2026-01-01 03:00")
    assert code == 2
    assert "what was in the past is not known" in err


def test_a_time_before_the_journal_says_that_it_is_not_known(nightlatch: Run, state: Path) -> None:
    journal = Journal.open(state)
    journal.append(list(ledger.events(None, PRESENT, NOW - 9 * HOUR)))
    journal.close()
    code, out, err = nightlatch("who", "--at", "2020-01-01 03:00")
    assert (code, out) == (2, "")
    assert "--at: the journal begins on " in err
    assert "who could open a door before is not known" in err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("who", "fron"), "there is no door or lock 'fron'. Did you mean \"front\"?"),
        (("who", "--at", "some day"), "no time"),
        (("ledger", "nobody"), "there is no door, lock or person 'nobody'"),
        (("ledger", "--state", "exposd"), "there is no state 'exposd'. Did you mean \"exposed\"?"),
    ],
)
def test_what_cannot_be_is_told_with_what_to_do(nightlatch: Run, arguments: tuple[str, ...], told: str) -> None:
    code, _, err = nightlatch(*arguments)
    assert code == 2
    assert told in err


def test_the_ledger_of_a_door_a_person_and_a_state(nightlatch: Run) -> None:
    assert nightlatch("ledger", "front")[1].count(", slot ") == 3
    assert nightlatch("ledger", "ana")[1].splitlines()[1].startswith("  present  Ana Bach, slot 2, since ")
    told = json.loads(nightlatch("ledger", "--state", "exposed", "--format", "json")[1])
    assert [(one["credential"], one["state"], one["evidence"]) for one in told] == [
        ("c-cy", "exposed", "the code was read back")
    ]
    assert "No line of the ledger fits." in nightlatch("ledger", "dee")[1]


def test_the_history_of_a_line_is_what_the_journal_tells(nightlatch: Run, state: Path) -> None:
    journal = Journal.open(state)
    journal.append([*ledger.events(None, PRESENT, NOW - HOUR), *ledger.events(None, EXPOSED, NOW)])
    journal.close()
    _, out, _ = nightlatch("ledger", "cy", "--history")
    assert len(out.splitlines()) == 1
    assert "slot 4" in out
    assert "the code was read back" in out
    told = json.loads(nightlatch("ledger", "--history", "--format", "json")[1])
    assert [one["value"] for one in told] == ["present", "exposed"]
