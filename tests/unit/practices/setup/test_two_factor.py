from __future__ import annotations

from typing import Any

import pytest

from nightlatch.model.people import Account
from nightlatch.practices.setup.two_factor import practice
from tests.unit.practices.builder import fix_of, make, verdict


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"two_factor": "app"}, "pass"),
        ({"two_factor": "key"}, "pass"),
        ({"two_factor": "passkey", "opens_door": True}, "pass"),
        ({"two_factor": "none", "opens_door": True}, "fail high"),
        ({"two_factor": "sms", "opens_door": True}, "fail medium"),
        ({"two_factor": "sms"}, "fail medium"),
        ({"two_factor": "none"}, "unknown"),
        ({"two_factor": "none", "opens_door": False}, "not_applicable"),
        ({"opens_door": False}, "not_applicable"),
        ({"opens_door": True}, "unknown"),
        ({}, "unknown"),
    ],
)
def test_an_account_that_opens_the_door_needs_a_second_factor(facts: dict[str, Any], expected: str) -> None:
    assert verdict(practice, "second-factor", make(Account, "yale", **facts)) == expected


def test_the_fix_says_where_the_second_factor_is_turned_on() -> None:
    ana = make(Account, "ha:ana", service="homeassistant", two_factor="none", opens_door=True)
    assert "Home Assistant: your profile" in fix_of(practice, "second-factor", ana).steps[0]
