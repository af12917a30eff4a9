"""`nightlatch audit`, `checklist`: judge the home and report."""

from __future__ import annotations

import os
import sys
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nightlatch.cli.common import (
    ConfigOption,
    Format,
    FormatOption,
    configuration,
    console,
    now,
    print_json,
    write_private,
)

if TYPE_CHECKING:
    from nightlatch.configuration.read import Configuration
    from nightlatch.model.document import Audit

EXIT_OPEN = 1
EXIT_SOURCE = 3
YEARS = (1970, 2999)
"""For which an audit can be judged: time spans are added to and taken from its instant."""


class ReportFormat(StrEnum):
    """How an audit is printed."""

    TEXT = "text"
    JSON = "json"
    HTML = "html"
    MARKDOWN = "markdown"


class FailOn(StrEnum):
    """From which severity on an open finding makes the exit code 1."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    NEVER = "never"


def audit(
    config: ConfigOption = None,
    *,
    sample: Annotated[bool, typer.Option("--sample", help="Audit the sample home that comes with Nightlatch.")] = False,
    profile: Annotated[str, typer.Option("--profile", "-p", help="full, minimal, or a .toml file of your own.")] = "",
    form: Annotated[ReportFormat, typer.Option("--format", "-f", help="What to print.")] = ReportFormat.TEXT,
    output: Annotated[
        list[Path] | None,
        typer.Option(
            "--output", "-o", metavar="FILE", help="Also write a report: .html, .pdf, .md or .json. May be repeated."
        ),
    ] = None,
    details: Annotated[
        bool, typer.Option("--details", "-d", help="Open every finding: evidence, contradictions, steps.")
    ] = False,
    since: Annotated[
        str,
        typer.Option(
            "--since", metavar="WHEN", help="Show what changed: since a day (2026-10-01), a span (7d), or last."
        ),
    ] = "",
    fail_on: Annotated[
        FailOn, typer.Option("--fail-on", help="Exit 1 when a finding at or above this severity is open.")
    ] = FailOn.HIGH,
    strict: Annotated[bool, typer.Option("--strict", help="Exit 3 when a source failed.")] = False,
    only: Annotated[
        list[str] | None,
        typer.Option("--source", "-s", metavar="ID", help="Ask only this source (id or kind). May be repeated."),
    ] = None,
    store: Annotated[bool, typer.Option("--store/--no-store", help="Keep the audit for --since.")] = True,
    at: Annotated[
        datetime | None,
        typer.Option(
            "--at",
            metavar="WHEN",
            formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ"],
            help="Judge as of this day or instant, UTC: 2026-10-01 or 2026-10-01T18:00:00Z.",
        ),
    ] = None,
) -> None:
    """Judge the home from evidence and say what is safe, what is not, what is unknown, and what to do.

    Exit codes: 0 nothing open, 1 open findings (--fail-on), 2 usage, configuration or state folder,
    3 a source failed (--strict).

    Examples: nightlatch audit; nightlatch audit -o report.html -o report.pdf; nightlatch audit
    --since 7d; nightlatch audit --format json --fail-on critical
    """
    from datetime import UTC

    import msgspec

    from nightlatch.audit.drift import compare
    from nightlatch.errors import StoreError, UsageError
    from nightlatch.report import write

    if at and not YEARS[0] <= at.year <= YEARS[1]:
        raise UsageError(f"an audit can be judged for the years {YEARS[0]} to {YEARS[1]}")
    moment = at.replace(tzinfo=UTC) if at else now()
    settings = _settings(config, sample, moment)
    # What is not the whole home as it is now would look like a change to the next --since.
    keep = store and not sample and not at and not only
    for path in output or ():
        if path.suffix not in write.SUFFIXES:
            raise UsageError(
                f"{path.name}: a report is written as {', '.join(write.SUFFIXES)}", todo="Change the file's ending."
            )
    if profile.endswith(".toml"):
        # Named on the command line, it is relative to here; in the configuration, to that.
        profile = str(Path(profile).expanduser().absolute())
    before = _before(settings, since, moment) if since else None
    result = _run(settings, moment, profile, frozenset(only or ()))
    not_kept: StoreError | None = None
    if keep:
        try:
            _keep(settings, result)
        except StoreError as error:
            # The report comes first: what was found out must not be lost with its copy.
            not_kept = error
    if before is not None:
        result = msgspec.structs.replace(result, changes=compare(before, result))
    for path in output or ():
        write_private(path, write.render(result, path.suffix))
    if form is ReportFormat.TEXT:
        from nightlatch.report.terminal import show

        show(result, console(), details=details)
        for path in output or ():
            console(stderr=True).print(f"Report written: {path}", soft_wrap=True, markup=False)
    else:
        suffix = {ReportFormat.JSON: ".json", ReportFormat.HTML: ".html", ReportFormat.MARKDOWN: ".md"}[form]
        typer.echo(write.render(result, suffix), nl=suffix != ".json")
    if not_kept is not None:
        raise not_kept
    raise typer.Exit(_exit_code(result, fail_on, strict))


def checklist(
    config: ConfigOption = None,
    *,
    sample: Annotated[bool, typer.Option("--sample", help="Use the sample home that comes with Nightlatch.")] = False,
    form: FormatOption = Format.TEXT,
) -> None:
    """The six lines that matter most, each with its verdict and how it is known.

    Examples: nightlatch checklist; nightlatch checklist --format json
    """
    from nightlatch.audit.checklist import checklist as lines

    moment = now()
    settings = _settings(config, sample, moment)
    found = lines(_run(settings, moment, "full", frozenset()))
    if form is Format.JSON:
        print_json(found)
    else:
        from nightlatch.report.terminal import show_checklist

        show_checklist(found, console())


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(audit)
    app.command()(checklist)


def _settings(config: Path | None, sample: bool, moment: datetime) -> Configuration:
    if not sample:
        return configuration(config)
    from nightlatch.sample import configuration as of_the_sample

    return of_the_sample(moment)


def _run(settings: Configuration, moment: datetime, profile: str, only: frozenset[str]) -> Audit:
    """The audit, with the sources' progress on a terminal."""
    from nightlatch.audit.run import audit as run
    from nightlatch.model.home import SourceState

    stderr = console(stderr=True)
    if not sys.stderr.isatty():
        return run(settings, now=moment, env=os.environ, profile=profile, only=only)
    total = len(settings.tables.sources) + 1
    ended: list[str] = []
    with stderr.status(f"Asking {total} sources …") as status:

        def done(state: SourceState) -> None:
            ended.append(state.id)
            status.update(f"Asked {len(ended)} of {total} sources (last: {state.id}, {state.status}) …")

        return run(settings, now=moment, env=os.environ, profile=profile, only=only, done=done)


def _before(settings: Configuration, since: str, moment: datetime) -> Audit | None:
    """The audit to compare with; None, and a word about it, where none was kept yet."""
    from nightlatch.audit.drift import parse_since
    from nightlatch.store.audits import Audits
    from nightlatch.text import minute

    until = None if since == "last" else parse_since(since, moment, settings.zone)
    with Audits.open() as audits:
        found = audits.latest(str(settings.path), until)
    if found is None:
        console(stderr=True).print(
            f"No audit of this home was kept before {minute(until or moment)}: there is nothing to compare with yet."
        )
    return found


def _keep(settings: Configuration, result: Audit) -> None:
    from nightlatch.store.audits import Audits

    with Audits.open() as audits:
        audits.add(str(settings.path), result)


def _exit_code(result: Audit, fail_on: FailOn, strict: bool) -> int:
    from nightlatch.model.finding import SEVERITY_WEIGHT, Severity

    if strict and any(source.status == "failed" for source in result.sources):
        return EXIT_SOURCE
    if fail_on is FailOn.NEVER or result.worst is None:
        return 0
    return EXIT_OPEN if SEVERITY_WEIGHT[result.worst] >= SEVERITY_WEIGHT[Severity(fail_on.value)] else 0
