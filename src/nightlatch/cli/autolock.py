"""`nightlatch autolock`: how doors lock themselves, and leaving one alone for a while."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nightlatch.cli.common import ConfigOption, Format, FormatOption, configuration, console, now, print_json

if TYPE_CHECKING:
    from nightlatch.guard.autolock.driver import DoorView

app = typer.Typer(name="autolock", help="Doors that lock themselves.", no_args_is_help=True, rich_markup_mode=None)

STYLES = {"locked": "green", "gave_up": "bold red", "unknown": "yellow", "paused": "yellow", "open": "yellow"}
LockArgument = Annotated[str, typer.Argument(metavar="LOCK", help="The lock's id in nightlatch.toml.")]


@app.command()
def show(form: FormatOption = Format.TEXT) -> None:
    """Show how each door's auto-lock stands: secured or not, when it will lock, and why it does not.

    Exit codes: 0 shown, 2 no Nightlatch is running.

    Examples: nightlatch autolock show; nightlatch autolock show --format json
    """
    from nightlatch.guard.autolock import control as verbs
    from nightlatch.guard.autolock.driver import DoorView
    from nightlatch.service.control import ask
    from nightlatch.store.database import state_folder

    views = ask(state_folder(), verbs.SHOW, list[DoorView])
    if form is Format.JSON:
        print_json(views)
        return
    if views:
        _print(*views)
    else:
        console().print("No door locks itself: add an [[autolock]] table to nightlatch.toml.", markup=False)


@app.command()
def pause(
    lock: LockArgument,
    duration: Annotated[str, typer.Option("--for", metavar="LENGTH", help="How long, as 30m, 2h or 1d; at most 7d.")],
    *,
    config: ConfigOption = None,
    form: FormatOption = Format.TEXT,
) -> None:
    """Leave a door alone for a while. The pause ends by itself, and survives a restart.

    Examples: nightlatch autolock pause front --for 2h
    """
    from nightlatch.configuration.durations import duration as length
    from nightlatch.errors import UsageError
    from nightlatch.model.event import micros

    try:
        until = micros(now()) + length(duration)
    except ValueError as error:
        raise UsageError(str(error), where="--for") from None
    _set(config, lock, until, form)


@app.command()
def resume(lock: LockArgument, *, config: ConfigOption = None, form: FormatOption = Format.TEXT) -> None:
    """End a pause now.

    Examples: nightlatch autolock resume front
    """
    _set(config, lock, 0, form)


def _set(config: Path | None, lock: str, until: int, form: Format) -> None:
    from nightlatch.guard.autolock import control as verbs
    from nightlatch.guard.autolock.driver import DoorView
    from nightlatch.model.event import instant
    from nightlatch.service.control import ask
    from nightlatch.service.folder import running
    from nightlatch.store.database import state_folder

    folder = state_folder()
    if running(folder):
        arguments = {"until": until} if until else {}
        view = ask(folder, verbs.PAUSE if until else verbs.RESUME, DoorView, lock=f"lock:{lock}", **arguments)
        if form is Format.JSON:
            print_json(view)
        else:
            _print(view)
        return
    _keep(config, lock, until)
    if form is Format.JSON:
        print_json({"lock": f"lock:{lock}", "paused_until": instant(until) if until else None})
    else:
        what = "Paused" if until else "Resumed"
        console().print(f"{what} {lock}. No Nightlatch is running: it holds from the next start.", markup=False)


def _keep(config: Path | None, lock: str, until: int) -> None:
    """Write a pause where the next start finds it."""
    from nightlatch.guard.autolock import control as verbs
    from nightlatch.guard.autolock.settings import rules
    from nightlatch.model.event import micros
    from nightlatch.store.database import connect
    from nightlatch.store.snapshots import Snapshot, Snapshots

    settings = configuration(config)
    engine = connect()
    try:
        snapshots = Snapshots(engine)
        before = snapshots.get(verbs.SNAPSHOT)
        state, size = (before.state, before.size) if before is not None else (b"", 0)
        state = verbs.paused(state, rules(settings), f"lock:{lock}", until, micros(now()))
        snapshots.put(verbs.SNAPSHOT, Snapshot(size, state))
    finally:
        engine.dispose()


def _print(*views: DoorView) -> None:
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    out = console()
    answers = {True: "yes", False: "no", None: "unknown"}
    for view in views:
        line = f"{view.name}: {view.why}"
        if view.due:
            line += f"; locks at {view.due:%Y-%m-%d %H:%M:%S}"
        if view.paused_until:
            line += f"{'' if view.phase == 'paused' else '; paused'} until {view.paused_until:%Y-%m-%d %H:%M}"
        head = Table.grid(padding=(0, 2, 0, 0))
        head.add_column(min_width=7)
        head.add_row(Text(view.phase.replace("_", " "), STYLES.get(view.phase, "default")), Text(line))
        out.print(head)
        notes = [f"secured: {answers[view.secured]}, {view.secured_why}"]
        if view.own_relock and view.own_relock != "Nightlatch locks":
            notes.append(f"its own auto-relock is not used: {view.own_relock}")
        if view.way_in is not None or view.way_in_why:
            notes.append(f"somebody outside gets in once it is locked: {answers[view.way_in]}, {view.way_in_why}")
        for note in notes:
            out.print(Padding(Text(note), (0, 0, 0, 9), expand=False))
