"""The pages of who can open what."""

from __future__ import annotations

from typing import Any

from litestar import Response, get
from litestar.di import NamedDependency

from nightlatch.web.access.typed import Ask, Typed, number
from nightlatch.web.access.who_view import STEP, STEPS, asked_at, bounds, local_text, who_view
from nightlatch.web.house import House
from nightlatch.web.pages import page
from nightlatch.web.signin.who import may


@get(["/access", "/access/who"], guards=[may("log")], include_in_schema=False)
async def who(request: Ask, house: NamedDependency[House]) -> Response[str]:
    """Who can open what, now or at another time."""
    return page(request, house, "access/who.html", **await _values(house, Typed.asked(request)))


@get("/access/who/part", guards=[may("log")], include_in_schema=False)
async def who_part(request: Ask, house: NamedDependency[House]) -> Response[str]:
    """The doors alone, for the slider and for what happens meanwhile."""
    return page(request, house, "access/who_doors.html", **await _values(house, Typed.asked(request)))


async def _values(house: House, typed: Typed) -> dict[str, Any]:
    door, search, asked = typed.one("door"), typed.one("q"), typed.one("at")
    now = house.now()
    at = asked_at(asked, house, now)
    if steps := int_of(typed.one("steps")):
        at = now // STEP * STEP + steps * STEP
    view = await who_view(house, at, now, door=door, search=search, number=number(typed.one("number"), other=1))
    first, last = bounds(house)
    return {
        "view": view,
        "door": door,
        "q": search,
        "typed": typed,
        "typed_at": local_text(view.at, house),
        "first": first,
        "last": last,
        "most": STEPS,
    }


def int_of(text: str) -> int:
    """The slider's place: quarters of an hour from now, fewer than none before it."""
    return number(text.removeprefix("-"), most=STEPS) * (-1 if text.startswith("-") else 1)
