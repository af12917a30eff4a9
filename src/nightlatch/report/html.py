"""The audit as one self-contained HTML file: no script, no request, readable on a phone and on paper."""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache
from importlib import resources
from itertools import groupby

import jinja2

from nightlatch.audit.checklist import checklist
from nightlatch.model.document import Audit, FindingDocument
from nightlatch.model.finding import Severity, Verdict
from nightlatch.report import words

ORDER = (Verdict.FAIL, Verdict.UNKNOWN, Verdict.PASS, Verdict.NOT_APPLICABLE)


def render(audit: Audit) -> str:
    """The report's HTML. Everything from outside is escaped; a strict policy forbids all else."""
    style = _style()
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    where = words.zone(audit)
    return _template().render(
        audit=audit,
        policy=f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'",
        style=style,
        headline=words.headline(audit),
        first=audit.first(),
        lines=checklist(audit),
        sections=[(section, _practices(audit, section.id)) for section in audit.sections],
        counts={
            verdict: sum(item.verdict is verdict and not item.waived for item in audit.findings) for verdict in Verdict
        },
        waived=sum(item.waived for item in audit.findings),
        unknown=[item for item in audit.findings if item.verdict is Verdict.UNKNOWN],
        settles=_settles(audit),
        moment=lambda at: words.moment(at, where),
        known_by=lambda fact: words.known_by(fact, where),
        words=words,
        Verdict=Verdict,
        Severity=Severity,
    )


def _practices(audit: Audit, section: str) -> list[tuple[str, str, list[FindingDocument]]]:
    """The section's practices with their findings: what needs the reader first."""
    found = [item for item in audit.findings if item.section == section]
    return [
        (practice, findings[0].practice_title, sorted(findings, key=_place))
        for practice, group in groupby(found, key=lambda item: item.practice)
        if (findings := list(group))
    ]


def _place(finding: FindingDocument) -> tuple[int, int]:
    return ORDER.index(finding.verdict) + (2 if finding.waived else 0), list(Severity).index(finding.severity)


def _settles(audit: Audit) -> list[tuple[str, int]]:
    """What would settle unknown findings, most first, with how many."""
    counts: dict[str, int] = {}
    for finding in audit.findings:
        if finding.verdict is Verdict.UNKNOWN and finding.settled_by:
            counts[finding.settled_by] = counts.get(finding.settled_by, 0) + 1
    return sorted(counts.items(), key=lambda item: -item[1])


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(_source), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    return environment.get_template("report.html")


@cache
def _style() -> str:
    return re.sub(r"\s+", " ", _source("report.css")).strip()


def _source(name: str) -> str:
    return resources.files(__package__).joinpath("templates", name).read_text("utf-8")
