"""The audit as a document: the stable, versioned schema `nightlatch.audit/1`.

It is what `audit --format json` prints, what the database stores, and what every report shows. Values
are plain JSON: no field holds a secret, because no fact does.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

import msgspec

from nightlatch.model.evidence import Grade
from nightlatch.model.finding import Section, Severity, Verdict

SCHEMA: Literal["nightlatch.audit/1"] = "nightlatch.audit/1"


class Evidence(msgspec.Struct, frozen=True):
    """A fact: how we know a value. `at` is UTC; `where` the place inside the source."""

    about: str
    fact: str
    meaning: str
    value: Any
    grade: Grade
    source: str
    at: datetime
    where: str = ""
    confidence: str = ""


class FixDocument(msgspec.Struct, frozen=True):
    """The next step."""

    summary: str
    steps: tuple[str, ...]
    automatic: bool


class WaiverDocument(msgspec.Struct, frozen=True):
    """The owner's acceptance of the finding; `expired` ones no longer count."""

    reason: str
    until: date
    expired: bool


class FindingDocument(msgspec.Struct, frozen=True):
    """One check judged for one subject."""

    practice: str
    practice_title: str
    check: str
    section: Section
    subject: str
    label: str
    verdict: Verdict
    severity: Severity
    weight: float
    title: str
    summary: str
    why: str
    evidence: tuple[Evidence, ...]
    contradicts: tuple[Evidence, ...]
    stale: tuple[Evidence, ...]
    settled_by: str
    fix: FixDocument | None
    standards: tuple[str, ...]
    waiver: WaiverDocument | None

    @property
    def open(self) -> bool:
        """It failed and no waiver that holds covers it."""
        return self.verdict is Verdict.FAIL and (self.waiver is None or self.waiver.expired)

    @property
    def waived(self) -> bool:
        """A waiver that holds covers it."""
        return self.waiver is not None and not self.waiver.expired

    @property
    def key(self) -> tuple[str, str, str]:
        """What identifies it from one audit to the next."""
        return (self.practice, self.check, self.subject)


class SectionDocument(msgspec.Struct, frozen=True):
    """One of the seven sections; `score` and `coverage` are null when nothing in it applies."""

    id: Section
    title: str
    score: float | None
    coverage: float | None
    worst: Severity | None


class SourceDocument(msgspec.Struct, frozen=True):
    """How one source fared."""

    kind: str
    id: str
    status: Literal["ok", "partial", "failed"]
    facts: int
    reason: str
    todo: str


class ThingDocument(msgspec.Struct, frozen=True):
    """A thing of the home with everything known of it."""

    subject: str
    kind: str
    label: str
    keys: tuple[str, ...]
    facts: tuple[Evidence, ...]


class HomeDocument(msgspec.Struct, frozen=True):
    """Which home it is."""

    name: str
    timezone: str


class Changes(msgspec.Struct, frozen=True):
    """The findings that changed since an audit; each as it is now, `gone` ones as they were."""

    since: datetime
    profile: str
    """The profile of that audit; where it is another, only what both judged is compared."""
    score: float | None
    """The score then."""
    newly_failing: tuple[FindingDocument, ...]
    """Failing and not waived now, and not so then: a waiver that ended counts too."""
    fixed: tuple[FindingDocument, ...]
    went_unknown: tuple[FindingDocument, ...]
    gone_stale: tuple[FindingDocument, ...]
    """Unknown now because an answer grew too old."""
    became_known: tuple[FindingDocument, ...]
    gone: tuple[FindingDocument, ...]
    """Judged then, not now: the thing or the check no longer exists."""

    @property
    def any(self) -> bool:
        """Whether anything changed."""
        return any(found for _, found in self.named())

    def named(self) -> tuple[tuple[str, tuple[FindingDocument, ...]], ...]:
        """The changes with what each list is called in a report, worst first."""
        return (
            ("Newly failing", self.newly_failing),
            ("Went unknown", self.went_unknown),
            ("Evidence gone stale", self.gone_stale),
            ("Fixed", self.fixed),
            ("Became known and passes", self.became_known),
            ("No longer judged", self.gone),
        )


class Audit(msgspec.Struct, frozen=True, kw_only=True):
    """A whole audit. `score` is 0 to 100 and `coverage` 0 to 1, both null when nothing applies."""

    schema: Literal["nightlatch.audit/1"] = SCHEMA
    version: str
    home: HomeDocument
    at: datetime
    profile: str
    profile_notes: tuple[str, ...] = ()
    score: float | None
    coverage: float | None
    worst: Severity | None
    sections: tuple[SectionDocument, ...]
    sources: tuple[SourceDocument, ...]
    findings: tuple[FindingDocument, ...]
    things: tuple[ThingDocument, ...] = ()
    changes: Changes | None = None
    """Since an earlier audit, where that was asked for."""

    def ranked(self) -> list[FindingDocument]:
        """The open findings, worst first; among equals the ones with the most weight."""
        order = list(Severity)
        return sorted(
            (finding for finding in self.findings if finding.open),
            key=lambda finding: (order.index(finding.severity), -finding.weight),
        )

    def first(self, number: int = 3) -> list[FindingDocument]:
        """What to do first: the worst open findings, one for each thing to do."""
        found: dict[str, FindingDocument] = {}
        for finding in self.ranked():
            found.setdefault(finding.fix.summary if finding.fix else finding.summary, finding)
        return list(found.values())[:number]
