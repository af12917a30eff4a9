"""`nightlatch code`: PINs are made, chosen, shown, handed out and ended, and are nowhere else."""

from __future__ import annotations

import io
import json
import re
import sys
import tempfile
from pathlib import Path

import pytest

from nightlatch.cli.access_common import access
from nightlatch.journal.journal import Journal
from tests.unit.cli.access_home import Run, granted, pins, runner, settle


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return settle(tmp_path, monkeypatch)


@pytest.fixture
def cli(state: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    call = runner(capsys)
    call("people", "add", "ana", "--name", "Ana Silva")
    return call


def told(state: Path) -> list[str]:
    """What the journal tells of codes."""
    journal = Journal.open(state, read_only=True)
    try:
        events = [entry.event for entry in journal.entries()]
        return [one.detail for one in events if one is not None and one.kind == "credential"]
    finally:
        journal.close()


def test_a_pin_is_shown_on_a_terminal_only_and_the_journal_says_so(cli: Run, state: Path) -> None:
    granted("ana")
    ((credential, pin),) = pins().items()

    code, out, err = cli("code", "show", "ana")
    assert (code, out) == (2, "")
    assert "on a terminal only" in err
    assert told(state) == ["added: 6 digits, made by chance"]

    assert cli("code", "show", "ana", "--yes")[1] == f"{pin}\n"
    shown = json.loads(cli("code", "show", "ana", "--yes", "--format", "json")[1])
    assert shown == {"person": "ana", "codes": [{"id": credential, "digits": 6, "pin": pin}]}
    assert told(state)[1:] == ["revealed: shown by nightlatch code show"] * 2


def test_on_a_terminal_it_is_asked_before(cli: Run, monkeypatch: pytest.MonkeyPatch, state: Path) -> None:
    granted("ana")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stdin", type("Terminal", (io.StringIO,), {"isatty": lambda _: True})("n\n"))

    code, out, err = cli("code", "show", "ana")

    assert code == 1
    assert next(iter(pins().values())) not in out + err
    assert "The PIN of Ana Silva will stand on this screen" in err
    assert len(told(state)) == 1


def test_a_new_code_replaces_the_present_one_after_a_question(cli: Run) -> None:
    granted("ana")
    before = pins()

    code, _, err = cli("code", "new", "ana")
    assert code == 2
    assert "The present code of Ana Silva for Front lock will be replaced" in err
    assert pins() == before

    assert cli("code", "new", "ana", "--yes", "--digits", "8")[0] == 0
    assert cli("code", "new", "ana", "--yes")[0] == 0
    with access(None) as registrar:
        assert [one.digits for one in registrar.register().active("ana")] == [6]


def test_a_chosen_code_is_typed_and_never_on_the_command_line(cli: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("519374\n"))
    code, out, err = cli("code", "new", "ana", "--choose")
    assert code == 0
    assert list(pins().values()) == ["519374"]
    assert "519374" not in out + err

    monkeypatch.setattr(sys, "stdin", io.StringIO("519375\n"))
    cli("people", "add", "ben")
    code, out, err = cli("code", "new", "ben", "--choose")
    assert code == 2
    assert "this code cannot be taken: it differs in a single digit from another code. Choose another" in err
    assert "51937" not in out + err
    assert cli("code", "new", "ben", "--choose", "--digits", "6")[0] == 2
    assert cli("code", "new", "ben", "--choose", "519375")[0] == 2


def test_codes_end_and_grants_stay(cli: Run) -> None:
    granted("ana")
    assert cli("code", "end", "ana")[0] == 2
    assert cli("code", "end", "ana", "--yes")[0] == 0

    code, _, err = cli("code", "show", "ana", "--yes")
    assert (code, "Ana Silva has no code. Make one: nightlatch code new ana" in err) == (2, True)
    assert cli("code", "end", "ana", "--yes")[0] == 2


def test_the_key_is_changed_and_every_pin_stays(cli: Run, state: Path) -> None:
    granted("ana")
    before, key = pins(), (state / "access.key").read_text()

    code, out, _ = cli("code", "key", "rotate")

    assert code == 0
    assert out.startswith("1 secret sealed with a new key: ")
    assert (state / "access.key").read_text() != key
    assert pins() == before
    assert json.loads(cli("code", "key", "rotate", "--format", "json")[1])["sealed"] == 1


@pytest.mark.parametrize("ending", ["html", "svg", "pdf"])
def test_a_card_is_written_for_its_owner_alone(cli: Run, state: Path, tmp_path: Path, ending: str) -> None:
    grant = granted("ana", "front", "shed")
    file = tmp_path / f"ana.{ending}"

    assert cli("code", "card", grant, "--out", str(file))[0] == 2, "it asks"
    assert not file.exists()
    assert len(told(state)) == 1
    code, out, _ = cli("code", "card", grant, "--out", str(file), "--yes")

    assert (code, out) == (0, f"Written: {file}\n")
    assert file.stat().st_mode & 0o777 == 0o600
    assert told(state)[1:] == ["revealed: put on a card"]
    pin = next(iter(pins().values()))
    assert ending == "pdf" or f"{pin[:3]}\N{NO-BREAK SPACE}{pin[3:]}" in file.read_text()


def test_a_card_on_the_terminal_tells_home_doors_times_and_code(cli: Run) -> None:
    granted("ana")
    ((_, pin),) = pins().items()

    code, out, _ = cli("code", "card", "ana", "--yes")
    assert code == 0
    assert out.startswith(f"Birch Lane\nFor Ana Silva\n\nCode  {pin}\n  Front door\n    at any time, without an end\n")
    made = json.loads(cli("code", "card", "ana", "--yes", "-f", "json")[1])
    ways = [{"door": "Front door", "times": ["at any time, without an end"]}]
    assert made == {"home": "Birch Lane", "name": "Ana Silva", "keys": [{"code": pin, "ways": ways}]}


def test_a_card_that_opens_nothing_or_is_of_nobody_is_refused_before_anything_is_revealed(
    cli: Run, state: Path, tmp_path: Path
) -> None:
    cli("code", "new", "ana")
    code, _, err = cli("code", "card", "ana", "--yes")
    assert (code, "no code of Ana Silva opens anything" in err) == (2, True)
    code, _, err = cli("code", "card", "ana", "--out", str(tmp_path / "card.png"), "--yes")
    assert (code, "Write .html, .pdf or .svg." in err) == (2, True)
    code, _, err = cli("code", "card", "nobody", "--yes")
    assert (code, "is not known here" in err) == (2, True)
    cli("people", "add", "ben", "--group", "friends")
    code, _, err = cli("code", "card", granted("group:friends"), "--yes")
    assert (code, "Make a card for each of them: ben." in err) == (2, True)
    assert not any("revealed" in one for one in told(state))


def test_no_pin_is_in_any_file_or_output_but_where_it_was_asked_for(
    cli: Run, state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    granted("ana", "*")
    cli("people", "add", "ben", "--name", "Ben", "--group", "friends")
    every = set(pins().values())

    def done(*arguments: str) -> str:
        code, out, err = cli("--debug", *arguments)
        assert code == 0, err
        every.update(pins().values())
        return out + err

    monkeypatch.setattr(sys, "stdin", io.StringIO("519374\n"))
    monkeypatch.setenv("WORDS", "correct horse battery staple lamp")
    said = [
        done("code", "new", "ben", "--choose"),
        done("code", "new", "ana", "--yes"),
        done("code", "new", "ana", "--digits", "8", "--yes"),
        done("people", "show", "ana", "-f", "json"),
        done("people", "list"),
        done("code", "card", "ana", "-o", str(tmp_path / "card.pdf"), "--yes"),
        done("code", "key", "rotate"),
        done("backup", str(tmp_path / "home.nlb"), "--passphrase", "env:WORDS"),
        done("code", "end", "ben", "--yes"),
        done("people", "remove", "ana", "--yes"),
        done("journal", "show", "--format", "json"),
    ]
    assert len(every) == 4
    for pin in every:
        assert not any(pin in text for text in said)
        for path in tmp_path.rglob("*"):
            # A file of random bytes may hold six digits by chance, as no number by itself.
            alone = rb"(?<![0-9A-Za-z+/])" + pin.encode() + rb"(?![0-9A-Za-z+/=])"
            assert path.is_dir() or path.suffix == ".pdf" or not re.search(alone, path.read_bytes()), path
    temporary = Path(tempfile.gettempdir()).glob("nightlatch-*/card.typ")
    assert not [path for path in temporary if any(pin in path.read_text() for pin in every)]
