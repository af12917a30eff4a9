"""The pages of grants: list, calendar, and one of them with its end."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect

from nightlatch.access import giving
from nightlatch.access.schedules.wall import wall
from nightlatch.web.access.asking import doors_to_choose
from nightlatch.web.access.grants_view import Which, calendar, listed_grants
from nightlatch.web.access.meaning import meaning, row
from nightlatch.web.access.people_view import line_row
from nightlatch.web.access.typed import Ask, Typed, number, paged
from nightlatch.web.errors import NotFound, Refused
from nightlatch.web.house import House
from nightlatch.web.pages import back, page
from nightlatch.web.signin.who import fresh, may
from nightlatch.web.texts import _

SIZE = 50
MEMBERS = 50
"""Of a group, whose codes a grant's page shows."""


@get("/access/grants", guards=[may("log")], include_in_schema=False)
async def grants(request: Ask, house: NamedDependency[House]) -> Response[str]:
    """Grants, a page at a time."""
    typed, register, now = Typed.asked(request), house.service.access.register, house.now()
    which = which_of(typed.one("show", "live"))
    found = await house.read(lambda: listed_grants(register, which, typed.one("q"), now, person=typed.one("person")))
    at, rows = paged(len(found), number(typed.one("number"), other=1), SIZE)
    shown = [row(one, register, now) for one in found[rows]]
    return page(request, house, "access/grants.html", typed=typed, which=which, at=at, rows=shown)


def which_of(text: str) -> Which:
    """The kind of grants that is asked for."""
    try:
        found: Which = msgspec.convert(text, Which)
    except msgspec.ValidationError:
        raise Refused(_("there is no such kind of grants"), where="show") from None
    return found


@get("/access/calendar", guards=[may("log")], include_in_schema=False)
async def dates(request: Ask, house: NamedDependency[House]) -> Response[str]:
    """Who may open which door, day by day; without a kind a week for phones, and a month for more room."""
    typed, register, now = Typed.asked(request), house.service.access.register, house.now()
    kind, door = typed.one("kind"), typed.one("door")
    kinds = [one for one in ("day", "week", "month") if kind in (one, "") and (kind or one != "day")]
    day = _date(typed.one("day"), house)
    found = await house.read(lambda: [calendar(register, _kind(one), day, now, door=door) for one in kinds])
    return page(
        request, house, "access/calendar.html", typed=typed, calendars=found, kind=kind, door=door, day=str(day),
        doors=doors_to_choose(register),
    )  # fmt: skip


def _kind(text: str) -> Literal["day", "week", "month"]:
    return "day" if text == "day" else "week" if text == "week" else "month"


def _date(text: str, house: House) -> date:
    today = wall(house.zone).local(house.now()).date()
    try:
        day = date.fromisoformat(text) if text else today
    except ValueError:
        raise Refused(_("this is no day"), where=_("Day"), todo=_("Write it as 2026-12-01.")) from None
    if abs(day.year - today.year) > 50:
        raise Refused(_("this day is too far away"), where=_("Day"))
    return day


@get("/access/grants/{id_:str}", guards=[may("log")], include_in_schema=False)
async def grant(request: Ask, house: NamedDependency[House], id_: FromPath[str]) -> Response[str]:
    """A grant: what it means, and where its codes are."""
    typed = Typed.asked(request)
    return page(request, house, "access/grant.html", saved=typed.one("saved"), **await _values(house, id_))


@get("/access/grants/{id_:str}/end", guards=[may("access"), fresh], include_in_schema=False)
async def end_ask(request: Ask, house: NamedDependency[House], id_: FromPath[str]) -> Response[str]:
    """What ends."""
    return page(request, house, "access/grant_end.html", **await _values(house, id_))


@post("/access/grants/{id_:str}/end", guards=[may("access"), fresh], include_in_schema=False)
async def end(request: Ask, house: NamedDependency[House], id_: FromPath[str]) -> Redirect:
    """End it now."""
    await house.change(lambda registrar, now: registrar.end_grant(id_, now))
    await house.act(request.user, "end-grant", "home", id_)
    return back(f"/access/grants/{id_}")


async def _values(house: House, id_: str) -> dict[str, Any]:
    access, now, configuration = house.service.access, house.now(), house.configuration
    register = access.register
    if id_ not in register.grants:
        raise NotFound(_("there is no grant %(id)s", id=id_))
    one = register.grants[id_]
    members = register.members(one.to)
    people, locks = set(members[:MEMBERS]), set(register.locks_of(one.doors))
    lines = [line for line in access.lines() if line.person in people and line.lock in locks and line.credential]

    def look() -> dict[str, Any]:
        able = giving.able(configuration, access.records)
        return {
            "row": row(one, register, now),
            "meaning": meaning(one, None, register, able, now),
            "members": [register.people[person] for person in members[:MEMBERS] if person in register.people],
            "more": max(0, len(members) - MEMBERS),
            "lines": [line_row(register, line) for line in lines if line.state != "absent"],
        }

    return await house.read(look)
