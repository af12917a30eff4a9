"""Firmware versions as vendors write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightlatch.catalogue.structs import Range
from nightlatch.catalogue.versions import Within, parse, place, same


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("1.22.0", (1, 22)),
        ("v3.3.5", (3, 3, 5)),
        ("4.3.6_0027", (4, 3, 6, 27)),
        ("02.27.0012", (2, 27, 12)),
        ("1.0.0+0", (1,)),
        (" 7 ", (7,)),
        ("0.0", (0,)),
        ("H5_433WBSK_v2.2_220605", None),
        ("3.2-beta", None),
        ("", None),
        ("1." * 60, None),
        ("٣.٤", (3, 4)),
    ],
)
def test_versions_are_read_as_numbers_or_not_at_all(text: str, numbers: tuple[int, ...] | None) -> None:
    assert parse(text) == numbers


@pytest.mark.parametrize(
    ("version", "span", "where"),
    [
        ("3.3.4", Range(before="3.3.5"), Within.INSIDE),
        ("3.3.5", Range(before="3.3.5"), Within.AFTER),
        ("3.10", Range(before="3.3.5"), Within.AFTER),
        ("6.4.5", Range(through="6.4.5"), Within.INSIDE),
        ("6.4.5.1", Range(through="6.4.5"), Within.AFTER),
        ("6.4", Range(since="6.5", through="6.5.07"), Within.BEFORE),
        ("6.5.7", Range(since="6.5", through="6.5.07"), Within.INSIDE),
        ("1.1", Range(exactly="1.1.0"), Within.INSIDE),
        ("1.2", Range(exactly="1.1.0"), Within.UNCLEAR),
        ("h5_433wbsk_V2.2_220605", Range(exactly="H5_433WBSK_v2.2_220605"), Within.INSIDE),
        ("build 7", Range(before="2"), Within.UNCLEAR),
        ("2", Range(before="spring edition"), Within.UNCLEAR),
        ("whatever", Range(every=True), Within.INSIDE),
        ("1", Range(), Within.UNCLEAR),
    ],
)
def test_a_version_stands_where_it_should(version: str, span: Range, where: Within) -> None:
    assert place(version, span) is where


@given(st.text(max_size=80), st.text(max_size=80))
def test_any_text_can_be_compared_without_failing(version: str, edge: str) -> None:
    assert place(version, Range(before=edge)) in Within
    assert same(version, version)


@given(st.lists(st.integers(0, 999), min_size=1, max_size=5), st.lists(st.integers(0, 999), min_size=1, max_size=5))
def test_no_version_is_both_before_and_after_an_edge(one: list[int], other: list[int]) -> None:
    a, b = ".".join(map(str, one)), ".".join(map(str, other))
    before, after = place(a, Range(before=b)), place(b, Range(through=a))
    assert (before is Within.INSIDE) == (after is Within.AFTER)
