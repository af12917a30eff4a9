"""`nightlatch who`: everyone who can open a door, now or at another time, and how that is known."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nightlatch.cli.common import ConfigOption, Format, FormatOption, configuration, console, hung, now, print_json
from nightlatch.errors import UsageError

if TYPE_CHECKING:
    from rich.text import Text

    from nightlatch.access.who import Entrance, Opener
    from nightlatch.journal.journal import Journal

STYLES = {
    "exposed": "bold red",
    "foreign": "bold red",
    "removing": "red",
    "changing": "yellow",
    "setting": "yellow",
    "present": "green",
    "kept": "green",
}
_LOUD = ("exposed", "foreign")
SHOWN = 40
"""Ways to open one door that are shown as text, unless --all is given; foreign and exposed ones always are."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(who)


def who(
    door: Annotated[str, typer.Argument(metavar="DOOR", help="A door or a lock; otherwise all.")] = "",
    config: ConfigOption = None,
    *,
    at: Annotated[
        str, typer.Option("--at", metavar="TIME", help='A time past or to come: "Sunday 11:00", "2026-11-20 03:00".')
    ] = "",
    everything: Annotated[bool, typer.Option("--all", help=f"Each way, also where a door has over {SHOWN}.")] = False,
    form: FormatOption = Format.TEXT,
) -> None:
    """Show who can open each door, and how that is known: foreign and exposed codes first.

    A code is listed until its absence is proven. What nobody looked at is said to be unknown.

    Examples: nightlatch who; nightlatch who front; nightlatch who front --at "Sunday 11:00";
    nightlatch who --at "2026-11-20 03:00" --format json
    """
    from nightlatch.access.looking import by_journal, entrances, meant, nothing_kept
    from nightlatch.access.schedules.reading import when
    from nightlatch.model.event import micros
    from nightlatch.store.access import AccessRecords
    from nightlatch.store.database import connect

    settings = configuration(config)
    moment = micros(now())
    try:
        wanted = when(at, settings.zone, moment) if at else moment
    except ValueError as error:
        raise UsageError(str(error), where="--at") from None
    engine = connect()
    try:
        records = AccessRecords(engine)
        doors = meant(settings, records, door)
        with journal() if wanted < moment else nullcontext() as log:
            past = by_journal(log, settings.zone) if log is not None else nothing_kept
            try:
                found = entrances(settings, records, doors, wanted, moment, past=past)
            except UsageError as error:
                raise UsageError(error.what, where="--at", todo=error.todo) from None
    finally:
        engine.dispose()
    if form is Format.JSON:
        print_json({"at": _stamp(wanted), "doors": [_document(one) for one in found]})
        return
    _print(found, settings.zone, wanted, moment, everything=everything)


@contextmanager
def journal() -> Iterator[Journal | None]:
    """The state folder's journal to read, or None where there is none."""
    from nightlatch.journal.journal import FILE, Journal
    from nightlatch.store.database import state_folder

    folder: Path = state_folder()
    if not (folder / FILE).exists():
        yield None
        return
    log = Journal.open(folder, read_only=True)
    try:
        yield log
    finally:
        log.close()


def _print(found: list[Entrance], zone: tzinfo, at: int, moment: int, *, everything: bool) -> None:
    from rich.text import Text

    from nightlatch.text import count

    out = console()
    if not found:
        out.print("No door and no lock is configured: add [[doors]] and [[locks]] to nightlatch.toml.", markup=False)
        return
    if at != moment:
        what = "As it was" if at < moment else "As it will be, by what is known now,"
        out.print(f"{what} on {clock(at, zone)}:", markup=False)
    # What is not known at any door is said once, at the end.
    everywhere = [one for one in found[0].unknown if all(one in other.unknown for other in found[1:])]
    for number, one in enumerate(found):
        if number:
            out.print()
        out.print(_heading(one))
        urgent = sum(opener.state in _LOUD for opener in one.openers)
        most = len(one.openers) if everything else max(SHOWN, urgent)
        for opener in one.openers[:most]:
            hung(out, _row(opener, zone, min(at, moment)))
            if opener.by_hand:
                hung(out, Text(f"By hand: {opener.by_hand}"), by=6)
        if len(one.openers) > most:
            rest = len(one.openers) - most
            out.print(f"  … and {count(rest, 'more way', 'more ways')} to open it: --all shows each", markup=False)
        if not one.openers:
            out.print("  nobody that is known of", style="dim")
        for sentence in one.unknown:
            if sentence not in everywhere:
                hung(out, Text(f"? {sentence}", "dim"))
    for sentence in everywhere:
        hung(out, Text(f"? {sentence}", "dim"), by=0)


def _heading(one: Entrance) -> Text:
    from rich.text import Text

    from nightlatch.text import count

    text = Text(one.name, style="bold")
    people = {opener.person or opener.who for opener in one.openers if opener.means not in ("account", "app", "key")}
    told = [count(len(people), "person or code", "people or codes")]
    for state in _LOUD:
        if number := sum(opener.state == state for opener in one.openers):
            told.append(f"{number} {state}")
    text.append(f"  {', '.join(told)}", style="bold red" if len(told) > 1 else "dim")
    return text


def _row(opener: Opener, zone: tzinfo, at: int) -> Text:
    from rich.text import Text

    from nightlatch.cli.journal_entries import printable
    from nightlatch.text import span

    where = f", slot {opener.slot}" if opener.slot else ""
    until = f", until {clock(opener.until, zone)}" if opener.until else ""
    age = f" {span(max(at - opener.seen, 0))} ago" if opener.seen else ""
    note = f"; {opener.note}" if opener.note else ""
    head = "" if opener.state == "known" else f"{opener.state.upper() if opener.state in _LOUD else opener.state}  "
    words = f"{head}{opener.who} ({opener.means}{where}{until}): {opener.evidence}{age}{note}"
    text = Text(printable(words))
    text.stylize(STYLES.get(opener.state, ""), 0, len(head))
    return text


def clock(at: int, zone: tzinfo) -> str:
    """`Sun 22 Nov 2026 11:00`, at home."""
    from nightlatch.model.event import instant

    return f"{instant(at).astimezone(zone):%a %d %b %Y %H:%M}"


def _document(one: Entrance) -> dict[str, Any]:
    openers = []
    for opener in one.openers:
        found = {name: getattr(opener, name) for name in opener.__struct_fields__}
        openers.append({**found, "seen": _stamp(opener.seen), "until": _stamp(opener.until)})
    return {"door": one.about, "name": one.name, "openers": openers, "unknown": one.unknown}


def _stamp(at: int) -> str | None:
    from nightlatch.model.event import instant

    return instant(at).isoformat() if at else None
