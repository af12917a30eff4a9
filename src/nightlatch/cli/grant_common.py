"""What the commands of grants share: reading times from options, and showing what a grant means."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from nightlatch.cli.common import console
from nightlatch.errors import UsageError

if TYPE_CHECKING:
    from datetime import tzinfo

    from nightlatch.access.feeds.reading import Reading
    from nightlatch.access.giving import Able
    from nightlatch.access.register import Register
    from nightlatch.model.access import Feed, Grant, Schedule
    from nightlatch.secrets import Secret

ALL = "all"
NEVER = "never"
LONGEST_LINE = 8_192

ToOption = Annotated[str, typer.Option("--to", metavar="PERSON", help="The id of whom it is for.")]
GroupOption = Annotated[str, typer.Option("--group", metavar="GROUP", help="For everybody in a group, now and later.")]
DoorsOption = Annotated[
    list[str] | None,
    typer.Option("--doors", metavar="DOORS", help='"front,back", or "all": every door, later ones too. Repeatable.'),
]
FromOption = Annotated[
    str, typer.Option("--from", metavar="TIME", help='When it begins: "tomorrow 9:00", "2026-12-01 12:00".')
]
UntilOption = Annotated[
    str, typer.Option("--until", metavar="TIME", help='When it ends: "Sunday 11:00", "in 2 hours", "never".')
]
WeeklyOption = Annotated[
    str, typer.Option("--weekly", metavar="WINDOWS", help='"Mon-Fri 09:00-12:00, Sat 22:00-02:00".')
]
DatesOption = Annotated[
    str, typer.Option("--dates", metavar="DAYS", help='"2026-12-24..2026-12-27 15:00-20:00", the hours of each day.')
]
RuleOption = Annotated[
    str, typer.Option("--rrule", metavar="RULE", help='"FREQ=MONTHLY;BYDAY=2TU", from --from on, each time --for.')
]
ForOption = Annotated[str, typer.Option("--for", metavar="LENGTH", help="How long: 90m, 2h, 3d.")]
UsesOption = Annotated[int, typer.Option("--uses", metavar="N", min=0, help="It ends after N uses; 0: any number.")]
ReasonOption = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why, for you.")]
ByOption = Annotated[str, typer.Option("--by", metavar="NAME", help="Who gives it.")]
IcalOption = Annotated[
    str,
    typer.Option(
        "--ical",
        metavar="ADDRESS",
        help='A calendar of stays. Its address holds a token: "-" reads it from standard input, "env:NAME" and'
        ' "file:PATH" say where it is; written here it can be seen by others on this machine.',
    ),
]
CheckInOption = Annotated[str, typer.Option("--check-in", metavar="TIME", help="Of calendar entries of whole days.")]
CheckOutOption = Annotated[str, typer.Option("--check-out", metavar="TIME", help="On the day after the last night.")]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Show what it would mean, and change nothing.")]


def instant_of(text: str, option: str, zone: tzinfo, now: int) -> int:
    """The instant that an option names; UsageError names the option."""
    from nightlatch.access.schedules import when

    try:
        return when(text, zone, now)
    except ValueError as error:
        raise UsageError(str(error), where=option) from None


def minute_of(text: str, option: str) -> int:
    """A time of the day in minutes."""
    from nightlatch.access.schedules.reading import clock

    try:
        return clock(text)
    except ValueError as error:
        raise UsageError(str(error), where=option) from None


def length_of(text: str) -> int:
    """The length of --for, µs."""
    from nightlatch.configuration.durations import duration

    try:
        return duration(text)
    except ValueError as error:
        raise UsageError(str(error), where="--for") from None


class Times(NamedTuple):
    """What the options say of times, as it was written."""

    begins: str
    until: str
    weekly: str
    dates: str
    rule: str
    length: str


def times_of(told: Times, before: Grant | None, zone: tzinfo, now: int) -> tuple[int, int, Schedule | None]:
    """Start, end and schedule of a new grant, or of one that was `before`; None: the schedule that it has."""
    starts = instant_of(told.begins, "--from", zone, now) if told.begins else before.starts if before else 0
    ends = before.ends if before else 0
    if told.until:
        # "tomorrow 9:00" to "Sunday 11:00" is the Sunday after that morning.
        ends = 0 if told.until == NEVER else instant_of(told.until, "--until", zone, max(now, starts))
    if told.length and not told.rule:
        if told.until:
            raise UsageError("--until and --for both say when it ends", todo="Give one of them.")
        ends = max(now, starts) + length_of(told.length)
    return starts, ends, schedule_of(told, starts, zone)


def schedule_of(told: Times, starts: int, zone: tzinfo) -> Schedule | None:
    """The schedule that the options tell; None when they tell none."""
    from nightlatch.access import schedules
    from nightlatch.access.schedules.wall import MINUTE, wall
    from nightlatch.model.access import Recurring

    given = [
        option for option, text in (("--weekly", told.weekly), ("--dates", told.dates), ("--rrule", told.rule)) if text
    ]
    if len(given) > 1:
        raise UsageError(f"{' and '.join(given)} cannot be given together", todo="Make a grant of each.")
    try:
        if told.weekly:
            return schedules.weekly(told.weekly)
        if told.dates:
            return schedules.dates(told.dates)
        if told.rule:
            if not starts or not told.length:
                raise UsageError(
                    "a rule needs its first day and time, and how long each time is",
                    where="--rrule",
                    todo='Add --from "2026-12-01 09:00" --for 2h',
                )
            start = wall(zone).local(starts).replace(second=0, microsecond=0)
            minutes = length_of(told.length) // MINUTE
            found = Recurring(told.rule.strip().upper(), start.isoformat(timespec="minutes"), minutes)
            schedules.check(found, zone)
            return found
    except ValueError as error:
        raise UsageError(str(error), where=given[0]) from None
    return None


def doors_of(given: Sequence[str] | None, register: Register) -> tuple[str, ...]:
    """The doors that an option names, as grants name them."""
    from nightlatch.model.access import EVERY_DOOR

    words = [word.strip() for text in given or () for word in text.split(",") if word.strip()]
    if not words:
        raise UsageError("no door is named", where="--doors", todo="Name them: --doors front,back or --doors all")
    return register.doors([EVERY_DOOR if word == ALL else word for word in words])


def whom_of(to: str, group: str, register: Register) -> str:
    """Whom a grant is for, as grants name them."""
    if bool(to) == bool(group):
        raise UsageError("a grant is for a person or for a group", todo="Give --to PERSON or --group GROUP.")
    return register.to(f"group:{group}" if group else to)


def address_of(text: str) -> Secret:
    """A calendar's address, from where --ical says that it is."""
    from nightlatch.access.feeds import checked
    from nightlatch.secrets import Secret, resolve

    if text == "-":
        return checked(Secret(sys.stdin.readline(LONGEST_LINE)))
    if text.partition(":")[0] in ("env", "keyring") or (text.startswith("file:") and not text.startswith("file://")):
        return checked(resolve(text, env=os.environ, base=Path.cwd(), where="--ical"))
    address = checked(Secret(text))
    if not text.startswith("file:"):
        console(stderr=True).print(
            "The address holds a token, and stands in the list of processes and in your shell's history now."
            ' Next time: --ical - and type it, or "env:NAME" or "file:PATH".',
            markup=False,
            soft_wrap=True,
            style="yellow",
        )
    return address


def read_now(feed: Feed, address: Secret, zone: tzinfo, now: int) -> Reading:
    """What a calendar says right now. UsageError when it cannot be read."""
    import asyncio

    from nightlatch.access.feeds.trying import tried

    try:
        return asyncio.run(tried(feed, address, zone, now))
    except UsageError as error:
        raise UsageError(error.what, where="--ical", todo=error.todo) from None


def document(grant: Grant, register: Register, known: Able, now: int, wider: Sequence[str] = ()) -> dict[str, Any]:
    """A grant for programs: its fields, its times in words and the next ones, and what is said of it."""
    from nightlatch.access import giving
    from nightlatch.access.schedules import preview, words
    from nightlatch.cli.access_documents import plain

    return {
        **plain(grant),
        "in_words": words(grant, register.zone),
        "state": giving.state(grant, register, now),
        "preview": list(preview(grant, register.zone, now, giving.SHOWN)),
        "hub_down": giving.hubs_down(grant, register, known, now),
        "wider": list(wider),
    }
