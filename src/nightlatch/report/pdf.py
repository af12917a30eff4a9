"""The audit as PDF, set by Typst. The document goes in as data, so no text of it can become markup."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zoneinfo import ZoneInfo

import typst

from nightlatch.audit.checklist import checklist
from nightlatch.model.document import Audit, Evidence, FindingDocument
from nightlatch.model.finding import Verdict
from nightlatch.report import words


def render(audit: Audit) -> bytes:
    """The report's PDF, tagged for screen readers. What the fonts that come with Typst lack, the system's may have."""
    template = resources.files(__package__).joinpath("templates", "report.typ").read_text("utf-8")
    # Typst reads below a root folder: one of its own, so that the template could read nothing else.
    with TemporaryDirectory(prefix="nightlatch-") as folder:
        path = Path(folder) / "report.typ"
        path.write_text(template, "utf-8")
        found: bytes = typst.compile(str(path), root=folder, sys_inputs={"audit": json.dumps(_data(audit))})
    return found


def _data(audit: Audit) -> dict[str, Any]:
    where = words.zone(audit)
    return {
        "title": audit.home.name,
        "when": words.moment(audit.at, where),
        "profile": audit.profile,
        "notes": audit.profile_notes,
        "version": audit.version,
        "headline": words.headline(audit),
        "score": words.score(audit.score),
        "known": words.percent(audit.coverage),
        "worst": audit.worst.value if audit.worst else "none",
        "first": [_finding(finding, where) for finding in audit.first()],
        "changes": _changes(audit, where),
        "checklist": [
            {
                "verdict": line.verdict.value,
                "word": words.VERDICTS[line.verdict],
                "title": line.title,
                "why": line.summary,
            }
            for line in checklist(audit)
        ],
        "sections": [
            {
                "title": section.title,
                "score": words.score(section.score),
                "known": words.percent(section.coverage),
                "worst": section.worst.value if section.worst else "–",
                "findings": [
                    _finding(finding, where)
                    for finding in audit.findings
                    if finding.section is section.id and finding.verdict is not Verdict.NOT_APPLICABLE
                ],
            }
            for section in audit.sections
        ],
        "sources": [
            {
                "status": source.status,
                "id": source.id,
                "facts": str(source.facts),
                "text": f"{source.reason} {source.todo}".strip(),
            }
            for source in audit.sources
        ],
    }


def _finding(finding: FindingDocument, where: ZoneInfo) -> dict[str, Any]:
    waiver = finding.waiver
    return {
        "practice": finding.practice_title,
        "kind": "waived" if finding.waived else finding.verdict.value,
        "state": words.state(finding),
        "label": finding.label,
        "summary": finding.summary,
        "known": [_fact(fact, where) for fact in finding.evidence],
        "contradicts": [_fact(fact, where) for fact in finding.contradicts],
        "stale": [_fact(fact, where) for fact in finding.stale],
        "waiver": ""
        if waiver is None
        else f"{'Waiver ended on' if waiver.expired else 'Waived until'} {waiver.until}: {waiver.reason}",
        "settled": finding.settled_by,
        "fix": finding.fix.summary if finding.fix else "",
        "steps": [
            {"text": step, "code": words.is_command(step)} for step in (finding.fix.steps if finding.fix else ())
        ],
    }


def _fact(fact: Evidence, where: ZoneInfo) -> str:
    return f"{fact.about} {fact.fact} = {words.value(fact.value)}: {words.known_by(fact, where)}"


def _changes(audit: Audit, where: ZoneInfo) -> dict[str, Any] | None:
    changes = audit.changes
    if changes is None:
        return None
    rows = [f"{title}: {item.label}: {item.summary}" for title, found in changes.named() for item in found]
    return {"since": words.moment(changes.since, where), "then": " ".join(words.then(audit)), "rows": rows}
