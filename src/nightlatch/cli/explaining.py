"""`nightlatch explain`, `practices`: what a practice is about."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from nightlatch.cli.common import Format, FormatOption, console, print_json


def complete_practice(incomplete: str) -> list[str]:
    """Practices whose id begins so, for shell completion."""
    from nightlatch.practices.registry import practices as known

    return [practice.id for practice in known() if practice.id.startswith(incomplete)]


def explain(
    practice: Annotated[str, typer.Argument(help="The practice's id, as upnp.", autocompletion=complete_practice)],
    form: FormatOption = Format.TEXT,
) -> None:
    """Say why a practice matters, what is checked, and what settles each check.

    Examples: nightlatch explain upnp; nightlatch explain wifi-security --format json
    """
    from nightlatch.practices.registry import find

    found = find(practice)
    if form is Format.JSON:
        print_json(_document(found))
        return
    from rich.text import Text

    out = console()
    head = Text(f"{found.number}. {found.title}", style="bold")
    out.print(head, Text(f"({found.id} · {found.severity.value})", "dim"))
    out.print(Text(found.why))
    for check in found.checks:
        out.print()
        aside = Text(f"({check.id} · {check.severity.value} · per {check.per.kind})", "dim")
        out.print(Text(check.title, style="bold"), aside)
        for field in check.needs:
            out.print(Text(f"  reads {field.path}: {field.doc}"))
        out.print(Text(f"  settled by {check.settled_by}"))
    for limit in found.thresholds:
        out.print(Text(f"\nThreshold {limit.path} = {limit.default:g} {limit.unit}: {limit.doc}"))
    if found.standards:
        out.print(Text(f"\nSupports: {', '.join(found.standards)}", style="dim"))


def practices(form: FormatOption = Format.TEXT) -> None:
    """List the 25 practices.

    Examples: nightlatch practices; nightlatch practices --format json
    """
    from nightlatch.model.finding import SECTION_TITLES
    from nightlatch.practices.registry import practices as known

    if form is Format.JSON:
        print_json([_document(practice) for practice in known()])
        return
    from rich.text import Text

    out = console()
    section = None
    for practice in known():
        if practice.section is not section:
            section = practice.section
            out.print(Text(f"{SECTION_TITLES[section]}", style="bold underline"))
        out.print(Text(f"  {practice.number:>2}  {practice.id:<22}{practice.title} ({practice.severity.value})"))


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(explain)
    app.command()(practices)


def _document(practice: Any) -> dict[str, Any]:
    return {
        "id": practice.id,
        "number": practice.number,
        "section": practice.section,
        "severity": practice.severity,
        "title": practice.title,
        "why": practice.why,
        "standards": practice.standards,
        "thresholds": [
            {"id": limit.path, "default": limit.default, "unit": limit.unit, "meaning": limit.doc}
            for limit in practice.thresholds
        ],
        "checks": [
            {
                "id": check.id,
                "title": check.title,
                "per": check.per.kind,
                "severity": check.severity,
                "reads": [field.path for field in check.needs],
                "settled_by": check.settled_by,
            }
            for check in practice.checks
        ],
    }
