"""Calendars of stays: followed, looked at, read anew, given up. An address holds a token, and is never shown again."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect

from nightlatch.access.feeds import checked, host_of
from nightlatch.access.feeds.reading import Reading
from nightlatch.access.feeds.trying import tried
from nightlatch.access.register import Register, live
from nightlatch.access.registrar import Changed, Registrar
from nightlatch.access.schedules import span_words
from nightlatch.access.schedules.reading import clock
from nightlatch.errors import NightlatchError, UsageError
from nightlatch.model.access import Feed
from nightlatch.secrets import Secret
from nightlatch.web.access.asking import doors_to_choose
from nightlatch.web.access.typed import Ask, Typed
from nightlatch.web.errors import NotFound, described
from nightlatch.web.house import House
from nightlatch.web.pages import back, page
from nightlatch.web.signin.who import fresh, may
from nightlatch.web.texts import _

STAYS = 10


class FeedRow(msgspec.Struct, frozen=True):
    """A calendar, without its address."""

    id: str
    name: str
    doors: tuple[str, ...]
    checkin: str
    checkout: str
    read: int
    """When it was last read well, µs since 1970; 0: never."""
    trouble: str
    stays: int
    """Grants of it that are not over."""


def feed_rows(register: Register, now: int) -> list[FeedRow]:
    """Every calendar that is followed."""
    count: dict[str, int] = {}
    for one in register.grants.values():
        if one.feed and live(one, now):
            count[one.feed] = count.get(one.feed, 0) + 1
    return [
        FeedRow(
            one.id,
            one.name,
            tuple(register.name(door) for door in one.doors),
            _hour(one.checkin),
            _hour(one.checkout),
            one.read,
            one.trouble,
            count.get(one.id, 0),
        )
        for one in register.feeds.values()
    ]


@get("/access/feeds", guards=[may("log")], include_in_schema=False)
async def feeds(request: Ask, house: NamedDependency[House]) -> Response[str]:
    """The calendars that are followed."""
    return page(request, house, "access/feeds.html", rows=feed_rows(house.service.access.register, house.now()))


@get("/access/feeds/new", guards=[may("access"), fresh], include_in_schema=False)
async def new(request: Ask, house: NamedDependency[House]) -> Response[str]:
    """Another calendar."""
    return _form(request, house, Typed({"checkin": ["15:00"], "checkout": ["11:00"]}))


@post("/access/feeds/new", guards=[may("access"), fresh], include_in_schema=False)
async def add(request: Ask, house: NamedDependency[House]) -> Response[str] | Redirect:
    """Read it once and show its stays; then follow it."""
    typed = await Typed.sent(request)
    register = house.service.access.register
    try:
        address = checked(Secret(typed.one("address")))
        if address.reveal().startswith("file:"):
            raise UsageError(_("a file is not followed from here"), todo=_("Give the address that begins with https."))
        doors = register.doors(typed.many("doors"))
        times = clock(typed.one("checkin", "15:00")), clock(typed.one("checkout", "11:00"))
        feed = Feed("", doors, typed.one("name") or host_of(address), *times)
        if not typed.one("sure"):
            reading = await tried(feed, address, register.zone, house.now())
            return _form(request, house, typed, stays=_stays(reading, register, house.now()), address=address)
        changed = await house.change(lambda registrar, now: registrar.add_feed(feed, address, now))
    except (NightlatchError, ValueError) as error:
        told = error if isinstance(error, NightlatchError) else UsageError(str(error))
        return _form(request, house, typed, error=told)
    await house.act(request.user, "add-feed", "home", changed.feeds[0].id)
    return back("/access/feeds")


@post("/access/feeds/{id_:str}/renew", guards=[may("access"), fresh], include_in_schema=False)
async def renew(request: Ask, house: NamedDependency[House], id_: FromPath[str]) -> Redirect:
    """Have it read now."""
    feed = _feed(house, id_)

    def asked(registrar: Registrar, now: int) -> Changed:
        return registrar.change_feed(msgspec.structs.replace(feed, tried=0), now)

    await house.change(asked)
    await house.act(request.user, "read-feed", "home", id_)
    return back("/access/feeds")


@get("/access/feeds/{id_:str}/remove", guards=[may("access"), fresh], include_in_schema=False)
async def remove_ask(request: Ask, house: NamedDependency[House], id_: FromPath[str]) -> Response[str]:
    """What happens when it is not followed any more."""
    feed, register = _feed(house, id_), house.service.access.register
    row = next(one for one in feed_rows(register, house.now()) if one.id == feed.id)
    return page(request, house, "access/feed_remove.html", row=row)


@post("/access/feeds/{id_:str}/remove", guards=[may("access"), fresh], include_in_schema=False)
async def remove(request: Ask, house: NamedDependency[House], id_: FromPath[str]) -> Redirect:
    """Follow it no more; end its stays too, where that was said."""
    typed = await Typed.sent(request)
    stays = bool(typed.one("stays"))
    _feed(house, id_)

    def removed(registrar: Registrar, now: int) -> None:
        if stays:
            for one in registrar.register().grants.values():
                if one.feed == id_ and live(one, now):
                    registrar.end_grant(one.id, now)
        registrar.remove_feed(id_, now)

    await house.change(removed)
    await house.act(request.user, "remove-feed", "home", id_)
    return back("/access/feeds")


def _feed(house: House, id_: str) -> Feed:
    feeds = house.service.access.register.feeds
    if id_ not in feeds:
        raise NotFound(_("there is no calendar %(id)s", id=id_))
    return feeds[id_]


def _stays(reading: Reading, register: Register, now: int) -> dict[str, Any]:
    return {
        "count": len(reading.bookings),
        "closed": max(0, reading.entries - len(reading.bookings)),
        "rows": [
            (span_words((one.begins, one.ends), register.zone, now), one.name) for one in reading.bookings[:STAYS]
        ],
        "odd": reading.odd,
    }


def _hour(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def _form(
    request: Ask,
    house: House,
    typed: Typed,
    *,
    error: NightlatchError | None = None,
    stays: dict[str, Any] | None = None,
    address: Secret | None = None,
) -> Response[str]:
    return page(
        request,
        house,
        "access/feed_form.html",
        status=200 if error is None else 400,
        problem=described(error)[0] if error is not None else None,
        typed=typed,
        stays=stays,
        # Carried to the next step in the answer to its own form alone; never in an address, and not kept.
        address=address.reveal() if address is not None else "",
        doors=doors_to_choose(house.service.access.register),
    )
