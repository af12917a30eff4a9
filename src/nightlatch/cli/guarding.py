"""`nightlatch guard`: what is watched for, and what would have been told."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nightlatch.cli.common import ConfigOption, Format, FormatOption, console, now, print_json
from nightlatch.cli.journal_common import Progress, bar, opened, settings_or_none, zone_of

if TYPE_CHECKING:
    from rich.text import Text

    from nightlatch.configuration.read import Configuration
    from nightlatch.guard.detections.interface import Detection, Noticed, Thresholds
    from nightlatch.guard.detections.registry import Chosen
    from nightlatch.guard.household import Household
    from nightlatch.journal.journal import Journal
    from nightlatch.model.event import Event

SHOWN = 100
"""How many notices of a kind the text shows; JSON has all."""
STYLES = {"critical": "bold red", "high": "red", "medium": "yellow", "low": "dim"}

app = typer.Typer(name="guard", help="What is watched for, and what would have been told.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """What is watched for, and what would have been told."""


@app.command()
def detections(config: ConfigOption = None, *, form: FormatOption = Format.TEXT) -> None:
    """List the detections with the thresholds in force, and where they were set.

    Examples: nightlatch guard detections; nightlatch guard detections --format json
    """
    from rich.text import Text

    settings = settings_or_none(config)
    chosen = _chosen(settings)
    if form is Format.JSON:
        print_json([_described(one, thresholds, settings) for one, thresholds in chosen])
        return
    out = console()
    for one, thresholds in chosen:
        head = Text(f"{one.id:<26}", "bold" if thresholds.on else "dim")
        severity = one.severity.value if thresholds.on else "off"
        out.print(
            head.append(f"{severity:<10}", STYLES.get(severity, "dim")).append(one.title, "default"), soft_wrap=True
        )
        for name, limit in _described(one, thresholds, settings)["thresholds"].items():
            if name != "on" or limit["set_at"]:
                where = f"  (set at {limit['set_at']})" if limit["set_at"] else ""
                setting = f"{name} = {_toml(limit['value'])}"
                out.print(Text(f"    {setting:<26}{limit['doc']}{where}"), soft_wrap=True)


@app.command()
def replay(
    config: ConfigOption = None,
    *,
    since: Annotated[str, typer.Option("--since", metavar="WHEN", help="From 12h, 7d, 3w, a day or a time on.")] = "7d",
    until: Annotated[str, typer.Option("--until", metavar="WHEN", help="Up to a time, or to the end of a day.")] = "",
    change: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="ID.KEY=VALUE", help="Compare with another threshold. Repeatable."),
    ] = None,
    form: FormatOption = Format.TEXT,
) -> None:
    """Run the detections over the journal: what they would have told, and what with other thresholds.

    Nothing is told to anybody. All of the journal is read, so that what judges by a history has it. The home is as
    the owner declared it; what only a hub tells, such as a code's end, is not known here.

    Examples: nightlatch guard replay --since 7d; nightlatch guard replay --since 30d --set repeated-wrong-codes.count=5
    """
    from nightlatch.cli.journal import between
    from nightlatch.guard.replay import changed
    from nightlatch.guard.replay import replay as run
    from nightlatch.model.event import micros
    from nightlatch.text import count

    settings = settings_or_none(config)
    moment = now()
    first, last = between(since, until, moment, zone_of(settings))
    begin, end = micros(first or moment), micros(min(last or moment, moment))
    chosen = _chosen(settings)
    sides = [chosen, changed(chosen, change)] if change else [chosen]
    household = _household(settings)
    damaged: list[int] = []
    with opened(read_only=True) as journal, bar("Replaying") as progress:
        found = run(_events(journal, progress, damaged), household, sides, since=begin, until=end)
    told = [one.noticed for one in found]
    if form is Format.JSON:
        print_json({**_document(begin, end, found[0].events, change or [], told), "damaged": damaged})
        return
    if damaged:
        what = count(len(damaged), "entry is", "entries are")
        console(stderr=True).print(
            f"{what} damaged and not judged, the first is {damaged[0]}: nightlatch journal verify"
        )
    _show(household, found[0].events, change or [], told)


def _described(detection: type[Detection], thresholds: Thresholds, settings: Configuration | None) -> dict[str, Any]:
    import msgspec

    from nightlatch.guard.detections.registry import limits, set_at

    docs = {limit.name: limit.doc for limit in limits(detection)}
    return {
        "id": detection.id,
        "title": detection.title,
        "severity": detection.severity.value,
        "thresholds": {
            name: {
                "value": value,
                "doc": docs.get(name, "whether it is on"),
                "set_at": set_at(settings, detection.id, name) if settings else "",
            }
            for name, value in msgspec.structs.asdict(thresholds).items()
        },
    }


def _chosen(settings: Configuration | None) -> tuple[Chosen, ...]:
    from nightlatch.guard.detections.registry import configured, defaults

    return configured(settings) if settings else defaults()


def _household(settings: Configuration | None) -> Household:
    from nightlatch.audit.run import gather
    from nightlatch.guard.household import Household
    from nightlatch.guard.known import household

    if settings is None:
        return Household()
    home = asyncio.run(gather(settings, now=now(), env=os.environ, only=frozenset(("declared",))))
    return household(settings, home)


def _events(journal: Journal, progress: Progress, damaged: list[int]) -> Iterator[Event]:
    """Every event whose content is still there; adds the indices of what cannot be read to `damaged`."""
    size = journal.size
    for entry in journal.entries(0, size):
        if not entry.index % 4096:
            progress(entry.index, size)
        if entry.damaged:
            damaged.append(entry.index)
        if entry.event is not None:
            yield entry.event


def _document(
    begin: int, end: int, events: int, changes: Sequence[str], told: Sequence[Sequence[Noticed]]
) -> dict[str, Any]:
    from nightlatch.guard.replay import compare
    from nightlatch.model.event import instant

    document: dict[str, Any] = {
        "since": instant(begin),
        "until": instant(end),
        "events": events,
        "noticed": _plain(told[0]),
    }
    if changes:
        added, gone = compare(*told)
        document["changed"] = {
            "set": list(changes),
            "noticed": _plain(told[1]),
            "added": _plain(added),
            "gone": _plain(gone),
        }
    return document


def _plain(told: Iterable[Noticed]) -> list[dict[str, Any]]:
    import msgspec

    from nightlatch.model.event import instant

    return [{**msgspec.structs.asdict(one), "at": instant(one.at)} for one in told]


def _show(household: Household, events: int, changes: Sequence[str], told: Sequence[Sequence[Noticed]]) -> None:
    from rich.table import Table

    from nightlatch.guard.replay import compare
    from nightlatch.text import count

    out = console()
    if not changes:
        for one in told[0][-SHOWN:]:
            out.print(_line(one, household), soft_wrap=True)
        if len(told[0]) > SHOWN:
            out.print(f"The newest {SHOWN} of {len(told[0])}. All: --format json")
    else:
        table = Table("", "as it is", "changed", "added", "gone", box=None, pad_edge=False, header_style="bold")
        added, gone = compare(*told)
        columns = (told[0], told[1], added, gone)
        for id_ in sorted({one.detection for side in columns for one in side}):
            numbers = [sum(one.detection == id_ and not one.over for one in column) for column in columns]
            table.add_row(id_, *map(str, numbers))
        if table.row_count:
            out.print(table)
        for sign, notices in (("+", added), ("-", gone)):
            for one in notices[-SHOWN:]:
                out.print(_line(one, household, f"{sign} "), soft_wrap=True)
            if len(notices) > SHOWN:
                out.print(f"{sign} the newest {SHOWN} of {len(notices)}. All: --format json")
        if not added and not gone:
            out.print(f"{', '.join(changes)} would have changed nothing.", markup=False)
    if not told[0]:
        out.print("Nothing would have been told.")
    out.print(f"Judged by {count(events, 'event')}.")


def _line(one: Noticed, household: Household, sign: str = "") -> Text:
    from rich.text import Text

    from nightlatch.model.event import instant

    when = instant(one.at).astimezone(household.zone)
    line = Text(f"{sign}{when:%Y-%m-%d %H:%M}  ").append(f"{'over' if one.over else one.severity.value:<8}  ")
    line.stylize("green" if one.over else STYLES[one.severity.value], len(line) - 10)
    person = household.people.get(one.person, "")
    return line.append(f"{one.detection:<26}{one.what}{f' ({person})' if person else ''}", "default")


def _toml(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
