"""`nightlatch sources`: what is configured, what it yields, what is missing."""

from __future__ import annotations

import asyncio
import os
from typing import Annotated

import typer

from nightlatch.cli.common import ConfigOption, Format, FormatOption, configuration, console, now, print_json


def sources(
    config: ConfigOption = None,
    *,
    ask: Annotated[bool, typer.Option("--ask/--no-ask", help="Ask each source now.")] = True,
    form: FormatOption = Format.TEXT,
) -> None:
    """Show what is configured, what each source yields, and which kinds could add what is missing.

    Examples: nightlatch sources; nightlatch sources --no-ask --format json
    """
    from nightlatch import plugs
    from nightlatch.audit.collect import collect
    from nightlatch.configuration.plugs import make
    from nightlatch.model.home import SourceState

    settings = configuration(config)
    made = make(settings, now=now(), env=os.environ)
    if ask:
        states = [one.state for one in asyncio.run(collect(made))]
    else:
        states = [
            plug if isinstance(plug, SourceState) else SourceState(plug.kind, plug.context.id, "ok", 0) for plug in made
        ]
    configured = {state.kind for state in states}
    missing = [kind for kind in plugs.kinds() if kind not in configured and kind != "declared"]
    could = {kind: sorted({field.path for field in plugs.find(kind).gives}) for kind in missing}
    if form is Format.JSON:
        print_json(
            {
                "sources": [
                    {
                        "kind": state.kind,
                        "id": state.id,
                        "status": state.status if ask else None,
                        "facts": state.facts if ask else None,
                        "reason": state.reason,
                        "todo": state.todo,
                    }
                    for state in states
                ],
                "available": could,
            }
        )
        return
    from rich.text import Text

    out = console()
    styles = {"ok": "green", "partial": "yellow", "failed": "red"}
    for state in states:
        head = Text(f"{state.status:<8}", styles[state.status]) if ask else Text("        ")
        facts = f": {state.facts} facts" if ask else ""
        name = state.id if state.id == state.kind else f"{state.id} ({state.kind})"
        out.print(head.append(f"{name}{facts}", style="default"))
        for text in (state.reason, state.todo and f"→ {state.todo}"):
            if text:
                out.print(Text(f"         {text}"))
    if not states:
        out.print("No source is configured: only your own answers count.")
    out.print(Text("\nNot configured", style="bold"))
    for kind, fields in could.items():
        things = sorted({path.partition(".")[0] for path in fields})
        out.print(Text(f"  {kind:<14}{len(fields)} facts about {', '.join(things)}"))


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(sources)
