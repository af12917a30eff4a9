"""`nightlatch access`: codes that no grant explains, and locks that are given up."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nightlatch.cli import access_importing, access_retiring
from nightlatch.cli.access_common import YesOption, confirmed
from nightlatch.cli.common import ConfigOption, Format, FormatOption, configuration, console, hung, now, print_json
from nightlatch.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from nightlatch.access.deciding import Choice
    from nightlatch.access.strange import Strange
    from nightlatch.configuration.read import Configuration
    from nightlatch.model.access import Decision

app = typer.Typer(name="access", help="Codes that no grant explains, and locks to give up.", no_args_is_help=True)
app.command("retire")(access_retiring.retire)
app.command("import")(access_importing.import_)

EXIT_OPEN = 1
LONGEST_SLOT = 9
"""Digits of a slot's number."""
WaitOption = Annotated[
    float, typer.Option("--wait", min=1, max=3600, metavar="SECONDS", help="How long to wait for the locks.")
]


@app.callback()
def group() -> None:
    """Codes that no grant explains, and locks to give up."""


@app.command()
def adopt(  # one option for each thing that can be decided
    what: Annotated[
        str, typer.Argument(metavar="LOCK|LOCK/SLOT", help="One lock, or one code as front/3; otherwise all.")
    ] = "",
    config: ConfigOption = None,
    *,
    person: Annotated[str, typer.Option("--person", metavar="PERSON", help="It is this person's.")] = "",
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="With --person: add them by this name.")] = "",
    role: Annotated[str, typer.Option("--role", metavar="ROLE", help="With --name: their role.")] = "guest",
    manage: Annotated[
        bool, typer.Option("--manage", help="With --person: keep the code in the vault and manage it from now on.")
    ] = False,
    keep: Annotated[str, typer.Option("--keep", metavar="NAME", help="Let it stay, and call it so.")] = "",
    remove: Annotated[bool, typer.Option("--remove", help="Take it off the lock, and prove it.")] = False,
    yes: YesOption = False,
    wait: WaitOption = 120,
    form: FormatOption = Format.TEXT,
) -> None:
    """Read what is on the locks, show each code that no grant explains, and say what becomes of it.

    On a terminal it asks for each one: whose it is, or whether it stays or goes. Nothing is removed unless you say
    so. Exit codes: 0 every code is explained; 1 some are not, or something is not done yet.

    Examples: nightlatch access adopt; nightlatch access adopt front --format json;
    nightlatch access adopt front/3 --person ana; nightlatch access adopt front/3 --keep Cleaner;
    nightlatch access adopt front/3 --remove --yes
    """
    from nightlatch.cli import access_deciding as deciding
    from nightlatch.cli.access_reaching import survey
    from nightlatch.store.database import state_folder

    settings, folder = configuration(config), state_folder()
    locks, slot = meant(settings, what)
    chosen = deciding.chosen(person=person, name=name, role=role, manage=manage, keep=keep, remove=remove)
    if chosen is not None and not slot:
        raise UsageError("one code is to be named", todo="Write it as front/3: nightlatch access adopt lists them.")
    found = [one for one in deciding.found(settings, locks) if one.slot == slot]
    silent: dict[str, str] = {}
    if chosen is None or not found:
        silent = asyncio.run(survey(settings, folder, locks, wait))
        found = [one for one in deciding.found(settings, locks) if not slot or one.slot == slot]
    if chosen is not None:
        if not found:
            raise UsageError(f"no code that Nightlatch does not know is in {what}{_told(silent)}")
        _decide(settings, folder, [(found[0], chosen)], yes=yes, wait=wait, form=form)
        return
    if form is Format.JSON:
        print_json({"codes": [one.document() for one in found], "not_read": silent})
    else:
        _show(settings, found, silent, what)
    open_ = [one for one in found if not one.kept]
    if form is Format.TEXT and open_ and sys.stdin.isatty() and not yes:
        decided = _ask(settings, open_)
        if decided:
            _follow(settings, folder, decided, wait, form)
            found = [one for one in deciding.found(settings, locks) if not slot or one.slot == slot]
            open_ = [one for one in found if not one.kept]
    raise typer.Exit(EXIT_OPEN if open_ or silent else 0)


def meant(settings: Configuration, what: str) -> tuple[list[str], int]:
    """The locks that "front", "door:front" or "front/3" means, and the slot; 0: none was named."""
    from nightlatch.access.looking import chosen

    lock, slash, slot = what.rpartition("/")
    if not slash:
        return [one for locks in chosen(settings, what).values() for one in locks], 0
    # A tag or another form of credential has a number of its own far above the codes': 300007.
    if not slot.isdecimal() or len(slot) > LONGEST_SLOT or not int(slot):
        raise UsageError(f"{what!r} names no slot", todo="Write LOCK/SLOT, as front/3.")
    locks = [one for locks in chosen(settings, lock).values() for one in locks]
    if len(locks) != 1:
        raise UsageError(f"{lock} has {len(locks)} locks", todo=f"Name one: {', '.join(locks)}.")
    return locks, int(slot)


def _decide(
    settings: Configuration,
    folder: Path,
    choices: Sequence[tuple[Strange, Choice]],
    *,
    yes: bool,
    wait: float,
    form: Format,
) -> None:
    from nightlatch.cli import access_deciding as deciding

    plan = [f"{one.place}: {choice.words}" for one, choice in choices]
    if any(choice.does == "remove" for _, choice in choices):
        plan.append("Whoever uses a code that is removed is locked out. Be sure that another code or key opens.")
        confirmed(plan, "Do this?", yes=yes)
    if not _follow(settings, folder, deciding.decide(settings, choices, now()), wait, form):
        raise typer.Exit(EXIT_OPEN)


def _ask(settings: Configuration, codes: Sequence[Strange]) -> list[Decision]:
    """Ask what becomes of each code; the command ends where somebody ends it in the middle: what they said stays."""
    from nightlatch.cli.access_asking import ask

    decided: list[Decision] = []
    try:
        ask(settings, codes, decided)
    except typer.Abort:
        _stopped(decided)
        raise typer.Exit(EXIT_OPEN) from None
    return decided


def _stopped(decided: Sequence[Decision]) -> None:
    """Tell who ended it in the middle what holds all the same."""
    from nightlatch.cli.access_common import poke

    places = ", ".join(one.id.partition(":")[2] for one in decided)
    follows = "Nightlatch does it" if decided and poke() else "it is done by nightlatch run, or nightlatch sync"
    said = f"what you decided of {places} stays, and {follows}" if decided else "nothing was decided"
    console(stderr=True).print(f"\nStopped: {said}.", markup=False, soft_wrap=True)


def _follow(settings: Configuration, folder: Path, decided: Sequence[Decision], wait: float, form: Format) -> bool:
    """Have what was decided done, and tell what came of each; whether all of it was done."""
    from nightlatch.cli.access_deciding import follow

    try:
        results = follow(settings, folder, decided, wait)
    except KeyboardInterrupt:
        _stopped(decided)
        raise
    if form is Format.JSON:
        print_json([one.document() for one in results])
    else:
        for one in results:
            one.show(console())
    return all(one.proven for one in results)


def _show(settings: Configuration, found: Sequence[Strange], silent: dict[str, str], what: str) -> None:
    from rich.text import Text

    from nightlatch.text import count

    out = console()
    zone = settings.zone
    for title, some in (
        ("Explained by nobody", [one for one in found if not one.kept]),
        ("Kept", [one for one in found if one.kept]),
    ):
        if some:
            out.print(Text(f"{title}: {count(len(some), 'code')}", "bold"))
        for one in some:
            hung(out, one.text(zone))
    for lock, why in silent.items():
        words = f"{_name(settings, lock)} was not read whole: {why}. What is on it now may be more than is shown."
        out.print(Text(words, "yellow"), soft_wrap=True)
    if not found and not silent:
        told = f"No code in {what} is unexplained." if what else "Every code on every lock is explained."
        out.print(told, markup=False)
    elif any(not one.kept for one in found):
        hint = "Say whose each is: nightlatch access adopt LOCK/SLOT --person PERSON, --keep NAME, or --remove"
        out.print(Text(hint, "dim"), soft_wrap=True)


def _name(settings: Configuration, lock: str) -> Any:
    names = {f"lock:{one.id}": one.name or one.id for one in settings.tables.locks}
    return names.get(lock, lock)


def _told(silent: dict[str, str]) -> str:
    return f"; it could not be read ({', '.join(silent.values())})" if silent else ""
