"""The audit on a terminal: the answer first, then what to do, then everything with its evidence."""

from __future__ import annotations

from itertools import groupby
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from nightlatch.audit.checklist import Line
from nightlatch.model.document import Audit, Evidence, FindingDocument
from nightlatch.model.finding import Severity, Verdict
from nightlatch.report import words

SEVERITY_STYLES = {
    Severity.CRITICAL: "bold red",
    Severity.HIGH: "red",
    Severity.MEDIUM: "yellow",
    Severity.LOW: "cyan",
}
VERDICT_STYLES = {
    Verdict.PASS: "green",
    Verdict.FAIL: "red",
    Verdict.UNKNOWN: "yellow",
    Verdict.NOT_APPLICABLE: "dim",
}
CHANGE_STYLES = {
    "Newly failing": "red",
    "Fixed": "green",
    "Became known and passes": "green",
    "No longer judged": "dim",
}


def show(audit: Audit, console: Console, *, details: bool = False) -> None:
    """Print an audit. With `details`, every finding opens to its evidence and steps."""
    zone = words.zone(audit)
    console.print(
        Text(audit.home.name, style="bold"), Text(f"· {words.moment(audit.at, zone)} · profile {audit.profile}")
    )
    console.print(Text(words.headline(audit), style="bold"))
    console.print(
        f"Score {words.score(audit.score)} of 100 · {words.percent(audit.coverage)} of it known"
        f" · worst open: {audit.worst.value if audit.worst else 'none'}"
    )
    for note in audit.profile_notes:
        console.print(Text(f"Looser than the guide: {note}", style="yellow"))
    _changes(audit, console, zone)
    _first(audit, console)
    _sections(audit, console)
    _findings(audit, console, zone, details)
    _sources(audit, console)
    _unchecked(audit, console, details)


def show_checklist(lines: tuple[Line, ...], console: Console) -> None:
    """Print the six lines."""
    for line in lines:
        head = Text(f"{words.SYMBOLS[line.verdict]} {words.VERDICTS[line.verdict]:<15}", VERDICT_STYLES[line.verdict])
        console.print(head.append(line.title, style="bold default"))
        console.print(Padding(Text(line.summary), (0, 0, 0, 4)))


def _heading(text: str, console: Console) -> None:
    console.print()
    console.print(Text(text, style="bold underline"))


def _first(audit: Audit, console: Console) -> None:
    worst = audit.first()
    if not worst:
        return
    _heading("Do this first", console)
    for number, finding in enumerate(worst, 1):
        line = Text(f"{number}. ").append(finding.severity.value.upper(), SEVERITY_STYLES[finding.severity])
        console.print(line.append(f" {finding.label}: {finding.summary}"))
        if finding.fix:
            _fix(finding, console, indent=3)


def _sections(audit: Audit, console: Console) -> None:
    _heading("Sections", console)
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0))
    for name, side in (("Section", "left"), ("Score", "right"), ("Known", "right"), ("Worst open", "left")):
        table.add_column(name, justify="right" if side == "right" else "left")
    for section in audit.sections:
        worst = Text(section.worst.value, SEVERITY_STYLES[section.worst]) if section.worst else Text("–")
        table.add_row(section.title, words.score(section.score), words.percent(section.coverage), worst)
    console.print(table)


def _findings(audit: Audit, console: Console, zone: ZoneInfo, details: bool) -> None:
    for section in audit.sections:
        found = [item for item in audit.findings if item.section is section.id]
        if not details:
            found = [item for item in found if item.verdict is not Verdict.NOT_APPLICABLE]
        if not found:
            continue
        _heading(section.title, console)
        for practice, group in groupby(found, key=lambda item: item.practice):
            findings = list(group)
            console.print(Text(findings[0].practice_title, style="bold").append(f"  {practice}", style="dim"))
            table = Table.grid(padding=(0, 1))
            table.add_column(no_wrap=True)
            table.add_column(overflow="fold", ratio=1)
            for finding, times in [(item, 1) for item in findings] if details else _grouped(findings):
                _finding(finding, times, table, zone, details)
            console.print(Padding(table, (0, 0, 0, 2)))


def _grouped(findings: list[FindingDocument]) -> list[tuple[FindingDocument, int]]:
    """Findings with how many say the very same: one missing file leaves many checks unknown."""
    counts: dict[tuple[object, ...], tuple[FindingDocument, int]] = {}
    for finding in findings:
        # What passed or failed says what it is about; a reason for not knowing may stand for many checks.
        same = finding.key if finding.verdict is not Verdict.UNKNOWN else (finding.subject, finding.summary)
        first, times = counts.get(same, (finding, 0))
        counts[same] = (first, times + 1)
    return list(counts.values())


def _finding(finding: FindingDocument, times: int, table: Table, zone: ZoneInfo, details: bool) -> None:
    style = "magenta" if finding.waived else VERDICT_STYLES[finding.verdict]
    state = Text(f"{words.SYMBOLS[finding.verdict]} {words.state(finding)}", style)
    many = f" ({times} checks)" if times > 1 else ""
    table.add_row(state, Text(f"{finding.label}: {finding.summary}{many}"))

    def more(text: str, style: str = "dim") -> None:
        table.add_row("", Text(text, style))

    if finding.waiver:
        more(_waiver(finding), "magenta")
    for other in finding.contradicts:
        more(f"Contradicted: {_fact(other, zone)}", "yellow")
    for old in finding.stale:
        more(f"No longer counts: {_fact(old, zone)}", "yellow")
    if not details:
        return
    more(f"Wanted: {finding.title}")
    for fact in finding.evidence:
        more(f"Known: {_fact(fact, zone)}")
    if finding.verdict is not Verdict.NOT_APPLICABLE and finding.fix:
        mark = " (Nightlatch can do this)" if finding.fix.automatic else ""
        more(f"→ {finding.fix.summary}{mark}", "green")
        for step in finding.fix.steps:
            more(f"  · {step}", "")
    if finding.standards:
        more(f"Supports: {', '.join(finding.standards)}")


def _fact(fact: Evidence, zone: ZoneInfo) -> str:
    return f"{fact.about} {fact.fact} = {words.value(fact.value)}, {words.known_by(fact, zone)}"


def _waiver(finding: FindingDocument) -> str:
    waiver = finding.waiver
    if waiver is None:
        return ""
    if waiver.expired:
        return f"The waiver ended on {waiver.until} and no longer counts (reason then: {waiver.reason})"
    return f"Waived until {waiver.until}: {waiver.reason}"


def _fix(finding: FindingDocument, console: Console, *, indent: int) -> None:
    fix = finding.fix
    if fix is None:
        return
    mark = " (Nightlatch can do this)" if fix.automatic else ""
    console.print(Padding(Text(f"→ {fix.summary}{mark}", style="green"), (0, 0, 0, indent)))
    for step in fix.steps:
        console.print(Padding(Text(f"· {step}"), (0, 0, 0, indent + 2)))


def _sources(audit: Audit, console: Console) -> None:
    _heading("Sources", console)
    styles = {"ok": "green", "partial": "yellow", "failed": "red"}
    for source in audit.sources:
        name = source.id if source.id == source.kind else f"{source.id} ({source.kind})"
        line = Text(f"  {source.status:<8}", styles[source.status]).append(f"{name}: {source.facts} facts", "default")
        console.print(line.append(f". {source.reason}" if source.reason else "", "default"))
        if source.todo:
            console.print(Padding(Text(f"→ {source.todo}", style="green"), (0, 0, 0, 10)))


def _unchecked(audit: Audit, console: Console, details: bool) -> None:
    unknown = [finding for finding in audit.findings if finding.verdict is Verdict.UNKNOWN]
    if not unknown:
        return
    _heading(f"Not checked: {len(unknown)} of {len(audit.findings)}", console)
    settles = dict.fromkeys(finding.settled_by for finding in unknown if finding.settled_by)
    console.print("These would settle most of it:")
    for settle in list(settles) if details else list(settles)[:6]:
        console.print(Text(f"  · {settle}"))
    if not details:
        console.print(Text("Open every finding with --details; ask why with: nightlatch explain PRACTICE", style="dim"))


def _changes(audit: Audit, console: Console, zone: ZoneInfo) -> None:
    changes = audit.changes
    if changes is None:
        return
    _heading(f"Since {words.moment(changes.since, zone)}", console)
    for line in words.then(audit):
        console.print(Text(line))
    for title, found in changes.named():
        style = CHANGE_STYLES.get(title, "yellow")
        for finding in found:
            console.print(Text(f"  {title}: ", style).append(f"{finding.label}: {finding.summary}", style="default"))
