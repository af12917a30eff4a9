"""`nightlatch code`: the PINs that people have: made, chosen, shown, handed out, ended."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nightlatch.cli.access_common import YesOption, access, confirmed, poke, print_struct, say
from nightlatch.cli.common import ConfigOption, Format, FormatOption, console, now, print_json
from nightlatch.errors import UsageError
from nightlatch.secrets import Secret

if TYPE_CHECKING:
    from nightlatch.access.register import Register
    from nightlatch.model.access import Credential

app = typer.Typer(name="code", help="The PINs that people have.", no_args_is_help=True)
key = typer.Typer(name="key", help="The key that seals the PINs.", no_args_is_help=True)

LONGEST_LINE = 1_000
PersonArgument = Annotated[str, typer.Argument(metavar="PERSON", help="The person's id.")]


@app.callback()
def group() -> None:
    """The PINs that people have."""


@key.callback()
def key_group() -> None:
    """The key that seals the PINs."""


@app.command()
def show(
    person: PersonArgument, config: ConfigOption = None, *, yes: YesOption = False, form: FormatOption = Format.TEXT
) -> None:
    """Show somebody's PINs in clear. The journal says that they were shown, and when.

    They go to a terminal only; --yes lets them go anywhere.

    Examples: nightlatch code show ana; nightlatch code show ana --yes --format json
    """
    from nightlatch.model.event import micros

    at = micros(now())
    with access(config) as registrar:
        register = registrar.register()
        found = register.person(person)
        if not register.active(person):
            raise UsageError(f"{found.name} has no code", todo=f"Make one: nightlatch code new {person}")
        if not yes and not sys.stdout.isatty():
            raise UsageError("a PIN is shown on a terminal only", todo="Add --yes to write it elsewhere.")
        confirmed(
            [f"The PIN of {found.name} will stand on this screen, and the journal will say so."], "Show it?", yes=yes
        )
        codes = registrar.reveal(person, at, why="shown by nightlatch code show")
    if form is Format.JSON:
        print_json(
            {
                "person": person,
                "codes": [{"id": one.id, "digits": one.digits, "pin": pin.reveal()} for one, pin in codes],
            }
        )
        return
    for one, pin in codes:
        locks = f"  {_fits(register, person, one, at)}" if len(codes) > 1 else ""
        typer.echo(f"{pin.reveal()}{locks}")


@app.command()
def new(
    person: PersonArgument,
    config: ConfigOption = None,
    *,
    digits: Annotated[
        int | None, typer.Option("--digits", metavar="N", help="How many digits; otherwise as their locks take.")
    ] = None,
    choose: Annotated[bool, typer.Option("--choose", help="Type one yourself instead: you are asked.")] = False,
    yes: YesOption = False,
    form: FormatOption = Format.TEXT,
) -> None:
    """Give somebody a new PIN in the place of the present one, on every lock that has it.

    It is made by chance, not weak, and near nobody else's; one that you choose is held to the same.
    With --choose and no terminal, it is read from standard input.

    Examples: nightlatch code new ana; nightlatch code new ana --digits 8; nightlatch code new ana --choose
    """
    from nightlatch.model.event import micros

    if choose and digits is not None:
        raise UsageError("--digits goes with a code that is made, and --choose with one that you type")
    at = micros(now())
    with access(config) as registrar:
        register = registrar.register()
        found = register.person(person)
        old = [one for one in register.active(person) if digits is None or one.digits == digits]
        if old and not choose:
            plan = f"{_present(register, person, old, at)} will be replaced: who was told it needs the new one."
            confirmed([plan], "Make a new code?", yes=yes)
        if choose:
            changed = registrar.choose_code(person, _chosen(found.name), at)
        else:
            changed = registrar.new_codes(person, at, digits=digits)
    running = poke()
    if form is Format.JSON:
        print_struct(changed)
        return
    made = [one for one in changed.credentials if not one.ended]
    lengths = " and ".join(str(one.digits) for one in made)
    lines = [
        f"{found.name} has a new code of {lengths} digits. Show it: nightlatch code show {person}",
        f"A card to hand out: nightlatch code card {person}",
    ]
    say(*lines, running=running)


@app.command()
def end(
    person: PersonArgument, config: ConfigOption = None, *, yes: YesOption = False, form: FormatOption = Format.TEXT
) -> None:
    """End somebody's PINs now, and take them off every lock. Their grants stay: a new code opens the same doors.

    Examples: nightlatch code end ana; nightlatch code end ana --yes
    """
    from nightlatch.model.event import micros

    at = micros(now())
    with access(config) as registrar:
        register = registrar.register()
        found = register.person(person)
        if old := register.active(person):
            confirmed([f"{_present(register, person, old, at)} ends now."], "End it?", yes=yes)
        changed = registrar.end_code(person, at)
    running = poke()
    if form is Format.JSON:
        print_struct(changed)
        return
    say(f"{found.name} has no code any more. See it go: nightlatch ledger", running=running)


@app.command()
def card(
    whose: Annotated[
        str, typer.Argument(metavar="PERSON|GRANT", help="A person's id: all that they may open; or a grant's id.")
    ],
    config: ConfigOption = None,
    *,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE", help="A file that ends in .html, .pdf or .svg.")
    ] = None,
    yes: YesOption = False,
    form: FormatOption = Format.TEXT,
) -> None:
    """Make a card to hand out: the home's name, doors, times, code, and the same as a QR code of plain text.

    It holds no address and no link. Without --out it goes to the terminal. The file is readable by you
    alone, and the journal says that the PIN was shown.

    Examples: nightlatch code card ana; nightlatch code card ana --out ana.pdf; nightlatch code card g4k7mq -o ana.html
    """
    from msgspec import to_builtins

    from nightlatch.access import handout
    from nightlatch.cli.common import write_private
    from nightlatch.model.event import micros

    at = micros(now())
    draw = handout.FORMATS.get(out.suffix.lower()) if out is not None else None
    if out is not None and draw is None:
        raise UsageError("this ends in no format of a card", where=str(out), todo="Write .html, .pdf or .svg.")
    with access(config) as registrar:
        register = registrar.register()
        person, grant = _whose(register, whose)
        if out is None and not yes and not sys.stdout.isatty():
            raise UsageError("a PIN is shown on a terminal only", todo="Write it to a file: --out FILE, or add --yes.")
        # Whether there is anything to hand out is known before the journal says that it was.
        blank = [(one, Secret("0" * one.digits)) for one in register.active(person)]
        handout.card(register, person, blank, at, grant=grant).qr()
        where = f"in {out}" if out is not None else "on this screen"
        confirmed([f"The PIN of {register.people[person].name} will stand {where}, and the journal will say so."],
            "Make it?", yes=yes)  # fmt: skip
        made = handout.card(register, person, registrar.reveal(person, at, why="put on a card"), at, grant=grant)
    if out is not None and draw is not None:
        write_private(out, draw(made))
        if form is Format.JSON:
            print_json({"file": str(out)})
        else:
            console().print(f"Written: {out}", markup=False, soft_wrap=True)
    elif form is Format.JSON:
        keys = [{"code": one.code.reveal(), "ways": to_builtins(one.ways)} for one in made.keys]
        print_json({"home": made.home, "name": made.name, "keys": keys})
    else:
        typer.echo(handout.terminal(made))


@key.command()
def rotate(config: ConfigOption = None, *, form: FormatOption = Format.TEXT) -> None:
    """Seal every PIN under a new key. It can be interrupted at any point, and done again.

    A key that you keep elsewhere ([access] key) is yours to change: write the new one before the old
    one, separated by a space or on lines of their own, run this, then take the old one away.

    Examples: nightlatch code key rotate; nightlatch code key rotate --format json
    """
    from nightlatch.text import count

    with access(config) as registrar:
        vault = registrar.vault
        done, outside, where = vault.rotate(), vault.outside, vault.where
    if form is Format.JSON:
        print_json({"sealed": done, "where": where})
        return
    console().print(f"{count(done, 'secret')} sealed with a new key: {where}", markup=False, soft_wrap=True)
    if outside:
        console().print("Take the old key away from there now, and restart nightlatch run.", markup=False)
    console(stderr=True).print("Backups that were made before hold the old key.", style="dim", markup=False)


def _whose(register: Register, word: str) -> tuple[str, str]:
    """The person and, where one is meant, the grant."""
    if word not in register.grants or word in register.people:
        return register.person(word).id, ""
    kind, _, name = register.grants[word].to.partition(":")
    if kind == "group":
        who = ", ".join(register.members(f"group:{name}"))
        raise UsageError(f"the grant {word!r} is to a group", todo=f"Make a card for each of them: {who}.")
    return name, word


def _chosen(name: str) -> Secret:
    """A PIN as it is typed, twice on a terminal; never from the command line, where others could read it."""
    if not sys.stdin.isatty():
        return Secret(sys.stdin.readline(LONGEST_LINE).strip())
    first = Secret(typer.prompt(f"New code for {name}", hide_input=True, err=True))
    if first != Secret(typer.prompt("Once more", hide_input=True, err=True)):
        raise UsageError("the two are not the same", todo="Nothing was changed: try again.")
    return first


def _fits(register: Register, person: str, code: Credential, at: int) -> str:
    """The locks that a code is for, by name."""
    from nightlatch.access.lengths import fitting
    from nightlatch.text import listed

    locks = dict.fromkeys(lock for grant in register.granted(person, at) for lock in register.locks_of(grant.doors))
    codes = register.active(person)
    return listed([register.name(lock) for lock in locks if fitting(codes, register.digits(lock)) == code])


def _present(register: Register, person: str, codes: list[Credential], at: int) -> str:
    name = register.people[person].name
    where = next((where for one in codes if (where := _fits(register, person, one, at))), "")
    return f"The present code of {name}{f' for {where}' if where else ''}"


app.add_typer(key)
