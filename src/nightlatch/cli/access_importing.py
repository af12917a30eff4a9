"""`nightlatch access import`: names for codes, from what managed them before."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nightlatch.cli.access_common import YesOption, confirmed
from nightlatch.cli.common import ConfigOption, Format, FormatOption, configuration, console, now, print_json
from nightlatch.errors import UsageError

if TYPE_CHECKING:
    from nightlatch.access.matching import Match
    from nightlatch.configuration.read import Configuration

EXIT_OPEN = 1


def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A file of Home Assistant's .storage folder.")],
    config: ConfigOption = None,
    *,
    lock: Annotated[
        list[str] | None,
        typer.Option(
            "--lock", metavar="LOCK=THEIRS", help="Which lock theirs is, as front=lock.front_door. Repeatable."
        ),
    ] = None,
    yes: YesOption = False,
    wait: Annotated[
        float, typer.Option("--wait", min=1, max=3600, metavar="SECONDS", help="How long to wait for the locks.")
    ] = 60,
    form: FormatOption = Format.TEXT,
) -> None:
    """Take the names of codes over from Keymaster or Lock Code Manager, for codes that no grant explains.

    Keymaster: .storage/keymaster.locks, its older keymaster_kmlocks.json, or core.restore_state where it kept its
    slots in input_text helpers. Lock Code Manager: .storage/core.config_entries. Only this file is read; PINs in it
    are compared with what the locks hold, and never shown or kept. The codes stay on the locks, under their names.

    Examples: nightlatch access import .storage/core.config_entries;
    nightlatch access import .storage/keymaster.locks --lock front=lock.front_door --yes
    """
    from nightlatch.access.deciding import Choice
    from nightlatch.access.imports import read
    from nightlatch.access.matching import locks_of, matches
    from nightlatch.access.vault import Vault
    from nightlatch.cli import access_deciding as deciding
    from nightlatch.store.access import AccessRecords
    from nightlatch.store.database import connect, state_folder

    settings, folder = configuration(config), state_folder()
    named = read(file)
    theirs = locks_of(settings, named, _said(settings, lock or []))
    codes = deciding.found(settings, set(theirs.values()))
    engine = connect()
    try:
        found = matches(named, theirs, codes, Vault.open(folder, AccessRecords(engine), settings))
    finally:
        engine.dispose()
    rows = [_row(one) for one in found]
    choices = [(one.code, Choice("keep", name=one.named.name)) for one in found if one.code is not None]
    if form is Format.TEXT:
        _show(rows)
    if choices:
        confirmed([], "Keep these codes under these names?", yes=yes)
    results = deciding.carry_out(settings, folder, choices, now(), wait) if choices else []
    if form is Format.JSON:
        print_json({"found": rows, "results": [one.document() for one in results]})
    else:
        for one in results:
            one.show(console())
    raise typer.Exit(0 if all(one.proven for one in results) else EXIT_OPEN)


def _said(settings: Configuration, words: list[str]) -> dict[str, str]:
    """What --lock says: which of our locks each of theirs is."""
    from nightlatch.text import suggest

    ours = {one.id: f"lock:{one.id}" for one in settings.tables.locks}
    said: dict[str, str] = {}
    for word in words:
        own, equals, other = word.partition("=")
        if not equals or own not in ours:
            todo = suggest(own, ours) or "Write LOCK=THEIRS, as front=lock.front_door."
            raise UsageError(f"there is no lock {own!r}", where="--lock", todo=todo)
        said[other] = ours[own]
    return said


def _row(match: Match) -> dict[str, Any]:
    one = match.named
    why = match.why if match.lock else f"{match.why} Add --lock LOCK={one.lock}"
    return {
        "theirs": one.lock,
        "lock": match.lock or None,
        "slot": one.slot,
        "name": one.name,
        "from": one.source,
        "takes": match.code is not None,
        "why": why,
    }


def _show(rows: list[dict[str, Any]]) -> None:
    from rich.text import Text

    out = console()
    if not rows:
        out.print("The file names no code.", markup=False)
    for row in rows:
        place = f"{str(row['lock'] or row['theirs']).removeprefix('lock:')}/{row['slot']}"
        style = "green" if row["takes"] else "yellow"
        out.print(
            Text(f"  {place:<16}").append(f"{row['name']!r}", style).append(f": {row['why']}", "dim"), soft_wrap=True
        )
    for source in dict.fromkeys(row["from"] for row in rows):
        out.print(Text(f"Read from {source}.", "dim"))
