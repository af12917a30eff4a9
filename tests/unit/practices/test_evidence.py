"""What holds for every check from installation to recovery, whatever it is about."""

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


@pytest.mark.parametrize("check", CHECKS, ids=name)
def test_a_check_says_what_it_wants_what_it_reads_and_what_settles_it(check: Check[Any]) -> None:
    assert check.title and not check.title.endswith(".")
    assert check.settled_by
    assert check.needs


@pytest.mark.parametrize("practice", PRACTICES, ids=name)
def test_a_practice_gives_its_reason_and_its_standards_in_full(practice: Practice) -> None:
    assert practice.why.endswith(".")
    assert practice.title and not practice.title.endswith(".")
    for standard in practice.standards:
        assert standard.startswith(
            ("ETSI EN 303 645 V3.1.3 ", "OWASP ISVS ", "UK PSTI 2023 Sch.", "GDPR Art. ", "BHMA A156.", "UL ")
        ), standard
    assert len({check.id for check in practice.checks}) == len(practice.checks)


def test_the_practices_are_numbered_as_in_the_guide() -> None:
    assert [(practice.number, practice.id) for practice in PRACTICES] == [
        (14, "installation"),
        (15, "tamper-resistance"),
        (16, "backup-key"),
        (17, "updates"),
        (18, "activity-alerts"),
        (19, "lifecycle"),
        (20, "data-minimisation"),
        (21, "privacy-policy"),
        (22, "local-logging"),
        (23, "fail-safe"),
        (24, "power-backup"),
        (25, "recovery"),
    ]
