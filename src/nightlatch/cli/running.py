"""`nightlatch run`, `status`, `unit`: the service in the foreground, how it fares, and how systemd runs it."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from nightlatch.cli.common import ConfigOption, Format, FormatOption, configuration, console, print_json, write_private

if TYPE_CHECKING:
    from datetime import datetime

    from rich.console import Console
    from rich.text import Text

    from nightlatch.configuration.read import Configuration
    from nightlatch.service.status import LockStatus, Status

EXIT_TROUBLE = 1
CONFIGURATION = Path("/etc/nightlatch/nightlatch.toml")
"""Of a service that systemd runs."""
STYLES = {"secured": "green", "unlocked": "yellow", "open": "yellow", "jammed": "bold red", "unknown": "yellow"}


def run(
    config: ConfigOption = None,
    *,
    demo: Annotated[
        bool, typer.Option("--demo", help="Watch a simulated home on a busy day: no device is needed or touched.")
    ] = False,
    pace: Annotated[
        float | None,
        typer.Option("--pace", min=0.1, max=10_000, help="With --demo: how many times faster the day goes."),
    ] = None,
    log_format: Annotated[str, typer.Option("--log-format", help="text or json: how each line is logged.")] = "text",
) -> None:
    """Stand guard: hear every lock, keep the journal, raise alerts, lock doors. Runs until stopped (Ctrl-C).

    Without a configuration it begins an empty one, and the rest is set up in a browser. One that is named must exist.

    Examples: nightlatch run; nightlatch run --demo; nightlatch run --log-format json
    """
    import asyncio
    import logging

    from nightlatch.errors import UsageError
    from nightlatch.service import logs
    from nightlatch.service.process import serve
    from nightlatch.store.database import state_folder
    from nightlatch.web.app import web

    if log_format not in (*logs.LogFormat,):
        raise UsageError(f"{log_format!r} is no log format", todo="Write text or json.")
    if pace is not None and not demo:
        raise UsageError("only the simulated home has a pace", where="--pace", todo="Add --demo.")
    debug = logging.getLogger("nightlatch").level == logging.DEBUG
    logs.start(logs.LogFormat(log_format), debug=debug)
    folder = state_folder()
    if demo:
        from nightlatch import demo as demonstration

        folder = folder if os.environ.get("NIGHTLATCH_STATE") else folder / "demo"
        from nightlatch.demo.access import give
        from nightlatch.plugs import wall

        settings = demonstration.configuration(folder, pace=pace)
        give(settings, folder, wall())
        _say_where(folder, settings.path)
        if sys.stderr.isatty() and not debug:
            # The pages tell it better, and the link to them is not to scroll away.
            for name in ("nightlatch.events", "nightlatch.service.reauditing"):
                logging.getLogger(name).setLevel(logging.WARNING)
    else:
        settings = _begun(config)
    asyncio.run(serve(settings, folder, env=os.environ, application=web))


def status(
    *,
    form: FormatOption = Format.TEXT,
) -> None:
    """Show how the running service fares: hubs, doors, journal, alerts, last audit.

    Exit codes: 0 all well, 1 something is not as it should be, 2 none is running.

    Examples: nightlatch status; nightlatch status --format json
    """
    from nightlatch.service.control import ask
    from nightlatch.service.status import Status
    from nightlatch.store.database import state_folder

    found = ask(state_folder(), "status", Status)
    if form is Format.JSON:
        print_json(found)
    else:
        _show(found, console())
    raise typer.Exit(EXIT_TROUBLE if found.troubles else 0)


def reload() -> None:
    """Have the running service read nightlatch.toml again. If that is wrong, it keeps the one it has and says so.

    Exit codes: 0 it starts over, 2 it does not, or none is running.

    Examples: nightlatch reload
    """
    from typing import Any

    from nightlatch.service.control import ask
    from nightlatch.store.database import state_folder

    ask(state_folder(), "reload", Any)
    console().print("It starts over with the configuration as it is now: see nightlatch status.", markup=False)


def unit(
    config: Annotated[
        Path | None,
        typer.Option("--config", "-c", metavar="FILE", help=f"The service's configuration; {CONFIGURATION} otherwise."),
    ] = None,
) -> None:
    """Print the systemd unit for this installation: hardened, watched, with a state folder of its own.

    Examples: nightlatch unit | sudo tee /etc/systemd/system/nightlatch.service; nightlatch unit
    --config /etc/nightlatch/nightlatch.toml
    """
    from nightlatch.service.unit import unit as text

    command = shutil.which(sys.argv[0]) or shutil.which("nightlatch") or "/usr/bin/nightlatch"
    path = config.expanduser().absolute() if config else CONFIGURATION
    typer.echo(text(str(Path(command).absolute()), str(path)), nl=False)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(run)
    app.command()(status)
    app.command()(reload)
    app.command()(unit)


def _begun(config: Path | None) -> Configuration:
    """The owner's configuration; an empty one at its usual place where there is none and none is named."""
    from nightlatch.configuration.draft import draft, timezone_here
    from nightlatch.configuration.read import locate

    path = locate(config, os.environ)
    if config is None and not os.environ.get("NIGHTLATCH_CONFIG") and not path.exists():
        text = draft("Home", timezone_here(os.environ), (), ())
        write_private(path, text.encode())
        told = f"There is no configuration yet: an empty one is begun at {path}. Set everything up in a browser."
        console(stderr=True).print(told, markup=False, soft_wrap=True)
    return configuration(config)


def _say_where(folder: Path, path: Path) -> None:
    """How to look at the demo from another terminal."""
    import shlex

    out = console(stderr=True)
    out.print("A simulated home: nothing real is touched. In another terminal, look at it with:", markup=False)
    for name, value in (("NIGHTLATCH_STATE", folder), ("NIGHTLATCH_CONFIG", path)):
        out.print(f"  export {name}={shlex.quote(str(value))}", markup=False, soft_wrap=True)
    out.print("  nightlatch status; nightlatch who; nightlatch ledger; nightlatch alerts list", markup=False)
    out.print("  nightlatch grant list; nightlatch access adopt; nightlatch journal show", markup=False)


def _show(found: Status, out: Console) -> None:
    from rich.table import Table
    from rich.text import Text

    from nightlatch.text import count

    mark = Text("All well", "bold green")
    if found.troubles:
        mark = Text("Not all is well", "bold red")
    elif found.alerts:
        mark = Text(f"{count(sum(found.alerts.values()), 'alert')} open", "bold yellow")
    zone = ZoneInfo(found.timezone)
    out.print(Text(found.home, "bold"), Text("·"), mark, Text(f"· since {_when(found.started, zone)}", "dim"))
    for line in found.troubles:
        out.print(Text(f"! {line}", "red"))
    doors = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for title in ("Door", "State", "Battery", "How it is known"):
        doors.add_column(title, overflow="fold")
    for lock in found.locks:
        doors.add_row(lock.door or lock.name, _state(lock), _charge(lock), _why(lock))
    out.print()
    out.print(doors)
    out.print()
    hubs = ", ".join(f"{hub.id} {'connected' if hub.connected else hub.problem or 'lost'}" for hub in found.ecosystems)
    journal = count(found.journal.entries, "entry", "entries")
    if found.journal.verified_at:
        intact = "intact" if found.journal.intact else "NOT INTACT"
        journal += f", {intact} at {_when(found.journal.verified_at, zone)}"
    alerts = ", ".join(f"{number} {severity}" for severity, number in found.alerts.items() if number) or "none open"
    lines = [("Hubs", hubs or "none"), ("Journal", journal), ("Alerts", alerts)]
    if found.audit is not None:
        score = "–" if found.audit.score is None else f"{found.audit.score:.0f}"
        lines.append(("Audit", f"score {score}, {found.audit.open} open, {_when(found.audit.at, zone)}"))
    rest = Table.grid(padding=(0, 2, 0, 0))
    for name, text in lines:
        rest.add_row(Text(name, "bold"), Text(text))
    out.print(rest)


def _when(at: datetime, zone: ZoneInfo) -> str:
    """An instant on the home's clock."""
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M}"


def _state(lock: LockStatus) -> Text:
    from rich.text import Text

    return Text(lock.security, STYLES[lock.security])


def _charge(lock: LockStatus) -> str:
    return "–" if lock.battery is None else f"{lock.battery} %"


def _why(lock: LockStatus) -> str:
    away = "" if lock.reachable is not False else "does not answer; "
    return f"{away}{lock.why}{f'; {lock.autolock}' if lock.autolock else ''}"
