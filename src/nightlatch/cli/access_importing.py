"""`nightlatch access import`: names for codes, from what managed them before."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nightlatch.cli.access_common import YesOption, confirmed
from nightlatch.cli.common import ConfigOption, Format, FormatOption, configuration, console, now, print_json
from nightlatch.errors import UsageError

if TYPE_CHECKING:
    from nightlatch.access.imports import Named
    from nightlatch.access.strange import Strange
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
    from nightlatch.access.imports import read
    from nightlatch.cli import access_deciding as deciding
    from nightlatch.store.database import state_folder

    settings, folder = configuration(config), state_folder()
    named = read(file)
    theirs = _locks(settings, named, lock or [])
    codes = {(one.line.lock, one.slot): one for one in deciding.found(settings, set(theirs.values()))}
    rows = [_row(settings, one, theirs.get(one.lock, ""), codes) for one in named]
    choices = [
        (codes[theirs[one.lock], one.slot], deciding.Choice("keep", name=one.name))
        for one, row in zip(named, rows, strict=True)
        if row["takes"]
    ]
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


def _locks(settings: Configuration, named: list[Named], words: list[str]) -> dict[str, str]:
    """Which of our locks each of theirs is: as said, else by its entity or its name."""
    from nightlatch.text import suggest

    tables = settings.tables
    ours = {one.id: f"lock:{one.id}" for one in tables.locks}
    said: dict[str, str] = {}
    for word in words:
        own, equals, other = word.partition("=")
        if not equals or own not in ours:
            todo = suggest(own, ours) or "Write LOCK=THEIRS, as front=lock.front_door."
            raise UsageError(f"there is no lock {own!r}", where="--lock", todo=todo)
        said[other] = ours[own]
    found: dict[str, str] = {}
    for theirs in dict.fromkeys(one.lock for one in named):
        plain = _plain(theirs.removeprefix("lock."))
        same = [
            f"lock:{one.id}"
            for one in tables.locks
            if theirs in one.bind or plain in {_plain(one.id), _plain(one.name), *map(_plain, one.bind)}
        ]
        if theirs in said:
            found[theirs] = said[theirs]
        elif len(same) == 1:
            found[theirs] = same[0]
    return found


def _plain(text: str) -> str:
    return "".join(sign for sign in text.casefold() if sign.isalnum())


def _row(settings: Configuration, one: Named, lock: str, codes: dict[tuple[str, int], Strange]) -> dict[str, Any]:
    from nightlatch.store.access import AccessRecords
    from nightlatch.store.database import connect, state_folder

    row = {"theirs": one.lock, "lock": lock or None, "slot": one.slot, "name": one.name, "from": one.source}
    code = codes.get((lock, one.slot))
    if not lock:
        return {**row, "takes": False, "why": f"which lock is it? Add --lock LOCK={one.lock}"}
    if code is None:
        why = "no unexplained code is in this slot: nightlatch access adopt reads the locks"
        return {**row, "takes": False, "why": why}
    if code.kept:
        return {**row, "takes": False, "why": f"it is kept already, as {code.whose or code.line.name!r}"}
    why = "its name is taken over"
    if one.pin is not None and code.line.mark:
        from nightlatch.access.vault import Vault

        engine = connect()
        try:
            same = Vault.open(state_folder(), AccessRecords(engine), settings).mark(one.pin) == code.line.mark
        finally:
            engine.dispose()
        if not same:
            return {**row, "takes": False, "why": "the lock holds another code there than the file"}
        why = "its name is taken over; the lock holds this very code"
    return {**row, "takes": True, "why": why}


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
