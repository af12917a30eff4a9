"""`nightlatch init`: what is found is configured, what is not is asked, and nothing is overwritten."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st

from nightlatch import discovery
from nightlatch.cli import init as module
from nightlatch.cli.app import run
from nightlatch.configuration.draft import DoorDraft, SourceDraft, draft, slug
from nightlatch.configuration.read import load, parse
from nightlatch.discovery import Found


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NIGHTLATCH_STATE", str(tmp_path / "state"))
    return tmp_path / "home" / "nightlatch.toml"


def found(monkeypatch: pytest.MonkeyPatch, *items: Found) -> None:
    """What discovery finds; discovery itself is tested against peers of its own."""

    async def discover(**_: object) -> list[Found]:
        return list(items)

    monkeypatch.setattr(discovery, "discover", discover)


def answers(monkeypatch: pytest.MonkeyPatch, *said: str) -> Iterator[str]:
    left = iter(said)
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr(typer, "prompt", lambda *_, **__: next(left))
    monkeypatch.setattr(typer, "confirm", lambda *_, **__: True)
    return left


def test_without_anything_found_a_file_is_written_that_can_be_audited(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found(monkeypatch)
    assert run(["init", "--yes", "--config", str(path)]) == 0
    assert path.stat().st_mode & 0o077 == 0
    assert load(path).tables.sources == []
    assert run(["audit", "--config", str(path), "--no-store"]) == 0


def test_what_is_found_becomes_a_source_and_its_secret_a_reference(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found(
        monkeypatch,
        Found("homeassistant", "http://127.0.0.1:1", "Home Assistant", "answers"),
        Found("mqtt", "mqtt://127.0.0.1:1", "a broker", "answers"),
        Found("router", "http://192.168.1.1", "a router", "announced"),
        Found("zwavejs", "ws://127.0.0.1:1", "Z-Wave JS", "answers"),
    )
    assert run(["init", "--yes", "--config", str(path)]) == 0
    assert [source["kind"] for source in load(path).tables.sources] == ["homeassistant", "zigbee2mqtt", "zwavejs"]
    assert load(path).tables.sources[0]["token"] == "env:HOMEASSISTANT_TOKEN"


def test_doors_are_asked_for_in_plain_words(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found(monkeypatch)
    backup = path.parent.parent / "backup.tar.gz"
    backup.write_bytes(b"")
    left = answers(
        monkeypatch, "Elm Street", "Europe/Berlin", str(backup), "", "Front door", "Yale YRD450", "Front door", "", ""
    )
    assert run(["init", "--config", str(path)]) == 0
    assert list(left) == []
    tables = load(path).tables
    assert tables.home.name == "Elm Street"
    assert [(lock.id, lock.door, lock.model) for lock in tables.locks] == [
        ("front-door", "front-door", "Yale YRD450"),
        ("front-door-2", "front-door-2", ""),
    ]
    assert tables.sources == [{"kind": "openwrt", "path": str(backup)}]


def test_an_existing_file_is_never_overwritten(
    path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found(monkeypatch)
    path.parent.mkdir()
    path.write_text("# mine\n")
    assert run(["init", "--yes", "--config", str(path)]) == 2
    assert "exists already" in capsys.readouterr().err
    assert path.read_text() == "# mine\n"


def test_a_wrong_time_zone_writes_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found(monkeypatch)
    answers(monkeypatch, "Elm", "Europe/Berln", "", "")
    assert run(["init", "--config", str(path)]) == 2
    assert not path.exists()


def test_programs_are_told_in_json(
    path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found(monkeypatch)
    assert run(["init", "--config", str(path), "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["path"] == str(path)


@pytest.mark.parametrize(
    ("name", "kind"), [("a.tar.gz", "openwrt"), ("a.rsc", "mikrotik"), ("a.xml", "opnsense"), ("pf.xml", "pfsense")]
)
def test_a_routers_export_is_told_by_its_ending_and_beginning(tmp_path: Path, name: str, kind: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"<?xml version='1.0'?><pfsense>" if name == "pf.xml" else b"")
    assert module._file(str(path), module.ROUTERS).kind == kind


def test_what_the_file_offers_works_once_it_is_no_comment() -> None:
    offered = draft("Elm", "UTC", [DoorDraft("back", "Back door")], [])
    lines = [re.sub(r"^# (?=\[|\w+ = )", "", line) for line in offered.splitlines()]
    tables = parse("\n".join(lines), Path("/x/nightlatch.toml")).tables
    assert [source["kind"] for source in tables.sources] == ["openwrt", "bitwarden"]
    assert tables.people[0].credentials == ["back/3"]
    assert [one.id for one in tables.alerts.channels] == ["phone"]
    assert [one.lock for one in tables.autolock] == ["back"]
    assert (len(tables.journal.witnesses), tables.journal.retention_days) == (1, 365)
    assert tables.service.port == 5625


words = st.text(st.characters(exclude_categories=("Cs",)), max_size=40)


@given(words, st.lists(st.tuples(words, words, words), max_size=4, unique_by=lambda one: one[2]))
def test_whatever_is_typed_the_file_reads_back(name: str, typed: list[tuple[str, str, str]]) -> None:
    doors: list[DoorDraft] = []
    for door, model, bind in typed:
        doors.append(DoorDraft(slug(door, [one.id for one in doors]), door, model=model, bind=(f"k:{bind}",)))
    text = draft(name, "UTC", doors, [SourceDraft("openwrt", {"path": name})])
    tables = parse(text, Path("/x/nightlatch.toml")).tables
    assert tables.home.name == name
    assert [door.name for door in tables.doors] == [door for door, _, _ in typed]
    assert [lock.bind for lock in tables.locks] == [[f"k:{bind}"] for _, _, bind in typed]
