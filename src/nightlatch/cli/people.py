"""`nightlatch people`: who is given access, and the groups they belong to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from nightlatch.cli.access_common import YesOption, access, confirmed, made_codes, poke, print_struct, say
from nightlatch.cli.common import ConfigOption, Format, FormatOption, console, now, print_json, print_table
from nightlatch.errors import UsageError

if TYPE_CHECKING:
    from nightlatch.access.register import Register
    from nightlatch.model.access import Person, Role

app = typer.Typer(name="people", help="Who is given access, and their groups.", no_args_is_help=True)

PersonArgument = Annotated[str, typer.Argument(metavar="PERSON", help="The person's id.")]
RoleOption = Annotated[str, typer.Option("--role", metavar="ROLE", help="resident, regular, guest or service.")]
NameOption = Annotated[str, typer.Option("--name", metavar="NAME", help="What people call them.")]


@app.callback()
def group() -> None:
    """Who is given access, and their groups."""


@app.command("list")
def list_(
    config: ConfigOption = None,
    *,
    group: Annotated[str, typer.Option("--group", metavar="GROUP", help="Only who belongs to it.")] = "",
    form: FormatOption = Format.TEXT,
) -> None:
    """List everybody: those of nightlatch.toml, and those added by command.

    Examples: nightlatch people list; nightlatch people list --group cleaners --format json
    """
    from nightlatch.model.event import micros

    with access(config) as registrar:
        register = registrar.register()
    if group and group not in register.groups:
        raise UsageError(f"nobody is in a group {group!r}", todo=f"Groups: {', '.join(register.groups) or 'none'}.")
    people = [one for one in register.people.values() if not group or group in one.groups]
    at = micros(now())
    rows = [_row(register, one, at) for one in sorted(people, key=lambda one: (one.name.casefold(), one.id))]
    if form is Format.JSON:
        print_json(rows)
        return
    cells = []
    for row in rows:
        note = "removed" if row["removed"] else "in nightlatch.toml" if row["configured"] else ""
        told = (row["id"], row["name"], row["role"], ", ".join(row["groups"]))
        cells.append((*told, str(row["grants"]), str(row["codes"]), note))
    if rows:
        print_table(console(), ("id", "name", "role", "groups", "grants", "codes", ""), cells)
    else:
        console().print("Nobody yet. Add somebody: nightlatch people add ana --name Ana --role guest", markup=False)


@app.command()
def show(person: PersonArgument, config: ConfigOption = None, *, form: FormatOption = Format.TEXT) -> None:
    """Show somebody's groups, grants and codes, and on which locks their codes are. Never a PIN.

    Examples: nightlatch people show ana; nightlatch people show ana --format json
    """
    from nightlatch.access.schedules import words
    from nightlatch.model.event import instant, micros
    from nightlatch.text import count, listed

    at = micros(now())
    with access(config) as registrar:
        register = registrar.register()
        found = register.people.get(person) or register.person(person)
        lines = registrar.records.entries_of(person)
    grants, codes = register.granted(person, at), register.active(person)
    if form is Format.JSON:
        from nightlatch.cli.access_documents import plain

        print_json(
            {
                **_row(register, found, at),
                "grants": [
                    {**plain(one), "in_words": words(one, register.zone)}
                    for one in sorted(grants, key=lambda one: one.made)
                ],
                "codes": plain(codes),
                "ledger": plain(lines),
            }
        )
        return
    out = console()

    def tell(text: str, style: str = "") -> None:
        out.print(text, markup=False, soft_wrap=True, style=style)

    tell(f"{found.name} ({found.id}), {found.role}{f', in {listed(found.groups)}' if found.groups else ''}", "bold")
    if found.ended:
        tell("Removed: listed until no lock has a code of theirs.", "yellow")
    for grant in grants:
        where = listed([register.name(door) for door in grant.doors])
        through = f" (as one of {grant.to.partition(':')[2]})" if grant.to.startswith("group:") else ""
        why = f"; {grant.reason}" if grant.reason else ""
        tell(f"  {grant.id}  {where}: {words(grant, register.zone)}{through}{why}")
    if not grants:
        tell("  No grant: they open nothing by one.")
    for code in codes:
        how = "chosen" if code.chosen else "made"
        made = instant(code.made).astimezone(register.zone)
        tell(f"  {code.id}  code of {count(code.digits, 'digit')}, {how} {made:%Y-%m-%d %H:%M}")
    for line in lines:
        slot = f", slot {line.slot}" if line.slot else ""
        tell(f"  {register.name(line.lock)}{slot}: {line.state}{f' ({line.reason})' if line.reason else ''}")


@app.command()
def add(
    person: Annotated[str, typer.Argument(metavar="PERSON", help="An id: letters, digits, -, _ and .")],
    config: ConfigOption = None,
    *,
    name: NameOption = "",
    role: RoleOption = "guest",
    group: Annotated[
        list[str] | None, typer.Option("--group", metavar="GROUP", help="A group they belong to. Repeatable.")
    ] = None,
    yes: YesOption = False,
    form: FormatOption = Format.TEXT,
) -> None:
    """Add somebody. They open nothing until something is granted to them, or to a group of theirs.

    Examples: nightlatch people add ana --name "Ana Silva" --role guest;
    nightlatch people add joe --name Joe --role service --group cleaners --yes
    """
    from nightlatch.model.event import micros

    at = micros(now())
    with access(config) as registrar:
        _ask_wider(registrar.register(), name or person, group or [], at, yes=yes)
        changed = registrar.add_person(person, name, _role(role), group or [], at)
        register = registrar.register()
    running = poke()
    if form is Format.JSON:
        print_struct(changed)
        return
    then = made_codes(changed, register) or [f"Grant them something: nightlatch grant add --to {person} --doors DOOR"]
    say(f"Added {register.people[person].name} ({person}).", *then, running=running or not changed.credentials)


@app.command()
def change(
    person: PersonArgument,
    config: ConfigOption = None,
    *,
    name: NameOption = "",
    role: RoleOption = "",
    group: Annotated[
        list[str] | None, typer.Option("--group", metavar="GROUP", help="Put them into a group. Repeatable.")
    ] = None,
    leave: Annotated[
        list[str] | None, typer.Option("--leave", metavar="GROUP", help="Take them out of a group. Repeatable.")
    ] = None,
    yes: YesOption = False,
    form: FormatOption = Format.TEXT,
) -> None:
    """Change somebody's name, role or groups. Who is in nightlatch.toml is changed there.

    Examples: nightlatch people change ana --role regular; nightlatch people change ana --group family --leave guests
    """
    from nightlatch.model.event import micros

    at = micros(now())
    with access(config) as registrar:
        before = registrar.register()
        found = before.person(person)
        joined = [one for one in group or [] if one not in found.groups]
        _ask_wider(before, found.name, joined, at, yes=yes)
        changed = registrar.change_person(
            person, at, name=name or None, role=_role(role) if role else None, join=group or [], leave=leave or []
        )
        register = registrar.register()
    running = poke()
    if form is Format.JSON:
        print_struct(changed)
        return
    say(f"Changed {register.people[person].name} ({person}).", *made_codes(changed, register), running=running)


@app.command()
def remove(
    person: PersonArgument, config: ConfigOption = None, *, yes: YesOption = False, form: FormatOption = Format.TEXT
) -> None:
    """End every grant and code of somebody. They stay listed until every lock's code is proven gone.

    Afterwards `nightlatch journal erase` takes them out of the history too.

    Examples: nightlatch people remove ana; nightlatch people remove ana --yes
    """
    from nightlatch.model.event import micros
    from nightlatch.text import count, listed

    at = micros(now())
    with access(config) as registrar:
        register = registrar.register()
        found = register.person(person)
        codes, grants = register.active(person), register.granted(person, at)
        plan = f"{found.name}: {count(len(grants), 'grant')} and {count(len(codes), 'code')} end now."
        confirmed([plan], "Remove them?", yes=yes)
        changed = registrar.remove_person(person, at)
    running = poke()
    if form is Format.JSON:
        print_struct(changed)
        return
    waits = f"Waiting for proof that their code is gone from {listed([register.name(one) for one in changed.waiting])}."
    say(f"Removed {found.name}.", *([waits] if changed.waiting else []), running=running or changed.gone)


@app.command()
def groups(config: ConfigOption = None, *, form: FormatOption = Format.TEXT) -> None:
    """List the groups, who belongs to each, and what is granted to it.

    A group is there as long as somebody belongs to it.

    Examples: nightlatch people groups; nightlatch people groups --format json
    """
    from nightlatch.access.register import live
    from nightlatch.model.event import micros
    from nightlatch.text import count, listed

    at = micros(now())
    with access(config) as registrar:
        register = registrar.register()
    rows: list[dict[str, Any]] = []
    for name, members in register.groups.items():
        grants = [one.id for one in register.grants.values() if one.to == f"group:{name}" and live(one, at)]
        rows.append({"group": name, "members": list(members), "grants": grants})
    if form is Format.JSON:
        print_json(rows)
        return
    for row in rows:
        who = listed([register.people[one].name for one in row["members"]])
        console().print(f"{row['group']}: {who}; {count(len(row['grants']), 'grant')}", markup=False, soft_wrap=True)
    if not rows:
        console().print("No groups yet: nightlatch people change PERSON --group GROUP", markup=False)


def _ask_wider(register: Register, name: str, groups: list[str], at: int, *, yes: bool) -> None:
    """Say what somebody can open by joining groups, and ask."""
    from nightlatch.access.giving import joining

    wider = [f"Wider: {one}" for one in joining(name, groups, register, at)]
    if wider:
        confirmed(wider, "Give them this access?", yes=yes)


def _role(text: str) -> Role:
    from nightlatch.access.deciding import role_of

    try:
        return role_of(text)
    except UsageError as error:
        raise UsageError(error.what, where="--role", todo=error.todo) from None


def _row(register: Register, person: Person, at: int) -> dict[str, Any]:
    return {
        "id": person.id,
        "name": person.name,
        "role": person.role,
        "groups": list(person.groups),
        "configured": person.id in register.configured,
        "removed": bool(person.ended),
        "grants": len(register.granted(person.id, at)),
        "codes": len(register.active(person.id)),
    }
