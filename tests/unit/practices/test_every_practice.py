"""What holds for all 25, whatever they judge."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from nightlatch.audit.judge import judge
from nightlatch.model.evidence import Grade
from nightlatch.model.finding import Section, Verdict
from nightlatch.model.home import Home
from nightlatch.model.kinds import KINDS
from nightlatch.model.lock import Lock
from nightlatch.practices.interface import Practice
from nightlatch.practices.registry import practices
from tests.unit.practices.builder import NOW, home, make
from tests.unit.practices.homes import homes

ALL = practices()


def by_id(practice: Practice) -> str:
    return practice.id


def test_there_are_25_in_the_guides_order() -> None:
    assert [practice.number for practice in ALL] == list(range(1, 26))
    assert len({practice.id for practice in ALL}) == 25
    sections = [practice.section for practice in ALL]
    assert sections == sorted(sections, key=list(Section).index)


@pytest.mark.parametrize("practice", ALL, ids=by_id)
def test_a_practice_says_what_it_is(practice: Practice) -> None:
    assert practice.title and not practice.title.endswith(".")
    assert practice.why.endswith(".")
    assert practice.checks
    assert all(standard == standard.strip() and "compl" not in standard for standard in practice.standards)
    ids = [check.id for check in practice.checks]
    assert len(set(ids)) == len(ids)
    for check in practice.checks:
        assert check.title and not check.title.endswith("."), check
        assert check.settled_by, check
        assert check.needs, check
        assert check.judge.__doc__, check


@pytest.mark.parametrize("practice", ALL, ids=by_id)
def test_every_need_is_a_field_of_a_thing(practice: Practice) -> None:
    for check in practice.checks:
        assert check.per in KINDS.values()
        for field in check.needs:
            assert KINDS[field.kind].fields[field.name] is field


@pytest.mark.parametrize("practice", ALL, ids=by_id)
def test_a_threshold_says_what_it_limits_and_which_way_is_stricter(practice: Practice) -> None:
    for threshold in practice.thresholds:
        assert threshold.doc and threshold.unit
        assert threshold.stricter in ("lower", "higher")
        assert threshold.path.startswith(f"{practice.id}.")


def test_a_home_of_which_nothing_is_known_proves_nothing() -> None:
    bare = [kind("it") for kind in KINDS.values() if kind is not Home]
    for here in (home(), Home(NOW, bare)):
        findings = judge(here, ALL)
        assert len(findings) >= len(ALL)
        for finding in findings:
            assert finding.verdict in (Verdict.UNKNOWN, Verdict.NOT_APPLICABLE), finding.key
            if finding.verdict is Verdict.UNKNOWN:
                assert finding.summary and finding.settled_by and finding.fix is not None


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(homes())
def test_any_home_is_judged_and_no_verdict_comes_without_its_evidence(here: Home) -> None:
    for finding in judge(here, ALL):
        told = f"{finding.key} {finding.verdict}"
        assert finding.summary, told
        assert finding.summary[0].isupper() or not finding.summary[0].isalpha(), f"{told}: {finding.summary}"
        assert finding.summary.endswith((".", ")")), f"{told}: {finding.summary}"
        if finding.verdict is not Verdict.UNKNOWN:
            assert finding.evidence, told
        if finding.verdict is Verdict.FAIL:
            assert finding.fix is not None and finding.fix.summary and finding.fix.steps, told
            assert all(finding.fix.steps), told
        if finding.verdict is Verdict.UNKNOWN:
            assert finding.settled_by and finding.fix is not None and finding.fix.steps, told


SETTINGS: dict[str, Any] = {
    "security": "s2_access_control",
    "path": "local",
    "iot_class": "local_push",
    "pin_for_remote": True,
    "wrong_code_limit": 3,
    "wrong_code_lockout_s": 60,
    "tamper_alarm": True,
    "auto_relock_s": 30,
    "auto_update": True,
    "battery_percent": 90,
    "pin_over_air": False,
}


def test_what_a_model_can_do_settles_no_setting() -> None:
    """The same values observed do settle some, so the catalogued ones were reached."""

    def settled(grade: Grade) -> list[tuple[str, str, str]]:
        lock = make(Lock, "front", **{name: (value, grade) for name, value in SETTINGS.items()})
        findings = judge(home(lock), ALL)
        return [item.key for item in findings if item.verdict in (Verdict.PASS, Verdict.FAIL)]

    assert settled(Grade.CATALOGUED) == []
    assert len(settled(Grade.OBSERVED)) >= 8
