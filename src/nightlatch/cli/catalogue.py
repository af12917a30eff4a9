"""`nightlatch catalogue search`: what is known of lock models."""

from __future__ import annotations

from typing import Annotated

import typer

from nightlatch.cli.common import Format, FormatOption, console, print_json

app = typer.Typer(name="catalogue", help="What is known of lock models, with its sources.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """What is known of lock models, with its sources."""


@app.command()
def search(
    text: Annotated[str, typer.Argument(help="A maker, a model, a number; typos are forgiven.")],
    *,
    limit: Annotated[int, typer.Option("--limit", min=1, max=100, help="How many to show.")] = 10,
    form: FormatOption = Format.TEXT,
) -> None:
    """Find lock models by name.

    Examples: nightlatch catalogue search "yale assure 2"; nightlatch catalogue search yrd450 --format json
    """
    from rich.text import Text

    from nightlatch.catalogue import Catalogue

    found = Catalogue().search(text, limit=limit)
    if form is Format.JSON:
        print_json(found)
        return
    out = console()
    if not found:
        out.print(
            Text(f"Nothing in the catalogue is like {text!r}. That says nothing about the lock: it is just not known.")
        )
    for match in found:
        out.print(Text(f"{match.score:4.0%}  {match.name}"))
