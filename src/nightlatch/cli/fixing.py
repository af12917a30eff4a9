"""`nightlatch fix`: what Nightlatch can put right by itself, done after asking, and read back."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nightlatch.cli.common import ConfigOption, Format, FormatOption, agreed, configuration, console, now, print_json

if TYPE_CHECKING:
    from pathlib import Path

    from nightlatch.audit.repairs import Repair
    from nightlatch.configuration.read import Configuration
    from nightlatch.model.command import Command, Outcome
    from nightlatch.model.finding import Finding

EXIT_OPEN = 1
STYLES = {"evidence": "green", "refused": "bold red", "unknown": "yellow"}


def fix(
    chosen: Annotated[
        list[str] | None,
        typer.Argument(metavar="WHAT", help="A practice, practice/check, or a thing as lock:front. None: all."),
    ] = None,
    config: ConfigOption = None,
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", "-n", help="Show what would be done, and end.")] = False,
    form: FormatOption = Format.TEXT,
) -> None:
    """Audit the home, show what Nightlatch can put right by itself, ask, do it, and prove it by reading back.

    Codes are taken off through the ledger, and proven gone by reading their slot.
    Exit codes: 0 all proven, or nothing to do; 1 something was refused, not proven, or left undone.

    Examples: nightlatch fix; nightlatch fix tamper-resistance --dry-run; nightlatch fix lock:front --yes
    """
    from nightlatch.audit.profiles import load
    from nightlatch.audit.repairs import repairs
    from nightlatch.audit.run import judged

    settings = configuration(config)
    profile = load(settings.tables.home.profile, settings.base)
    with console(stderr=True).status("Auditing …"):
        home, findings = judged(settings, profile, now=now(), env=os.environ)
    _check(chosen or (), findings)
    found = [one for one in repairs(home, findings) if not chosen or _chosen(one, chosen)]
    if form is Format.TEXT:
        _show(found)
    if not found or dry_run:
        if form is Format.JSON:
            print_json([_described(one, ()) for one in found])
        raise typer.Exit(0)
    these = "this" if len(found) == 1 else f"these {len(found)} things"
    if not yes and not agreed(f"Do {these} now?", "Add --yes to do it, or --dry-run to see it only."):
        raise typer.Exit(EXIT_OPEN)
    results = list(_do(settings, found))
    if form is Format.JSON:
        print_json([_described(one, outcomes) for one, outcomes in results])
    else:
        _report(results)
    proven = all(outcome.ending == "evidence" for _, outcomes in results for outcome in outcomes)
    raise typer.Exit(0 if proven else EXIT_OPEN)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(fix)


def _check(names: Sequence[str], findings: Sequence[Finding]) -> None:
    """UsageError for what names no practice, check or thing that was judged."""
    from nightlatch.errors import UsageError
    from nightlatch.text import suggest

    known = {word for one in findings for word in (one.practice, f"{one.practice}/{one.check}", str(one.subject))}
    for name in names:
        if name not in known:
            todo = suggest(name, known) or "See: nightlatch audit --details"
            raise UsageError(f"{name!r} is no practice, no check and no thing of this home", todo=todo)


def _chosen(repair: Repair, names: Sequence[str]) -> bool:
    known = {repair.subject, *repair.closes, *(check.partition("/")[0] for check in repair.closes)}
    return not known.isdisjoint(names)


def _do(settings: Configuration, found: Sequence[Repair]) -> Iterator[tuple[Repair, list[Outcome]]]:
    """Have it done by the running service, or by hand of this command where none runs."""
    import asyncio

    from nightlatch.cli.access_clearing import clear
    from nightlatch.model.command import ClearCode
    from nightlatch.service.folder import running
    from nightlatch.store.database import state_folder

    folder = state_folder()
    codes = {command: None for one in found for command in one.does if isinstance(command, ClearCode)}
    if running(folder):
        done = {command: _ask(folder, command) for one in found for command in one.does if command not in codes}
    else:
        others = [command for one in found for command in one.does if command not in codes]
        done = asyncio.run(_by_itself(settings, folder, others)) if others else {}
    for command in codes:
        done[command] = clear(settings, folder, command)
    yield from ((one, [done[command] for command in one.does]) for one in found)


def _ask(folder: Path, command: Command) -> Outcome:
    import msgspec

    from nightlatch.model.command import Outcome
    from nightlatch.service.control import ask

    return ask(folder, "command", Outcome, command=msgspec.to_builtins(command))


async def _by_itself(settings: Configuration, folder: Path, commands: Sequence[Command]) -> dict[Command, Outcome]:
    from nightlatch.service.errand import errand

    async with errand(settings, folder, env=os.environ) as (_, listener):
        return {command: await listener.command(command) for command in commands}


def _described(repair: Repair, outcomes: Sequence[Outcome]) -> dict[str, Any]:
    import msgspec

    return {
        "subject": repair.subject,
        "name": repair.name,
        "severity": repair.severity,
        "summary": repair.summary,
        "closes": repair.closes,
        "does": [msgspec.to_builtins(command) for command in repair.does],
        "outcomes": [{"ending": one.ending, "what": one.what, "where": one.where} for one in outcomes],
    }


def _show(found: Sequence[Repair]) -> None:
    from rich.text import Text

    from nightlatch.audit.repairs import words

    out = console()
    if not found:
        out.print("Nothing is open that Nightlatch could put right by itself. See: nightlatch audit --details")
        return
    out.print("Nightlatch can do this by itself:")
    for one in found:
        out.print(Text(f"  {one.name}: {one.summary}"))
        for command in one.does:
            out.print(Text(f"    {words(command)}", "dim"))
        out.print(Text(f"    closes {', '.join(one.closes)} ({one.severity})", "dim"))


def _report(results: Sequence[tuple[Repair, Sequence[Outcome]]]) -> None:
    from rich.text import Text

    out = console()
    for one, outcomes in results:
        for outcome in outcomes:
            word = {"evidence": "done", "refused": "refused", "unknown": "not proven"}[outcome.ending]
            where = f" ({outcome.where})" if outcome.where else ""
            line = Text(f"{word:<11}", STYLES[outcome.ending]).append(f"{one.name}: {outcome.what}{where}", "default")
            out.print(line)
