"""The audit as Markdown: for an issue, a wiki, a mail. Text from outside cannot become markup."""

from __future__ import annotations

import re
from zoneinfo import ZoneInfo

from nightlatch.audit.checklist import checklist
from nightlatch.model.document import Audit, Evidence, FindingDocument
from nightlatch.model.finding import Verdict
from nightlatch.report import words

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~])")


def render(audit: Audit) -> str:
    """The report's Markdown (CommonMark with tables)."""
    where = words.zone(audit)
    blocks = [
        f"# {_safe(audit.home.name)}: smart lock audit",
        f"{words.moment(audit.at, where)} · profile {_safe(audit.profile)}",
        f"**{words.headline(audit)}**",
        f"Score **{words.score(audit.score)}** of 100 · {words.percent(audit.coverage)} of it known · worst open:"
        f" {audit.worst.value if audit.worst else 'none'}",
        *(f"> Looser than the guide: {_safe(note)}" for note in audit.profile_notes),
        *_first(audit),
        *_changes(audit, where),
        *_checklist(audit),
        *_sections(audit),
    ]
    for section in audit.sections:
        found = [item for item in audit.findings if item.section is section.id]
        if found:
            blocks.append(f"## {section.title}")
            blocks += _findings(found, where)
    blocks += _sources(audit)
    blocks.append("Keep this report like a key: it names doors, locks and what is wrong with them.")
    return "\n\n".join(blocks) + "\n"


def _safe(text: object) -> str:
    """Text from outside, on one line and without markup."""
    return _SPECIAL.sub(r"\\\1", " ".join(str(text).split()))


def _first(audit: Audit) -> list[str]:
    blocks = []
    for number, finding in enumerate(audit.first(), 1):
        blocks.append(f"### {number}. {finding.severity.value}: {_safe(finding.label)}\n\n{_safe(finding.summary)}")
        blocks += _fix(finding)
    return ["## In the next ten minutes", *blocks] if blocks else []


def _fix(finding: FindingDocument) -> list[str]:
    fix = finding.fix
    if fix is None:
        return []
    mark = " (Nightlatch can do this)" if fix.automatic else ""
    steps = [f"{number}. {_step(step)}" for number, step in enumerate(fix.steps, 1)]
    return [f"**{_safe(fix.summary)}**{mark}", *(["\n".join(steps)] if steps else [])]


def _step(step: str) -> str:
    if not words.is_command(step):
        return _safe(step)
    # A code span ends at a run of as many backticks as it began with: one more than any inside.
    ticks = "`" * (max((len(run) for run in re.findall("`+", step)), default=0) + 1)
    return f"{ticks} {' '.join(step.split())} {ticks}" if len(ticks) > 1 else f"`{' '.join(step.split())}`"


def _checklist(audit: Audit) -> list[str]:
    rows = [
        f"| {words.SYMBOLS[line.verdict]} {words.VERDICTS[line.verdict]} | {line.title} | {_safe(line.summary)} |"
        for line in checklist(audit)
    ]
    return ["## The quick checklist", "\n".join(["| verdict | what | why |", "|---|---|---|", *rows])]


def _sections(audit: Audit) -> list[str]:
    rows = [
        f"| {section.title} | {words.score(section.score)} | {words.percent(section.coverage)} |"
        f" {section.worst.value if section.worst else '–'} |"
        for section in audit.sections
    ]
    return ["## Sections", "\n".join(["| section | score | known | worst open |", "|---|---:|---:|---|", *rows])]


def _findings(findings: list[FindingDocument], where: ZoneInfo) -> list[str]:
    blocks = []
    practice = ""
    for finding in findings:
        if finding.verdict is Verdict.NOT_APPLICABLE:
            continue
        if finding.practice != practice:
            practice = finding.practice
            blocks.append(f"### {_safe(finding.practice_title)}")
        lines = [f"- **{words.state(finding)}** {_safe(finding.label)}: {_safe(finding.summary)}"]
        if finding.waiver:
            ended = "ended and no longer counts" if finding.waiver.expired else "holds"
            lines.append(f"  - waiver until {finding.waiver.until} {ended}: {_safe(finding.waiver.reason)}")
        lines += [f"  - known: {_fact(fact, where)}" for fact in finding.evidence]
        lines += [f"  - contradicted by: {_fact(fact, where)}" for fact in finding.contradicts]
        lines += [f"  - no longer counts: {_fact(fact, where)}" for fact in finding.stale]
        if finding.settled_by:
            lines.append(f"  - settled by {_safe(finding.settled_by)}")
        elif finding.fix:
            lines.append(f"  - next step: {_safe(finding.fix.summary)}")
            lines += [f"    - {_step(step)}" for step in finding.fix.steps]
        blocks.append("\n".join(lines))
    return blocks


def _fact(fact: Evidence, where: ZoneInfo) -> str:
    return _safe(f"{fact.about} {fact.fact} = {words.value(fact.value)}; {words.known_by(fact, where)}")


def _sources(audit: Audit) -> list[str]:
    rows = [
        f"| {source.status} | {_safe(source.id)} | {source.facts} | {_safe(f'{source.reason} {source.todo}'.strip())} |"
        for source in audit.sources
    ]
    return ["## Sources", "\n".join(["| state | source | facts | what is missing |", "|---|---|---:|---|", *rows])]


def _changes(audit: Audit, where: ZoneInfo) -> list[str]:
    changes = audit.changes
    if changes is None:
        return []
    lines = [
        f"- {title}: {_safe(finding.label)}: {_safe(finding.summary)}"
        for title, found in changes.named()
        for finding in found
    ]
    return [f"## Since {words.moment(changes.since, where)}", *map(_safe, words.then(audit)), "\n".join(lines)]
