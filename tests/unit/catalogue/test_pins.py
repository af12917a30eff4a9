"""Weak PINs and PINs that are too much alike."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightlatch.catalogue import Catalogue
from nightlatch.catalogue.pins import Kind, Likeness, alike, weaknesses
from nightlatch.secrets import Secret

CATALOGUE = Catalogue()
DIGITS = st.text("0123456789", min_size=1, max_size=12)


def kinds(pin: str, model: str = "", long_enough: int = 4) -> set[Kind]:
    known = CATALOGUE.identify(model) if model else None
    return {one.kind for one in weaknesses(Secret(pin), CATALOGUE, known, long_enough=long_enough)}


def test_the_default_of_this_model_is_worse_than_that_of_another() -> None:
    kwikset = CATALOGUE.identify("kwikset 916")
    first = weaknesses(Secret("1234"), CATALOGUE, kwikset)[0]
    assert first.kind is Kind.DEFAULT_OF_MODEL
    assert "Kwikset 916" in first.summary
    assert first.source
    assert weaknesses(Secret("1234"), CATALOGUE, CATALOGUE.identify("yale assure 2"))[0].kind is Kind.KNOWN_DEFAULT


def test_a_text_about_defaults_is_no_default() -> None:
    schlage = CATALOGUE.identify("schlage connect")
    assert schlage is not None
    assert schlage.fact("default_codes") is not None
    assert CATALOGUE.default_pins(schlage) == {}


@pytest.mark.parametrize(
    ("pin", "kind"),
    [
        ("2580", Kind.COMMON),
        ("5683", Kind.COMMON),
        ("7465", Kind.COMMON),
        ("159753", Kind.COMMON),
        ("7777", Kind.REPEATED),
        ("4747", Kind.REPEATED),
        ("7788", Kind.REPEATED),
        ("369369", Kind.REPEATED),
        ("3456", Kind.SEQUENCE),
        ("8901", Kind.SEQUENCE),
        ("8642", Kind.SEQUENCE),
        ("1947", Kind.YEAR),
        ("2031", Kind.YEAR),
        ("2904", Kind.DATE),
        ("290271", Kind.DATE),
        ("041987", Kind.DATE),
        ("29021972", Kind.DATE),
        ("19720229", Kind.DATE),
        ("0852", Kind.KEYPAD_PATTERN),
        ("9713", Kind.KEYPAD_PATTERN),
        ("1478", Kind.KEYPAD_PATTERN),
        ("357159", Kind.KEYPAD_PATTERN),
        ("48a1", Kind.NOT_DIGITS),
        ("", Kind.NOT_DIGITS),
        ("٤٧١١", Kind.NOT_DIGITS),
    ],
)
def test_a_weak_pin_is_told_why(pin: str, kind: Kind) -> None:
    assert kind in kinds(pin)


def test_the_thirty_first_of_april_is_no_date() -> None:
    assert Kind.DATE not in kinds("0431")
    assert Kind.DATE not in kinds("3104")


@pytest.mark.parametrize("pin", ["8462", "4711", "837264", "60417358"])
def test_a_plain_pin_has_no_weakness(pin: str) -> None:
    assert kinds(pin) == set()


def test_a_short_pin_is_weak_where_the_lock_allows_longer_ones() -> None:
    assert kinds("8462", long_enough=6) == {Kind.TOO_SHORT}
    assert kinds("8462", long_enough=4) == set()


@given(DIGITS)
def test_no_weakness_tells_the_pin_or_its_rank(pin: str) -> None:
    for one in weaknesses(Secret(pin), CATALOGUE, CATALOGUE.identify("yale assure 2")):
        if len(pin) > 3:
            assert pin not in one.summary
        told = {int(word) for word in one.summary.split() if word.isdigit()}
        assert told <= {6, 10, 30, 100, 300}


@pytest.mark.parametrize(
    ("one", "other", "likeness"),
    [
        ("4711", "4711", Likeness.SAME),
        ("4711", "4712", Likeness.ONE_DIGIT_CHANGED),
        ("4711", "7411", Likeness.NEIGHBOURS_SWAPPED),
        ("4711", "47115", Likeness.ONE_DIGIT_ADDED),
        ("4711", "94711", Likeness.ONE_DIGIT_ADDED),
        ("4711", "47911", None),
        ("4711", "1174", None),
        ("4711", "4822", None),
        ("4711", "471199", None),
        ("", "5", None),
    ],
)
def test_pins_that_are_too_much_alike_are_told(one: str, other: str, likeness: Likeness | None) -> None:
    assert alike(Secret(one), Secret(other)) is likeness


@given(DIGITS, DIGITS)
def test_likeness_is_the_same_both_ways(one: str, other: str) -> None:
    assert alike(Secret(one), Secret(other)) is alike(Secret(other), Secret(one))
