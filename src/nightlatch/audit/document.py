"""Makes the document of a judged home."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import msgspec

from nightlatch import __version__
from nightlatch.audit.profiles import Profile
from nightlatch.audit.score import by_section, score
from nightlatch.model.document import (
    Audit,
    Evidence,
    FindingDocument,
    FixDocument,
    HomeDocument,
    SectionDocument,
    SourceDocument,
    ThingDocument,
    WaiverDocument,
)
from nightlatch.model.evidence import Fact, Ref
from nightlatch.model.finding import SECTION_TITLES, Finding
from nightlatch.model.home import Home, SourceState
from nightlatch.model.kinds import KINDS
from nightlatch.model.labels import label
from nightlatch.model.thing import Thing
from nightlatch.practices.interface import Practice


def document(home: Home, findings: list[Finding], profile: Profile) -> Audit:
    """The document of a judged home."""
    known = {practice.id: practice for practice in profile.chosen()}
    labels = {thing.ref: label(thing, home) for thing in _things(home)}
    whole = score(findings)
    return Audit(
        version=__version__,
        home=HomeDocument(home.name.value if home.name else "Home", home.timezone.value if home.timezone else "UTC"),
        at=home.at,
        profile=profile.name,
        profile_notes=profile.loosened(),
        score=whole.score,
        coverage=whole.coverage,
        worst=whole.worst,
        sections=tuple(
            SectionDocument(section, SECTION_TITLES[section], part.score, part.coverage, part.worst)
            for section, part in by_section(findings).items()
        ),
        sources=tuple(map(source_document, home.sources)),
        findings=tuple(finding_document(item, known[item.practice], labels[item.subject]) for item in findings),
        things=thing_documents(home),
    )


def plain(value: Any) -> Any:
    """A fact's value as plain JSON."""
    return (
        msgspec.to_builtins(value, builtin_types=(datetime, date), enc_hook=str)
        if not isinstance(value, Ref)
        else str(value)
    )


def evidence(fact: Fact[Any]) -> Evidence:
    """A fact as the document shows it."""
    field = KINDS[fact.about.kind].fields[fact.name]
    value = fact.value
    shown = (
        tuple(str(item) for item in value)
        if isinstance(value, tuple) and any(isinstance(item, Ref) for item in value)
        else plain(value)
    )
    return Evidence(
        str(fact.about), fact.name, field.doc, shown, fact.grade, fact.source, fact.at, fact.where, fact.confidence
    )


def finding_document(finding: Finding, practice: Practice, name: str) -> FindingDocument:
    """A finding as the document shows it; `name` is what to call its subject."""
    fix, waiver = finding.fix, finding.waiver
    return FindingDocument(
        practice=finding.practice,
        practice_title=practice.title,
        check=finding.check,
        section=finding.section,
        subject=str(finding.subject),
        label=name,
        verdict=finding.verdict,
        severity=finding.severity,
        weight=round(finding.weight, 4),
        title=finding.title,
        summary=finding.summary,
        why=finding.why,
        evidence=tuple(map(evidence, finding.evidence)),
        contradicts=tuple(map(evidence, finding.contradicts)),
        stale=tuple(map(evidence, finding.stale)),
        settled_by=finding.settled_by,
        fix=FixDocument(fix.summary, fix.steps, fix.automatic) if fix else None,
        standards=finding.standards,
        waiver=WaiverDocument(waiver.reason, waiver.until, waiver.expired) if waiver else None,
    )


def source_document(state: SourceState) -> SourceDocument:
    """A source's state as the document shows it."""
    return SourceDocument(state.kind, state.id, state.status, state.facts, state.reason, state.todo)


def thing_documents(home: Home) -> tuple[ThingDocument, ...]:
    """Every thing of the home, itself first."""
    return tuple(
        ThingDocument(
            str(thing.ref),
            thing.kind,
            label(thing, home),
            thing.keys,
            tuple(evidence(fact) for fact in thing.facts().values()),
        )
        for thing in _things(home)
    )


def _things(home: Home) -> list[Thing]:
    return [home, *(thing for kind in KINDS.values() if kind is not Home for thing in home.all(kind))]
