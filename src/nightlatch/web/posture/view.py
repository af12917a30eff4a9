"""How the home stands, as pages and programs see it: views of the last audit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Literal
from urllib.parse import quote

import msgspec

from nightlatch.model.document import Audit, Changes, FindingDocument
from nightlatch.model.finding import SECTION_TITLES, Section, Severity, Verdict
from nightlatch.practices.registry import practices
from nightlatch.report import words
from nightlatch.service.reauditing import Auditor
from nightlatch.web.errors import NotFound
from nightlatch.web.texts import _

Show = Literal["", "open", "unknown", "passing", "waived"]
"""Which findings: nothing stands for all."""
PAGE = 50
"""Findings on one page of a list."""
_SHOWN = {Verdict.FAIL: "open", Verdict.UNKNOWN: "unknown", Verdict.PASS: "passing"}
_ORDER = {Verdict.FAIL: 0, Verdict.UNKNOWN: 1, Verdict.PASS: 3, Verdict.NOT_APPLICABLE: 4}
_SEVERITIES = {severity: place for place, severity in enumerate(Severity)}


class Filter(msgspec.Struct, frozen=True):
    """Which findings are shown."""

    show: Show = ""
    about: str = ""
    """One thing, as "lock:front"."""
    practice: str = ""

    @property
    def any(self) -> bool:
        """Whether it leaves out anything."""
        return bool(self.show or self.about or self.practice)

    def takes(self, finding: FindingDocument) -> bool:
        """Whether a finding is shown."""
        if self.about not in ("", finding.subject) or self.practice not in ("", finding.practice):
            return False
        return self.show in ("", shown_as(finding))

    def query(self, **other: str) -> str:
        """As a query string, with some of it otherwise."""
        values = {"show": self.show, "about": self.about, "practice": self.practice} | other
        return "&".join(f"{name}={quote(value, safe='')}" for name, value in values.items() if value)


def shown_as(finding: FindingDocument) -> str:
    """Under which of the filters a finding falls; nothing: it does not apply."""
    if finding.waived:
        return "waived"
    return _SHOWN.get(finding.verdict, "")


class Row(msgspec.Struct, frozen=True):
    """A finding in a list."""

    practice: str
    check: str
    subject: str
    label: str
    """What people call the thing."""
    verdict: Verdict
    severity: Severity
    waived: bool
    title: str
    """What the check wants, as a statement that is true when it passes."""
    summary: str
    """What was found."""
    next: str = ""
    """What to do about it."""
    automatic: bool = False
    """Whether Nightlatch can do that by itself."""

    @property
    def key(self) -> str:
        """Its path below /posture/findings/ and /posture/parts/findings/."""
        return f"{self.practice}/{self.check}/{quote(self.subject, safe=':')}"


def row(finding: FindingDocument) -> Row:
    """A finding as a row."""
    fix = finding.fix
    return Row(
        finding.practice,
        finding.check,
        finding.subject,
        finding.label,
        finding.verdict,
        finding.severity,
        finding.waived,
        finding.title,
        finding.summary,
        fix.summary if fix else "",
        fix is not None and fix.automatic and finding.open,
    )


class Counts(msgspec.Struct, frozen=True):
    """How many findings fall under each filter."""

    open: int = 0
    unknown: int = 0
    passing: int = 0
    waived: int = 0


def counts(findings: Iterable[FindingDocument]) -> Counts:
    """Count findings."""
    found = Counter(map(shown_as, findings))
    return Counts(*(found[name] for name in Counts.__struct_fields__))


class PracticeView(msgspec.Struct, frozen=True):
    """One of the best practices, and how the home fares by it."""

    id: str
    number: int
    title: str
    verdict: Verdict
    """Of its worst finding that is not waived; of a waived one where there is no other."""
    severity: Severity
    waived: bool
    counts: Counts
    worst: Row | None
    """Its worst finding, where that is not good."""


class SectionView(msgspec.Struct, frozen=True):
    """A section of the practices. `score` is 0 to 100, `coverage` 0 to 1; None: nothing of it applies."""

    id: str
    title: str
    score: float | None
    coverage: float | None
    counts: Counts
    practices: tuple[PracticeView, ...]


class ChangeView(msgspec.Struct, frozen=True):
    """What changed in one way since the audit before."""

    title: str
    tone: Literal["good", "bad", "mute"]
    findings: tuple[Row, ...]


class Auditing(msgspec.Struct, frozen=True):
    """Whether an audit is being made, and why the last one could not be."""

    due: bool
    """One is being made, or begins now."""
    since: datetime | None
    failed: str
    unread: str
    """Why answers and waivers given since the service began could not be read."""
    earlier: bool
    """What is shown was found before the service began."""


class Posture(msgspec.Struct, frozen=True):
    """How the home stands by the last audit. `score` is 0 to 100, `coverage` 0 to 1; None: nothing applies."""

    at: datetime
    headline: str
    score: float | None
    coverage: float | None
    worst: Severity | None
    profile: str
    notes: tuple[str, ...]
    """What the profile is looser in than the guide."""
    counts: Counts
    first: tuple[Row, ...]
    """What to do first."""
    sections: tuple[SectionView, ...]
    since: datetime | None
    """Of the audit before; None: there is none."""
    score_then: float | None
    changes: tuple[ChangeView, ...]
    failed_sources: tuple[str, ...]
    auditing: Auditing


def auditing(auditor: Auditor) -> Auditing:
    """How the auditor fares. To be asked on the event loop."""
    earlier = auditor.last is None and auditor.before is not None
    return Auditing(auditor.due, auditor.since, auditor.failed, auditor.unread, earlier)


_made: list[tuple[Audit, Changes | None, Posture]] = []
"""The last that was made: of one audit it is asked for by every page and browser."""


def posture(audit: Audit, changes: Changes | None, now: Auditing) -> Posture:
    """The whole of it, without the findings' details."""
    for known, since, made in _made:
        if known is audit and since is changes:
            return msgspec.structs.replace(made, auditing=now)
    made = _posture(audit, changes, now)
    _made[:] = [(audit, changes, made)]
    return made


def _posture(audit: Audit, changes: Changes | None, now: Auditing) -> Posture:
    return Posture(
        audit.at,
        words.headline(audit),
        audit.score,
        audit.coverage,
        audit.worst,
        audit.profile,
        audit.profile_notes,
        counts(audit.findings),
        tuple(map(row, audit.first())),
        _sections(audit),
        changes.since if changes is not None else None,
        changes.score if changes is not None else None,
        changed(changes) if changes is not None else (),
        tuple(f"{one.id}: {one.reason}" for one in audit.sources if one.status == "failed"),
        now,
    )


def changed(changes: Changes) -> tuple[ChangeView, ...]:
    """What changed, what got worse first."""
    found: tuple[tuple[str, Literal["good", "bad", "mute"], Sequence[FindingDocument]], ...] = (
        (_("Got worse"), "bad", changes.newly_failing),
        (_("Not known any more"), "mute", changes.went_unknown),
        (_("Answers that grew too old"), "mute", changes.gone_stale),
        (_("Put right"), "good", changes.fixed),
        (_("Newly known, and good"), "good", changes.became_known),
        (_("No longer there"), "mute", changes.gone),
    )
    return tuple(ChangeView(title, tone, tuple(map(row, findings))) for title, tone, findings in found if findings)


def _sections(audit: Audit) -> tuple[SectionView, ...]:
    by: dict[str, list[FindingDocument]] = {}
    of: dict[Section, list[FindingDocument]] = {}
    for one in audit.findings:
        by.setdefault(one.practice, []).append(one)
        of.setdefault(one.section, []).append(one)
    return tuple(
        SectionView(
            section.id.value,
            SECTION_TITLES[section.id],
            section.score,
            section.coverage,
            counts(of.get(section.id, ())),
            tuple(
                practice_view(one.id, one.number, one.title, by[one.id])
                for one in practices()
                if one.section is section.id and one.id in by
            ),
        )
        for section in audit.sections
    )


def practice_view(id_: str, number: int, title: str, findings: Sequence[FindingDocument]) -> PracticeView:
    """How the home fares by one practice."""
    worst = min(findings, key=place)
    return PracticeView(
        id_,
        number,
        title,
        worst.verdict,
        worst.severity,
        worst.waived,
        counts(findings),
        row(worst) if worst.verdict in (Verdict.FAIL, Verdict.UNKNOWN) else None,
    )


def place(finding: FindingDocument) -> tuple[int, int, float]:
    """The order of findings: open ones first, the worst of them first, then unknown ones, then what is accepted."""
    return (2 if finding.waived else _ORDER[finding.verdict], _SEVERITIES[finding.severity], -finding.weight)


def selected(audit: Audit, chosen: Filter) -> list[FindingDocument]:
    """The findings that a filter takes, worst first."""
    return sorted(filter(chosen.takes, audit.findings), key=place)


def found(audit: Audit, practice: str, check: str, subject: str) -> FindingDocument:
    """One finding; NotFound where it was not judged."""
    for one in audit.findings:
        if one.key == (practice, check, subject):
            return one
    raise NotFound(_("nothing of this was judged in the last audit"))


def things(audit: Audit) -> list[tuple[str, str]]:
    """What was judged, and what it is called."""
    judged = {one.subject: one.label for one in audit.findings}
    return sorted(judged.items(), key=lambda one: (one[0] != "home", one[0].partition(":")[0], one[1].casefold()))
