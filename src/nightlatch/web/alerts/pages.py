"""The pages of alerts: what needs somebody, what was, and one alert with all that is behind it."""

from __future__ import annotations

from functools import partial
from typing import Any

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.response import Redirect

from nightlatch.errors import UsageError
from nightlatch.web.alerts import acting, view
from nightlatch.web.house import House
from nightlatch.web.numbers import Number
from nightlatch.web.pages import back, page
from nightlatch.web.signin.who import Who, may
from nightlatch.web.texts import _

NEWEST = 2**53
Asked = Request[Who, Any, Any]


@get("/alerts", guards=[may("see")], include_in_schema=False)
async def alerts(request: Asked, house: NamedDependency[House]) -> Response[str]:
    """What is open, gravest first."""
    log = request.user.may("log")

    def look() -> dict[str, Any]:
        past, more = view.history(house, NEWEST, log=log, limit=5)
        return {"alerts": view.live(house, log=log), "past": past, "more": more}

    return page(request, house, "alerts/alerts.html", **await house.read(look))


@get("/alerts/live", guards=[may("see")], include_in_schema=False)
async def live(request: Asked, house: NamedDependency[House]) -> Response[str]:
    """What is open, for an open page."""
    found = await house.read(partial(view.live, house, log=request.user.may("log")))
    return page(request, house, "alerts/live.html", alerts=found)


@get("/alerts/history", guards=[may("see")], include_in_schema=False)
async def history(request: Asked, house: NamedDependency[House]) -> Response[str]:
    """What is over, newest first."""
    text = request.query_params.get("before", "")
    if text and not (text.isascii() and text.isdecimal() and len(text) < 16):
        raise UsageError(_("before is no number of an alert"))
    before = int(text) if text else NEWEST
    found, more = await house.read(partial(view.history, house, before, log=request.user.may("log")))
    return page(request, house, "alerts/history.html", past=found, more=more, before=text)


@get("/alerts/{id_:int}", guards=[may("see")], include_in_schema=False)
async def alert(request: Asked, house: NamedDependency[House], id_: Number) -> Response[str]:
    """One alert, with the entries behind it and who was told."""
    return await _alert(request, house, id_)


@post("/alerts/{id_:int}/acknowledge", guards=[may("alerts")], include_in_schema=False)
async def acknowledge(request: Asked, house: NamedDependency[House], id_: Number) -> Response[str] | Redirect:
    """Note that somebody sees to it."""
    return await _acted(request, house, id_, acting.acknowledge)


@post("/alerts/{id_:int}/close", guards=[may("alerts")], include_in_schema=False)
async def close(request: Asked, house: NamedDependency[House], id_: Number) -> Response[str] | Redirect:
    """Put it aside."""
    return await _acted(request, house, id_, acting.put_aside)


@post("/alerts/acknowledge", guards=[may("alerts")], include_in_schema=False)
async def acknowledge_all(request: Asked, house: NamedDependency[House]) -> Redirect:
    """Note that somebody sees to all open alerts of a kind, or to all."""
    form = await request.form()
    ids = await house.read(lambda: acting.open_of(house, str(form.get("detection", ""))))
    await acting.acknowledge(house, request.user, ids)
    return back("/alerts")


async def _acted(request: Asked, house: House, id_: int, do: Any) -> Response[str] | Redirect:
    form = await request.form()
    note = str(form.get("note", ""))
    await house.read(partial(view.one, house, id_, log=False))  # there is such an alert
    try:
        await do(house, request.user, [id_], note)
    except UsageError as error:
        return await _alert(request, house, id_, problem=error, note=note)
    return back(f"/alerts/{id_}")


async def _alert(
    request: Asked, house: House, id_: int, *, problem: UsageError | None = None, note: str = ""
) -> Response[str]:
    log = request.user.may("log")
    house.look_back()

    def look() -> dict[str, Any]:
        found = view.one(house, id_, log=log)
        return {"alert": found, "behind": view.behind(house, found) if log else []}

    values = await house.read(look)
    status = 400 if problem else 200
    return page(request, house, "alerts/alert.html", status=status, problem=problem, note=note, **values)
