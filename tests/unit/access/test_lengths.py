import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightlatch.access.lengths import LONG_ENOUGH, fitting, needed
from nightlatch.model.access import Credential


@pytest.mark.parametrize(
    ("bounds", "digits"),
    [
        ([], (6,)),
        ([(4, 10), (6, 6)], (6,)),
        ([(4, 4), (4, 8)], (4, 6)),
        ([(4, 5), (4, 4)], (4, 5)),
        ([(4, 5), (5, 5)], (5,)),
        ([(7, 8), (4, 10)], (7,)),
        ([(4, 5), (6, 8)], (5, 6)),
        ([(4, 4), (6, 6), (4, 6), (8, 8)], (4, 6, 8)),
    ],
)
def test_the_lengths_are_as_few_as_all_locks_need(bounds: list[tuple[int, int]], digits: tuple[int, ...]) -> None:
    assert needed(bounds) == digits


@given(st.lists(st.tuples(st.integers(4, 10), st.integers(0, 6)).map(lambda one: (one[0], min(10, sum(one))))))
def test_every_lock_takes_one_of_the_lengths(bounds: list[tuple[int, int]]) -> None:
    found = needed(bounds)
    assert all(any(least <= one <= most for one in found) for least, most in bounds)
    assert all(any(least <= one <= most and one >= min(most, LONG_ENOUGH) for one in found) for least, most in bounds)


def code(digits: int, made: int) -> Credential:
    return Credential(f"c{digits}{made}", "ana", digits, made)


def test_the_newest_code_that_is_long_enough_is_put_on_a_lock() -> None:
    short, old, new, long = code(4, 9), code(6, 1), code(6, 2), code(8, 1)

    assert fitting((short, old, new, long), (4, 10)) == new
    assert fitting((short, old, new, long), (7, 8)) == long
    assert fitting((short, new), (4, 4)) == short
    assert fitting((short,), (4, 10)) == short
    assert fitting((short, new), (8, 8)) is None
