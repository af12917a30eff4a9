"""Alerts and channels for programs."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any

import msgspec
from litestar import Request, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter
from litestar.types import ControllerRouterHandler

from nightlatch.web.alerts import acting, setting, view
from nightlatch.web.house import House
from nightlatch.web.numbers import Number
from nightlatch.web.signin.who import Who, fresh, may

TAGS = ["alerts"]
Asked = Request[Who, Any, Any]


class Note(msgspec.Struct, frozen=True):
    """What somebody says while acknowledging."""

    note: str = ""


class Confirmation(msgspec.Struct, frozen=True):
    """The number of a test message."""

    number: str


class Changed(msgspec.Struct, frozen=True):
    """Which alerts were changed."""

    ids: list[int]


class Past(msgspec.Struct, frozen=True):
    """Alerts that are over."""

    alerts: list[view.Alert]
    before: int | None
    """Ask with this for older ones; null: there are none."""


class Sent(msgspec.Struct, frozen=True):
    """How a test went."""

    taken: bool
    reason: str


@get("/api/alerts", guards=[may("see")], tags=TAGS)
async def alerts(request: Asked, house: NamedDependency[House]) -> view.Alerts:
    """The alerts that are open, gravest first, and those that somebody sees to."""
    return await house.read(partial(view.live, house, log=request.user.may("log")))


@get("/api/alerts/history", guards=[may("see")], tags=TAGS)
async def history(
    request: Asked,
    house: NamedDependency[House],
    *,
    limit: Annotated[int, QueryParameter(ge=1, le=500)] = 100,
    before: Annotated[int, QueryParameter(ge=0, le=2**53)] = 2**53,
) -> Past:
    """The alerts that are over or put aside, newest first."""
    log = request.user.may("log")
    return Past(*await house.read(partial(view.history, house, before, log=log, limit=limit)))


@get("/api/alerts/{id_:int}", guards=[may("see")], tags=TAGS)
async def alert(request: Asked, house: NamedDependency[House], id_: Number) -> view.Alert:
    """One alert, and who was told of it."""
    return await house.read(partial(view.one, house, id_, log=request.user.may("log")))


@post("/api/alerts/{id_:int}/acknowledge", guards=[may("alerts")], tags=TAGS, status_code=200)
async def acknowledge(request: Asked, house: NamedDependency[House], id_: Number, data: JSONBody[Note]) -> Changed:
    """Acknowledge an alert: nobody else is told unless it gets worse."""
    await house.read(partial(view.one, house, id_, log=False))
    return Changed(await acting.acknowledge(house, request.user, [id_], data.note))


@post("/api/alerts/{id_:int}/close", guards=[may("alerts")], tags=TAGS, status_code=200)
async def close(request: Asked, house: NamedDependency[House], id_: Number, data: JSONBody[Note]) -> Changed:
    """Put an alert aside that will not end by itself."""
    await house.read(partial(view.one, house, id_, log=False))
    return Changed(await acting.put_aside(house, request.user, [id_], data.note))


@get("/api/channels", guards=[may("settings")], tags=TAGS)
async def channels(house: NamedDependency[House]) -> list[setting.Channel]:
    """The channels that alerts go out on, without their addresses, which hold tokens."""
    return await house.read(partial(setting.channels, house))


@post("/api/channels/{id_:str}/test", guards=[may("settings"), fresh], tags=TAGS, status_code=200)
async def test(request: Asked, house: NamedDependency[House], id_: FromPath[str]) -> Sent:
    """Send a test message with a number on a channel."""
    reason = await acting.test(house, request.user, id_)
    return Sent(not reason, reason)


@post("/api/channels/confirm", guards=[may("settings")], tags=TAGS, status_code=204)
async def confirm(request: Asked, house: NamedDependency[House], data: JSONBody[Confirmation]) -> None:
    """Note that a test message arrived, by its number."""
    await acting.confirm(house, request.user, data.number)


@get("/api/detections", guards=[may("settings")], tags=TAGS)
async def detections(house: NamedDependency[House]) -> list[setting.Detection]:
    """What is watched for, with the thresholds in force."""
    return setting.detections(house)


ROUTES: Sequence[ControllerRouterHandler] = (
    alerts, history, alert, acknowledge, close, channels, test, confirm, detections,
)  # fmt: skip
