"""`nightlatch grant`: who may open which door when. What it means is shown before it is kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nightlatch.cli import grant_common as common
from nightlatch.cli.access_common import YesOption, access, confirmed, made_codes, poke, say
from nightlatch.cli.common import ConfigOption, Format, FormatOption, console, now, print_json, print_table
from nightlatch.cli.grant_common import (
    ByOption,
    CheckInOption,
    CheckOutOption,
    DatesOption,
    DoorsOption,
    DryRunOption,
    ForOption,
    FromOption,
    GroupOption,
    IcalOption,
    ReasonOption,
    RuleOption,
    ToOption,
    UntilOption,
    UsesOption,
    WeeklyOption,
)
from nightlatch.errors import UsageError

if TYPE_CHECKING:
    from nightlatch.access.register import Register
    from nightlatch.access.registrar import Changed, Registrar
    from nightlatch.model.access import Grant

app = typer.Typer(name="grant", help="Who may open which door when.", no_args_is_help=True)

IdArgument = Annotated[str, typer.Argument(metavar="ID", help="The grant's id, as nightlatch grant list shows it.")]


@app.callback()
def group_() -> None:
    """Who may open which door when."""


@app.command()
def add(
    config: ConfigOption = None,
    *,
    to: ToOption = "",
    group: GroupOption = "",
    doors: DoorsOption = None,
    begins: FromOption = "",
    until: UntilOption = "",
    weekly: WeeklyOption = "",
    dates: DatesOption = "",
    rule: RuleOption = "",
    length: ForOption = "",
    uses: UsesOption = 0,
    ical: IcalOption = "",
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="What you call the calendar.")] = "",
    check_in: CheckInOption = "15:00",
    check_out: CheckOutOption = "11:00",
    reason: ReasonOption = "",
    by: ByOption = "",
    yes: YesOption = False,
    dry_run: DryRunOption = False,
    form: FormatOption = Format.TEXT,
) -> None:
    """Give somebody leave to open doors: always, or by windows, days, a rule, uses; or guests by a calendar.

    The next times, what a lock cannot end by itself, and what gets wider are shown first.

    Examples: nightlatch grant add --to ana --doors front --until "Sunday 11:00";
    nightlatch grant add --group cleaners --doors front,back --weekly "Mon-Fri 09:00-12:00" --until "in 26 weeks";
    nightlatch grant add --to joe --doors front --uses 1 --for 2h;
    nightlatch grant add --to joe --doors gate --rrule "FREQ=MONTHLY;BYDAY=2TU" --from "2026-12-08 9:00" --for 90m;
    nightlatch grant add --ical file:cabin-address.txt --doors front --name Cabin
    """
    from nightlatch.access import giving
    from nightlatch.access.schedules import widening
    from nightlatch.model.access import Always, Feed, Grant
    from nightlatch.model.event import micros

    at = micros(now())
    with access(config) as registrar:
        register = registrar.register()
        named = common.doors_of(doors, register)
        if ical:
            others = (to, group, begins, until, weekly, dates, rule, length, str(uses or ""), reason, by)
            if any(others):
                raise UsageError("a calendar says itself who comes when", todo="Give --ical with --doors alone.")
            from nightlatch.cli.grant_feeds import add_feed

            times = (common.minute_of(check_in, "--check-in"), common.minute_of(check_out, "--check-out"))
            add_feed(registrar, Feed("", named, name, *times), ical, at, yes=yes, dry_run=dry_run, form=form)
            return
        told = common.Times(begins, until, weekly, dates, rule, length)
        starts, ends, schedule = common.times_of(told, None, register.zone, at)
        whom = common.whom_of(to, group, register)
        wanted = Grant("", whom, named, schedule or Always(), starts, ends, uses=uses, reason=reason, by=by, made=at)
        if ends and ends <= max(at, starts):
            raise UsageError("it would end before it begins", where="--until")
        known = giving.able(registrar.configuration, registrar.records)
        wider = widening(None, wanted, register.zone, at, whom=register.whom, named=register.name)
        if not wider:
            raise UsageError("it would open nothing: no time of it lies ahead", todo="See its days and its end.")
        if dry_run:
            _show(
                giving.plan(wanted, wider, register, known, at),
                common.document(wanted, register, known, at, wider),
                form,
            )
            return
        confirmed(giving.plan(wanted, wider, register, known, at), "Give this access?", yes=yes)
        _done(registrar, registrar.add_grant(wanted, at), wider, at, form)


@app.command()
def change(
    id_: IdArgument,
    config: ConfigOption = None,
    *,
    to: ToOption = "",
    group: GroupOption = "",
    doors: DoorsOption = None,
    begins: FromOption = "",
    until: UntilOption = "",
    weekly: WeeklyOption = "",
    dates: DatesOption = "",
    rule: RuleOption = "",
    length: ForOption = "",
    always: Annotated[bool, typer.Option("--always", help="At any time between its start and its end.")] = False,
    uses: Annotated[int | None, typer.Option("--uses", metavar="N", min=0, help="0: any number.")] = None,
    reason: ReasonOption = "",
    ical: IcalOption = "",
    check_in: CheckInOption = "",
    check_out: CheckOutOption = "",
    yes: YesOption = False,
    dry_run: DryRunOption = False,
    form: FormatOption = Format.TEXT,
) -> None:
    """Change what is given of a grant, or of a calendar. What gets wider is said, and asked.

    Examples: nightlatch grant change g7k2mp --until "Sunday 14:00"; nightlatch grant change g7k2mp --until never;
    nightlatch grant change g7k2mp --weekly "Mon-Fri 09:00-13:00" --dry-run;
    nightlatch grant change cabin --check-out 12:00
    """
    import msgspec

    from nightlatch.access import giving
    from nightlatch.access.schedules import widening
    from nightlatch.model.access import Always
    from nightlatch.model.event import micros

    at = micros(now())
    with access(config) as registrar:
        register = registrar.register()
        if id_ in register.feeds:
            from nightlatch.cli.grant_feeds import change_feed

            before_feed = register.feeds[id_]
            wanted = msgspec.structs.replace(
                before_feed,
                doors=common.doors_of(doors, register) if doors else before_feed.doors,
                checkin=common.minute_of(check_in, "--check-in") if check_in else before_feed.checkin,
                checkout=common.minute_of(check_out, "--check-out") if check_out else before_feed.checkout,
                tried=0,  # it is read at once
            )
            change_feed(registrar, wanted, ical, at, yes=yes, dry_run=dry_run, form=form)
            return
        before = register.grant(id_)
        told = common.Times(begins, until, weekly, dates, rule, length)
        starts, ends, schedule = common.times_of(told, before, register.zone, at)
        if always and schedule is not None:
            raise UsageError("--always leaves no windows", todo="Give one of both.")
        after = msgspec.structs.replace(
            before,
            to=common.whom_of(to, group, register) if to or group else before.to,
            doors=common.doors_of(doors, register) if doors else before.doors,
            schedule=Always() if always else schedule or before.schedule,
            starts=starts,
            ends=ends,
            uses=before.uses if uses is None else uses,
            reason=reason or before.reason,
        )
        known = giving.able(registrar.configuration, registrar.records)
        wider = widening(before, after, register.zone, at, whom=register.whom, named=register.name)
        lines = [f"Before: {giving.head(before, register)}", *giving.plan(after, wider, register, known, at)]
        if dry_run:
            _show(lines, common.document(after, register, known, at, wider), form)
            return
        if wider:
            confirmed(lines, "Widen this access?", yes=yes)
        _done(registrar, registrar.change_grant(after, at), wider, at, form)


@app.command()
def end(
    ids: Annotated[list[str], typer.Argument(metavar="ID...", help="Grants or calendars.")],
    config: ConfigOption = None,
    *,
    stays: Annotated[bool, typer.Option("--stays", help="Of a calendar: end what it granted, too.")] = False,
    yes: YesOption = False,
    form: FormatOption = Format.TEXT,
) -> None:
    """End grants now: their codes are taken off the locks, and each is proven gone. A calendar is read no more.

    Examples: nightlatch grant end g7k2mp; nightlatch grant end cabin --stays --yes
    """
    from nightlatch.access import giving
    from nightlatch.access.register import live
    from nightlatch.model.event import micros

    at = micros(now())
    with access(config) as registrar:
        register = registrar.register()
        feeds = [one for one in dict.fromkeys(ids) if one in register.feeds]
        grants = [register.grant(one) for one in dict.fromkeys(ids) if one not in register.feeds]
        of_feeds = [one for one in register.grants.values() if one.feed in feeds and live(one, at)]
        if stays:
            grants += [one for one in of_feeds if one not in grants]
        lines = [f"{one.id} ends now: {giving.head(one, register)}" for one in grants]
        lines += [f"The calendar {register.feeds[one].name or one} is read no more." for one in feeds]
        if of_feeds and not stays:
            lines.append(f"What it granted stays until it ends: {', '.join(one.id for one in of_feeds)}.")
        confirmed(lines, "End it?", yes=yes)
        done = [registrar.end_grant(one.id, at).grants[0] for one in grants]
        for one in feeds:
            registrar.remove_feed(one, at)
    running = poke()
    if form is Format.JSON:
        from nightlatch.cli.access_documents import plain

        print_json({"ended": plain(done), "calendars": feeds})
        return
    say(f"Ended {', '.join((*(one.id for one in done), *feeds))}.", running=running)


@app.command("list")
def list_(
    config: ConfigOption = None,
    *,
    to: Annotated[str, typer.Option("--to", metavar="PERSON", help="Only what somebody has, by groups too.")] = "",
    everything: Annotated[bool, typer.Option("--all", help="Also what has ended.")] = False,
    form: FormatOption = Format.TEXT,
) -> None:
    """List what is granted, and the calendars that are followed.

    Examples: nightlatch grant list; nightlatch grant list --to ana --all; nightlatch grant list --format json
    """
    from nightlatch.access import giving
    from nightlatch.model.event import micros

    at = micros(now())
    with access(config) as registrar:
        register, known = registrar.register(), giving.able(registrar.configuration, registrar.records)
    person = register.person(to) if to else None
    reach = {f"person:{to}", *(f"group:{one}" for one in person.groups)} if person is not None else None
    found = [one for one in register.grants.values() if reach is None or one.to in reach]
    rows = [(one, giving.state(one, register, at)) for one in sorted(found, key=lambda one: (one.made, one.id))]
    rows = [(one, told) for one, told in rows if everything or told in ("open", "later")]
    if form is Format.JSON:
        from nightlatch.cli.access_documents import plain

        documents = [common.document(one, register, known, at) for one, _ in rows]
        print_json({"grants": documents, "calendars": plain(list(register.feeds.values()))})
        return
    _table(register, rows, at)


@app.command()
def show(id_: IdArgument, config: ConfigOption = None, *, form: FormatOption = Format.TEXT) -> None:
    """Show a grant: its next times, what happens when the hub is down at its end, and its codes on the locks.

    Examples: nightlatch grant show g7k2mp; nightlatch grant show g7k2mp --format json
    """
    from nightlatch.access import giving
    from nightlatch.cli.access_documents import plain
    from nightlatch.model.event import micros

    at = micros(now())
    with access(config) as registrar:
        register, known = registrar.register(), giving.able(registrar.configuration, registrar.records)
        if id_ in register.feeds:
            from nightlatch.cli.grant_feeds import show_feed

            show_feed(register, register.feeds[id_], at, form)
            return
        grant = register.grant(id_)
        locks = set(register.locks_of(grant.doors))
        lines = [
            line
            for person in register.members(grant.to)
            for line in registrar.records.entries_of(person)
            if line.lock in locks
        ]
    if form is Format.JSON:
        print_json({**common.document(grant, register, known, at), "ledger": plain(lines)})
        return
    told = [*giving.plan(grant, (), register, known, at), f"It is {giving.state(grant, register, at)}."]
    told += [f"{label}: {text}" for label, text in (("Why", grant.reason), ("By", grant.by)) if text]
    for line in lines:
        slot = f", slot {line.slot}" if line.slot else ""
        told.append(f"  {register.name(line.lock)}{slot}: {line.state}{f' ({line.reason})' if line.reason else ''}")
    _show(told, {}, Format.TEXT)


def _done(registrar: Registrar, changed: Changed, wider: tuple[str, ...], at: int, form: Format) -> None:
    """Tell the service and say what was done."""
    from nightlatch.access import giving

    register, known = registrar.register(), giving.able(registrar.configuration, registrar.records)
    running = poke()
    grant = changed.grants[0]
    if form is Format.JSON:
        print_json(common.document(grant, register, known, at, wider))
        return
    say(
        f"Kept as {grant.id}.",
        *giving.plan(grant, (), register, known, at),
        *made_codes(changed, register),
        running=running,
    )


def _show(lines: list[str], as_document: dict[str, Any], form: Format) -> None:
    if form is Format.JSON:
        print_json(as_document)
        return
    for line in lines:
        console().print(line, markup=False, soft_wrap=True)


def _table(register: Register, rows: Sequence[tuple[Grant, str]], at: int) -> None:
    from nightlatch.access.schedules import words
    from nightlatch.cli.grant_feeds import line_of
    from nightlatch.text import listed

    out = console()
    cells = [
        (grant.id, told, register.whom(grant.to), listed([register.name(door) for door in grant.doors]), when)
        for grant, told in rows
        for when in (words(grant, register.zone),)
    ]
    if rows:
        print_table(out, ("id", "", "for", "doors", "when"), cells)
    for feed in register.feeds.values():
        out.print(line_of(feed, register, at), markup=False, soft_wrap=True)
    if not rows and not register.feeds:
        out.print("Nothing is granted. Begin with: nightlatch grant add --to PERSON --doors DOOR", markup=False)
