"""The score counts proven passes, and nothing makes it rise but proof."""

from __future__ import annotations

from datetime import date

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightlatch.audit.score import by_section, score
from nightlatch.audit.waivers import waive
from nightlatch.model.evidence import Ref
from nightlatch.model.finding import SEVERITY_WEIGHT, Finding, Section, Severity, Verdict, Waiver


def finding(verdict: Verdict, severity: Severity = Severity.HIGH, section: Section = Section.NETWORK) -> Finding:
    weight = 0.0 if verdict is Verdict.NOT_APPLICABLE else float(SEVERITY_WEIGHT[severity])
    return Finding("p", "c", section, Ref("home", "home"), verdict, severity, "t", "s", "w", weight)


findings = st.lists(st.builds(finding, st.sampled_from(Verdict), st.sampled_from(Severity), st.sampled_from(Section)))


def test_the_score_is_the_weight_of_passes_over_the_weight_of_what_applies() -> None:
    result = score(
        [
            finding(Verdict.PASS, Severity.CRITICAL),
            finding(Verdict.FAIL, Severity.HIGH),
            finding(Verdict.UNKNOWN, Severity.HIGH),
            finding(Verdict.NOT_APPLICABLE, Severity.CRITICAL),
        ]
    )
    assert (result.score, result.coverage, result.worst) == (50.0, 0.75, Severity.HIGH)


def test_nothing_applicable_has_no_score() -> None:
    assert score([finding(Verdict.NOT_APPLICABLE)]).score is None
    assert score([]).coverage is None


@given(findings)
def test_the_score_lies_between_0_and_100_and_never_above_the_coverage(given_: list[Finding]) -> None:
    result = score(given_)
    if result.score is None or result.coverage is None:
        assert all(item.verdict is Verdict.NOT_APPLICABLE for item in given_)
        return
    assert 0 <= result.score <= 100 * result.coverage + 0.1 <= 100.1


@given(findings, st.integers(0))
def test_proving_one_more_check_good_never_lowers_the_score(given_: list[Finding], index: int) -> None:
    changeable = [item for item in given_ if item.verdict in (Verdict.FAIL, Verdict.UNKNOWN)]
    if not changeable:
        return
    chosen = changeable[index % len(changeable)]
    better = [msgspec.structs.replace(item, verdict=Verdict.PASS) if item is chosen else item for item in given_]
    assert (score(better).score or 0) >= (score(given_).score or 0)


@given(findings)
def test_waiving_everything_never_raises_the_score(given_: list[Finding]) -> None:
    waived = waive(given_, [Waiver("p", "home", "so be it", date(2027, 1, 1))], date(2026, 11, 22))
    assert score(waived).score == score(given_).score
    assert score(waived).worst is None


def test_every_section_is_scored_alone() -> None:
    sections = by_section([finding(Verdict.PASS), finding(Verdict.FAIL, section=Section.SETUP)])
    assert (sections[Section.NETWORK].score, sections[Section.SETUP].score) == (100.0, 0.0)
    assert sections[Section.PRIVACY].score is None


@pytest.mark.parametrize(
    ("today", "holds"), [(date(2027, 1, 30), True), (date(2027, 1, 31), True), (date(2027, 2, 1), False)]
)
def test_a_waiver_holds_through_its_last_day(today: date, holds: bool) -> None:
    (judged,) = waive([finding(Verdict.FAIL)], [Waiver("p", "home", "r", date(2027, 1, 31))], today)
    assert judged.waived is holds
    assert judged.waiver is not None
    assert judged.waiver.expired is not holds


def test_a_waiver_covers_only_what_it_names() -> None:
    failing = finding(Verdict.FAIL)
    for waiver in (
        Waiver("other", "home", "r", date(2027, 1, 1)),
        Waiver("p", "lock:x", "r", date(2027, 1, 1)),
        Waiver("p", "home", "r", date(2027, 1, 1), check="other"),
    ):
        assert waive([failing], [waiver], date(2026, 1, 1)) == [failing]


def test_a_pass_is_never_waived() -> None:
    passing = finding(Verdict.PASS)
    assert waive([passing], [Waiver("p", "home", "r", date(2027, 1, 1))], date(2026, 1, 1)) == [passing]


def test_of_two_waivers_the_one_that_ends_last_decides() -> None:
    two = [Waiver("p", "home", "old", date(2026, 1, 1)), Waiver("p", "home", "new", date(2027, 1, 1))]
    (judged,) = waive([finding(Verdict.FAIL)], two, date(2026, 11, 22))
    assert judged.waived
    assert judged.waiver is not None
    assert judged.waiver.reason == "new"
