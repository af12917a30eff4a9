"""Entries of the journal as lines of a terminal, and the names that the database has for them."""

from __future__ import annotations

from datetime import tzinfo
from typing import TYPE_CHECKING

from nightlatch.journal.leaves import Entry
from nightlatch.report.entries import BAD, ODD, OWN, Names, as_csv, as_json, as_jsonl, document, printable, what

if TYPE_CHECKING:
    from rich.text import Text

__all__ = ["Names", "as_csv", "as_json", "as_jsonl", "document", "given_names", "line", "printable"]


def given_names() -> dict[str, str]:
    """The names of the people of the database, by id; nothing where it is not there or cannot be read."""
    from nightlatch.errors import StoreError
    from nightlatch.store.access import AccessRecords
    from nightlatch.store.database import connect, state_folder

    if not (state_folder() / "nightlatch.db").exists():
        return {}
    try:
        engine = connect()
    except StoreError:
        # The journal is shown whatever became of the database: then by ids.
        return {}
    try:
        return {one.id: one.name for one in AccessRecords(engine).people()}
    finally:
        engine.dispose()


def line(entry: Entry, names: Names, zone: tzinfo) -> Text:
    """One entry as a line: index, time at home, thing, what happened."""
    from rich.text import Text

    head = f"{entry.index:>7}  "
    event = entry.event
    if entry.damaged:
        return Text(f"{head}(damaged: {printable(entry.damaged)})", style="bold red")
    if event is None:
        return Text(f"{head}(dropped: it was older than the journal keeps)", style="dim")
    style = "bold red" if event.kind in BAD else "yellow" if event.kind in ODD else "dim" if event.kind in OWN else ""
    if event.kind == "verified" and event.value != "intact":
        style = "bold red"
    at = event.instant.astimezone(zone)
    shown = Text(f"{head}{at:%Y-%m-%d %H:%M:%S}  ")
    shown.append(f"{names.thing(event.about)}: " if event.about != "home" else "")
    return shown.append(what(entry, event, names, zone), style=style)
