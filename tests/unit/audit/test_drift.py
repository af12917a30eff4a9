"""What changed between two audits: newly failing, fixed, went unknown, evidence gone stale."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import msgspec
import pytest

from nightlatch.audit.checklist import LINES, checklist
from nightlatch.audit.drift import Changes, compare, parse_since
from nightlatch.errors import UsageError
from nightlatch.model.document import Audit, Evidence, FindingDocument, HomeDocument, WaiverDocument
from nightlatch.model.evidence import Grade
from nightlatch.model.finding import Section, Severity, Verdict
from nightlatch.practices.registry import practices

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
OLD = Evidence("door:front", "aligned", "it is aligned", True, Grade.DECLARED, "declared", NOW)


def finding(verdict: Verdict, subject: str = "lock:a", stale: bool = False, practice: str = "upnp") -> FindingDocument:
    return FindingDocument(
        practice=practice,
        practice_title="P",
        check="c",
        section=Section.NETWORK,
        subject=subject,
        label=subject,
        verdict=verdict,
        severity=Severity.HIGH,
        weight=4,
        title="t",
        summary=f"{subject} is {verdict}",
        why="w",
        evidence=(),
        contradicts=(),
        stale=(OLD,) if stale else (),
        settled_by="",
        fix=None,
        standards=(),
        waiver=None,
    )


def audit(*findings: FindingDocument) -> Audit:
    return Audit(
        version="0",
        home=HomeDocument("Elm", "UTC"),
        at=NOW,
        profile="full",
        score=None,
        coverage=None,
        worst=None,
        sections=(),
        sources=(),
        findings=findings,
    )


def change(before: Verdict | None, now: Verdict | None, stale: bool = False) -> set[str]:
    old = audit(*([finding(before)] if before else []))
    new = audit(*([finding(now, stale=stale)] if now else []))
    changes = compare(old, new)
    return {
        name
        for name in Changes.__struct_fields__
        if isinstance(getattr(changes, name), tuple) and getattr(changes, name)
    }


P, F, U, N = Verdict.PASS, Verdict.FAIL, Verdict.UNKNOWN, Verdict.NOT_APPLICABLE


@pytest.mark.parametrize(
    ("before", "now", "told"),
    [
        (P, F, {"newly_failing"}),
        (U, F, {"newly_failing"}),
        (None, F, {"newly_failing"}),
        (F, P, {"fixed"}),
        (F, N, {"fixed"}),
        (F, U, {"went_unknown"}),
        (P, U, {"went_unknown"}),
        (U, P, {"became_known"}),
        (F, None, {"gone"}),
        (P, None, set()),
        (F, F, set()),
        (P, P, set()),
        (None, P, set()),
        (None, U, set()),
    ],
)
def test_every_change_is_told_once_under_its_name(before: Verdict | None, now: Verdict | None, told: set[str]) -> None:
    assert change(before, now) == told


def test_what_is_unknown_because_an_answer_aged_is_told_apart() -> None:
    assert change(P, U, stale=True) == {"gone_stale"}


def test_a_finding_counts_again_when_its_waiver_ends() -> None:
    waived = msgspec.structs.replace(finding(F), waiver=WaiverDocument("r", date(2026, 11, 1), expired=False))
    ended = msgspec.structs.replace(finding(F), waiver=WaiverDocument("r", date(2026, 11, 1), expired=True))
    assert compare(audit(waived), audit(ended)).newly_failing == (ended,)
    assert not compare(audit(finding(F)), audit(waived)).any


def test_only_what_both_profiles_judge_is_compared() -> None:
    minimal = msgspec.structs.replace(audit(finding(P), finding(F, practice="gone")), profile="minimal")
    now = audit(finding(F), finding(F, practice="never-judged-by-minimal"))
    assert compare(minimal, now).newly_failing == (finding(F),)
    assert compare(minimal, now).gone == ()
    assert len(compare(audit(finding(P)), now).newly_failing) == 2


def test_nothing_changed_is_told_as_nothing() -> None:
    assert not compare(audit(finding(P)), audit(finding(P))).any


@pytest.mark.parametrize(
    ("text", "until"),
    [
        ("7d", datetime(2026, 11, 15, 12, tzinfo=UTC)),
        ("12h", datetime(2026, 11, 22, 0, tzinfo=UTC)),
        ("2w", datetime(2026, 11, 8, 12, tzinfo=UTC)),
        ("2026-10-24", datetime(2026, 10, 24, 21, 59, 59, tzinfo=UTC)),
        ("2026-10-25", datetime(2026, 10, 25, 22, 59, 59, tzinfo=UTC)),
        ("2026-10-01T08:00:00Z", datetime(2026, 10, 1, 8, tzinfo=UTC)),
    ],
)
def test_since_understands_spans_days_at_home_and_instants(text: str, until: datetime) -> None:
    assert parse_since(text, NOW, ZoneInfo("Europe/Berlin")) == until


@pytest.mark.parametrize("text", ["", "yesterday", "7x", "2026-13-01", "-3d", "9999999d"])
def test_what_is_no_time_is_refused_with_examples(text: str) -> None:
    with pytest.raises(UsageError, match="last, 7d"):
        parse_since(text, NOW, ZoneInfo("UTC"))


def test_the_checklist_has_six_lines_of_practices_that_exist() -> None:
    assert len(LINES) == 6
    assert {name for _, names in LINES for name in names} <= {practice.id for practice in practices()}


@pytest.mark.parametrize(
    ("verdicts", "told"), [([P, P], P), ([P, U], U), ([P, U, F], F), ([N, P], P), ([N], N), ([], N)]
)
def test_a_line_passes_only_when_all_that_applies_is_proven(verdicts: list[Verdict], told: Verdict) -> None:
    findings = [finding(verdict, f"lock:{n}", practice="updates") for n, verdict in enumerate(verdicts)]
    line = checklist(audit(*findings))[3]
    assert line.title == "Automatic updates"
    assert line.verdict is told
    assert line.summary


@pytest.mark.parametrize("verdict", [F, U])
def test_what_the_owner_accepted_keeps_a_line_from_passing(verdict: Verdict) -> None:
    waiver = WaiverDocument("r", date(2027, 1, 31), expired=False)
    waived = msgspec.structs.replace(finding(verdict, practice="updates"), waiver=waiver)
    line = checklist(audit(finding(P, "lock:b", practice="updates"), waived))[3]
    assert line.verdict is verdict
    assert "Accepted until 2027-01-31" in line.summary
