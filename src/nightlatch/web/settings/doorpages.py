"""Pages of doors, their locks, and doors that lock themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect

from nightlatch.errors import NightlatchError
from nightlatch.web.house import House
from nightlatch.web.pages import page
from nightlatch.web.settings import changing, doors
from nightlatch.web.settings.doors import Binding
from nightlatch.web.signin.who import Who, fresh, may

SETTINGS = [may("settings")]
WRITES = [may("settings"), fresh]
BAD = 400


@get("/settings/doors", guards=SETTINGS, include_in_schema=False)
async def listing(request: Request[Who, Any, Any], house: NamedDependency[House]) -> Response[str]:
    """Every door, and locks that are on none."""
    return page(request, house, "settings/doors.html", view=doors.view(house), since=changing.since(house))


@post("/settings/doors/bind", guards=WRITES, include_in_schema=False)
async def bind(request: Request[Who, Any, Any], house: NamedDependency[House]) -> Response[Any]:
    """Put locks onto doors."""
    form = await request.form()
    to = changing.local(str(form.get("to") or "/settings/doors"))
    try:
        wanted = bindings(form)
        if wanted:
            made, since = doors.binding(house, wanted), str(form.get("since") or "")
            await changing.change(house, request.user, made, name="locks-bound", since=since)
    except NightlatchError as error:
        values = {"view": doors.view(house), "since": changing.since(house), "problem": error}
        return page(request, house, "settings/doors.html", status=BAD, **values)
    return changing.taken(house, to)


def bindings(form: Mapping[str, Any]) -> list[Binding]:
    """What a form says of each lock: fields `lock-N` (key), `door-N` (id, "new" or "none"), `name-N`, `exterior-N`."""
    found = []
    for field, key in form.items():
        start, _, number = field.partition("-")
        if start != "lock" or not isinstance(key, str):
            continue
        door = str(form.get(f"door-{number}") or "new")
        if door == "none":
            continue
        name, exterior = str(form.get(f"name-{number}") or ""), form.get(f"exterior-{number}") == "yes"
        found.append(Binding(key, "" if door == "new" else door, name, exterior))
    return found


@post("/settings/doors/add", guards=WRITES, include_in_schema=False)
async def add(request: Request[Who, Any, Any], house: NamedDependency[House]) -> Redirect:
    """A door that no source knows of."""
    form = await request.form()
    made = doors.new_door(str(form.get("name") or ""), form.get("exterior") == "yes")
    await changing.change(house, request.user, made, name="door-added", since=str(form.get("since") or ""))
    return changing.taken(house, "/settings/doors")


@get("/settings/doors/{door:str}", guards=SETTINGS, include_in_schema=False)
async def one(request: Request[Who, Any, Any], house: NamedDependency[House], door: FromPath[str]) -> Response[str]:
    """One door, its locks, and how it locks itself."""
    return _shown(request, house, door)


def _shown(
    request: Request[Who, Any, Any], house: House, door: str, problem: NightlatchError | None = None
) -> Response[str]:
    others = [(one.id, one.name) for one in doors.view(house).doors]
    return page(
        request,
        house,
        "settings/door.html",
        status=200 if problem is None else BAD,
        door=doors.door(house, door),
        others=others,
        since=changing.since(house),
        problem=problem,
    )


@post("/settings/doors/{door:str}", guards=WRITES, include_in_schema=False)
async def change(request: Request[Who, Any, Any], house: NamedDependency[House], door: FromPath[str]) -> Response[Any]:
    """Its name, and whether it leads outside."""
    form = await request.form()
    try:
        values = {"name": doors.called(str(form.get("name") or "")), "exterior": form.get("exterior") == "yes"}
        await changing.change(
            house,
            request.user,
            doors.renamed("door", door, values),
            name="door-changed",
            since=str(form.get("since") or ""),
            about=f"door:{door}",
        )
    except NightlatchError as error:
        return _shown(request, house, door, error)
    return changing.taken(house, f"/settings/doors/{door}")


@post("/settings/doors/{door:str}/remove", guards=WRITES, include_in_schema=False)
async def remove(request: Request[Who, Any, Any], house: NamedDependency[House], door: FromPath[str]) -> Redirect:
    """Take a door out. Its locks stay."""
    form = await request.form()
    doors.door(house, door)
    made, since = doors.removing("door", door), str(form.get("since") or "")
    await changing.change(house, request.user, made, name="door-removed", since=since, about=f"door:{door}")
    return changing.taken(house, "/settings/doors")


@post("/settings/doors/{door:str}/locks/{lock:str}", guards=WRITES, include_in_schema=False)
async def change_lock(
    request: Request[Who, Any, Any], house: NamedDependency[House], door: FromPath[str], lock: FromPath[str]
) -> Response[Any]:
    """A lock's name, door, model and bindings."""
    form = await request.form()
    to = str(form.get("door") or door)
    try:
        keys = [key.strip() for key in str(form.get("bind") or "").split(",") if key.strip()]
        values = {
            "name": doors.called(str(form.get("name") or "")),
            "door": to,
            "model": str(form.get("model") or "").strip() or None,
            "bind": keys or None,
        }
        await changing.change(
            house,
            request.user,
            doors.renamed("lock", lock, values),
            name="lock-changed",
            since=str(form.get("since") or ""),
            about=f"lock:{lock}",
        )
    except NightlatchError as error:
        return _shown(request, house, door, error)
    return changing.taken(house, f"/settings/doors/{to}")


@post("/settings/locks/{lock:str}/remove", guards=WRITES, include_in_schema=False)
async def remove_lock(request: Request[Who, Any, Any], house: NamedDependency[House], lock: FromPath[str]) -> Redirect:
    """Take a lock out: it is heard no more."""
    form = await request.form()
    made, since = doors.removing("lock", lock), str(form.get("since") or "")
    await changing.change(house, request.user, made, name="lock-removed", since=since, about=f"lock:{lock}")
    return changing.taken(house, "/settings/doors")


@post("/settings/doors/{door:str}/locks/{lock:str}/autolock", guards=WRITES, include_in_schema=False)
async def autolock(
    request: Request[Who, Any, Any], house: NamedDependency[House], door: FromPath[str], lock: FromPath[str]
) -> Response[Any]:
    """Have a door lock itself, or no more."""
    form = await request.form()
    try:
        if form.get("on") != "yes":
            made, name = doors.unlocked(lock), "autolock-off"
        else:
            made, name = doors.locked(lock, rule(form)), "autolock-set"
        await changing.change(
            house, request.user, made, name=name, since=str(form.get("since") or ""), about=f"lock:{lock}"
        )
    except NightlatchError as error:
        return _shown(request, house, door, error)
    return changing.taken(house, f"/settings/doors/{door}")


def rule(form: Mapping[str, Any]) -> dict[str, Any]:
    """The keys of `[[autolock]]` that a form gives; None: as usual."""
    hours = [word.strip() for word in str(form.get("hold_open") or "").split(",") if word.strip()]
    return {
        "after": str(form.get("after") or "3m").strip(),
        "night_after": str(form.get("night_after") or "").strip() or None,
        "night": str(form.get("night") or "").strip() or None,
        "hold_open": hours or None,
        "prefer": "lock" if form.get("prefer") == "lock" else None,
        "without_sensor": True if form.get("without_sensor") else None,
    }


HANDLERS = (listing, bind, add, one, change, remove, change_lock, remove_lock, autolock)
