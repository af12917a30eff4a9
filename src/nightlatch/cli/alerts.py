"""`nightlatch alerts`: what is open, seeing to it, and testing the channels. Works while Nightlatch runs."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nightlatch.cli.common import ConfigOption, Format, FormatOption, configuration, console, now, print_json
from nightlatch.errors import JournalError, StoreError, UsageError

if TYPE_CHECKING:
    from nightlatch.guard.household import Household
    from nightlatch.model.event import Event
    from nightlatch.store.alerts import AlertRecords, AlertRow

Opener = Callable[[str], bytes | None]
"""Opens what was sealed under a person's key; None once they were erased."""
EXIT_TROUBLE = 1
MOST = 200
"""How many alerts `list --all` shows."""
STYLES = {"critical": "bold red", "high": "red", "medium": "yellow", "low": "dim"}

app = typer.Typer(name="alerts", help="What needs you, and the channels that tell you.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """What needs you, and the channels that tell you."""


@app.command("list")
def list_(
    config: ConfigOption = None,
    *,
    everything: Annotated[bool, typer.Option("--all", help=f"Also what is over, the newest {MOST}.")] = False,
    form: FormatOption = Format.TEXT,
) -> None:
    """Show the alerts that are open or acknowledged, or all of them.

    Examples: nightlatch alerts list; nightlatch alerts list --all --format json
    """
    from rich.text import Text

    with _reading(config) as (records, household, opener), records.read() as book:
        rows = book.latest(MOST) if everything else book.live()
        found = [_document(row, household, opener) for row in rows]
    if form is Format.JSON:
        print_json(found)
        return
    out = console()
    for one in found:
        head = Text(f"{one['id']:>5}  ")
        head.append(f"{one['severity']:<8}  ", style=STYLES[one["severity"]])
        head.append(f"{one['state']:<12}  {_when(one['last'], household)}  {_times(one)}{one['what']}")
        out.print(head, soft_wrap=True)
    if not found:
        out.print("No alert was ever raised." if everything else "Nothing is open.")


@app.command()
def show(
    id_: Annotated[int, typer.Argument(metavar="ID", help="The alert's number, as 12.")],
    config: ConfigOption = None,
    *,
    form: FormatOption = Format.TEXT,
) -> None:
    """Show one alert, and who was told of it when.

    Examples: nightlatch alerts show 12; nightlatch alerts show 12 --format json
    """
    from nightlatch.text import count

    with _reading(config) as (records, household, opener), records.read() as book:
        row = book.alert(id_)
        if row is None:
            raise UsageError(f"there is no alert {id_}", todo="See: nightlatch alerts list --all")
        found = _document(row, household, opener)
        found["told"] = [
            {"channel": line.channel, "form": line.form, "at": line.at, "delivered": line.delivered or None}
            for line in book.lines_of(id_)
        ]
    found["told"] = [{key: _stamp(value) for key, value in one.items()} for one in found["told"]]
    if form is Format.JSON:
        print_json(found)
        return
    out = console()
    out.print(f"{found['what']}", markup=False)
    out.print(f"{found['severity']}, {found['state']}; {found['detection']} at {found['about']}", markup=False)
    first, last = (_when(found[which], household) for which in ("first", "last"))
    out.print(f"first {first}, last {last}, {count(found['count'], 'time')}", markup=False)
    for one in found["told"]:
        sent = f"delivered {_when(one['delivered'], household)}" if one["delivered"] else "not delivered yet"
        out.print(f"  {one['channel']}: {one['form']} {_when(one['at'], household)}, {sent}", markup=False)


@app.command()
def ack(
    ids: Annotated[list[int] | None, typer.Argument(metavar="ID...", help="The alerts' numbers.")] = None,
    *,
    everything: Annotated[bool, typer.Option("--all", help="All that are open.")] = False,
    form: FormatOption = Format.TEXT,
) -> None:
    """Acknowledge alerts: you see to it, and nobody else is told unless it gets worse.

    Examples: nightlatch alerts ack 12; nightlatch alerts ack --all
    """
    from nightlatch.guard.alerts.owner import acknowledge

    _change(acknowledge, ids, everything, form, "acknowledged")


@app.command()
def close(
    ids: Annotated[list[int] | None, typer.Argument(metavar="ID...", help="The alerts' numbers.")] = None,
    *,
    everything: Annotated[bool, typer.Option("--all", help="All that are open or acknowledged.")] = False,
    form: FormatOption = Format.TEXT,
) -> None:
    """Put alerts aside that will not end by themselves. Should it happen again, you are told again.

    Examples: nightlatch alerts close 12; nightlatch alerts close --all
    """
    from nightlatch.guard.alerts.owner import close as put_aside

    _change(put_aside, ids, everything, form, "closed")


@app.command()
def test(
    channel: Annotated[str, typer.Argument(help="The channel's id; all of them otherwise.")] = "",
    config: ConfigOption = None,
    *,
    form: FormatOption = Format.TEXT,
) -> None:
    """Send a test message with a number, and note nothing until you confirm it.

    Exit codes: 0 each was taken, 1 one was not, 2 usage or configuration.

    Examples: nightlatch alerts test; nightlatch alerts test phone
    """
    import asyncio

    from nightlatch.guard.alerts.owner import test as send
    from nightlatch.guard.alerts.rules import read_rules
    from nightlatch.guard.alerts.sending import Apprise
    from nightlatch.model.event import micros
    from nightlatch.text import suggest

    settings = configuration(config)
    channels = read_rules(settings, os.environ).channels
    if channel and channel not in channels:
        raise UsageError(f"there is no channel {channel!r}", todo=suggest(channel, channels) or _WRITE)
    if not channels:
        raise UsageError("no channel is configured", where=str(settings.path), todo=_WRITE)
    chosen = [channels[channel]] if channel else list(channels.values())

    async def sent(records: AlertRecords) -> list[str]:
        carrier = Apprise()
        return list(await asyncio.gather(*(send(records, carrier, one, micros(now())) for one in chosen)))

    with _records() as records:
        reasons = asyncio.run(sent(records))
    results = [
        {"channel": one.id, "taken": not reason, "reason": reason} for one, reason in zip(chosen, reasons, strict=True)
    ]
    if form is Format.JSON:
        print_json(results)
    else:
        for result in results:
            text = f"failed: {result['reason']}" if result["reason"] else "taken"
            console().print(f"{result['channel']}: {text}", markup=False)
        if not all(reasons):
            console().print("Confirm with the number in the message: nightlatch alerts confirm NUMBER")
    raise typer.Exit(EXIT_TROUBLE if any(reasons) else 0)


@app.command()
def confirm(
    number: Annotated[str, typer.Argument(help="The six digits of the test message.")],
    *,
    form: FormatOption = Format.TEXT,
) -> None:
    """Confirm that a test message arrived: the audit counts the channel as tested from today on.

    Examples: nightlatch alerts confirm 402117
    """
    from nightlatch.guard.alerts.owner import confirm as note
    from nightlatch.model.event import micros

    with _records() as records:
        found = note(records, number, micros(now()))
    if form is Format.JSON:
        print_json({"channel": found.channel, "confirmed": True})
    else:
        console().print(f"Noted: a test alert arrived by {found.channel}.", markup=False)


@app.command()
def channels(
    config: ConfigOption = None,
    *,
    form: FormatOption = Format.TEXT,
) -> None:
    """Show the channels: what each takes, whether it works, what waits, and when it was last confirmed.

    Examples: nightlatch alerts channels; nightlatch alerts channels --format json
    """
    from nightlatch.guard.alerts.rules import read_rules
    from nightlatch.guard.alerts.sending import Apprise

    settings = configuration(config)
    rules = read_rules(settings, os.environ)
    apprise = Apprise()
    with _records() as records, records.read() as book:
        tested = {test.channel: test.confirmed for test in book.tests() if test.confirmed}
        found: list[dict[str, Any]] = []
        for one in rules.channels.values():
            fare = book.fare(one.id)
            found.append(
                {
                    "id": one.id,
                    "severity": one.severity,
                    "detections": sorted(one.detections),
                    "doors": sorted(one.doors),
                    "people": sorted(one.people),
                    "quiet": one.quiet,
                    "escalation_only": one.kept,
                    "problem": apprise.problem(one) or (fare.reason if fare.failures else ""),
                    "failing_since": _stamp(fare.since) if fare.failures else None,
                    "waiting": book.backlog(one.id),
                    "confirmed": _stamp(tested.get(one.id, 0)),
                }
            )
    if form is Format.JSON:
        print_json(found)
        return
    out = console()
    for row in found:
        out.print(f"{row['id']}: {row['problem'] or 'no trouble'}", markup=False)
        takes = [f"{row['severity']} and above", *row["detections"], *row["doors"], *row["people"]]
        out.print(f"    takes {', '.join(takes)}{'; only what is escalated' if row['escalation_only'] else ''}")
        tested_on = (
            f"{datetime.fromisoformat(row['confirmed']).astimezone(settings.zone):%Y-%m-%d}"
            if row["confirmed"]
            else "never"
        )
        out.print(f"    {row['waiting']} waiting; a test was last confirmed: {tested_on}")
    if not found:
        out.print(f"No channel is configured. {_WRITE}", markup=False)


_WRITE = "Write one into nightlatch.toml: [[alerts.channels]] with an id and a url."


@contextmanager
def _records() -> Iterator[AlertRecords]:
    from nightlatch.store.alerts import AlertRecords
    from nightlatch.store.database import connect

    engine = connect()
    try:
        yield AlertRecords(engine)
    finally:
        engine.dispose()


@contextmanager
def _reading(config: Any) -> Iterator[tuple[AlertRecords, Household, Opener]]:
    """The alerts with what their words need: names of doors and people, and the journal's keys."""
    from nightlatch.guard.known import household
    from nightlatch.journal.journal import Journal
    from nightlatch.store.database import state_folder

    settings = configuration(config)
    with _records() as records:
        if not (state_folder() / "journal.db").is_file():
            yield records, household(settings, None), lambda _: None  # without a journal there is no key
            return
        journal = Journal.open(state_folder(), read_only=True)
        try:
            yield records, household(settings, None), journal.sealer.open
        finally:
            journal.close()


def _change(do: Any, ids: list[int] | None, everything: bool, form: Format, done: str) -> None:
    from nightlatch.guard.alerts.owner import acts
    from nightlatch.model.event import micros
    from nightlatch.service import control
    from nightlatch.store.database import state_folder
    from nightlatch.text import count, listed

    if bool(ids) == everything:
        raise UsageError("name alerts by their numbers, or --all", todo="See: nightlatch alerts list")
    with _records() as records:
        changed: list[AlertRow] = do(records, ids or (), micros(now()))
    _write(acts(changed, done, micros(now())))
    with suppress(StoreError):
        # It sees the change by itself when something is due; told, it sees it at once.
        control.tell(state_folder(), "alerts-changed")
    if form is Format.JSON:
        print_json({done: [row.id for row in changed]})
        return
    numbers = f" ({listed(str(row.id) for row in changed)})" if changed else ""
    console().print(f"{count(len(changed), 'alert')} {done}{numbers}.", markup=False)


def _write(events: Sequence[Event]) -> None:
    """Write what was done into the journal, where there is one; a running service finds it there."""
    from nightlatch.journal.journal import Journal
    from nightlatch.store.database import state_folder

    if not events or not (state_folder() / "journal.db").is_file():
        return
    try:
        journal = Journal.open(state_folder())
        try:
            journal.append(events)
        finally:
            journal.close()
    except JournalError as error:
        # A journal that is damaged must not keep anybody from seeing to an alert.
        console(stderr=True).print(f"It was done, and is not in the journal: {error}", markup=False)


def _document(row: AlertRow, household: Household, opener: Opener) -> dict[str, Any]:
    from nightlatch.guard.alerts.render import words
    from nightlatch.guard.alerts.sealed import take

    return {
        "id": row.id,
        "severity": str(row.severity),
        "state": row.state,
        "detection": row.detection,
        "about": row.about,
        "what": words(row.detection, row.about, take(row.sealed, row.data, opener), household),
        "count": row.count,
        "first": _stamp(row.first),
        "last": _stamp(row.last),
        "acknowledged": _stamp(row.acknowledged),
        "ended": _stamp(row.ended),
    }


def _stamp(value: Any) -> Any:
    """An instant in µs as text for programs; None for never. Other values stay."""
    from nightlatch.model.event import instant

    if not isinstance(value, int):
        return value
    return instant(value).isoformat().replace("+00:00", "Z") if value else None


def _when(stamp: str, household: Household) -> str:
    return datetime.fromisoformat(stamp).astimezone(household.zone).strftime("%Y-%m-%d %H:%M")


def _times(one: dict[str, Any]) -> str:
    return f"{one['count']} times: " if one["count"] > 1 else ""
