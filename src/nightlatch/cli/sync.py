"""`nightlatch sync`: make the locks match the grants now, and watch it being proven."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from nightlatch.cli.access_reaching import LOOK_S, Reach, reached
from nightlatch.cli.common import ConfigOption, Format, FormatOption, agreed, configuration, console, hung, print_json

if TYPE_CHECKING:
    from pathlib import Path

    from nightlatch.configuration.read import Configuration
    from nightlatch.service.accessing import Progress, Todo

EXIT_OPEN = 1
STYLES = {"evidence": "green", "refused": "bold red", "unknown": "yellow"}


def sync(
    config: ConfigOption = None,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", "-n", help="Show what would be sent, and end.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    wait: Annotated[
        float, typer.Option("--wait", min=1, max=3600, metavar="SECONDS", help="How long to wait for the locks.")
    ] = 120,
    form: FormatOption = Format.TEXT,
) -> None:
    """Make the locks match the grants: show the plan, ask, send it, and tell what was proven.

    A running Nightlatch does this by itself all the time: then this shows what is left and watches it.
    Exit codes: 0 every lock is as it is to be; 1 something is left; 2 it cannot be done.

    Examples: nightlatch sync --dry-run; nightlatch sync; nightlatch sync --yes --format json
    """
    from nightlatch.store.database import state_folder

    settings, folder = configuration(config), state_folder()
    asyncio.run(_sync(settings, folder, dry_run=dry_run, yes=yes, wait=wait, form=form))


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(sync)


async def _sync(settings: Configuration, folder: Path, *, dry_run: bool, yes: bool, wait: float, form: Format) -> None:
    async with reached(settings, folder) as reach:
        before = await reach.progress(0)
        if dry_run:
            _print_plan(Names(settings), before.todo, form)
            raise typer.Exit(0)
        if not reach.served and not yes:
            if form is Format.TEXT:
                _print_plan(Names(settings), before.todo, form)
            if not agreed("Send this to the locks now?", "Add --yes to send it, or --dry-run to see it only."):
                raise typer.Exit(EXIT_OPEN)
        reach.start()
        after = await _watch(settings, reach, before.number, wait, form)
    left = [one for one in after.todo if one.act != "learn"]
    if form is Format.JSON:
        print_json({"done": after.done, "left": left, "trouble": after.trouble})
    else:
        _print_end(Names(settings), after, left)
    raise typer.Exit(EXIT_OPEN if left or after.trouble else 0)


async def _watch(settings: Configuration, reach: Reach, since: int, wait: float, form: Format) -> Progress:
    """Tell each step as it ends, until nothing is left to do now or the time is over."""
    until = time.monotonic() + wait
    shown, names = since, Names(settings)
    with console(stderr=True).status("Asking the locks …") as status:
        while True:
            found = await reach.progress(shown)
            if form is Format.TEXT:
                _print_done(names, found.done)
            shown = found.number
            if found.waiting or time.monotonic() > until:
                break
            status.update(f"{len(found.todo)} to do …")
            await asyncio.sleep(LOOK_S)
    return await reach.progress(since)


class Names:
    """What people call locks and each other."""

    def __init__(self, settings: Configuration) -> None:
        from nightlatch.store.access import AccessRecords
        from nightlatch.store.database import connect

        engine = connect()
        try:
            known = AccessRecords(engine).people()
        finally:
            engine.dispose()
        self._locks = {f"lock:{lock.id}": lock.name or lock.id for lock in settings.tables.locks}
        self._people = {one.id: one.name for one in known}
        self._people |= {one.id: one.name or one.id for one in settings.tables.people}

    def act(self, one: Todo) -> str:
        """What is done where, in words."""
        from nightlatch.service.steps import words

        return words(one, self._locks, self._people)


def _print_plan(names: Names, todo: Sequence[Todo], form: Format) -> None:
    from rich.text import Text

    if form is Format.JSON:
        print_json(todo)
        return
    out = console()
    if not todo:
        out.print("Nothing is to be sent: every lock is as its grants want it, as far as its ledger knows.")
    for one in todo:
        why = f" ({one.why})" if one.act != "learn" else ""
        hung(out, Text(names.act(one)).append(why, "dim"), by=0)


def _print_done(names: Names, done: Sequence[Todo]) -> None:
    from rich.text import Text

    from nightlatch.service.steps import ENDINGS_IN_WORDS

    out = console()
    for one in done:
        line = Text(f"{ENDINGS_IN_WORDS[one.ending]:<11}", STYLES[one.ending])
        hung(out, line.append(f"{names.act(one)}: {one.what}", "default"), by=0)


def _print_end(names: Names, progress: Progress, left: Sequence[Todo]) -> None:
    from rich.text import Text

    out = console()
    if progress.trouble:
        hung(out, Text(progress.trouble, "red"), by=0)
    if not left:
        out.print("Every lock is as its grants want it. See: nightlatch who")
        return
    out.print("Left to do, and tried again by nightlatch run as soon as the lock answers:")
    _print_plan(names, left, Format.TEXT)
