"""Runs every check of a profile over a home. Pure: the same home gives the same findings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from nightlatch.model.evidence import Fact
from nightlatch.model.finding import SEVERITY_WEIGHT, Finding, Fix, Verdict
from nightlatch.model.home import Home
from nightlatch.model.thing import Field, Thing
from nightlatch.practices.interface import Check, Judgement, Practice, unknown
from nightlatch.text import listed


def judge(home: Home, practices: Iterable[Practice]) -> list[Finding]:
    """One finding per check and subject, in the order of the practices and of the home's things."""
    return [finding for practice in practices for check in practice.checks for finding in run(check, home)]


def run(check: Check[Any], home: Home) -> Iterator[Finding]:
    """The findings of one check: one for every thing it is about, or one for the home that has none."""
    subjects = home.all(check.per)
    if not subjects:
        judgement = check.absent(home) if check.absent else unknown(because=_none_known(check, home))
        yield _finding(check, home, home, judgement, 1)
        return
    judgements = [check.judge(subject, home) for subject in subjects]
    applicable = sum(judgement.verdict is not Verdict.NOT_APPLICABLE for judgement in judgements)
    for subject, judgement in zip(subjects, judgements, strict=True):
        yield _finding(check, subject, home, judgement, applicable)


def _finding(check: Check[Any], subject: Thing, home: Home, judgement: Judgement, share: int) -> Finding:
    practice = check.practice
    verdict = judgement.verdict
    settled_by = ""
    stale: tuple[Fact[Any], ...] = ()
    summary = judgement.because
    fix = judgement.fix
    if fix is not None and not isinstance(fix, Fix):
        fix = fix(subject, home)
    if verdict is Verdict.UNKNOWN:
        missing = [field for field in check.needs if field.kind == subject.kind and subject.fact(field.name) is None]
        stale = tuple(subject.stale[field.name] for field in missing if field.name in subject.stale)
        summary = summary or _why_unknown(missing, subject, home)
        settled_by = check.settled_by
        fix = fix or _find_out(check, missing, subject)
    loosened = [item for item in practice.thresholds if item.loosened(home)] if home.limits else []
    if loosened:
        terms = listed(f"{item.doc} {item.of(home):g} instead of {item.default:g} {item.unit}" for item in loosened)
        summary = f"{summary} (The profile is looser than the guide: {terms}.)"
    return Finding(
        practice=practice.id,
        check=check.id,
        section=practice.section,
        subject=subject.ref,
        label=subject.label,
        verdict=verdict,
        severity=judgement.severity or check.severity,
        title=check.title,
        summary=summary,
        why=practice.why,
        weight=0.0 if verdict is Verdict.NOT_APPLICABLE else SEVERITY_WEIGHT[check.severity] / share,
        evidence=tuple(fact for fact in judgement.evidence if fact is not None),
        stale=stale,
        settled_by=settled_by,
        fix=fix,
        standards=practice.standards,
    )


def _none_known(check: Check[Any], home: Home) -> str:
    failed = _failed(check.needs, home)
    return f"No {check.per.kind} is known, so this could not be checked.{failed}"


def _why_unknown(missing: list[Field[Any]], subject: Thing, home: Home) -> str:
    """Why, in the order that helps most: a refusal, a stale answer, a failed source, nobody said."""
    if not missing:
        return "What is known does not settle it."
    reasons = []
    for field in missing:
        reasons += [gap.reason for gap in subject.gaps.get(field.name, ())]
        if field.name in subject.stale:
            old = subject.stale[field.name]
            reasons.append(f"The answer of {old.at:%Y-%m-%d} ({field.doc}) is older than {field.stale_after.days} days")
    told = ". ".join(dict.fromkeys(f"{reason[:1].upper()}{reason[1:].rstrip('.')}" for reason in reasons))
    failed = _failed(missing, home)
    if told or failed:
        return f"{told}{'.' if told else ''}{failed}".strip()
    return f"Nothing tells {listed(f'whether {field.doc}' if field.type is bool else field.doc for field in missing)}."


def _failed(fields: Iterable[Field[Any]], home: Home) -> str:
    paths = {field.path for field in fields}
    return "".join(
        f" The source {source.id}, which may tell, failed: {source.reason.rstrip('.')}."
        for source in home.sources
        if source.status != "ok" and not source.gives.isdisjoint(paths)
    )


def _find_out(check: Check[Any], missing: list[Field[Any]], subject: Thing) -> Fix:
    """The next step for what is unknown: lift the refusal, give the file, or answer the question."""
    steps = [gap.settle for field in missing for gap in subject.gaps.get(field.name, ())]
    if check.settled_by:
        steps.append(f"Settled by {check.settled_by}.")
    steps += [
        f"{field.ask} Answer with: nightlatch answer {subject.ref} {field.name} VALUE" for field in missing if field.ask
    ]
    return Fix("Find out.", tuple(dict.fromkeys(steps)))
