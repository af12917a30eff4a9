"""What the commands of access share: the state folder's register, asking first, and telling the running service."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nightlatch.cli.common import configuration, console, print_json
from nightlatch.errors import StoreError, UsageError

if TYPE_CHECKING:
    from nightlatch.access.register import Register
    from nightlatch.access.registrar import Changed, Registrar

CHANGED = "access-changed"
"""The verb by which the running service is told to look at once."""
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


@contextmanager
def access(config: Path | None) -> Iterator[Registrar]:
    """The register of the state folder, to be read and changed. The journal is begun where there is none."""
    from nightlatch.access.known import last_known
    from nightlatch.access.registrar import Registrar
    from nightlatch.access.vault import Vault
    from nightlatch.journal.journal import Journal
    from nightlatch.store.access import AccessRecords
    from nightlatch.store.database import connect, state_folder

    settings, folder = configuration(config), state_folder()
    engine = connect(folder)
    try:
        journal = Journal.open(folder)
        try:
            records = AccessRecords(engine)
            vault, lengths = Vault.open(folder, records, settings), last_known(settings, records)
            yield Registrar(settings, records, vault, journal, lengths=lengths)
        finally:
            journal.close()
    finally:
        engine.dispose()


def poke() -> bool:
    """Tell the running service that access was changed; whether one runs.

    One that cannot be told looks by itself within a second.
    """
    from nightlatch.service.control import tell
    from nightlatch.service.folder import running
    from nightlatch.store.database import state_folder

    folder = state_folder()
    try:
        return tell(folder, CHANGED)
    except StoreError as error:
        console(stderr=True).print(f"It is kept. {error}", markup=False, style="dim", soft_wrap=True)
        return running(folder)


def confirmed(lines: Sequence[str], question: str, *, yes: bool) -> None:
    """Show what will be, and ask; the command ends where the answer is no. UsageError where nobody can answer."""
    if yes:
        return
    err = console(stderr=True)
    for line in lines:
        err.print(line, markup=False, soft_wrap=True)
    if not sys.stdin.isatty():
        raise UsageError("this asks before it is done", todo="Add --yes where nobody can answer.")
    typer.confirm(question, abort=True, err=True)


def made_codes(changed: Changed, register: Register) -> list[str]:
    """What to say of codes that a change made."""
    people = dict.fromkeys(one.person for one in changed.credentials if not one.ended)
    return [
        f"{register.people[one].name} has a new code. Show it: nightlatch code show {one}; "
        f"a card to hand out: nightlatch code card {one}"
        for one in people
    ]


def print_struct(value: object) -> None:
    """Print a struct of access as JSON, every field of it."""
    from nightlatch.cli.access_documents import plain

    print_json(plain(value))


def say(*lines: str, running: bool) -> None:
    """Print what was done, and when locks will match."""
    out = console()
    for line in lines:
        out.print(line, markup=False, soft_wrap=True)
    if not running:
        console(stderr=True).print(
            "No Nightlatch is running: locks change once one does (nightlatch run), or by: nightlatch sync",
            style="dim",
            markup=False,
            soft_wrap=True,
        )
