"""`nightlatch access retire`: take every code off a lock that is sold or taken down, and prove it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nightlatch.cli.access_common import YesOption, access, poke
from nightlatch.cli.common import ConfigOption, Format, FormatOption, configuration, console, now, print_json
from nightlatch.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from nightlatch.access.reconciler.chooser import Step
    from nightlatch.configuration.read import Configuration
    from nightlatch.model.access import Entry

EXIT_OPEN = 1


def retire(
    lock: Annotated[str, typer.Argument(metavar="LOCK", help="The lock, or the door whose locks it is.")] = "",
    config: ConfigOption = None,
    *,
    every: Annotated[bool, typer.Option("--all", help="Every lock of the home.")] = False,
    foreign: Annotated[bool, typer.Option("--foreign", help="Codes that Nightlatch did not put there too.")] = False,
    undo: Annotated[bool, typer.Option("--undo", help="Take it back: grants reach the lock again.")] = False,
    yes: YesOption = False,
    wait: Annotated[
        float, typer.Option("--wait", min=1, max=3600, metavar="SECONDS", help="How long to wait for the locks.")
    ] = 120,
    form: FormatOption = Format.TEXT,
) -> None:
    """Give a lock up, as when it is sold: take its codes off, prove each, and tell what could not be proven.

    The lock stays given up, after a restart too: no grant puts a code on it until --undo. Run it again to go on
    with what was left. Exit codes: 0 every code is proven gone; 1 some are not, with what to do by hand.

    Examples: nightlatch access retire front; nightlatch access retire --all --foreign --yes;
    nightlatch access retire front --undo
    """
    from nightlatch.access.looking import chosen
    from nightlatch.cli.access_reaching import survey
    from nightlatch.model.event import micros
    from nightlatch.store.database import state_folder

    if bool(lock) == every:
        raise UsageError("which lock?", todo="Name one, or write --all.")
    settings, folder = configuration(config), state_folder()
    locks = [one for locks in chosen(settings, lock).values() for one in locks]
    at = micros(now())
    if undo:
        with access(settings.path) as registrar:
            registrar.unretire(locks, at)
        poke()
        if form is Format.JSON:
            print_json({"taken_back": locks})
        else:
            console().print("Grants reach it again. See: nightlatch sync --dry-run", markup=False)
        return
    # What else is on a lock is read before anybody agrees to its going.
    silent = asyncio.run(survey(settings, folder, locks, wait)) if foreign else {}
    before = _lines(locks, foreign=foreign)
    _agreed(settings, locks, before, foreign=foreign, yes=yes)
    with access(settings.path) as registrar:
        registrar.retire(locks, at, foreign=foreign)
    _carry_out(settings, folder, [lock for lock in locks if lock not in silent], foreign=foreign, wait=wait)
    left = _lines(locks, foreign=foreign)
    masters = {one.lock for one in _open(locks) if one.form == "master"} if foreign else set()
    _report(settings, locks, before, left, silent, masters=masters, foreign=foreign, form=form)
    raise typer.Exit(EXIT_OPEN if left or silent else 0)


def _lines(locks: Sequence[str], *, foreign: bool) -> list[Entry]:
    """What may be on these locks and is to go; a master code stays a master code, and is changed by hand."""
    lines = [one for one in _open(locks) if one.form != "master"]
    return [one for one in lines if one.credential or foreign or one.state != "foreign"]


def _open(locks: Sequence[str]) -> list[Entry]:
    """What may be on these locks."""
    from nightlatch.model.access import OPENS
    from nightlatch.store.access import AccessRecords
    from nightlatch.store.database import connect

    engine = connect()
    try:
        return [one for one in AccessRecords(engine).entries(locks) if one.state in OPENS]
    finally:
        engine.dispose()


def _agreed(settings: Configuration, locks: Sequence[str], lines: Sequence[Entry], *, foreign: bool, yes: bool) -> None:
    """Show what will be, and have the lock's name typed."""
    from nightlatch.text import count

    if yes:
        return
    err, people = console(stderr=True), _people(settings)
    for lock in locks:
        here = [one for one in lines if one.lock == lock]
        err.print(f"{_name(settings, lock)}: {count(len(here), 'code')} to take off", markup=False)
        for one in here:
            whose = people.get(one.person, one.person) or one.name or "somebody unknown"
            err.print(f"  slot {one.slot}: {whose}", markup=False, soft_wrap=True)
    others = (
        "Every code comes off" if foreign else "Codes that Nightlatch did not put there stay (--foreign takes them)"
    )
    err.print(f"{others}. No grant puts a code there again. Whoever has no key is locked out.", markup=False)
    if not sys.stdin.isatty():
        raise UsageError("this asks before it is done", todo="Add --yes where nobody can answer.")
    word = _name(settings, locks[0]) if len(locks) == 1 else "all"
    if typer.prompt(f"Type {word!r} to go on", err=True) != word:
        raise UsageError("that is not its name: nothing was done")


def _carry_out(settings: Configuration, folder: Path, locks: Sequence[str], *, foreign: bool, wait: float) -> None:
    """Have it done at the locks that answer."""
    from nightlatch.cli.access_reaching import settle

    def may(step: Step) -> bool:
        return step.lock in locks and step.act.value in ("learn", "read", "clear")

    if locks:
        asyncio.run(settle(settings, folder, may, lambda: not _lines(locks, foreign=foreign), wait))
    else:
        poke()


def _report(
    settings: Configuration,
    locks: Sequence[str],
    before: Sequence[Entry],
    left: Sequence[Entry],
    silent: dict[str, str],
    *,
    masters: Collection[str],
    foreign: bool,
    form: Format,
) -> None:
    from rich.text import Text

    from nightlatch.text import count

    # A lock that could not be asked may have a master code as well.
    hand = {
        lock: _by_hand(settings, lock, tuple(one.slot for one in left if one.lock == lock))
        for lock in locks
        if lock in silent or lock in masters or any(one.lock == lock for one in left)
    }
    rest = {(one.lock, one.slot) for one in left}
    gone = [one for one in before if (one.lock, one.slot) not in rest]
    if form is Format.JSON:
        print_json(
            {
                "retired": list(locks),
                "proven_gone": [_described(one) for one in gone],
                "not_proven": [_described(one) for one in left],
                "not_read": silent,
                "master_code": [lock for lock in locks if lock in masters],
                "by_hand": hand,
            }
        )
        return
    out, people = console(), _people(settings)
    for lock in locks:
        name = _name(settings, lock)
        here, open_ = [one for one in gone if one.lock == lock], [one for one in left if one.lock == lock]
        if here:
            out.print(Text("proven gone ", "green").append(f"{name}: {count(len(here), 'code')}", "default"))
        for one in open_:
            why = f": {one.reason}" if one.reason else ""
            words = (
                f"{name}, slot {one.slot} ({people.get(one.person, one.person) or one.name or 'somebody unknown'}){why}"
            )
            out.print(Text("not proven  ", "bold red").append(words, "default"), soft_wrap=True)
        if lock in silent:
            out.print(Text("not read    ", "bold red").append(f"{name}: {silent[lock]}", "default"), soft_wrap=True)
        if lock in masters:
            words = f"{name}: its master code, which only the lock itself can change"
            out.print(Text("stays       ", "bold red").append(words, "default"), soft_wrap=True)
        if lock in hand:
            out.print("  By hand:", markup=False)
            for step in hand[lock]:
                out.print(Text(f"  - {step}"), soft_wrap=True)
        elif not here:
            out.print(Text("proven gone ", "green").append(f"{name}: no code of Nightlatch was on it", "default"))
    if left or silent:
        out.print("Nightlatch goes on trying while it runs; or run this again.", markup=False)
    elif not foreign:
        out.print("Codes that Nightlatch did not put there are still on it: see nightlatch access adopt", markup=False)


def _by_hand(settings: Configuration, lock: str, slots: tuple[int, ...]) -> tuple[str, ...]:
    """The manual steps of this model, from what the owner declared and the catalogue knows."""
    import os

    from nightlatch.audit.run import gather
    from nightlatch.fixes.codes import by_hand
    from nightlatch.model.lock import Lock

    home = asyncio.run(gather(settings, now=now(), env=os.environ, only=frozenset(("declared",))))
    found = home.get(Lock, lock.partition(":")[2])
    return by_hand(found, slots, home) if found is not None else ()


def _described(line: Entry) -> dict[str, Any]:
    return {"lock": line.lock, "slot": line.slot, "person": line.person or None, "state": line.state}


def _people(settings: Configuration) -> dict[str, str]:
    """What people are called, by id."""
    from nightlatch.cli.journal_entries import given_names

    return given_names() | {one.id: one.name or one.id for one in settings.tables.people}


def _name(settings: Configuration, lock: str) -> str:
    return {f"lock:{one.id}": one.name or one.id for one in settings.tables.locks}.get(lock, lock)
