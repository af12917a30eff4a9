import secrets
from collections import Counter
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nightlatch.access.pins import check, faults, make, neighbours
from nightlatch.catalogue.lookup import Catalogue
from nightlatch.catalogue.pins import alike, weaknesses
from nightlatch.errors import UsageError
from nightlatch.secrets import Secret

CATALOGUE = Catalogue()
CODES = st.text("0123456789", min_size=4, max_size=8)


@given(st.lists(CODES, max_size=60), st.integers(4, 8))
@settings(max_examples=100, deadline=None)
def test_a_pin_by_chance_is_neither_weak_nor_near_another(taken: list[str], digits: int) -> None:
    made = make(digits, [Secret(one) for one in taken], CATALOGUE)

    assert len(made) == digits
    assert made.reveal().isdigit()
    assert all(alike(made, Secret(one)) is None for one in taken)
    assert not weaknesses(made, CATALOGUE, long_enough=digits)


@given(st.text("0123456789", min_size=2, max_size=3))
@settings(max_examples=40, deadline=None)
def test_the_neighbours_of_a_code_are_exactly_those_that_are_alike(code: str) -> None:
    every = ("".join(one) for length in range(1, len(code) + 2) for one in product("0123456789", repeat=length))
    assert set(neighbours(code)) == {one for one in every if alike(Secret(code), Secret(one)) is not None}


def test_every_free_code_is_as_likely() -> None:
    # 4 digits, drawn 60,000 times by the real source of chance: chi-squared over the free codes.
    taken = [Secret("8246"), Secret("5193")]
    free = [
        text
        for text in (f"{n:04}" for n in range(10_000))
        if not weaknesses(Secret(text), CATALOGUE, long_enough=4)
        and all(alike(Secret(text), one) is None for one in taken)
    ]
    drawn = Counter(make(4, taken, CATALOGUE).reveal() for _ in range(60_000))

    assert set(drawn) <= set(free)
    expected = 60_000 / len(free)
    chi = sum((drawn[text] - expected) ** 2 / expected for text in free)
    freedom = len(free) - 1
    # Its mean is the freedom, its variance twice that: 6 deviations are passed by chance once in 10^9.
    assert abs(chi - freedom) < 6 * (2 * freedom) ** 0.5


def test_chance_that_always_falls_on_a_taken_code_ends_in_one_that_is_free() -> None:
    taken = [Secret("8246")]

    made = make(4, taken, CATALOGUE, lambda below: 8246 if below == 10_000 else 0)

    assert faults(made, taken, CATALOGUE, most=4) == ()


def test_when_no_code_is_left_it_is_said_so_and_the_search_ends() -> None:
    taken: list[Secret] = []
    with pytest.raises(UsageError, match=r"no code of 4 digits is left .* the \d+ others.*--digits 5") as told:
        while True:
            taken.append(make(4, taken, CATALOGUE))
    # Each takes itself and at most 39 neighbours of 4 digits from the 10,000.
    assert len(taken) > 100
    assert all(one.reveal() not in str(told.value) for one in taken)


@pytest.mark.parametrize(
    ("chosen", "why"),
    [
        ("12ab", "not made of digits"),
        ("٤٢٤٢٤٢", "not made of digits"),
        ("", "not made of digits"),
        ("824", "it has 3 digits, and locks take 4 to 10"),
        ("82461357902", "it has 11 digits"),
        ("8246", "fewer than 6 digits"),
        ("123456", "most used"),
        ("121190", "read as a date"),
        ("824613", "it is in use, or was lately"),
        ("824623", "differs in a single digit"),
        ("824631", "two neighbouring digits swapped"),
        ("8246135", "a digit more or less"),
    ],
)
def test_what_is_wrong_with_a_chosen_code_is_said_without_it(chosen: str, why: str) -> None:
    with pytest.raises(UsageError, match=why) as told:
        check(Secret(chosen), [Secret("824613")], CATALOGUE)
    if len(chosen) > 3:
        assert chosen not in str(told.value)
    assert "824613" not in str(told.value)


def test_a_good_chosen_code_is_taken() -> None:
    check(Secret("519374"), [Secret("824613")], CATALOGUE)


def test_where_the_locks_take_four_digits_at_most_four_are_long_enough() -> None:
    assert faults(Secret("8246"), [], CATALOGUE, most=4) == ()


def test_a_pin_is_drawn_from_the_systems_own_source() -> None:
    assert make.__defaults__ is not None
    assert make.__defaults__[-1] is secrets.randbelow
