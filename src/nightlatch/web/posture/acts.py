"""What is done from the pages of posture: auditing, answering, accepting, putting right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from litestar import Request, Response, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect

from nightlatch.errors import NightlatchError
from nightlatch.web.errors import described
from nightlatch.web.house import House
from nightlatch.web.pages import back
from nightlatch.web.posture import asking, fixing
from nightlatch.web.posture.pages import answers_page, waivers_page
from nightlatch.web.signin.who import Who, fresh, may

Asked = Request[Who, Any, Any]


async def _form(request: Asked) -> Mapping[str, Sequence[str]]:
    form = await request.form()
    return {name: [one for one in form.getall(name) if isinstance(one, str)] for name in form}


def _next(form: Mapping[str, Sequence[str]], otherwise: str) -> str:
    """Where to go on: only to a page of this area, or of the first run, which asks the same questions."""
    wanted = next(iter(form.get("next", ())), "")
    return wanted if wanted.startswith(("/posture", "/first-run/")) and "\\" not in wanted else otherwise


@post("/posture/audit", guards=[may("posture")], include_in_schema=False)
async def audit(request: Asked, house: NamedDependency[House]) -> Redirect:
    """Have the home judged now."""
    house.service.auditor.want()
    await house.act(request.user, "audit")
    return back(_next(await _form(request), "/posture"))


@post("/posture/answers", guards=[may("posture")], include_in_schema=False)
async def answer(request: Asked, house: NamedDependency[House]) -> Response[Any] | Redirect:
    """Take an answer."""
    form = await _form(request)
    try:
        await asking.answer(house, request.user, asking.answer_of(form))
    except NightlatchError as error:
        problem, status = described(error)
        about = next(iter(form.get("about", ())), "home")
        return await answers_page(request, house, about, status=status, problem=problem, typed=form)
    return back(_next(form, "/posture/answers"))


@post("/posture/answers/remove", guards=[may("posture")], include_in_schema=False)
async def take_answer_back(request: Asked, house: NamedDependency[House]) -> Redirect:
    """Take an answer back."""
    form = await _form(request)
    about, fact = (next(iter(form.get(name, ())), "") for name in ("about", "fact"))
    await asking.take_answer_back(house, request.user, about, fact)
    return back(_next(form, "/posture/answers"))


@post("/posture/waivers", guards=[may("posture")], include_in_schema=False)
async def waive(request: Asked, house: NamedDependency[House]) -> Response[Any] | Redirect:
    """Accept a finding for a time."""
    form = await _form(request)
    try:
        await asking.waive(house, request.user, asking.waiver_of(form))
    except NightlatchError as error:
        problem, status = described(error)
        return await waivers_page(request, house, status=status, problem=problem, typed=form)
    return back("/posture/waivers")


@post("/posture/waivers/remove", guards=[may("posture")], include_in_schema=False)
async def take_waiver_back(request: Asked, house: NamedDependency[House]) -> Redirect:
    """Take a waiver back."""
    form = await _form(request)
    practice, subject, check = (next(iter(form.get(name, ())), "") for name in ("practice", "subject", "check"))
    await asking.take_waiver_back(house, request.user, practice=practice, subject=subject, check=check)
    return back("/posture/waivers")


@post("/posture/fixes", guards=[may("posture"), fresh], include_in_schema=False)
async def fix(request: Asked, house: NamedDependency[House]) -> Redirect:
    """Have everything that is chosen put right, one after the other."""
    form = await _form(request)
    await fixing.start(house, request.user, [fixing.find(house, one) for one in form.get("id", ())])
    return back("/posture/fixes")


@post("/posture/fixes/{id_:str}", guards=[may("posture"), fresh], include_in_schema=False)
async def fix_one(request: Asked, house: NamedDependency[House], id_: FromPath[str]) -> Redirect:
    """Have one thing put right."""
    await fixing.start(house, request.user, [fixing.find(house, id_)])
    return back("/posture/fixes")
