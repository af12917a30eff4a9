from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightlatch.emergency.answers import Answer, all_of, any_of

ANSWERS = st.lists(st.sampled_from([True, False, None]))


@pytest.mark.parametrize(
    ("answers", "any_", "all_"),
    [
        ([], False, True),
        ([None], None, None),
        ([True, None], True, None),
        ([False, None], None, False),
        ([True, False, None], True, False),
    ],
)
def test_what_is_not_known_stays_unknown_unless_the_rest_decides(
    answers: list[Answer], any_: Answer, all_: Answer
) -> None:
    assert any_of(answers) is any_
    assert all_of(answers) is all_


@given(ANSWERS)
def test_all_is_any_turned_around(answers: list[Answer]) -> None:
    turned = any_of(None if answer is None else not answer for answer in answers)
    assert all_of(answers) is (None if turned is None else not turned)
