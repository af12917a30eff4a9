"""Changing one table of a file: every other byte stays, and what reads differently from what was meant is refused."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightlatch.configuration.blocks import Editor, Unfit
from nightlatch.configuration.draft import DoorDraft, SourceDraft, draft
from nightlatch.configuration.edit import digest, edit
from nightlatch.configuration.read import load, parse
from nightlatch.errors import NightlatchError

FILE = """\
# head

[home]
name = "Elm"   # as we say

[[doors]]
id = "front" # the red one

[[locks]]
id = "front"
door = "front"
# model = "Yale"

[[doors]]
id = "back"
[[locks]]
id = "back"
door = "back"

# the hub in the cellar
[[sources]]
kind = "simulated"
doors = [
  "front",   # [[not a header]]
]
[[sources.faults]]
kind = "jam"

# what may come later
# [[sources]]
"""


def test_a_new_door_stands_behind_the_last_one_and_no_line_is_lost_or_moved() -> None:
    editor = Editor(FILE)
    editor.add("doors", {"id": "side", "name": "Side", "exterior": True})
    rest = editor.text.replace('\n[[doors]]\nid = "side"\nname = "Side"\nexterior = true\n', "", 1)
    assert rest == FILE
    assert [one["id"] for one in tomllib.loads(editor.text)["doors"]] == ["front", "back", "side"]


def test_a_table_is_changed_where_it_stands() -> None:
    editor = Editor(FILE)
    editor.set("home", {"name": "Ash", "timezone": "Europe/Berlin"})
    editor.change("locks", 0, {"model": "YRD"})
    assert editor.text == FILE.replace(
        '"Elm"   # as we say', '"Ash"   # as we say\ntimezone = "Europe/Berlin"'
    ).replace('door = "front"\n# model = "Yale"\n', 'door = "front"\n# model = "Yale"\nmodel = "YRD"\n')


def test_a_table_goes_with_what_is_said_above_it_and_with_what_is_below_it() -> None:
    editor = Editor(FILE)
    editor.remove("sources", 0)
    assert "cellar" not in editor.text
    assert "faults" not in editor.text
    assert "# what may come later" in editor.text
    assert "sources" not in tomllib.loads(editor.text)


def test_lists_in_one_line_give_way_to_tables() -> None:
    editor = Editor('doors = [{id = "front"}]\nlocks = []\n[home]\nname = "Elm"\n')
    editor.add("doors", {"id": "back"})
    editor.add("locks", {"id": "back"})
    assert [one["id"] for one in tomllib.loads(editor.text)["doors"]] == ["front", "back"]


@pytest.mark.parametrize(
    "text", ['home.name = "Elm"\n', 'home = {name = "Elm"}\n', '[home]\nname = "Elm"', "# no\n", ""]
)
def test_the_home_is_renamed_however_it_is_written(text: str) -> None:
    editor = Editor(text)
    editor.set("home", {"name": "Ash"})
    assert tomllib.loads(editor.text) == {"home": {"name": "Ash"}}


def test_lists_inside_tables_are_added_to_and_taken_from() -> None:
    editor = Editor('[alerts]\nfull_names = true\n[[alerts.channels]]\nid = "a"\nurl = "env:A"\n[service]\nport = 1\n')
    editor.add("alerts.channels", {"id": "b", "url": "env:B"})
    editor.remove("alerts.channels", 0)
    data = tomllib.loads(editor.text)
    assert data["alerts"] == {"full_names": True, "channels": [{"id": "b", "url": "env:B"}]}
    assert data["service"] == {"port": 1}


def test_windows_line_ends_stay() -> None:
    editor = Editor('[home]\r\nname = "Elm" # x\r\n')
    editor.set("home", {"name": "Ash"})
    editor.add("doors", {"id": "a"})
    assert editor.text == '[home]\r\nname = "Ash" # x\r\n\r\n[[doors]]\r\nid = "a"\r\n'


def test_what_cannot_be_changed_safely_is_refused() -> None:
    editor = Editor('[[sources]]\nkind = "simulated"\n[sources.codes]\nslots = 3\n')
    with pytest.raises((Unfit, NightlatchError, KeyError, ValueError)):
        editor.change("sources", 0, {"codes": {"slots": 4}})


WORDS = st.text(st.characters(codec="utf-8"), max_size=30)
VALUES = st.one_of(WORDS, st.integers(-5, 5), st.booleans(), st.lists(WORDS, max_size=3))
TABLES = st.dictionaries(st.sampled_from(("id", "name", "a", "b-c")), VALUES, min_size=1, max_size=3)
ACTS = st.lists(
    st.tuples(st.sampled_from(("add", "change", "remove", "set")), st.sampled_from(("doors", "locks")), TABLES),
    max_size=6,
)


@given(acts=ACTS)
def test_any_row_of_changes_reads_as_the_same_changes_of_the_data_and_keeps_every_comment(
    acts: list[tuple[str, str, dict[str, Any]]],
) -> None:
    editor, data = Editor(FILE), tomllib.loads(FILE)
    kept = ["# head", "# as we say", "# the hub in the cellar", "# what may come later"]
    for act, name, values in acts:
        tables = data.setdefault(name, [])
        if act == "add":
            tables.append(values)
            editor.add(name, values)
        elif act == "set":
            data["home"].update(values)
            editor.set("home", values)
        elif tables and act == "change":
            tables[-1].update(values)
            editor.change(name, len(tables) - 1, values)
        elif tables:
            del tables[0]
            editor.remove(name, 0)
    found = tomllib.loads(editor.text)
    assert {key: value for key, value in found.items() if value} == {key: one for key, one in data.items() if one}
    assert all(one in editor.text for one in kept)


@given(name=WORDS, note=WORDS)
def test_what_init_writes_can_be_changed(name: str, note: str) -> None:
    written = draft(name, "UTC", [DoorDraft("front", name)], [SourceDraft("zwavejs", {"url": name}, note and "note")])
    editor = Editor(written)
    editor.add("sources", {"kind": "igd"})
    assert [one["kind"] for one in tomllib.loads(editor.text)["sources"]] == ["zwavejs", "igd"]


def test_a_file_that_was_changed_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "nightlatch.toml"
    path.write_text(FILE)
    since = digest(path)
    path.write_text(FILE + "# by hand\n")
    with pytest.raises(NightlatchError, match="meanwhile"):
        edit(path, lambda editor: editor.set("home", {"name": "Ash"}), since=since)
    assert path.read_text() == FILE + "# by hand\n"
    edit(path, lambda editor: editor.set("home", {"name": "Ash"}), since=digest(path))
    assert load(path).tables.home.name == "Ash"


def test_a_change_that_reads_but_is_wrong_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "nightlatch.toml"
    path.write_text(FILE)
    with pytest.raises(NightlatchError, match="no time zone"):
        edit(path, lambda editor: editor.set("home", {"timezone": "Mars"}))
    assert path.read_text() == FILE
    assert parse(FILE, path).tables.home.name == "Elm"
