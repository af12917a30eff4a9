"""The score: how much of what applies is proven good, how much of it is known, and the worst that is open."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from nightlatch.model.finding import SEVERITY_WEIGHT, Finding, Section, Severity, Verdict


class Score(msgspec.Struct, frozen=True):
    """`score` 0 to 100, `coverage` 0 to 1; both None when nothing applies. `worst` is the worst open severity."""

    score: float | None
    coverage: float | None
    worst: Severity | None


def score(findings: Iterable[Finding]) -> Score:
    """Weight of proven passes over weight of applicable checks; coverage is the share that is known.

    A check weighs by its severity (critical 8, high 4, medium 2, low 1), split over its subjects. A
    waived finding weighs as before and is never a pass.
    """
    passed = known = total = 0.0
    worst: Severity | None = None
    for finding in findings:
        total += finding.weight
        if finding.verdict is Verdict.PASS:
            passed += finding.weight
        if finding.verdict in (Verdict.PASS, Verdict.FAIL):
            known += finding.weight
        if is_open(finding) and (worst is None or SEVERITY_WEIGHT[finding.severity] > SEVERITY_WEIGHT[worst]):
            worst = finding.severity
    if not total:
        return Score(None, None, worst)
    return Score(round(100 * passed / total, 1), round(known / total, 3), worst)


def by_section(findings: Sequence[Finding]) -> dict[Section, Score]:
    """The score of every section, in the guide's order."""
    return {section: score(item for item in findings if item.section is section) for section in Section}


def is_open(finding: Finding) -> bool:
    """It failed and is not waived."""
    return finding.verdict is Verdict.FAIL and not finding.waived
