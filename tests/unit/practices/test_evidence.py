"""What holds for every check from installation to recovery, beside what holds for all 25."""

from __future__ import annotations

from typing import Any

import pytest

from nightlatch.model.finding import Verdict
from nightlatch.model.home import Home
from nightlatch.practices.interface import Check, Practice
from nightlatch.practices.registry import practices
from tests.unit.practices.builder import home

PRACTICES = [practice for practice in practices() if practice.number >= 14]
CHECKS = [check for practice in PRACTICES for check in practice.checks]


def name(item: Check[Any] | Practice) -> str:
    return f"{item.practice.id}/{item.id}" if isinstance(item, Check) else item.id


@pytest.mark.parametrize("check", CHECKS, ids=name)
def test_a_thing_of_which_nothing_is_known_is_unknown(check: Check[Any]) -> None:
    thing = home() if check.per is Home else check.per("it")
    elm = thing if isinstance(thing, Home) else home(thing)
    assert check.judge(thing, elm).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize("practice", PRACTICES, ids=name)
def test_a_practice_names_its_standards_in_full(practice: Practice) -> None:
    assert practice.standards
    for standard in practice.standards:
        assert standard.startswith(
            ("ETSI EN 303 645 V3.1.3 ", "OWASP ISVS ", "UK PSTI 2023 Sch.", "GDPR Art. ", "BHMA A156.", "UL ")
        ), standard
