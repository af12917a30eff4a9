"""Asking on the terminal what becomes of codes that no grant explains."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import typer

from nightlatch.access.deciding import Choice, granted
from nightlatch.cli.access_common import access
from nightlatch.cli.access_deciding import decide
from nightlatch.cli.common import console, now
from nightlatch.errors import UsageError
from nightlatch.model.event import micros

if TYPE_CHECKING:
    from nightlatch.access.register import Register
    from nightlatch.access.strange import Strange
    from nightlatch.configuration.read import Configuration
    from nightlatch.model.access import Decision

EXPLAINED = """  p  it is somebody's: name the person. It stays, and is shown as theirs.
  k  keep it under a name of your own ("Cleaner"), without a person.
  r  take it off the lock; Nightlatch proves that it is gone, or says that it is not.
  s  leave it as it is: it stays foreign, and you are reminded.
  q  ask no more."""


def ask(settings: Configuration, codes: Sequence[Strange], decided: list[Decision]) -> None:
    """Ask what becomes of each; what is answered holds at once, and is added to `decided`.

    Abort where somebody ends it in the middle.
    """
    out = console(stderr=True)
    for one in codes:
        while (answer := _letter(one)) != "s":
            if answer == "q":
                return
            if answer not in ("p", "k", "r"):
                out.print(EXPLAINED, markup=False)
                continue
            try:
                choice = _choice(settings, one, answer)
                if choice is None:
                    continue
                decided += decide(settings, [(one, choice)], now())
            except UsageError as error:
                out.print(f"{error}", markup=False, soft_wrap=True)
                continue
            out.print(f"{one.place}: {choice.words}", markup=False, style="dim", soft_wrap=True)
            break


def _letter(one: Strange) -> str:
    question = f"{one.place} [p/k/r/s/q/?]"
    return str(typer.prompt(question, default="s", show_default=False, err=True)).strip()[:1].lower()


def _choice(settings: Configuration, one: Strange, answer: str) -> Choice | None:
    """What one answer means, after what else there is to ask; None: they thought better of it."""
    if answer == "r":
        question = "Whoever uses it is locked out. Take it off?"
        return Choice("remove") if typer.confirm(question, default=False, err=True) else None
    if answer == "k":
        return Choice("keep", name=typer.prompt("What do you call it?", err=True))
    with access(settings.path) as registrar:
        register = registrar.register()
    people = {one.id: one.name for one in register.people.values() if not one.ended}
    known = ", ".join(sorted(people))
    told = typer.prompt(f"Whose is it? An id{f' (known: {known})' if known else ''}", err=True)
    person = _meant(told.strip(), people)
    if person in people:
        return Choice("take" if _managed(one, register, person) else "keep", person)
    name = typer.prompt(f"{person} is new. Their name", default=person, err=True)
    role = typer.prompt("Their role: resident, regular, guest or service", default="guest", err=True)
    return Choice("keep", person, name, new=True, role=role)


def _meant(told: str, people: Mapping[str, str]) -> str:
    """The id of somebody whose name was typed; else what was typed."""
    return next((id_ for id_, name in people.items() if told.casefold() in (id_.casefold(), name.casefold())), told)


def _managed(one: Strange, register: Register, person: str) -> bool:
    if one.line.proof != "value" or not granted(register, one.line.lock, person, micros(now())):
        return False
    question = "Keep this code in the vault, and manage it from now on? It comes off when their leave ends"
    return typer.confirm(question, default=False, err=True)
