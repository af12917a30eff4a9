"""`nightlatch grant`: shows what a grant means before it is kept, and says what gets wider."""

from __future__ import annotations

import io
import json
import re
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from nightlatch.cli.app import run
from nightlatch.configuration.read import load
from nightlatch.journal.journal import Journal
from nightlatch.model.command import Rules
from nightlatch.store.access import AccessRecords
from nightlatch.store.database import connect
from tests.unit.access.feeds.calendars import calendar, entry
from tests.unit.access.feeds.serving import TOKEN
from tests.unit.access.registering import HOME

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "nightlatch.toml").write_text(HOME + '\n[[locks]]\nid = "gate"\nname = "Gate lock"\ndoor = "gate"\n')
    monkeypatch.setenv("NIGHTLATCH_CONFIG", str(tmp_path / "nightlatch.toml"))
    monkeypatch.setenv("NIGHTLATCH_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str], folder: Path) -> Run:
    def call(*arguments: str) -> tuple[int, str, str]:
        code = run(arguments)
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err
        assert TOKEN not in out + err
        return code, out, err

    call("people", "add", "ana", "--name", "Ana Silva", "--group", "cleaners")
    return call


def grants(cli: Run, *more: str) -> list[dict[str, object]]:
    return json.loads(cli("grant", "list", "--format", "json", *more)[1])["grants"]  # type: ignore[no-any-return]


def instant_of(text: object) -> datetime:
    return datetime.fromisoformat(str(text))


def only(cli: Run) -> str:
    (found,) = grants(cli)
    return str(found["id"])


def test_a_grant_is_shown_and_not_kept_where_nobody_can_answer(cli: Run) -> None:
    code, out, err = cli("grant", "add", "--to", "ana", "--doors", "front", "--until", "in 3 days")
    assert (code, out) == (2, "")
    assert "Ana Silva may open Front door: at any time, until " in err
    assert "Wider: It opens Front door." in err
    assert "Front lock: What the lock can do is not known yet" in err
    assert "Add --yes where nobody can answer" in err
    assert grants(cli) == []


def test_a_grant_is_kept_with_yes_and_told(cli: Run) -> None:
    code, out, _ = cli("grant", "add", "--to", "ana", "--doors", "front", "--weekly", "Mon-Fri 09:00-12:00", "--yes")
    assert code == 0
    assert "Ana Silva may open Front door: Mon-Fri 09:00-12:00, without an end." in out
    assert "Ana Silva has a new code" in out
    (found,) = grants(cli)
    assert found["doors"] == ["door:front"]
    assert len(found["preview"]) == 5  # type: ignore[arg-type]


def test_somebody_who_answers_no_keeps_nothing(cli: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stdin", Terminal("n\n"))
    code, _, err = cli("grant", "add", "--to", "ana", "--doors", "front")
    assert code != 0
    assert "Give this access?" in err
    assert grants(cli) == []


def test_what_is_known_of_a_lock_decides_what_is_said_of_its_hub(cli: Run, folder: Path) -> None:
    engine = connect(folder / "state")
    AccessRecords(engine).put_rules("lock:front", Rules(30, year_days=3))
    AccessRecords(engine).put_rules("lock:gate", Rules(30))
    engine.dispose()
    _, out, _ = cli("grant", "add", "--to", "ana", "--doors", "front, gate", "--until", "in 3 days", "--dry-run")
    assert "Front lock: The lock ends it by itself, with the hub down too" in out
    assert "Gate lock: The lock cannot end it: with the hub down at the end at " in out


def test_doors_may_be_named_one_by_one(cli: Run) -> None:
    cli("grant", "add", "--to", "ana", "--doors", "front", "--doors", "gate", "--until", "in 3 days", "--yes")
    (found,) = grants(cli)
    assert found["doors"] == ["door:front", "door:gate"]


def test_a_dry_run_keeps_nothing(cli: Run) -> None:
    code, out, _ = cli("grant", "add", "--group", "cleaners", "--doors", "all", "--dry-run", "--format", "json")
    told = json.loads(out)
    assert code == 0
    assert told["to"] == "group:cleaners"
    assert "It opens every door, those that are added later too." in told["wider"]
    assert grants(cli) == []


def test_a_rule_needs_its_first_time_and_a_length(cli: Run) -> None:
    rule = ("grant", "add", "--to", "ana", "--doors", "front", "--rrule", "FREQ=MONTHLY;BYDAY=2TU")
    code, _, err = cli(*rule)
    assert code == 2
    assert 'Add --from "2026-12-01 09:00" --for 2h' in err
    code, out, _ = cli(*rule, "--from", "2099-12-01 09:00", "--for", "90m", "--dry-run")
    assert code == 0
    assert "Tue 8 Dec 2099 09:00-10:30" in out


def test_one_use_for_two_hours(cli: Run) -> None:
    cli("grant", "add", "--to", "ana", "--doors", "front", "--uses", "1", "--for", "2h", "--yes")
    (found,) = grants(cli)
    assert found["uses"] == 1
    assert instant_of(found["ends"]) - instant_of(found["made"]) == timedelta(hours=2)


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (("--to", "ana"), "no door is named"),
        (("--doors", "front"), "for a person or for a group"),
        (("--to", "ana", "--group", "cleaners", "--doors", "front"), "for a person or for a group"),
        (("--to", "anna", "--doors", "front"), 'Did you mean "ana"?'),
        (("--group", "x", "--doors", "front"), "nobody is in a group"),
        (("--to", "ana", "--doors", "frnt"), 'Did you mean "front"?'),
        (("--to", "ana", "--doors", "front", "--until", "yesterday"), "--until: 'yesterday' is no time"),
        (("--to", "ana", "--doors", "front", "--until", "2020-01-01 10:00"), "it would end before it begins"),
        (("--to", "ana", "--doors", "front", "--weekly", "Mon"), "--weekly:"),
        (("--to", "ana", "--doors", "front", "--dates", "2020-01-01"), "it would open nothing"),
        (("--to", "ana", "--doors", "front", "--for", "2"), "--for:"),
        (("--to", "ana", "--doors", "front", "--for", "2h", "--until", "in 2 hours"), "both say when it ends"),
        (("--to", "ana", "--doors", "front", "--weekly", "Mon 9:00-10:00", "--dates", "2099-01-01"), "together"),
        (("--to", "ana", "--doors", "front", "--ical", "-"), "a calendar says itself who comes when"),
    ],
)
def test_what_cannot_be_is_said(cli: Run, arguments: tuple[str, ...], what: str) -> None:
    code, out, err = cli("grant", "add", *arguments, "--yes")
    assert (code, out) == (2, "")
    assert what in err


def test_a_change_that_widens_is_said_and_asked_and_one_that_does_not_is_not(cli: Run) -> None:
    cli(
        "grant",
        "add",
        "--to",
        "ana",
        "--doors",
        "front",
        "--weekly",
        "Mon-Fri 09:00-12:00",
        "--until",
        "in 2 weeks",
        "--yes",
    )
    id_ = only(cli)
    code, _, err = cli("grant", "change", id_, "--weekly", "Mon-Fri 09:00-13:00", "--doors", "front,gate")
    assert code == 2
    assert "Before: Ana Silva may open Front door: Mon-Fri 09:00-12:00" in err
    assert "Wider: It opens gate." in err
    assert "more in all, first" in err
    code, out, _ = cli("grant", "change", id_, "--weekly", "Mon-Fri 09:00-11:00")
    assert code == 0
    assert "Mon-Fri 09:00-11:00" in out
    code, out, _ = cli("grant", "change", id_, "--until", "never", "--dry-run")
    assert "Wider: It never ends." in out


def test_ended_grants_are_listed_only_when_asked_for(cli: Run) -> None:
    cli("grant", "add", "--to", "ana", "--doors", "front", "--yes")
    id_ = only(cli)
    code, out, _ = cli("grant", "end", id_, "--yes")
    assert (code, out) == (0, f"Ended {id_}.\n")
    assert grants(cli) == []
    assert [one["state"] for one in grants(cli, "--all")] == ["ended"]
    assert cli("grant", "end", id_, "--yes")[0] == 2


def test_show_tells_all_of_a_grant(cli: Run) -> None:
    cli("grant", "add", "--to", "ana", "--doors", "front", "--reason", "cleaning", "--by", "Rosa", "--yes")
    code, out, _ = cli("grant", "show", only(cli))
    assert code == 0
    for words in ("at any time, without an end", "It is open.", "Why: cleaning", "By: Rosa"):
        assert words in out
    assert cli("grant", "show", "g000000")[0] == 2


def stays(folder: Path) -> Path:
    path = folder / f"{TOKEN}.ics"
    # The commands read the clock.
    first, last = (f"{datetime.now(UTC) + timedelta(days=days):%Y%m%d}" for days in (10, 13))
    path.write_bytes(calendar(entry(first, last, "Ben"), entry(first, last, "Cleo", uid="2")))
    address = folder / "address"
    address.write_text(path.as_uri() + "\n")
    address.chmod(0o600)
    return path


def test_a_calendar_is_read_shown_and_followed(cli: Run, folder: Path) -> None:
    stays(folder)
    add = ("grant", "add", "--ical", "file:address", "--doors", "front", "--name", "Cabin")
    code, _, err = cli(*add)
    assert code == 2
    assert "It has 2 stays to come." in err
    assert re.search(r" 15:00-.* 11:00  Ben\n", err)
    assert "Wider: whoever can write into this calendar" in err
    code, out, _ = cli(*add, "--yes")
    assert code == 0
    assert sorted(str(one["to"]) for one in grants(cli))[0].startswith("person:f")
    assert len(grants(cli)) == 2
    _, out, _ = cli("grant", "list")
    assert "calendar Cabin: Front door, 15:00 to 11:00, read " in out


def test_a_calendars_hours_can_be_changed_and_its_stays_move(cli: Run, folder: Path) -> None:
    stays(folder)
    cli("grant", "add", "--ical", "file:address", "--doors", "front", "--yes")
    feed = json.loads(cli("grant", "list", "--format", "json")[1])["calendars"][0]["id"]
    before = {one["ends"] for one in grants(cli)}
    code, _, _ = cli("grant", "change", feed, "--check-out", "12:00", "--yes")
    assert code == 0
    assert {instant_of(one["ends"]) for one in grants(cli)} == {
        instant_of(ends) + timedelta(hours=1) for ends in before
    }


def test_a_calendar_that_is_ended_leaves_its_stays_unless_they_are_ended_too(cli: Run, folder: Path) -> None:
    stays(folder)
    for more, left in (((), 2), (("--stays",), 2)):
        cli("grant", "add", "--ical", "file:address", "--doors", "front", "--yes")
        feed = json.loads(cli("grant", "list", "--format", "json")[1])["calendars"][0]["id"]
        assert cli("grant", "end", feed, *more, "--yes")[0] == 0
        assert len(grants(cli)) == left


@pytest.mark.parametrize("how", ["env:CALENDAR", "-"])
def test_a_calendars_address_is_taken_from_where_nobody_sees_it(
    cli: Run, folder: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    address = stays(folder).as_uri()
    monkeypatch.setenv("CALENDAR", address)
    monkeypatch.setattr(sys, "stdin", io.StringIO(address + "\n"))
    code, _, err = cli("grant", "add", "--ical", how, "--doors", "front", "--dry-run")
    assert (code, err) == (0, "")


def test_an_address_on_the_command_line_is_taken_with_a_word_of_warning(cli: Run) -> None:
    code, _, err = cli("grant", "add", "--ical", f"http://127.0.0.1:9/{TOKEN}", "--doors", "front", "--yes")
    assert code == 2
    assert "stands in the list of processes" in err
    assert "could not be reached" in err


def test_no_address_is_written_anywhere_in_clear(cli: Run, folder: Path) -> None:
    stays(folder)
    cli("grant", "add", "--ical", "file:address", "--doors", "front", "--yes")
    for path in (folder / "state").rglob("*"):
        assert not path.is_file() or TOKEN.encode() not in path.read_bytes()
    configuration = load(folder / "nightlatch.toml")
    assert configuration.tables.home.name == "Birch Lane"
    journal = Journal.open(folder / "state", read_only=True)
    assert TOKEN not in repr([one.event for one in journal.entries()])
    journal.close()
