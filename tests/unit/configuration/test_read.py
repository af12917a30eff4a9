"""Reading nightlatch.toml: every error names the file, the line and what to write instead."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightlatch.configuration.lines import Lines
from nightlatch.configuration.plugs import make
from nightlatch.configuration.read import Configuration, load, locate, parse
from nightlatch.errors import ConfigurationError, NightlatchError

GOOD = """\
[home]
name = "Elm Street 4"
timezone = "Europe/Berlin"

[[doors]]
id = "front"   # the one with the lock
exterior = true

[[locks]]
id = "front"
door = "front"
bind = [
    "zwavejs:3",  # a comment with [ and "
]

[[sources]]
kind = "openwrt"
path = "router.tar.gz"

[[answers]]
about = "door:front"
fact = "strike_plate"
value = "reinforced"
on = 2026-10-01
"""


def read(text: str) -> Configuration:
    return parse(text, Path("/home/ana/nightlatch.toml"))


def wrong(text: str) -> str:
    with pytest.raises(ConfigurationError) as caught:
        read(text)
    return str(caught.value)


def test_a_configuration_as_the_readme_shows_it_is_read() -> None:
    tables = read(GOOD).tables
    assert tables.home.name == "Elm Street 4"
    assert tables.locks[0].bind == ["zwavejs:3"]
    assert tables.sources == [{"kind": "openwrt", "path": "router.tar.gz"}]


def test_an_empty_file_is_a_home_of_which_nothing_is_known() -> None:
    assert read("").tables.home.timezone == "UTC"


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('timezone = "Europe/Berlin"', 'timezon = "x"', ["nightlatch.toml:3", "'timezon'", '"timezone"']),
        ("exterior = true", 'exterior = "yes"', ["nightlatch.toml:7", "exterior", "expected true or false, got text"]),
        ("exterior = true", "exterier = true", ["nightlatch.toml:7", '"exterior"']),
        ('door = "front"', 'door = "frnt"', ["nightlatch.toml:11", "no door 'frnt'", 'Did you mean "front"?']),
        ('"Europe/Berlin"', '"Europe/Berln"', ["nightlatch.toml:3", "no time zone"]),
        ('"Europe/Berlin"', '"../../etc/passwd"', ["nightlatch.toml:3", "no time zone"]),
        ('kind = "openwrt"', 'kin = "openwrt"', ["nightlatch.toml:16", "kind"]),
        ('value = "reinforced"\n', "", ["nightlatch.toml:20", "value"]),
        ("[[answers]]", "[[answer]]", ["unknown key 'answer'", '"answers"']),
        ("[home]", "[home", ["nightlatch.toml:1", "not valid TOML"]),
        ('id = "front"\ndoor', 'id = "a:b"\ndoor', ["nightlatch.toml:10", "cannot be an id"]),
        (
            "[[sources]]\n",
            '[[locks]]\nid = "back"\nbind = ["zwavejs:3"]\n[[sources]]\n',
            ["nightlatch.toml:18", "'zwavejs:3' is bound to two locks: front and back"],
        ),
        ("[[sources]]\n", '[[doors]]\nid = "front"\n[[sources]]\n', ["two doors have the id 'front'"]),
    ],
)
def test_what_is_wrong_is_told_with_its_line_and_a_suggestion(old: str, new: str, told: list[str]) -> None:
    assert old in GOOD
    message = wrong(GOOD.replace(old, new, 1))
    for part in told:
        assert part in message


def test_a_missing_file_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="nightlatch init"):
        load(tmp_path / "nightlatch.toml")


def test_a_path_that_cannot_be_looked_at_is_one_clear_error() -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load(Path("/" + "x" * 5000))


def test_a_huge_or_binary_file_is_one_clear_error(tmp_path: Path) -> None:
    path = tmp_path / "nightlatch.toml"
    for data in (b"#" * 1_100_000, b"\xff\x00\x80", b'a = "\xe9"'):
        path.write_bytes(data)
        with pytest.raises(NightlatchError, match=r"nightlatch\.toml"):
            load(path)


def test_the_option_comes_before_the_variable_and_that_before_the_users_folder(tmp_path: Path) -> None:
    env = {"NIGHTLATCH_CONFIG": "/from/env.toml"}
    assert locate(tmp_path / "x.toml", env) == tmp_path / "x.toml"
    assert locate(None, env) == Path("/from/env.toml")
    assert locate(None, {}).name == "nightlatch.toml"


def test_lines_are_found_past_strings_and_lists_that_look_like_tables() -> None:
    text = 'a = """\n[fake]\nb = 1\n"""\n[real]\nlist = [\n  "[[x]]",\n  {k = 1},\n]\nc = 2\n'
    lines = Lines(text)
    assert lines.of(("real", "c")) == 10
    assert lines.of(("fake",)) is None
    assert lines.of(("real", "missing")) == 5


@given(st.text(max_size=300) | st.lists(st.sampled_from(GOOD.splitlines()), max_size=30).map("\n".join))
def test_any_text_is_read_or_refused_with_an_error_for_people(text: str) -> None:
    try:
        read(text)
    except NightlatchError as error:
        assert "nightlatch.toml" in str(error)


def test_a_path_of_nobody_is_refused_at_its_line(tmp_path: Path) -> None:
    text = '[[sources]]\nkind = "openwrt"\npath = "~nobody-of-this-name/backup"\n'
    with pytest.raises(ConfigurationError, match=r"nightlatch\.toml:3: .*nobody who has a home folder"):
        make(parse(text, tmp_path / "nightlatch.toml"), now=datetime(2026, 11, 22, tzinfo=UTC), env={})
