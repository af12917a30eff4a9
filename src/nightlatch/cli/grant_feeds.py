"""Calendars of stays among the grants: `nightlatch grant` hands them on to here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nightlatch.cli import grant_common as common
from nightlatch.cli.access_common import confirmed, poke, say
from nightlatch.cli.common import Format, console, now, print_json

if TYPE_CHECKING:
    from nightlatch.access.feeds.reading import Reading
    from nightlatch.access.register import Register
    from nightlatch.access.registrar import Registrar
    from nightlatch.model.access import Feed

SHOWN = 10


def add_feed(registrar: Registrar, feed: Feed, ical: str, at: int, *, yes: bool, dry_run: bool, form: Format) -> None:
    """Read a calendar, show its stays, ask, and follow it from now on."""
    import msgspec

    from nightlatch.access.feeds import host_of

    register = registrar.register()
    address = common.address_of(ical)
    feed = msgspec.structs.replace(feed, name=feed.name or host_of(address))
    found = common.read_now(feed, address, register.zone, at)
    lines = [
        f"Each stay in the calendar {feed.name} is a guest, with a code and a grant of {_doors(feed, register)}.",
        *_stays(found, register, at),
        "Wider: whoever can write into this calendar gives access to these doors, now and later.",
    ]
    if dry_run:
        _print(lines, {"calendar": _document(feed), "stays": _builtins(found)}, form)
        return
    confirmed(lines, "Follow this calendar?", yes=yes)
    kept = registrar.add_feed(feed, address, at).feeds[0]
    running = poke()
    if not running:
        _read_here(registrar, kept)
    if form is Format.JSON:
        print_json({"calendar": _document(kept), "stays": _builtins(found)})
        return
    say(f"Following {kept.name} as {kept.id}.", *_stays(found, register, at), running=running)


def change_feed(
    registrar: Registrar, after: Feed, ical: str, at: int, *, yes: bool, dry_run: bool, form: Format
) -> None:
    """Other doors for stays to come, another address, other times of arriving and leaving."""
    import msgspec

    from nightlatch.errors import UsageError

    register = registrar.register()
    before = register.feeds[after.id]
    address = common.address_of(ical) if ical else None
    if msgspec.structs.replace(after, tried=before.tried) == before and address is None:
        raise UsageError("nothing would be other than it is", todo="Give --doors, --ical, --check-in or --check-out.")
    lines = [f"The calendar {before.name}, from its next reading on:"]
    if after.doors != before.doors:
        lines.append(f"Wider: stays that are granted from now on open {_doors(after, register)}.")
    if after.checkin != before.checkin or after.checkout != before.checkout:
        lines.append(f"Wider where it is earlier or later: stays are from {_hours(after)}.")
    if address is not None:
        found = common.read_now(after, address, register.zone, at)
        lines += ["Wider: it is read from another address.", *_stays(found, register, at)]
    if dry_run:
        _print(lines, {"calendar": _document(after)}, form)
        return
    confirmed(lines, "Change it?", yes=yes)
    kept = registrar.change_feed(after, at, address=address).feeds[0]
    running = poke()
    if not running:
        _read_here(registrar, kept)
    if form is Format.JSON:
        print_json({"calendar": _document(kept)})
        return
    say(f"Changed {kept.id}.", running=running)


def show_feed(register: Register, feed: Feed, at: int, form: Format) -> None:
    """A calendar and the stays that it granted."""
    from nightlatch.access import giving
    from nightlatch.access.register import live

    stays = [one for one in register.grants.values() if one.feed == feed.id and live(one, at)]
    lines = [line_of(feed, register, at), *(f"  {one.id}  {giving.head(one, register)}" for one in stays)]
    _print(lines, {"calendar": _document(feed), "grants": [one.id for one in stays]}, form)


def line_of(feed: Feed, register: Register, at: int) -> str:
    """A calendar in a line, with how its last reading went."""
    from nightlatch.text import span

    read = f"read {span(at - feed.read)} ago" if feed.read else "not read yet"
    trouble = f"; TROUBLE: {feed.trouble}" if feed.trouble else ""
    return f"{feed.id}  calendar {feed.name}: {_doors(feed, register)}, {_hours(feed)}, {read}{trouble}"


def _read_here(registrar: Registrar, feed: Feed) -> None:
    """Where no service runs, grant its stays right away."""
    import asyncio

    from nightlatch.access.feeds import Feeds

    asyncio.run(Feeds(registrar, clock=now, tell=registrar.tell).read(feed, registrar.register()))


def _stays(found: Reading, register: Register, at: int) -> list[str]:
    from nightlatch.access.schedules import span_words
    from nightlatch.text import count

    lines = [
        f"  {span_words((one.begins, one.ends), register.zone, at)}{f'  {one.name}' if one.name else ''}"
        for one in found.bookings
    ]
    more = [f"  and {len(lines) - SHOWN} more"] if len(lines) > SHOWN else []
    closed = found.entries - len(found.bookings)
    told = f"It has {count(len(found.bookings), 'stay')} to come"
    told += f", and {count(closed, 'entry', 'entries')} of closed days, or over two years ahead." if closed > 0 else "."
    return [told, *lines[:SHOWN], *more, *(f"But {one}." for one in found.odd)]


def _doors(feed: Feed, register: Register) -> str:
    from nightlatch.text import listed

    return listed([register.name(door) for door in feed.doors])


def _hours(feed: Feed) -> str:
    return f"{feed.checkin // 60:02}:{feed.checkin % 60:02} to {feed.checkout // 60:02}:{feed.checkout % 60:02}"


def _document(feed: Feed) -> object:
    from nightlatch.cli.access_documents import plain

    return plain(feed)


def _builtins(found: Reading) -> object:
    from nightlatch.model.event import instant

    return [
        {
            "key": one.key,
            "begins": instant(one.begins).isoformat(),
            "ends": instant(one.ends).isoformat(),
            "name": one.name,
        }
        for one in found.bookings
    ]


def _print(lines: list[str], as_document: object, form: Format) -> None:
    if form is Format.JSON:
        print_json(as_document)
        return
    for line in lines:
        console().print(line, markup=False, soft_wrap=True)
