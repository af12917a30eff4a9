"""`nightlatch guard`: the detections as they are set, and the journal judged again."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from nightlatch.cli.app import run
from nightlatch.journal.journal import Journal
from nightlatch.model.event import Event, micros

TOML = """\
[home]
timezone = "Europe/Berlin"

[[doors]]
id = "front"
name = "Front door"

[[locks]]
id = "front"
door = "front"

[[people]]
id = "ana"
name = "Ana Example"
credentials = ["front/3"]

[detections.tamper]
on = false

[detections.repeated-wrong-codes]
within_s = 60
"""
NOW = datetime.now(UTC)
Cli = Callable[..., tuple[int, str, str]]


def ago(minutes: float) -> int:
    return micros(NOW - timedelta(minutes=minutes))


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Cli:
    (tmp_path / "nightlatch.toml").write_text(TOML)
    monkeypatch.setenv("NIGHTLATCH_CONFIG", str(tmp_path / "nightlatch.toml"))
    monkeypatch.setenv("NIGHTLATCH_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("COLUMNS", "140")

    def call(*arguments: str) -> tuple[int, str, str]:
        code = run(arguments)
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err
        return code, out, err

    return call


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    (tmp_path / "state").mkdir(mode=0o700)
    found = Journal.open(tmp_path / "state")
    found.append(
        [
            *(Event(ago(30) + number, "wrong_code", "lock:front") for number in range(4)),
            Event(ago(20), "unlocked", "lock:front", by="code", slot=9),
            Event(ago(19), "tamper", "lock:front"),
            Event(ago(10), "jammed", "lock:front"),
        ]
    )
    yield found
    found.close()


def test_the_detections_are_listed_with_their_thresholds_and_the_line_that_set_them(cli: Cli) -> None:
    code, out, _ = cli("guard", "detections")
    assert code == 0
    assert "    within_s = 60             seconds within which they come  (set at nightlatch.toml:21)\n" in out
    assert "    count = 3                 wrong codes at one door that are told\n" in out
    assert "tamper                    off       The lock reports tampering\n" in out


def test_the_detections_are_data_for_programs_too(cli: Cli) -> None:
    found = {one["id"]: one for one in json.loads(cli("guard", "detections", "--format", "json")[1])}
    assert found["tamper"]["thresholds"]["on"] == {
        "value": False,
        "doc": "whether it is on",
        "set_at": "nightlatch.toml:18",
    }
    assert found["jam"]["severity"] == "high"


def test_without_a_configuration_the_detections_are_as_they_come(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NIGHTLATCH_CONFIG")
    monkeypatch.setenv("XDG_CONFIG_HOME", "/nowhere")
    code, out, _ = cli("guard", "detections")
    assert code == 0
    assert "(set at" not in out


def test_a_detection_that_there_is_not_ends_with_the_line_and_the_nearest_one(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "nightlatch.toml").write_text("[detections.jams]\n")
    code, _, err = cli("guard", "detections")
    assert code == 2
    assert "nightlatch.toml:1: there is no detection 'jams'. Did you mean \"jam\"?" in err


def test_a_replay_tells_what_would_have_been_told_since_then(cli: Cli, journal: Journal) -> None:
    code, out, _ = cli("guard", "replay", "--since", "1h")
    assert code == 0
    lines = out.splitlines()
    assert [line.split(maxsplit=3)[2:] for line in lines[:-1]] == [
        ["high", "repeated-wrong-codes      Front door: 3 wrong codes within 1 second."],
        ["over", "repeated-wrong-codes      Front door: no more wrong codes, after 4."],
        ["high", "unknown-code              Front door was unlocked with the code in slot 9, which is nobody's."],
        ["high", "jam                       Front door: the bolt jammed; the door may not be locked."],
    ]
    assert lines[-1] == "Judged by 7 events."


def test_a_changed_threshold_is_shown_side_by_side(cli: Cli, journal: Journal) -> None:
    arguments = ("--set", "repeated-wrong-codes.count=4", "--set", "tamper.on=true", "--set", "jam.on=false")
    code, out, _ = cli("guard", "replay", "--since", "1h", *arguments)
    assert code == 0
    rows = {line.split()[0]: line.split()[1:] for line in out.splitlines()[1:6]}
    assert rows["tamper"] == ["0", "1", "1", "0"]
    assert rows["jam"] == ["1", "0", "0", "1"]
    assert rows["repeated-wrong-codes"] == ["1", "1", "1", "1"]
    assert rows["unknown-code"] == ["1", "1", "0", "0"]
    assert [line[0] for line in out.splitlines() if line[:2] in ("+ ", "- ")] == ["+", "+", "-", "-"]


def test_the_same_as_data(cli: Cli, journal: Journal) -> None:
    since = (NOW - timedelta(minutes=25)).isoformat()
    arguments = ("--since", since, "--set", "jam.on=false", "--format", "json")
    found = json.loads(cli("guard", "replay", *arguments)[1])
    assert found["events"] == 3
    assert [one["detection"] for one in found["noticed"]] == ["unknown-code", "jam"]
    assert found["changed"]["set"] == ["jam.on=false"]
    assert [one["detection"] for one in found["changed"]["gone"]] == ["jam"]
    assert found["changed"]["added"] == []


def test_a_change_that_changes_nothing_is_said(cli: Cli, journal: Journal) -> None:
    assert "gap.count=9 would have changed nothing." in cli("guard", "replay", "--set", "gap.count=9")[1]


def test_until_leaves_out_what_came_later(cli: Cli, journal: Journal) -> None:
    until = (NOW - timedelta(minutes=15)).isoformat()
    assert "jam " not in cli("guard", "replay", "--since", "1h", "--until", until)[1]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--set", "jamm.on=false"), "there is no detection 'jamm'. Did you mean \"jam\"?"),
        (("--set", "jam"), "'jam' changes no threshold"),
        (("--since", "yesterday"), "'yesterday' is no time"),
        (("--since", "2026-02-02", "--until", "2026-02-01"), "is not before --until 2026-02-01"),
    ],
)
def test_what_cannot_be_is_said_in_words(cli: Cli, journal: Journal, arguments: tuple[str, ...], words: str) -> None:
    code, _, err = cli("guard", "replay", *arguments)
    assert code == 2
    assert words in err


def test_entries_that_are_damaged_are_told_of_and_the_others_judged(cli: Cli, journal: Journal, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "state" / "journal.db") as file:
        ((first, entries),) = file.execute("SELECT first, entries FROM tail").fetchall()
        broken = entries.replace(b"wrong_code", b"wrong_cord", 1)
        file.execute("UPDATE tail SET entries = ? WHERE first = ?", (broken, first))
    code, out, err = cli("guard", "replay", "--since", "1h")
    assert code == 0
    assert "1 entry is damaged and not judged, the first is 0" in err
    assert "the bolt jammed" in out
    assert json.loads(cli("guard", "replay", "--since", "1h", "--format", "json")[1])["damaged"] == [0]


def test_without_a_journal_there_is_nothing_to_replay(cli: Cli) -> None:
    code, _, err = cli("guard", "replay")
    assert code == 2
    assert "there is no journal here" in err
