"""The pages of the home and of each door, and what is done there."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect

from nightlatch.errors import UsageError
from nightlatch.web.errors import Refused
from nightlatch.web.home import acting
from nightlatch.web.home.detail import detail_view
from nightlatch.web.home.doors import door_view, look, place
from nightlatch.web.home.view import answer_view, home_view
from nightlatch.web.house import House
from nightlatch.web.kept.commands import Busy, Does
from nightlatch.web.pages import back, page
from nightlatch.web.signin.who import Who, fresh, may

Asked = Request[Who, Any, Any]


@get("/", guards=[may("see")], include_in_schema=False)
async def home(request: Asked, house: NamedDependency[House]) -> Response[str]:
    """The home at a glance."""
    return page(request, house, "home/home.html", view=await home_view(house, request.user))


@get("/home/answer", guards=[may("see")], include_in_schema=False)
async def answer(request: Asked, house: NamedDependency[House]) -> Response[str]:
    """The answer and what needs somebody, to put into a page that is open."""
    return page(request, house, "home/answer.html", answer=await answer_view(house, request.user))


@get("/home/posture", guards=[may("see")], include_in_schema=False)
async def posture(request: Asked, house: NamedDependency[House]) -> Response[str]:
    """The posture, to put into a page that is open."""
    return page(request, house, "home/posture.html", posture=await house.postures.now())


@get("/home/doors/{door:str}", guards=[may("see")], include_in_schema=False)
async def card(request: Asked, house: NamedDependency[House], door: FromPath[str]) -> Response[str]:
    """One door's card, to put into a page that is open."""
    seen = await look(house, request.user)
    return page(request, house, "home/card.html", door=door_view(seen, place(house, door)))


@get("/doors/{door:str}", guards=[may("see")], include_in_schema=False)
async def one_door(request: Asked, house: NamedDependency[House], door: FromPath[str]) -> Response[str]:
    """One door in detail."""
    return await _door(request, house, door)


@get("/doors/{door:str}/now", guards=[may("see")], include_in_schema=False)
async def door_now(request: Asked, house: NamedDependency[House], door: FromPath[str]) -> Response[str]:
    """How the door stands, to put into its page."""
    return page(request, house, "home/now.html", view=await detail_view(house, request.user, place(house, door)))


@post("/doors/{door:str}/lock", guards=[may("lock")], include_in_schema=False)
async def lock(request: Asked, house: NamedDependency[House], door: FromPath[str]) -> Response[Any]:
    """Lock it."""
    return await _begin(request, house, door, "lock")


@post("/doors/{door:str}/unlock", guards=[may("unlock"), fresh], include_in_schema=False)
async def unlock(request: Asked, house: NamedDependency[House], door: FromPath[str]) -> Response[Any]:
    """Unlock it."""
    return await _begin(request, house, door, "unlock")


@post("/doors/{door:str}/pause", guards=[may("unlock"), fresh], include_in_schema=False)
async def pause(request: Asked, house: NamedDependency[House], door: FromPath[str]) -> Response[Any]:
    """Have the auto-lock leave it alone for some hours."""
    form = await request.form()
    hours = str(form.get("hours", ""))
    try:
        await acting.pause(house, request.user, door, str(form.get("lock", "")), int(hours) if hours.isdecimal() else 0)
    except UsageError as error:
        return await _door(request, house, door, error)
    return back(f"/doors/{door}")


@post("/doors/{door:str}/resume", guards=[may("lock")], include_in_schema=False)
async def resume(request: Asked, house: NamedDependency[House], door: FromPath[str]) -> Response[Any]:
    """End a pause of the auto-lock."""
    form = await request.form()
    try:
        await acting.resume(house, request.user, door, str(form.get("lock", "")))
    except UsageError as error:
        return await _door(request, house, door, error)
    return back(f"/doors/{door}")


async def _begin(request: Asked, house: House, door: str, does: Does) -> Response[Any] | Redirect:
    form = await request.form()
    try:
        acting.begin(house, request.user, door, str(form.get("lock", "")), does)
    except Busy as error:
        return await _door(request, house, door, error)
    return back(f"/doors/{door}")


async def _door(request: Asked, house: House, door: str, problem: UsageError | None = None) -> Response[str]:
    view = await detail_view(house, request.user, place(house, door))
    status = 200 if problem is None else problem.status if isinstance(problem, Refused) else 400
    return page(request, house, "home/door.html", view=view, problem=problem, status=status, hours=acting.HOURS)
