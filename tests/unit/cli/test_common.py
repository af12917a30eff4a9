"""What the commands print: nothing at the ends of lines, and readable on a narrow terminal."""

from __future__ import annotations

import pytest
from rich.text import Text

from nightlatch.cli.common import console, hung, print_table

LONG = "Maximiliane Augusta Theodora von und zu Hohenstein-Wernigerode (code, slot 4): the code was read back"


def test_further_lines_are_indented_and_no_line_ends_in_spaces(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    hung(console(), Text(f"present  {LONG}", "green"))
    lines = capsys.readouterr().out.splitlines()
    assert all(line == line.rstrip() and len(line) <= 40 for line in lines)
    assert lines[0].startswith("  present  Maximiliane")
    assert all(line.startswith("    ") for line in lines[1:])
    assert " ".join(line.strip() for line in lines) == f"present  {LONG}"


def test_a_word_that_is_longer_than_the_terminal_is_cut_and_kept(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    hung(console(), Text("x" * 50))
    assert capsys.readouterr().out.replace(" ", "").replace("\n", "") == "x" * 50


def test_a_narrow_terminal_gets_a_paragraph_for_each_row(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [("ana", "Ana [Silva]", "guest"), ("joe", "Joe", "")]
    monkeypatch.setenv("COLUMNS", "40")
    print_table(console(), ("id", "name", "role"), rows)
    assert capsys.readouterr().out == "ana; name: Ana [Silva]; role: guest\njoe; name: Joe\n"
    monkeypatch.setenv("COLUMNS", "80")
    print_table(console(), ("id", "name", "role"), rows)
    assert capsys.readouterr().out == "id   name         role\nana  Ana [Silva]  guest\njoe  Joe\n"
