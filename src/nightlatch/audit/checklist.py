"""The guide's six-line quick checklist: a view over the practices."""

from __future__ import annotations

import msgspec

from nightlatch.model.document import Audit, Evidence, FindingDocument
from nightlatch.model.finding import Verdict

LINES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Defaults changed", ("default-credentials",)),
    ("Strong passwords and two-factor sign-in", ("strong-passwords", "two-factor")),
    ("Segregated network", ("segregated-network", "wifi-security")),
    ("Automatic updates", ("updates",)),
    ("Limited access", ("least-privilege", "unused-features")),
    ("Firmware and router up to date", ("vendor", "router-firmware", "upnp")),
)
"""Each line with the practices that settle it."""


class Line(msgspec.Struct, frozen=True):
    """One line: its verdict, why, and the evidence."""

    title: str
    verdict: Verdict
    summary: str
    practices: tuple[str, ...]
    evidence: tuple[Evidence, ...]


def checklist(audit: Audit) -> tuple[Line, ...]:
    """The six lines. One open fail fails a line; what is unknown, or only waived, keeps it from passing."""
    return tuple(_line(title, practices, audit) for title, practices in LINES)


def _line(title: str, practices: tuple[str, ...], audit: Audit) -> Line:
    findings = [item for item in audit.findings if item.practice in practices]
    failing = [item for item in audit.ranked() if item.practice in practices]
    unknown = [item for item in findings if item.verdict is Verdict.UNKNOWN and not item.waived]
    waived = [item for item in findings if item.waived]
    passing = [item for item in findings if item.verdict is Verdict.PASS]
    if failing:
        more = f" (and {len(failing) - 1} more)" if len(failing) > 1 else ""
        return _made(title, Verdict.FAIL, f"{failing[0].label}: {failing[0].summary}{more}", practices, failing)
    if unknown:
        checks = len(passing) + len(unknown)
        summary = (
            f"{len(unknown)} of {checks} checks could not be made. First: {unknown[0].title} ({unknown[0].label})."
        )
        return _made(title, Verdict.UNKNOWN, summary, practices, unknown)
    if waived:
        verdict = Verdict.FAIL if any(item.verdict is Verdict.FAIL for item in waived) else Verdict.UNKNOWN
        first = next(item for item in waived if item.verdict is verdict)
        more = f" (and {len(waived) - 1} more)" if len(waived) > 1 else ""
        until = first.waiver.until if first.waiver else ""
        return _made(title, verdict, f"Accepted until {until}: {first.label}: {first.summary}{more}", practices, waived)
    if passing:
        return _made(title, Verdict.PASS, f"All {len(passing)} checks pass.", practices, passing)
    return _made(title, Verdict.NOT_APPLICABLE, "Nothing of this applies to the home.", practices, findings)


def _made(
    title: str, verdict: Verdict, summary: str, practices: tuple[str, ...], findings: list[FindingDocument]
) -> Line:
    found = {(fact.about, fact.fact, fact.source): fact for finding in findings for fact in finding.evidence}
    return Line(title, verdict, summary, practices, tuple(found.values()))
