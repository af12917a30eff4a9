from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightlatch.errors import NightlatchError, ReadError
from nightlatch.reading import structured
from nightlatch.reading.structured import Node, lines, xml, yaml

BOMB = b"""<?xml version="1.0"?>
<!DOCTYPE lolz [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>
<lolz>&b;</lolz>"""


def test_elements_know_their_line() -> None:
    root = xml(b"<a>\n  <b/>\n  <c>\n    <d/></c></a>", where="f")
    assert {element.tag: element.line for element in root.iter() if isinstance(element, Node)} == {
        "a": 1, "b": 2, "c": 3, "d": 4,
    }  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [BOMB, b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>', b'<!DOCTYPE a SYSTEM "http://x/"><a/>'],
)
def test_entities_and_document_types_are_refused(text: bytes) -> None:
    with pytest.raises(ReadError, match="entities or a DTD"):
        xml(text, where="f")


def test_deep_and_wide_xml_is_refused_in_time() -> None:
    began = time.monotonic()
    with pytest.raises(ReadError, match="deeper than 64"):
        xml(b"<a>" * 1_000_000, where="f")
    with pytest.raises(ReadError, match="too many"):
        xml(b"<a>" + b"<b/>" * 1_000_000, where="f", elements=10_000)
    assert time.monotonic() - began < 10


@pytest.mark.parametrize(
    "text", [b"", b"<a>", b"<a></b>", b"not xml", b'<?xml version="1.0" encoding="nonsense"?><a/>']
)
def test_damaged_xml_is_told_by_its_file(text: bytes) -> None:
    with pytest.raises(ReadError, match="not valid XML") as caught:
        xml(text, where="config.xml")
    assert caught.value.where.startswith("config.xml")


def test_deep_json_is_refused_and_brackets_in_strings_do_not_count() -> None:
    with pytest.raises(ReadError, match="deeper than 64"):
        structured.json(b"[" * 100_000, where="f")
    assert structured.json(b'["' + b"[" * 1000 + b'"]', where="f") == ["[" * 1000]


def test_damaged_json_is_told_by_its_file() -> None:
    with pytest.raises(ReadError, match=r"^f: is not valid JSON"):
        structured.json(b'{"a": ', where="f")
    with pytest.raises(ReadError, match=r"^f: is not what was expected"):
        structured.json(b'{"a": 1}', list[int], where="f")


def test_yaml_keeps_an_applications_tags_as_text() -> None:
    assert yaml("a: !secret wifi\nb: [1, 2]\n", where="f") == {"a": "!secret wifi", "b": [1, 2]}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a: &x [1]\nb: *x\n", "alias"),
        ("[" * 1000, "deeper"),
        ("a: b: c", "not valid YAML"),
        ("- 1\n" * 300_000, "more than"),
        ("x: '", "not valid YAML"),
    ],
)
def test_hostile_yaml_is_refused_with_its_line(text: str, problem: str) -> None:
    with pytest.raises(ReadError, match=problem) as caught:
        yaml(text, where="f")
    assert caught.value.where.startswith("f:")


def test_lines_are_bounded_in_number_and_length() -> None:
    assert list(lines("a\nb\n", where="f")) == [(1, "a"), (2, "b")]
    with pytest.raises(ReadError, match="more than 2 lines"):
        list(lines("a\nb\nc", where="f", limit=2))
    with pytest.raises(ReadError, match=r"^f:2: holds a line of more than 3"):
        list(lines("a\nbbbb", where="f", longest=3))


@pytest.mark.parametrize("parse", [xml, structured.json])
@given(noise=st.binary(max_size=300))
def test_any_bytes_give_a_value_or_a_clear_error(parse: Callable[..., object], noise: bytes) -> None:
    try:
        parse(noise, where="f")
    except NightlatchError as error:
        assert str(error).startswith("f")


@given(st.text(max_size=300))
def test_any_text_as_yaml_gives_a_value_or_a_clear_error(text: str) -> None:
    try:
        yaml(text, where="f")
    except NightlatchError as error:
        assert str(error).startswith("f")
