"""`nightlatch ledger`: what codes are on which lock, how that is known, and how it came about."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nightlatch.cli.common import ConfigOption, Format, FormatOption, configuration, console, hung, now, print_json
from nightlatch.errors import UsageError

if TYPE_CHECKING:
    from datetime import tzinfo

    from rich.text import Text

    from nightlatch.configuration.read import Configuration
    from nightlatch.journal.leaves import Entry as Told
    from nightlatch.journal.selecting import Wanted
    from nightlatch.model.access import Entry

_KIND = frozenset(("ledger",))
SHOWN = 200
"""Lines, and entries of the history, that are shown as text; JSON has all lines, and so many of the history."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(ledger)


def ledger(
    what: Annotated[str, typer.Argument(metavar="DOOR|PERSON", help="A door, a lock or a person; otherwise all.")] = "",
    config: ConfigOption = None,
    *,
    state: Annotated[
        list[str] | None, typer.Option("--state", metavar="STATE", help="Only lines in it, as exposed. Repeatable.")
    ] = None,
    history: Annotated[bool, typer.Option("--history", help="What changed, newest last, from the journal.")] = False,
    limit: Annotated[
        int, typer.Option("--limit", "-n", min=1, max=100_000, help="So many lines of text or of history.")
    ] = SHOWN,
    form: FormatOption = Format.TEXT,
) -> None:
    """Show each code on each lock: its state, the last evidence of it, and its age.

    Examples: nightlatch ledger; nightlatch ledger front; nightlatch ledger ana --history;
    nightlatch ledger --state exposed --state foreign --format json
    """
    from nightlatch.journal.selecting import Wanted
    from nightlatch.model.access import LEDGER_STATES
    from nightlatch.store.access import AccessRecords
    from nightlatch.store.database import connect
    from nightlatch.text import listed, suggest

    for one in state or ():
        if one not in LEDGER_STATES:
            todo = suggest(one, LEDGER_STATES) or f"The states are {listed(LEDGER_STATES)}."
            raise UsageError(f"there is no state {one!r}", where="--state", todo=todo)
    settings = configuration(config)
    engine = connect()
    try:
        records = AccessRecords(engine)
        people = {one.id: one.name or one.id for one in settings.tables.people}
        people |= {one.id: one.name for one in records.people()}
        locks, person = _meant(settings, what, people)
        if history:
            found = _history(Wanted(frozenset(locks or ()), _KIND, person=person), state or (), limit)
            _print_history(found, settings, people, form)
            return
        entries = records.entries_of(person) if person else records.entries(locks)
        entries = [entry for entry in entries if not state or entry.state in state]
    finally:
        engine.dispose()
    if form is Format.JSON:
        print_json([_document(entry) for entry in entries])
        return
    _print(entries, settings, people, limit)


def _meant(settings: Configuration, what: str, people: dict[str, str]) -> tuple[list[str] | None, str]:
    """The locks, or the person, that a word means; (None, ""): everything."""
    from nightlatch.access.looking import chosen

    if not what:
        return None, ""
    if what.removeprefix("person:") in people and f"door:{what}" not in chosen(settings, ""):
        return None, what.removeprefix("person:")
    try:
        return [lock for locks in chosen(settings, what).values() for lock in locks], ""
    except UsageError as error:
        raise UsageError(f"there is no door, lock or person {what!r}", todo=error.todo) from None


def _history(wanted: Wanted, states: Collection[str], limit: int) -> list[Told]:
    """The journal's entries of these lines, the newest so many."""
    from nightlatch.cli.journal_common import opened
    from nightlatch.journal.selecting import newest

    with opened(read_only=True) as journal:
        found = newest(journal, wanted, limit)
    return [one for one in found if one.event is None or not states or one.event.value in states]


def _print_history(found: list[Told], settings: Configuration, people: dict[str, str], form: Format) -> None:
    from nightlatch.cli.journal_entries import Names, document, line

    if form is Format.JSON:
        print_json([document(one) for one in found])
        return
    out, names = console(), Names(settings, people)
    for one in found:
        out.print(line(one, names, settings.zone), soft_wrap=True)
    if not found:
        console(stderr=True).print("Nothing in the journal fits.")


def _print(entries: list[Entry], settings: Configuration, people: dict[str, str], limit: int) -> None:
    from rich.text import Text

    from nightlatch.access.who import ORDER
    from nightlatch.cli.who import STYLES
    from nightlatch.model.event import micros
    from nightlatch.text import count

    out = console()
    if not entries:
        if not settings.tables.locks:
            out.print("No lock is configured: add [[locks]] to nightlatch.toml.", markup=False)
        else:
            hint = "What is on the locks is read by: nightlatch access adopt, and by nightlatch run"
            out.print(f"No line of the ledger fits. {hint}", markup=False)
        return
    moment, zone = micros(now()), settings.zone
    names = {f"lock:{lock.id}": lock.name or lock.id for lock in settings.tables.locks}
    entries = sorted(entries, key=lambda one: (names.get(one.lock, one.lock), ORDER.get(one.state, 9), one.slot))
    lock = ""
    for entry in entries[:limit]:
        if entry.lock != lock:
            lock = entry.lock
            out.print(Text(names.get(lock, lock), style="bold"))
        hung(out, _row(entry, people, zone, moment, STYLES.get(entry.state, "dim")))
    if len(entries) > limit:
        out.print(f"… and {count(len(entries) - limit, 'more line')}: --limit {len(entries)} shows each", markup=False)


def _row(entry: Entry, people: dict[str, str], zone: tzinfo, moment: int, style: str) -> Text:
    from rich.text import Text

    from nightlatch.access.ledger import evidence
    from nightlatch.cli.journal_entries import printable
    from nightlatch.cli.who import clock
    from nightlatch.text import span

    whose = people.get(entry.person, entry.person) or entry.name or "somebody unknown"
    parts = [whose]
    parts += [f"slot {entry.slot}"] if entry.slot else []
    parts += [f"since {clock(entry.since, zone)}"] if entry.since else []
    age = f" {span(max(moment - entry.seen, 0))} ago" if entry.seen else ""
    told = f"{', '.join(parts)}: {evidence(entry)}{age}"
    if entry.reason and entry.reason != evidence(entry):
        told += f"; {entry.reason}"
    text = Text(f"{'kept' if entry.kept else entry.state:<9}", style=style)
    text.append(f"{printable(told)}", style="")
    return text


def _document(entry: Entry) -> dict[str, Any]:
    from nightlatch.access.ledger import evidence
    from nightlatch.cli.access_documents import plain

    return {**plain(entry), "evidence": evidence(entry)}
