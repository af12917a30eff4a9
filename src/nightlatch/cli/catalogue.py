"""`nightlatch catalogue search`: what is known of lock models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from nightlatch.cli.common import Format, FormatOption, console, print_json

if TYPE_CHECKING:
    from nightlatch.catalogue import Catalogue, Match
    from nightlatch.catalogue.structs import LockModel

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

    catalogue = Catalogue()
    found = [_document(match, catalogue) for match in catalogue.search(text, limit=limit)]
    if form is Format.JSON:
        print_json(found)
        return
    out = console()
    if not found:
        out.print(
            Text(f"Nothing in the catalogue is like {text!r}. That says nothing about the lock: it is just not known.")
        )
    for one in found:
        out.print(Text(f"{one['score']:4.0%}  {one['name']}"))
        told = [
            one["maker"],
            *one["ids"],
            f"from {one['source']}",
            *([f"as in {one['family']}"] if one["family"] else []),
        ]
        out.print(Text(f"      {' · '.join(told)}", style="dim"), soft_wrap=True)
    if found:
        out.print(Text(f'What to do with one of them: nightlatch tailor "{found[0]["name"]}"', style="dim"))


_SOURCES = {"zwave": "zwjs", "zigbee": "zhc", "matter": "dcl"}


def _document(match: Match, catalogue: Catalogue) -> dict[str, Any]:
    """One answer: its score, name, maker, ids as its protocol writes them, and where it is known from."""
    model = match.model
    entry = model.entry
    if entry is None and model.profile is not None:
        where = "facts looked up one by one, each with its source"
    elif entry is None and model.battery is None:
        where = "published flaws"
    else:
        key = _SOURCES[entry.protocol] if entry is not None else "bn"
        source = catalogue.source(key)
        where = source.what if source is not None else key
    return {
        "score": match.score,
        "name": model.name,
        "maker": model.maker,
        "protocol": entry.protocol if entry is not None else None,
        "ids": _ids(entry),
        "family": model.profile.name if model.profile is not None and entry is not None else None,
        "source": where,
        "flaws": [flaw.id for flaw in model.vulnerabilities],
    }


def _ids(entry: LockModel | None) -> list[str]:
    from nightlatch.catalogue.structs import MatterModel, ZigbeeModel, ZwaveModel

    if isinstance(entry, ZwaveModel):
        return [f"0x{entry.manufacturer_id:04x}:0x{kind:04x}:0x{product:04x}" for kind, product in entry.ids]
    if isinstance(entry, ZigbeeModel):
        return list(dict.fromkeys((entry.model, *entry.zigbee_models)))
    if isinstance(entry, MatterModel):
        return [f"0x{entry.vendor_id:04x}:0x{entry.product_id:04x}"]
    return []
