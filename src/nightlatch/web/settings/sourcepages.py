"""Pages of sources and ecosystems."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect

from nightlatch.configuration.read import load
from nightlatch.errors import NightlatchError, UsageError
from nightlatch.web.errors import NotFound
from nightlatch.web.house import House
from nightlatch.web.pages import back, page
from nightlatch.web.settings import changing, finding, kinds, sourceacts, sources
from nightlatch.web.settings.trying import Tried
from nightlatch.web.settings.uploading import LIMIT, Uploading
from nightlatch.web.signin.who import Who, fresh, may

SETTINGS = [may("settings")]
WRITES = [may("settings"), fresh]
BAD = 400


@get("/settings/sources", guards=SETTINGS, include_in_schema=False)
async def listing(
    request: Request[Who, Any, Any], house: NamedDependency[House], tried: FromQuery[str] = ""
) -> Response[str]:
    """Every source and how it fares."""
    views = sources.views(house)
    result = finding.results(house).get(tried)
    return page(request, house, "settings/sources.html", views=views, tried=tried, result=result)


@get("/settings/sources/new", guards=SETTINGS, include_in_schema=False)
async def choosing(request: Request[Who, Any, Any], house: NamedDependency[House]) -> Response[str]:
    """What can be added: what was found, and every kind."""
    return page(
        request,
        house,
        "settings/sources_new.html",
        search=finding.search(house).view(house),
        kinds=kinds.kinds().values(),
        groups=kinds.GROUPS,
        to="/settings/sources/new",
    )


@post("/settings/sources/find", guards=WRITES, include_in_schema=False)
async def find(request: Request[Who, Any, Any], house: NamedDependency[House]) -> Redirect:
    """Look for hubs and routers."""
    form = await request.form()
    finding.search(house).start(house)
    return back(changing.local(str(form.get("to") or "/settings/sources/new")))


@get("/settings/sources/new/{kind:str}", guards=SETTINGS, include_in_schema=False)
async def new(
    request: Request[Who, Any, Any],
    house: NamedDependency[House],
    kind: FromPath[str],
    url: FromQuery[str] = "",
    to: FromQuery[str] = "/settings/sources",
) -> Response[str]:
    """The form of a kind. `url` is where it was found."""
    if kind not in kinds.kinds():
        raise NotFound
    values = {"url": url[:200] or kinds.PLACES.get(kind, "")} | ({"doors": "front"} if kind == "simulated" else {})
    return _form(request, house, kind, values, to=to)


@post(
    "/settings/sources/new/{kind:str}",
    guards=WRITES,
    include_in_schema=False,
    request_class=Uploading,
    request_max_body_size=LIMIT,
)
async def add(request: Request[Who, Any, Any], house: NamedDependency[House], kind: FromPath[str]) -> Response[Any]:
    """Try it, and add it."""
    if kind not in kinds.kinds():
        raise NotFound
    form = await request.form()
    to, since, anyway = _given(form)
    typed = {key: value for key, value in form.items() if isinstance(value, str)}
    try:
        made = sources.wanted(kinds.kind(kind), form)
        result = await sourceacts.add(house, request.user, made, since=since, anyway=anyway)
    except NightlatchError as error:
        return _form(request, house, kind, typed, to=to, problem=error)
    if not result.ok:
        return _form(request, house, kind, typed, to=to, result=result)
    return changing.taken(house, to)


@get("/settings/sources/{source:str}", guards=SETTINGS, include_in_schema=False)
async def one(request: Request[Who, Any, Any], house: NamedDependency[House], source: FromPath[str]) -> Response[str]:
    """One source, and its form."""
    view = sources.one(house, source)
    table = house.configuration.tables.sources[view.number]
    values = kinds.typed(kinds.kind(view.kind), table)
    return _form(request, house, view.kind, values, to="/settings/sources", view=view)


@post(
    "/settings/sources/{source:str}",
    guards=WRITES,
    include_in_schema=False,
    request_class=Uploading,
    request_max_body_size=LIMIT,
)
async def change(
    request: Request[Who, Any, Any], house: NamedDependency[House], source: FromPath[str]
) -> Response[Any]:
    """Try it as it would be, and change it."""
    view = sources.one(house, source)
    form = await request.form()
    to, since, anyway = _given(form)
    typed = {key: value for key, value in form.items() if isinstance(value, str)}
    try:
        made = sources.wanted(kinds.kind(view.kind), form)
        result = await sourceacts.change(house, request.user, source, made, since=since, anyway=anyway)
    except NightlatchError as error:
        return _form(request, house, view.kind, typed, to=to, view=view, problem=error)
    if not result.ok:
        return _form(request, house, view.kind, typed, to=to, view=view, result=result)
    return changing.taken(house, to)


@post("/settings/sources/{source:str}/test", guards=WRITES, include_in_schema=False)
async def test(house: NamedDependency[House], source: FromPath[str]) -> Redirect:
    """Try it as it is."""
    finding.results(house)[source] = await sourceacts.again(house, source)
    return back(f"/settings/sources?tried={sources.one(house, source).id}")


@post("/settings/sources/{source:str}/remove", guards=WRITES, include_in_schema=False)
async def remove(request: Request[Who, Any, Any], house: NamedDependency[House], source: FromPath[str]) -> Redirect:
    """Take it out."""
    form = await request.form()
    await sourceacts.remove(house, request.user, source, since=str(form.get("since") or ""))
    return changing.taken(house, "/settings/sources")


@post("/settings/reread", guards=WRITES, include_in_schema=False)
async def reread(request: Request[Who, Any, Any], house: NamedDependency[House]) -> Redirect:
    """Take the file as somebody changed it by hand."""
    await house.read(lambda: changing.startable(house)(load(house.configuration.path)))
    await sourceacts.look_again(house, request.user)
    return changing.taken(house, "/settings")


def _given(form: Any) -> tuple[str, str, bool]:
    return changing.local(str(form.get("to") or "")), str(form.get("since") or ""), bool(form.get("anyway"))


def _form(
    request: Request[Who, Any, Any],
    house: House,
    kind: str,
    values: dict[str, str],
    *,
    to: str,
    view: sources.SourceView | None = None,
    result: Tried | None = None,
    problem: NightlatchError | None = None,
) -> Response[str]:
    """The form of a source, with what was typed; never a secret."""
    if result is not None:
        problem = UsageError(result.what, todo=result.todo)
    made = kinds.kind(kind)
    shown = {one.name: "" if one.shape == "secret" else values.get(one.name, "") for one in made.inputs}
    return page(
        request,
        house,
        "settings/source.html",
        status=BAD if problem is not None else 200,
        kind=made,
        values=shown,
        view=view,
        failed=result is not None,
        problem=problem,
        since=changing.since(house),
        to=changing.local(to),
    )


HANDLERS = (listing, choosing, find, new, add, one, change, test, remove, reread)
