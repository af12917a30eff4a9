"""The home and its doors for programs."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.status_codes import HTTP_202_ACCEPTED

from nightlatch.web.home import acting
from nightlatch.web.home.detail import DetailView, detail_view
from nightlatch.web.home.doors import DoorView, door_view, look, place, places
from nightlatch.web.home.view import HomeView, home_view
from nightlatch.web.house import House
from nightlatch.web.kept.commands import Does, Progress
from nightlatch.web.signin.who import Who, fresh, may

Asked = Request[Who, Any, Any]


class Meant(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which lock of a door: "lock:front". It may be left out where the door has only one."""

    lock: str = ""


@get("/api/home", guards=[may("see")], tags=["home"])
async def home(request: Asked, house: NamedDependency[House]) -> HomeView:
    """The home at a glance: what needs somebody, how every door stands, the posture."""
    return await home_view(house, request.user)


@get("/api/doors", guards=[may("see")], tags=["home"])
async def doors(request: Asked, house: NamedDependency[House]) -> list[DoorView]:
    """Every door with a lock, as it stands now."""
    seen = await look(house, request.user)
    return [door_view(seen, one) for one in places(house)]


@get("/api/doors/{door:str}", guards=[may("see")], tags=["home"])
async def one_door(request: Asked, house: NamedDependency[House], door: FromPath[str]) -> DetailView:
    """One door: today's events, who can open it (scope `log`), settings, findings."""
    return await detail_view(house, request.user, place(house, door))


@get("/api/doors/{door:str}/progress", guards=[may("see")], tags=["home"])
async def progress(request: Asked, house: NamedDependency[House], door: FromPath[str]) -> list[Progress]:
    """The commands at this door's locks that go on, or ended a short while ago."""
    seen = await look(house, request.user)
    return [lock.progress for lock in door_view(seen, place(house, door)).locks if lock.progress is not None]


@post("/api/doors/{door:str}/lock", guards=[may("lock")], status_code=HTTP_202_ACCEPTED, tags=["home"])
async def lock(
    request: Asked, house: NamedDependency[House], door: FromPath[str], data: JSONBody[Meant | None] = None
) -> Progress:
    """Throw the bolt. It is begun when this answers: `progress` tells what becomes of it.

    409 while the door is open, or while another command goes on there.
    """
    return _begin(request, house, door, data, "lock")


@post("/api/doors/{door:str}/unlock", guards=[may("unlock"), fresh], status_code=HTTP_202_ACCEPTED, tags=["home"])
async def unlock(
    request: Asked, house: NamedDependency[House], door: FromPath[str], data: JSONBody[Meant | None] = None
) -> Progress:
    """Retract the bolt. It is begun when this answers: `progress` tells what becomes of it."""
    return _begin(request, house, door, data, "unlock")


def _begin(request: Asked, house: House, door: str, data: Meant | None, does: Does) -> Progress:
    begun = acting.begin(house, request.user, door, data.lock if data is not None else "", does)
    return begun if request.user.may("log") else msgspec.structs.replace(begun, by="")
