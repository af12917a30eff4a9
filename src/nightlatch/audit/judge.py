"""Runs every check of a profile over a home. Pure: the same home gives the same findings."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from nightlatch.model.evidence import Fact
from nightlatch.model.finding import Finding, Fix, Verdict
from nightlatch.model.home import Home, SourceState
from nightlatch.model.hub import Hub
from nightlatch.model.thing import Field, Thing
from nightlatch.practices.interface import Check, Judgement, Practice, not_applicable, unknown
from nightlatch.practices.questions import question
from nightlatch.text import listed, sentences

_UNKNOWN, _NOT_APPLICABLE = Verdict.UNKNOWN, Verdict.NOT_APPLICABLE


def judge(home: Home, practices: Iterable[Practice]) -> list[Finding]:
    """One finding per check and subject, in the order of the practices and of the home's things."""
    return [finding for practice in practices for check in practice.checks for finding in run(check, home)]


def run(check: Check[Any], home: Home) -> list[Finding]:
    """The findings of one check: one for every thing it is about, or one for the home that has none."""
    subjects = home.all(check.per)
    if not subjects:
        judgement = check.absent(home) if check.absent else unknown()
        if judgement.verdict is _UNKNOWN and not judgement.because:
            judgement = _absent(check, home)
        return [_finding(check, home, home, judgement, 1)]
    judgements = [check.judge(subject, home) for subject in subjects]
    applicable = sum([judgement.verdict is not _NOT_APPLICABLE for judgement in judgements])
    return [
        _finding(check, subject, home, judgement, applicable)
        for subject, judgement in zip(subjects, judgements, strict=True)
    ]


def _finding(check: Check[Any], subject: Thing, home: Home, judgement: Judgement, share: int) -> Finding:
    practice = check.practice
    verdict = judgement.verdict
    settled_by = ""
    stale: tuple[Fact[Any], ...] = ()
    summary = judgement.because
    fix = judgement.fix
    if fix is not None and not isinstance(fix, Fix):
        fix = fix(subject, home)
    if verdict is _UNKNOWN:
        known = subject.__dict__
        missing = tuple([field for field in check.needs if field.kind == subject.kind and field.name not in known])
        if subject.stale:
            stale = tuple(subject.stale[field.name] for field in missing if field.name in subject.stale)
        summary = summary or _why_unknown(missing, subject, home)
        settled_by = check.settled_by
        fix = fix or _find_out(check, missing, subject)
    loosened = [item for item in practice.thresholds if item.loosened(home)] if home.limits else []
    if loosened:
        terms = listed(f"{item.doc} {item.of(home):g} instead of {item.default:g} {item.unit}" for item in loosened)
        summary = f"{summary} (The profile is looser than the guide: {terms}.)"
    # Positional, in the order of its fields: by name each of the thousands of findings costs half again as much.
    return Finding(
        practice.id,
        check.id,
        practice.section,
        subject.ref,
        verdict,
        judgement.severity or check.severity,
        check.title,
        summary,
        practice.why,
        0.0 if verdict is _NOT_APPLICABLE else check.weight / share,
        tuple(filter(None, judgement.evidence)),
        stale,
        settled_by,
        fix,
        practice.standards,
    )


_KINDS = {"wifi": "Wi-Fi"}
"""Kinds that a sentence calls otherwise."""


def _absent(check: Check[Any], home: Home) -> Judgement:
    """Judge a home that has none of what the check is about: only for hubs can an owner say that there is none."""
    hub = home.has_hub if check.per is Hub else None
    if hub is not None and not hub.value:
        return not_applicable(hub, because="No hub, bridge or server commands a lock.")
    kind = check.per.kind
    steps = [question(home, Home.has_hub)] if check.per is Hub and hub is None else []
    steps.append(f"Add a source that tells of it, or name it in nightlatch.toml: [[{kind}s]] with an id and a name.")
    return unknown(
        hub,
        because=f"No {_KINDS.get(kind, kind)} is known, so this could not be checked.{_failed(check.needs, home)}",
        fix=Fix("Find out.", (*steps, *_settled(check).steps)),
    )


def _why_unknown(missing: tuple[Field[Any], ...], subject: Thing, home: Home) -> str:
    """Why, in the order that helps most: a refusal, a stale answer, a failed source, nobody said."""
    if not missing:
        return "What is known does not settle it."
    told = _told(missing, subject, home) if subject.gaps or subject.stale else ""
    failed = _failed(missing, home)
    if told or failed:
        return f"{told}{failed}".strip()
    return _nothing_tells(missing)


def _told(missing: tuple[Field[Any], ...], subject: Thing, home: Home) -> str:
    reasons: list[str] = []
    for field in missing:
        reasons += [gap.reason for gap in subject.gaps.get(field.name, ())]
        if field.name in subject.stale:
            old = subject.stale[field.name]
            days = field.stale_after.days
            reasons.append(f"The answer of {home.day_of(old.at)} ({field.doc}) is older than {days} days")
    return sentences(reasons)


@lru_cache(maxsize=4096)
def _nothing_tells(missing: tuple[Field[Any], ...]) -> str:
    return f"Nothing tells {listed(map(_in_words, missing))}."


_ASIDE = re.compile(r"; |, as ")


def _in_words(field: Field[Any]) -> str:
    """A field's meaning as part of a sentence: without whose it is and what its special values mean."""
    words = _ASIDE.split(field.doc.removeprefix("of the model: "))[0]
    return f"whether {words}" if field.type is bool else words


def _failed(fields: Iterable[Field[Any]], home: Home) -> str:
    sources = home.cached(_failed_sources)
    if not sources:
        return ""
    paths = {field.path for field in fields}
    return "".join(
        f" The source {source.id}, which may tell, failed: {source.reason.rstrip('.')}."
        for source in sources
        if not source.gives.isdisjoint(paths)
    )


def _failed_sources(home: Home) -> tuple[SourceState, ...]:
    return tuple(source for source in home.sources if source.status != "ok")


def _find_out(check: Check[Any], missing: tuple[Field[Any], ...], subject: Thing) -> Fix:
    """The next step for what is unknown: lift the refusal, give the file, or answer the question."""
    asked = [field for field in missing if field.ask]
    if not asked and not subject.gaps:
        return _settled(check)
    steps = []
    if subject.gaps:
        steps = [gap.settle for field in missing for gap in subject.gaps.get(field.name, ())]
    if check.settled_by:
        steps.append(f"Settled by {check.settled_by}.")
    steps += [question(subject, field) for field in asked]
    return Fix("Find out.", tuple(dict.fromkeys(steps)))


@lru_cache(maxsize=4096)
def _settled(check: Check[Any]) -> Fix:
    return Fix("Find out.", (f"Settled by {check.settled_by}.",) if check.settled_by else ())
