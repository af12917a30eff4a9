"""The command line: exit codes, JSON everywhere, errors for people, nothing lost in a file."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from nightlatch.cli.app import app, run

TOML = """\
# my home
[home]
name = "Elm"
timezone = "Europe/Berlin"

[[doors]]
id = "front"
exterior = true

[[locks]]
id = "front"
door = "front"
model = "Yale YRD450"  # the front one
"""

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "nightlatch.toml"
    path.write_text(TOML)
    monkeypatch.setenv("NIGHTLATCH_CONFIG", str(path))
    monkeypatch.setenv("NIGHTLATCH_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("COLUMNS", "120")
    return path


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str], config: Path) -> Run:
    def call(*arguments: str) -> tuple[int, str, str]:
        code = run(arguments)
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err
        return code, out, err

    return call


def test_an_audit_prints_the_answer_and_exits_by_what_is_open(cli: Run, config: Path) -> None:
    code, out, _ = cli("audit")
    assert code == 0
    assert "Score" in out
    with config.open("a") as file:
        file.write('[[answers]]\nabout = "lock:front"\nfact = "battery_percent"\nvalue = 5\non = 2026-11-01\n')
    assert cli("audit", "--at", "2026-11-22")[0] == 1
    assert cli("audit", "--at", "2026-11-22", "--fail-on", "never")[0] == 0
    assert cli("audit", "--at", "2026-11-22", "--fail-on", "critical")[0] == 1


def test_strict_exits_3_when_a_source_failed(cli: Run, config: Path) -> None:
    with config.open("a") as file:
        file.write('[[sources]]\nkind = "openwrt"\npath = "gone.tar.gz"\n')
    code, out, _ = cli("audit", "--strict")
    assert code == 3
    assert "gone.tar.gz" in out
    assert cli("audit")[0] == 0


def test_a_wrong_configuration_exits_2_with_file_and_line(cli: Run, config: Path) -> None:
    config.write_text(TOML.replace("exterior", "exteriour"))
    code, out, err = cli("audit")
    assert (code, out) == (2, "")
    assert f"{config}:8: unknown key 'exteriour'. Did you mean \"exterior\"?" in err


@pytest.mark.parametrize(
    "arguments",
    [
        ("audit", "--format", "json"),
        ("checklist", "--format", "json"),
        ("explain", "upnp", "--format", "json"),
        ("practices", "--format", "json"),
        ("answer", "--format", "json"),
        ("answer", "door:front", "screws_mm", "80", "--format", "json"),
        ("waive", "upnp", "--reason", "r", "--until", "2999-01-01", "--format", "json"),
        ("sources", "--format", "json"),
        ("sources", "--no-ask", "--format", "json"),
        ("catalogue", "search", "yale", "--format", "json"),
    ],
)
def test_every_command_that_prints_data_prints_json(cli: Run, arguments: tuple[str, ...]) -> None:
    code, out, _ = cli(*arguments)
    assert code == 0
    json.loads(out)


def test_every_command_has_help_with_an_example(cli: Run) -> None:
    names = [command.callback.__name__ for command in app.registered_commands if command.callback]
    for name in (*names, "catalogue search"):
        code, text, _ = cli(*name.split(), "--help")
        assert code == 0
        assert "Example" in text, name


def test_reports_are_written_for_the_owner_alone(cli: Run, tmp_path: Path) -> None:
    paths = [tmp_path / f"report{suffix}" for suffix in (".html", ".pdf", ".md", ".json")]
    code, _, err = cli("audit", *(word for path in paths for word in ("-o", str(path))))
    assert code == 0
    for path in paths:
        assert path.stat().st_mode & 0o077 == 0
        assert path.stat().st_size > 1000
        assert path.name in err
    assert paths[1].read_bytes().startswith(b"%PDF")


def test_a_report_of_an_unknown_kind_is_refused_before_anything_is_asked(cli: Run, tmp_path: Path) -> None:
    code, out, err = cli("audit", "-o", str(tmp_path / "report.docx"))
    assert (code, out) == (2, "")
    assert ".html, .pdf, .md, .json" in err


def test_what_changed_since_the_last_audit_is_told(cli: Run, config: Path) -> None:
    code, out, err = cli("audit", "--since", "last")
    assert (code, "there is nothing to compare with yet" in err, "Since" in out) == (0, True, False)
    cli("answer", "lock:front", "battery_percent", "5")
    code, out, _ = cli("audit", "--since", "last")
    assert code == 1
    assert "Newly failing" in out
    assert "Nothing changed" in cli("audit", "--since", "last")[1]


def test_an_answer_is_written_and_the_file_keeps_its_comments(cli: Run, config: Path) -> None:
    code, out, _ = cli("answer", "home", "needs", "remote,voice", "--on", "2026-11-01")
    assert code == 0
    assert "Noted" in out
    text = config.read_text()
    assert text.startswith(TOML.rstrip("\n"))
    assert 'value = ["remote", "voice"]' in text
    assert "on = 2026-11-01" in text


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("answer", "dor:front", "screws_mm", "1"), 'Did you mean "door"?'),
        (("answer", "door:front", "screws", "1"), 'Did you mean "screws_mm"?'),
        (("answer", "door:front", "screws_mm", "long"), "It is a whole number"),
        (("answer", "door:front", "exterior", "maybe"), "It is true or false"),
        (("answer", "door:front", "screws_mm", "1", "--on", "soon"), "is no day"),
        (("waive", "upmp", "--reason", "r", "--until", "2999-01-01"), 'Did you mean "upnp"?'),
        (("waive", "upnp"), "needs --reason and --until"),
        (("waive", "upnp", "--reason", "r", "--until", "2020-01-01"), "is over"),
        (("waive", "upnp", "--remove"), "there is no waiver"),
        (("waive", "upnp", "--subject", "lock:front", "--reason", "r", "--until", "2999-01-01"), "home or router:ID"),
        (("waive", "vendor", "--subject", "lock:fornt", "--reason", "r", "--until", "2999-01-01"), '"front"'),
        (("waive", "upnp", "--check", "of", "--reason", "r", "--until", "2999-01-01"), 'Did you mean "off"?'),
        (("answer", "lock:fornt", "tamper_alarm", "yes"), 'Did you mean "front"?'),
        (("answer", "home", "needs", "[x"), "It is a list of"),
        (("answer", "lock:front", "model", ""), "cannot be empty"),
        (("audit", "--source", "zwavjs"), "no source 'zwavjs' is configured"),
        (("audit", "-o", "/proc/report.html"), "/proc/report.html: cannot be written"),
        (("explain", "upmp"), 'Did you mean "upnp"?'),
        (("audit", "--since", "whenever"), "is no time"),
        (("audit", "--profile", "minimall"), 'Did you mean "minimal"?'),
        (("audit", "--config", "/nowhere/nightlatch.toml"), "nightlatch init"),
        (("audit", "--format", "docx"), "docx"),
        (("adit",), "adit"),
    ],
)
def test_what_cannot_be_done_exits_2_says_why_and_changes_nothing(
    cli: Run, config: Path, arguments: tuple[str, ...], told: str
) -> None:
    code, _, err = cli(*arguments)
    assert code == 2
    assert told in err
    assert config.read_text() == TOML


@pytest.mark.parametrize(
    ("said", "written"),
    [("", "[]"), ("none", "[]"), ("[]", "[]"), ("remote", '["remote"]'), ("[remote, 'voice']", '["remote", "voice"]')],
)
def test_a_list_can_be_answered_with_words_or_with_none(cli: Run, config: Path, said: str, written: str) -> None:
    assert cli("answer", "home", "needs", said)[0] == 0
    assert f"value = {written}" in config.read_text()


def test_answers_that_the_owner_wrote_in_one_line_are_kept(cli: Run, config: Path) -> None:
    given = '{about = "door:front", fact = "screws_mm", value = 75, on = 2026-10-01}'
    config.write_text(f"answers = [{given}]\n{TOML}")
    assert cli("answer", "home", "needs", "remote")[0] == 0
    out = json.loads(cli("answer", "--format", "json")[1])
    assert {row["fact"] for row in out if row["answered"]} == {"screws_mm", "needs"}


def test_a_waiver_may_name_a_thing_by_the_key_that_a_source_gave_it(cli: Run, config: Path) -> None:
    config.write_text(TOML + 'bind = ["zwavejs:3"]\n')
    cli("waive", "open-standards", "--subject", "lock:zwavejs:3", "--reason", "r", "--until", "2999-01-01")
    audit = json.loads(cli("audit", "--format", "json")[1])
    found = [item for item in audit["findings"] if item["practice"] == "open-standards"]
    assert found and all(item["subject"] == "lock:front" and item["waiver"] for item in found)


def test_an_audit_of_some_sources_is_not_kept_for_since(cli: Run) -> None:
    cli("audit", "--source", "declared")
    assert "nothing to compare with" in cli("audit", "--since", "last")[2]


def test_a_profile_named_on_the_command_line_is_found_from_here(
    cli: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "here"
    here.mkdir()
    (here / "mine.toml").write_text('name = "mine"\ntitle = "Mine"\npractices = ["upnp"]\n')
    monkeypatch.chdir(here)
    assert json.loads(cli("audit", "--profile", "mine.toml", "--format", "json")[1])["profile"] == "mine"


def test_a_report_is_printed_even_when_the_audit_cannot_be_kept(
    cli: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a-file").write_text("")
    monkeypatch.setenv("NIGHTLATCH_STATE", str(tmp_path / "a-file"))
    code, out, err = cli("audit")
    assert code == 2
    assert "Score" in out
    assert "a-file" in err and "NIGHTLATCH_STATE" in err


@pytest.mark.parametrize("columns", ["abc", "0", "-3", "99999999999"])
def test_a_strange_width_is_no_error(cli: Run, monkeypatch: pytest.MonkeyPatch, columns: str) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    code, out, _ = cli("audit")
    assert code == 0
    assert max(map(len, out.splitlines())) <= 1000


def test_a_terminal_without_our_signs_gets_question_marks_and_json_in_utf_8(config: Path, tmp_path: Path) -> None:
    config.write_text(TOML.replace("Elm", "Ülm"), "utf-8")
    env = {**os.environ, "NIGHTLATCH_STATE": str(tmp_path / "s"), "PYTHONIOENCODING": "ascii"}
    command = [sys.executable, "-m", "nightlatch", "audit"]
    text = subprocess.run(command, capture_output=True, env=env, check=True).stdout
    assert b"?lm" in text
    data = subprocess.run([*command, "--format", "json"], capture_output=True, env=env, check=True).stdout
    assert json.loads(data)["home"]["name"] == "Ülm"


def test_a_defect_is_told_without_a_traceback_or_what_was_being_read(cli: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ValueError("hunter2")

    monkeypatch.setattr("nightlatch.audit.run.audit", broken)
    code, _, err = cli("audit")
    assert code == 70
    assert "please report it" in err
    assert "hunter2" not in err


def test_a_waiver_is_noted_and_taken_back(cli: Run, config: Path) -> None:
    assert cli("waive", "upnp", "--reason", "the console", "--until", "2999-01-31")[0] == 0
    assert 'reason = "the console"' in config.read_text()
    assert cli("waive", "upnp", "--remove")[0] == 0
    assert config.read_text().rstrip() == TOML.rstrip()


def test_the_questions_say_what_an_answer_looks_like_and_what_was_answered(cli: Run) -> None:
    cli("answer", "door:front", "screws_mm", "80")
    _, out, _ = cli("answer", "door:front")
    assert "80" in out
    assert "How long are the strike plate's screws, in mm? (a whole number)" in out


def test_an_unknown_model_is_honestly_not_known(cli: Run) -> None:
    _, out, _ = cli("catalogue", "search", "qqqq zzzz")
    assert "not known" in out


def test_output_is_plain_when_it_is_piped_and_a_closed_pipe_is_no_error(config: Path, tmp_path: Path) -> None:
    env = {**os.environ, "NIGHTLATCH_CONFIG": str(config), "NIGHTLATCH_STATE": str(tmp_path / "s")}
    command = [sys.executable, "-m", "nightlatch", "audit"]
    piped = subprocess.run(command, capture_output=True, text=True, env=env, check=False)
    assert "\x1b" not in piped.stdout
    assert piped.stderr == ""
    closed = subprocess.run(
        ["bash", "-c", '"$0" -m nightlatch audit --format json | head -c 10', sys.executable],
        capture_output=True,
        text=True,
        env=env,
        check=False,
    )
    assert closed.stderr == ""


def test_help_does_not_load_what_only_an_audit_needs() -> None:
    code = "import sys; from nightlatch.cli.app import app, run; run(['--help']); print('LOADED', *sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    loaded = set(out.split("LOADED")[1].split())
    assert not loaded & {"aiohttp", "sqlalchemy", "alembic", "jinja2", "typst", "zeroconf", "cryptography", "tomlkit"}


def test_where_in_the_code_something_broke_is_told_by_debug_only(cli: Run, capsys: pytest.CaptureFixture[str]) -> None:
    def told(*options: str) -> str:
        cli(*options, "audit")
        logging.getLogger("nightlatch.guard.commanding").error("zwavejs broke (%s)\n%s", "KeyError", "  File wire.py")
        return capsys.readouterr().err

    assert told() == "nightlatch: zwavejs broke (KeyError)\n"
    assert "File wire.py" in told("--debug")
