"""`nightlatch journal`: read, verify, prove, publish, erase and export; exit codes; errors for people."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightlatch.cli.app import run
from nightlatch.cli.journal import instant_of
from nightlatch.cli.journal_entries import Names, as_csv, as_json, line
from nightlatch.errors import UsageError
from nightlatch.journal.journal import Journal
from nightlatch.journal.leaves import Entry
from nightlatch.model.event import Event, micros

TOML = """\
[home]
name = "Elm"
timezone = "Europe/Berlin"
[[doors]]
id = "front"
[[locks]]
id = "front"
name = "Front lock"
door = "front"
[[people]]
id = "zuzana"
name = "Zuzana Quist"
credentials = ["front/3"]
[[journal.witnesses]]
kind = "file"
path = "usb/checkpoints"
"""
NOW = datetime.now(UTC)
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "nightlatch.toml"
    path.write_text(TOML)
    (tmp_path / "usb").mkdir()
    monkeypatch.setenv("NIGHTLATCH_CONFIG", str(path))
    monkeypatch.setenv("NIGHTLATCH_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("COLUMNS", "120")
    return path


@pytest.fixture
def state(config: Path) -> Path:
    """A journal of 300 entries, of the last 300 minutes."""
    folder = config.parent / "state"
    journal = Journal.open(folder)
    journal.append([event(n) for n in range(300)])
    journal.close()
    return folder


def event(n: int) -> Event:
    at = micros(NOW - timedelta(minutes=300 - n))
    if n == 298:
        return Event(at, "wrong_code", "lock:front", "zwavejs")
    if n == 299:
        return Event(at, "door_opened", "door:front", "zwavejs")
    if n % 2:
        return Event(at, "battery", "lock:back", "zwavejs", value=n % 100)
    person = "zuzana" if n % 4 else ""
    return Event(at, "unlocked", "lock:front", "zwavejs", by="code", slot=3, person=person, raw='{"n":1}')


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str], config: Path) -> Run:
    def call(*arguments: str) -> tuple[int, str, str]:
        code = run(["journal", *arguments])
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err
        return code, out, err

    return call


def shown(cli: Run, *arguments: str) -> list[dict[str, Any]]:
    code, out, _ = cli("show", "--format", "json", *arguments)
    assert code == 0
    found: list[dict[str, Any]] = json.loads(out)
    return found


def test_show_prints_the_newest_last_in_the_homes_time_with_names(cli: Run, state: Path) -> None:
    code, out, err = cli("show", "-n", "4")
    lines = out.splitlines()
    assert (code, err, len(lines)) == (0, "", 4)
    assert "Front lock: unlocked by code slot 3 (Zuzana Quist)" in cli("show", "-n", "6")[1]
    assert lines[-2].endswith("Front lock: wrong code")
    assert lines[-1].endswith("door front: opened")
    local = (NOW - timedelta(minutes=1)).astimezone(ZoneInfo("Europe/Berlin"))
    assert f"    299  {local:%Y-%m-%d %H:%M:%S}  " in lines[-1]
    assert len(cli("show")[1].splitlines()) == 50
    assert len(cli("show", "-n", "0")[1].splitlines()) == 300


def test_what_auto_lock_and_the_owner_did_is_named(cli: Run, state: Path) -> None:
    journal = Journal.open(state)
    at = micros(NOW)
    journal.append(
        [
            Event(at, "autolock", "lock:front", name="locks", detail="closed and unlocked for 3 minutes"),
            Event(at, "autolock", "lock:front", name="paused", value=1, detail="until 18:00"),
            Event(at, "alert", "lock:front", name="tamper", value="acknowledged", detail="alert 2"),
        ]
    )
    journal.close()
    assert [one.partition("Front lock: ")[2] for one in cli("show", "-n", "3")[1].splitlines()] == [
        "auto-lock locks - closed and unlocked for 3 minutes",
        "auto-lock paused - until 18:00",
        "alert tamper acknowledged - alert 2",
    ]


def test_show_filters_by_door_lock_kind_means_person_and_time(cli: Run, state: Path) -> None:
    assert len(shown(cli)) == 300
    assert {one["about"] for one in shown(cli, "--door", "front")} == {"door:front", "lock:front"}
    assert {one["about"] for one in shown(cli, "--lock", "front")} == {"lock:front"}
    assert [one["index"] for one in shown(cli, "--kind", "wrong_code", "--kind", "door_opened")] == [298, 299]
    assert {one["by"] for one in shown(cli, "--by", "code")} == {"code"}
    # Also what was heard before the code was known to be hers.
    assert len(shown(cli, "--person", "zuzana")) == 149
    assert len(shown(cli, "--since", (NOW - timedelta(hours=1)).isoformat())) == pytest.approx(60, abs=2)
    assert shown(cli, "--until", "2020-01-01") == []
    assert [one["index"] for one in shown(cli, "--limit", "2", "--kind", "battery")] == [295, 297]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--kind", "unlokced"), 'Did you mean "unlocked"'),
        (("--by", "magic"), "there is no means 'magic'"),
        (("--door", "frnt"), 'Did you mean "front"'),
        (("--since", "yesterday"), "is no time"),
        (("--until", "2026-13-01"), "is no time"),
        (("--since", "2026-02-02", "--until", "2026-02-01"), "is not before --until 2026-02-01"),
        (("--since", "9999-01-01"), "is not before now"),
        (("--follow", "--format", "json"), "--follow never ends"),
        (("--follow", "--output", "x"), "--follow never ends"),
        (("--output", "/dev/null/x", "--format", "csv"), "cannot be written"),
    ],
)
def test_show_says_what_cannot_be(cli: Run, state: Path, arguments: tuple[str, ...], told: str) -> None:
    code, out, err = cli("show", *arguments)
    assert (code, out) == (2, "")
    assert told in err


def test_a_person_of_whom_there_is_nothing_may_be_misspelt(cli: Run, state: Path) -> None:
    code, out, err = cli("show", "--person", "zuzanna")
    assert (code, out) == (0, "")
    assert 'Nothing in the journal fits.\nDid you mean "zuzana"?' in err


def test_json_lines_and_csv_hold_the_same_entries(cli: Run, state: Path) -> None:
    whole = shown(cli)
    assert whole[2]["raw"] == '{"n":1}'
    assert [json.loads(one) for one in cli("show", "--format", "jsonl")[1].splitlines()] == whole
    rows = list(csv.DictReader(io.StringIO(cli("show", "--format", "csv")[1])))
    assert [int(row["index"]) for row in rows] == list(range(300))
    assert datetime.fromisoformat(rows[7]["at"]) == datetime.fromisoformat(whole[7]["at"])
    assert rows[7]["at"].endswith(("+01:00", "+02:00"))
    assert "raw" not in rows[0]


def test_a_file_is_written_whole_and_private(cli: Run, state: Path, tmp_path: Path) -> None:
    file = tmp_path / "out" / "all.jsonl"
    code, out, err = cli("show", "--format", "jsonl", "-o", str(file))
    assert (code, out) == (0, "")
    assert str(file) in err
    assert len(file.read_text().splitlines()) == 300
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(file.parent.iterdir()) == [file]


def test_reading_is_noted_when_a_person_read_something(cli: Run, state: Path) -> None:
    cli("show", "--format", "json")
    cli("show", "--kind", "jammed")
    assert not (state / "nightlatch.db").exists()
    cli("show", "-n", "1")
    with sqlite3.connect(state / "nightlatch.db") as database:
        (day,) = database.execute("SELECT state FROM snapshots WHERE name = 'journal_read'").fetchone()
    assert abs(datetime.fromisoformat(day.decode()).date() - NOW.date()) <= timedelta(days=1)


def test_following_shows_what_another_process_writes(state: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "nightlatch", "journal", "show", "--follow", "-n", "1", "--format", "jsonl"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    ) as process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["index"] == 299
        journal = Journal.open(state)
        journal.append([Event(micros(NOW), "tamper", "lock:front")])
        journal.close()
        assert json.loads(process.stdout.readline())["kind"] == "tamper"
        process.send_signal(signal.SIGINT)
        until = time.monotonic() + 10
        while process.poll() is None:
            assert time.monotonic() < until
            time.sleep(0.05)
        assert process.stderr is not None
        assert "Traceback" not in process.stderr.read()


def test_verify_says_intact_and_notes_it_and_looks_only_at_what_is_new_the_next_time(cli: Run, state: Path) -> None:
    code, out, _ = cli("verify", "--no-witnesses")
    assert code == 0
    assert "Intact: 300 entries." in out
    assert "301 were verified before" not in cli("verify", "--no-witnesses")[1], "a short journal is always read whole"
    assert "of which 301 were verified before" in cli("verify", "--no-witnesses", "--new")[1]
    assert "verified before" not in cli("verify", "--no-witnesses", "--full")[1]
    told = shown(cli, "--kind", "verified")
    assert [(one["value"], one["name"]) for one in told] == [("intact", "")] * 4


def test_verify_names_the_first_bad_entry_and_exits_1(cli: Run, state: Path) -> None:
    with sqlite3.connect(state / "journal.db") as database:
        (data,) = database.execute("SELECT entries FROM bundle WHERE n = 0").fetchone()
        place = data.index(b"battery", 9_000)
        number = data[:place].count(b'"at":') - 1
        database.execute("UPDATE bundle SET entries = ?", (data[:place] + b"Battery" + data[place + 7 :],))
    code, out, _ = cli("verify", "--full")
    assert code == 1
    assert "Not intact." in out
    assert f"entry {number}: " in out
    found = json.loads(cli("verify", "--full", "--format", "json")[1])
    assert (found["intact"], found["faults"][0]["first"]) == (False, number)
    assert shown(cli, "--kind", "verified", "-n", "1")[0]["value"] == "not intact"
    code, out, _ = cli("show", "-n", "0")
    assert code == 0
    lines = out.splitlines()
    assert lines[number] == f"{number:>7}  (damaged: cannot be read (Invalid enum value 'Battery' - at `$.kind`))"
    assert "damaged" not in "".join(lines[:number] + lines[number + 1 :]), "what comes after it is shown"
    assert shown(cli)[number] == {"index": number, "damaged": lines[number][19:-1]}
    assert f"damaged: {lines[number][19:-1]}" in cli("show", "--format", "csv")[1]


def test_a_file_that_is_no_database_any_more_is_not_intact(cli: Run, state: Path) -> None:
    (state / "journal.db").write_bytes(b"\0" * 5000)
    for name in ("journal.db-wal", "journal.db-shm"):
        (state / name).unlink(missing_ok=True)
    code, out, err = cli("verify")
    assert code == 1, (out, err)
    assert str(state / "journal.db") in out + err


def test_a_journal_put_back_is_told_by_the_witness(cli: Run, state: Path, tmp_path: Path) -> None:
    shutil.copytree(state, tmp_path / "older")
    journal = Journal.open(state)
    journal.append([event(1)])
    journal.close()
    code, out, _ = cli("checkpoint", "--publish")
    assert code == 0
    assert out == (tmp_path / "usb/checkpoints").read_text()
    assert cli("verify")[0] == 0
    shutil.rmtree(state)
    shutil.copytree(tmp_path / "older", state)
    code, out, _ = cli("verify")
    assert code == 1
    assert "Not intact: whole in itself (300 entries)" in out
    assert "Witness file contradicts" in out
    assert "rolled back or cut off" in out
    found = json.loads(cli("verify", "--format", "json")[1])
    assert (found["intact"], found["witnesses"][0]["agrees"]) == (False, False)
    assert cli("checkpoint", "--publish")[0] == 1


def test_a_witness_that_is_away_proves_nothing_and_is_told(cli: Run, state: Path, tmp_path: Path) -> None:
    (tmp_path / "usb").rmdir()
    code, out, _ = cli("verify")
    assert code == 0
    assert "Witness file proves nothing" in out
    code, _, err = cli("checkpoint", "--publish")
    assert code == 1
    assert "Is its disk mounted" in err


def test_a_proof_holds_offline_with_the_public_key_alone(cli: Run, state: Path, tmp_path: Path) -> None:
    proof, public = tmp_path / "entry.proof", tmp_path / "journal.pub"
    code, out, _ = cli("prove", "2", "-o", str(proof))
    assert (code, out) == (0, "")
    public.write_text(cli("key", "show")[1])
    shutil.rmtree(state)
    code, out, _ = cli("check", str(proof), "--key", str(public))
    assert code == 0
    assert "It holds: this is entry 2 among the 300" in out
    assert json.loads(cli("check", str(proof), "--key", public.read_text().strip(), "-f", "json")[1])["holds"] is True
    text = proof.read_text()
    proof.write_text(text.replace("index 2", "index 3"))
    code, out, _ = cli("check", str(proof), "--key", str(public))
    assert code == 1
    assert "It does not hold" in out


def test_check_says_what_it_needs(cli: Run, state: Path, tmp_path: Path) -> None:
    file = tmp_path / "x"
    file.write_text("nonsense")
    assert "--key is needed" in cli("check", str(file))[2]
    public = cli("key", "show")[1].strip()
    code, _, err = cli("check", str(file), "--key", public)
    assert code == 2
    assert f"{file}: is no proof" in err
    assert "no public key" in cli("check", str(file), "--key", "a+b")[2]
    assert "does not exist" in cli("check", str(tmp_path / "gone"), "--key", public)[2]
    assert "there is no entry 999" in cli("prove", "999")[2]


def test_erase_asks_erases_and_says_which_lines_still_name_the_person(cli: Run, state: Path, config: Path) -> None:
    code, _, err = cli("erase", "zuzana")
    assert code == 2
    assert "--yes" in err
    assert len(shown(cli, "--person", "zuzana")) == 149
    code, out, _ = cli("erase", "zuzana", "--yes")
    assert code == 0
    assert "2 keys destroyed" in out
    assert f"{config}:11\n" in out
    assert f"{config}:12\n" in out
    assert shown(cli, "--person", "zuzana") == []
    assert "(erased person)" in cli("show", "-n", "0")[1]
    assert cli("verify", "--full", "--no-witnesses")[0] == 0
    code, out, _ = cli("erase", "zuzana", "--yes")
    assert code == 1
    assert "Nothing was kept" in out
    assert json.loads(cli("erase", "zuzana", "--yes", "--format", "json")[1])["keys"] == 0


def test_keys_are_shown_and_rotated_and_the_log_records_it(cli: Run, state: Path) -> None:
    first = cli("key", "show")[1].split()
    code, out, _ = cli("key", "rotate", "--reason", "a new disk")
    assert code == 0
    assert cli("key", "show")[1].split() == [out.strip(), *first]
    assert cli("verify", "--full", "--no-witnesses")[0] == 0
    assert shown(cli, "--kind", "key_rotated")[0]["detail"] == "a new disk"
    (state / "journal.key").unlink()
    code, _, err = cli("key", "rotate")
    assert code == 2
    assert "rotate --lost" in err
    assert cli("key", "rotate", "--lost")[0] == 0
    assert "without the former one's signature" in cli("verify", "--full", "--no-witnesses")[1]
    found = json.loads(cli("key", "show", "--format", "json")[1])
    assert len(found["journal"]) == 3
    assert found["witness"] is None


def test_the_export_is_written(cli: Run, state: Path, tmp_path: Path) -> None:
    code, out, _ = cli("export", "--tiles", str(tmp_path / "tiles"))
    assert code == 0
    assert "300 entries" in out
    assert (tmp_path / "tiles/tile/entries/001.p/44").is_file()
    assert json.loads(cli("export", "--tiles", str(tmp_path / "tiles"), "-f", "json")[1])["entries"] == 300
    assert cli("export")[0] == 2


@pytest.mark.parametrize(
    "command", [("show",), ("verify",), ("prove", "1"), ("checkpoint",), ("export", "--tiles", "x"), ("key", "show")]
)
def test_without_a_journal_every_command_says_where_one_would_come_from(cli: Run, command: tuple[str, ...]) -> None:
    code, out, err = cli(*command)
    assert (code, out) == (2, "")
    assert "there is no journal here" in err
    assert "nightlatch run" in err


def test_without_a_configuration_the_journal_is_read_all_the_same(
    cli: Run, state: Path, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config.unlink()
    code, out, _ = cli("show", "-n", "1")
    assert code == 0
    assert f"{NOW - timedelta(minutes=1):%Y-%m-%d %H:%M:%S}" in out
    assert cli("verify")[0] == 0
    assert cli("show", "--config", str(config))[0] == 2, "one that was named must be there"


@pytest.mark.parametrize("command", ["show", "verify", "prove", "check", "checkpoint", "erase", "export", "key rotate"])
def test_every_help_has_examples(cli: Run, command: str) -> None:
    code, out, _ = cli(*command.split(), "--help")
    assert code == 0
    assert f"Examples:\n    nightlatch journal {command.split(maxsplit=1)[0]}" in out


@given(st.text(max_size=40))
def test_no_text_of_a_peer_becomes_a_formula_or_an_order_to_the_terminal(text: str) -> None:
    found = Event(1, "outcome", "lock:front", name=text, detail=text, value=text, raw=text, person=text, slot=1)
    rows = list(csv.reader(io.StringIO("".join(as_csv([Entry(1, found)], UTC)), newline="")))
    assert len(rows) == 2
    for cell in rows[1]:
        assert not cell.lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r"))
    assert rows[1][rows[0].index("detail")] in (text, f"'{text}")
    assert json.loads("".join(as_json([Entry(1, found)])))[0]["detail"] == text
    plain = line(Entry(1, found), Names(None), UTC).plain
    assert all(char.isprintable() for char in plain)


def test_times_are_read_as_they_are_written() -> None:
    at = datetime(2026, 11, 22, 12, tzinfo=UTC)
    berlin = ZoneInfo("Europe/Berlin")
    assert instant_of("12h", at, berlin) == at - timedelta(hours=12)
    assert instant_of("3w", at, berlin) == at - timedelta(weeks=3)
    assert instant_of("2026-10-01", at, berlin) == datetime(2026, 9, 30, 22, tzinfo=UTC)
    assert instant_of("2026-10-01", at, berlin, end=True) == datetime(2026, 10, 1, 22, tzinfo=UTC)
    assert instant_of("2026-10-01T18:00", at, berlin) == datetime(2026, 10, 1, 16, tzinfo=UTC)
    assert instant_of("2026-10-01T18:00Z", at, berlin) == datetime(2026, 10, 1, 18, tzinfo=UTC)
    for wrong in ("", "x", "9999-12-31", "99999d"):
        with pytest.raises(UsageError):
            instant_of(wrong, at, berlin, end=True)
