"""`nightlatch alerts`: lists, acknowledges, tests and confirms through the database, whether Nightlatch runs or not."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from nightlatch.cli.app import run
from nightlatch.configuration.read import load
from nightlatch.guard.alerts.desk import Desk
from nightlatch.guard.alerts.rules import read_rules
from nightlatch.guard.known import household
from nightlatch.journal.journal import Journal
from nightlatch.model.finding import Severity
from tests.unit.guard.alerts.homes import HOME, noticed, records
from tests.unit.guard.alerts.test_sending import TOKEN, Web, serving

# Apprise loads the libraries of all its services at once; what those say of each other is not ours.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

CHANNELS = """
[[alerts.channels]]
id = "phone"
url = "env:PHONE"
[[alerts.channels]]
id = "broken"
url = "env:BROKEN"
severity = "high"
doors = ["front"]
[[alerts.escalation]]
after_minutes = 5
channels = ["broken"]
"""
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def web() -> Iterator[Web]:
    server = Web()
    with serving(server):
        yield server


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, web: Web) -> Path:
    (tmp_path / "nightlatch.toml").write_text(HOME.replace("[[people]]", "[[people]]\n# her\n") + CHANNELS)
    monkeypatch.setenv("NIGHTLATCH_CONFIG", str(tmp_path / "nightlatch.toml"))
    monkeypatch.setenv("NIGHTLATCH_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("PHONE", f"json://127.0.0.1:{web.server_port}/{TOKEN}")
    monkeypatch.setenv("BROKEN", f"nosuch://{TOKEN}")
    monkeypatch.setenv("COLUMNS", "120")
    return tmp_path


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str], folder: Path) -> Run:
    def call(*arguments: str) -> tuple[int, str, str]:
        code = run(("alerts", *arguments))
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err
        assert TOKEN not in out + err
        return code, out, err

    return call


@pytest.fixture
def two(folder: Path) -> Path:
    """Two alerts, one of them of a person, in a state folder with a journal that holds her key."""
    settings = load(folder / "nightlatch.toml")
    journal = Journal.open(folder / "state")
    now = time.time_ns() // 1000
    rules = read_rules(settings, {"PHONE": "json://127.0.0.1"})
    desk = Desk(records(folder / "state"), rules, household(settings, None), journal.sealer, now)
    desk.take([noticed(now), noticed(now + 1), noticed(now, key="x", person="ana", severity=Severity.CRITICAL)], now)
    journal.close()
    return folder / "state"


def test_nothing_open_says_so(cli: Run) -> None:
    assert cli("list") == (0, "Nothing is open.\n", "")
    assert cli("list", "--all") == (0, "No alert was ever raised.\n", "")
    assert json.loads(cli("list", "--format", "json")[1]) == []


def test_open_alerts_are_listed_with_the_first_name_of_their_person(cli: Run, two: Path) -> None:
    code, out, _ = cli("list")
    assert code == 0
    assert re.search(r"1  high +open .* 2 times: Front door: the lock reports tampering\.", out)
    assert re.search(r"2  critical +open .* tampering \(Ana\)\.", out)
    found = json.loads(cli("list", "--format", "json")[1])
    assert [(one["id"], one["count"], one["state"]) for one in found] == [(1, 2, "open"), (2, 1, "open")]
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT.*Z", one["first"]) for one in found)


def test_an_alert_is_one_line_however_narrow_the_output(cli: Run, two: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "30")
    assert len(cli("list")[1].splitlines()) == 2


def test_one_alert_is_shown_with_who_was_told(cli: Run, two: Path) -> None:
    code, out, _ = cli("show", "1")
    assert code == 0
    assert "phone: raised" in out
    assert "not delivered yet" in out
    found = json.loads(cli("show", "2", "-f", "json")[1])
    assert found["told"] == [{"channel": "phone", "form": "raised", "at": found["told"][0]["at"], "delivered": None}]
    code, _, err = cli("show", "9")
    assert (code, err) == (2, "nightlatch: there is no alert 9. See: nightlatch alerts list --all\n")


def test_words_about_somebody_who_was_erased_are_gone(cli: Run, two: Path) -> None:
    journal = Journal.open(two)
    journal.sealer.forget("ana")
    journal.close()
    out = cli("list")[1]
    assert "Ana" not in out
    assert "The lock reports tampering." in out


def test_acknowledging_and_putting_aside_change_what_is_open(cli: Run, two: Path) -> None:
    assert cli("ack", "2") == (0, "1 alert acknowledged (2).\n", "")
    assert cli("ack", "2") == (0, "0 alerts acknowledged.\n", "")
    assert json.loads(cli("ack", "--all", "-f", "json")[1]) == {"acknowledged": [1]}
    assert [one["state"] for one in json.loads(cli("list", "-f", "json")[1])] == ["acknowledged"] * 2
    assert cli("close", "--all") == (0, "2 alerts closed (1 and 2).\n", "")
    assert cli("list")[1] == "Nothing is open.\n"
    assert [one["state"] for one in json.loads(cli("list", "--all", "-f", "json")[1])] == ["closed"] * 2


def test_what_the_owner_does_about_alerts_is_in_the_journal(cli: Run, two: Path) -> None:
    cli("ack", "2")
    cli("ack", "2")
    cli("close", "--all")
    journal = Journal.open(two, read_only=True)
    written = [entry.event for entry in journal.entries() if entry.event is not None]
    journal.close()
    assert [(one.kind, one.about, one.name, one.value, one.detail) for one in written] == [
        ("alert", "lock:front", "tamper", "acknowledged", "alert 2"),
        ("alert", "lock:front", "tamper", "closed", "alert 1"),
        ("alert", "lock:front", "tamper", "closed", "alert 2"),
    ]


def test_an_alert_is_seen_to_although_the_journal_is_damaged(cli: Run, two: Path) -> None:
    (two / "journal.db").write_bytes(b"no journal")
    code, out, err = cli("ack", "1")
    assert (code, out) == (0, "1 alert acknowledged (1).\n")
    assert " ".join(err.split()).startswith("It was done, and is not in the journal: ")


@pytest.mark.parametrize("arguments", [("ack",), ("close", "1", "--all"), ("ack", "7")])
def test_what_names_no_alert_is_refused(cli: Run, two: Path, arguments: tuple[str, ...]) -> None:
    code, _, err = cli(*arguments)
    assert code == 2
    assert "nightlatch alerts list" in err


def test_a_test_is_confirmed_by_its_number_and_counts_from_then_on(cli: Run, web: Web) -> None:
    code, out, _ = cli("test")
    assert code == 1, "one of the two cannot be sent to"
    assert "phone: taken" in out
    assert "broken: failed: its URL is none that apprise knows" in out
    ((_, body),) = web.posted
    number = re.search(r"confirm (\d{6})$", json.loads(body)["message"])
    assert number is not None
    assert json.loads(cli("channels", "-f", "json")[1])[0]["confirmed"] is None
    wrong = f"{(int(number[1]) + 1) % 1_000_000:06d}"
    code, _, err = cli("confirm", wrong)
    assert code == 2
    assert "no test of the last seven days waits for the number" in err
    assert cli("confirm", f" {number[1][:3]} {number[1][3:]}") == (0, "Noted: a test alert arrived by phone.\n", "")
    assert cli("confirm", number[1])[0] == 2, "once is enough"
    phone, broken = json.loads(cli("channels", "-f", "json")[1])
    assert phone["confirmed"]
    assert (broken["escalation_only"], broken["doors"]) == (True, ["door:front"])
    assert "a test was last confirmed: never" in cli("channels")[1]


def test_one_channel_can_be_tested_and_a_wrong_name_is_refused(cli: Run, web: Web) -> None:
    assert cli("test", "phone")[0] == 0
    assert len(web.posted) == 1
    code, _, err = cli("test", "phon")
    assert code == 2
    assert 'Did you mean "phone"?' in err


def test_without_a_channel_it_says_how_to_make_one(cli: Run, folder: Path) -> None:
    (folder / "nightlatch.toml").write_text(HOME)
    code, _, err = cli("test")
    assert code == 2
    assert "[[alerts.channels]]" in err
    assert "[[alerts.channels]]" in cli("channels")[1]
