"""The pages on whom alerts reach: channels, rules, and what is watched for."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Mapping
from typing import Any

from litestar import Request, Response, get, post
from litestar.datastructures import FormMultiDict
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect

from nightlatch.errors import UsageError
from nightlatch.guard.alerts.render import label
from nightlatch.guard.detections.registry import detections as known
from nightlatch.model.event import KINDS
from nightlatch.report.entries import WORDS
from nightlatch.secrets import Secret
from nightlatch.web.alerts import acting, replaying, setting
from nightlatch.web.errors import NotFound, Refused
from nightlatch.web.house import House
from nightlatch.web.numbers import Number
from nightlatch.web.pages import back, page
from nightlatch.web.settings.changing import since, taken
from nightlatch.web.signin.who import Who, fresh, may
from nightlatch.web.texts import _

Asked = Request[Who, Any, Any]
OWNERS = [may("settings")]
CHANGES = [may("settings"), fresh]
UNTOLD = frozenset(("command", "outcome", "alert", "delivery"))
TABLES = ("notices", "escalation")


@get("/alerts/channels", guards=OWNERS, include_in_schema=False)
async def channels(request: Asked, house: NamedDependency[House]) -> Response[str]:
    """The channels, and how each fares."""
    return await _channels(request, house)


@post("/alerts/channels", guards=CHANGES, include_in_schema=False)
async def add_channel(request: Asked, house: NamedDependency[House]) -> Response[str] | Redirect:
    """Add a channel."""
    form = await request.form()
    id_ = _text(form, "id")
    work = setting.put_channel(house, request.user, id_, _takes(form), _url(form), since=_text(form, "since"), new=True)
    return await _tried(request, house, work, _channels, typed={"id": id_, **_takes(form)})


@post("/alerts/channels/{id_:str}", guards=CHANGES, include_in_schema=False)
async def change_channel(request: Asked, house: NamedDependency[House], id_: FromPath[str]) -> Response[str] | Redirect:
    """Change a channel; an empty address leaves it as it is."""
    form = await request.form()
    work = setting.put_channel(
        house, request.user, id_, _takes(form), _url(form), since=_text(form, "since"), new=False
    )
    return await _tried(request, house, work, _channels)


@post("/alerts/channels/{id_:str}/remove", guards=CHANGES, include_in_schema=False)
async def remove_channel(request: Asked, house: NamedDependency[House], id_: FromPath[str]) -> Response[str] | Redirect:
    """Remove a channel."""
    form = await request.form()
    work = setting.drop_channel(house, request.user, id_, since=_text(form, "since"))
    return await _tried(request, house, work, _channels)


@post("/alerts/channels/{id_:str}/test", guards=CHANGES, include_in_schema=False)
async def test_channel(request: Asked, house: NamedDependency[House], id_: FromPath[str]) -> Response[str] | Redirect:
    """Send a test message with a number."""
    reason = await acting.test(house, request.user, id_)
    if reason:
        problem = UsageError(_("the test did not go out on %(id)s: %(why)s", id=id_, why=reason))
        return await _channels(request, house, problem=problem)
    return back(f"/alerts/channels?sent={id_}")


@post("/alerts/confirm", guards=OWNERS, include_in_schema=False)
async def confirm(request: Asked, house: NamedDependency[House]) -> Response[str] | Redirect:
    """Note that a test message arrived."""
    form = await request.form()
    try:
        found = await acting.confirm(house, request.user, _text(form, "number"))
    except UsageError as error:
        return await _channels(request, house, problem=error)
    return back(f"/alerts/channels?confirmed={found.channel}")


@get("/alerts/rules", guards=OWNERS, include_in_schema=False)
async def rules(request: Asked, house: NamedDependency[House]) -> Response[str]:
    """Notices, quiet hours, escalation and the digest."""
    return await _rules(request, house)


@post("/alerts/rules/{table:str}", guards=CHANGES, include_in_schema=False)
async def put_rule(request: Asked, house: NamedDependency[House], table: FromPath[str]) -> Response[str] | Redirect:
    """Add or change a notice or a step of the escalation; set the quiet hours or the digest."""
    form = await request.form()
    since_ = _text(form, "since")
    if table in ("quiet", "digest"):
        hours = _hours(table, form) if _text(form, "on") else None
        work = setting.put_hours(house, request.user, table, hours, since=since_)
    elif table in TABLES:
        try:
            values = _notice(form) if table == "notices" else _stage(form)
        except UsageError as error:
            return await _rules(request, house, problem=error)
        number = int(text) if (text := _text(form, "number")).isdecimal() else None
        work = setting.put_rule(house, request.user, table, number, values, since=since_)
    else:
        raise NotFound
    return await _tried(request, house, work, _rules)


@post("/alerts/rules/{table:str}/{number:int}/remove", guards=CHANGES, include_in_schema=False)
async def drop_rule(
    request: Asked, house: NamedDependency[House], table: FromPath[str], number: Number
) -> Response[str] | Redirect:
    """Remove a notice or a step of the escalation."""
    if table not in TABLES:
        raise NotFound
    form = await request.form()
    work = setting.drop_rule(house, request.user, table, number, since=_text(form, "since"))
    return await _tried(request, house, work, _rules)


@get("/alerts/detections", guards=OWNERS, include_in_schema=False)
async def detections(request: Asked, house: NamedDependency[House]) -> Response[str]:
    """What is watched for, with thresholds."""
    return page(request, house, "alerts/detections.html", detections=setting.detections(house))


@get("/alerts/detections/{id_:str}", guards=OWNERS, include_in_schema=False)
async def detection(request: Asked, house: NamedDependency[House], id_: FromPath[str]) -> Response[str]:
    """One detection; with thresholds in the address, what they would have told."""
    return await _detection(request, house, id_)


@post("/alerts/detections/{id_:str}", guards=CHANGES, include_in_schema=False)
async def change_detection(
    request: Asked, house: NamedDependency[House], id_: FromPath[str]
) -> Response[str] | Redirect:
    """Set a detection's thresholds, or switch it off and on."""
    form = await request.form()
    found = _found(house, id_)

    async def work() -> None:
        values = setting.thresholds(found, {key: str(value) for key, value in form.items()})
        differs = {one.name: values[one.name] if values[one.name] != one.default else None for one in found.thresholds}
        on = bool(_text(form, "on"))
        await setting.put_detection(
            house, request.user, id_, {"on": None if on else False, **differs}, since=_text(form, "since")
        )

    try:
        await work()
    except (Refused, UsageError) as error:
        return await _detection(request, house, id_, problem=error)
    return taken(house, "/alerts/detections")


async def _detection(request: Asked, house: House, id_: str, problem: UsageError | None = None) -> Response[str]:
    found, replay, typed = _found(house, id_), None, dict[str, float]()
    if problem is None and "days" in request.query_params:
        try:
            typed = setting.thresholds(found, dict(request.query_params.items()))
            days = int(text) if (text := request.query_params["days"]).isdecimal() and len(text) < 4 else 0
            if not 1 <= days <= 31:
                raise UsageError(_("a replay looks at 1 to 31 days"))
            replay = await house.read(lambda: replaying.replayed(house, id_, typed, days))
        except UsageError as error:
            problem = error
    values = {"detection": found, "replay": replay, "typed": typed, "since": await house.read(lambda: since(house))}
    doc = (known()[id_].__doc__ or "").strip().split("\n\n")[0]
    status = 400 if problem else 200
    return page(request, house, "alerts/detection.html", status=status, problem=problem, doc=doc, **values)


async def _channels(
    request: Asked, house: House, *, problem: UsageError | None = None, typed: Mapping[str, Any] | None = None
) -> Response[str]:
    def look() -> dict[str, Any]:
        return {"channels": setting.channels(house), "since": since(house), **_choices(house)}

    asked = request.query_params
    return page(
        request,
        house,
        "alerts/channels.html",
        status=400 if problem else 200,
        problem=problem,
        typed={
            "id": "",
            "severity": "low",
            "doors": (),
            "people": (),
            "detections": (),
            "quiet": True,
            **(typed or {}),
        },
        sent=asked.get("sent", "")[:64],
        confirmed=asked.get("confirmed", "")[:64],
        **await house.read(look),
    )


async def _rules(request: Asked, house: House, *, problem: UsageError | None = None) -> Response[str]:
    def look() -> dict[str, Any]:
        return {"since": since(house), **_choices(house)}

    table = house.configuration.tables.alerts
    words = {kind: _words(kind) for kind in sorted(KINDS - UNTOLD)}
    return page(
        request,
        house,
        "alerts/rules.html",
        status=400 if problem else 200,
        problem=problem,
        table=table,
        kinds=list(words.items()),
        words=words,
        **await house.read(look),
    )


async def _tried(
    request: Asked, house: House, work: Awaitable[None], again: Any, **values: Any
) -> Response[str] | Redirect:
    """Do it and wait until the service took it; what is wrong with it is told on the page that it came from."""
    try:
        await work
    except NotFound:
        raise
    except UsageError as error:
        response: Response[str] = await again(request, house, problem=error, **values)
        return response
    return taken(house, "/alerts/channels" if again is _channels else "/alerts/rules")


def _choices(house: House) -> dict[str, Any]:
    """What channels and rules may be narrowed to."""
    tables = house.configuration.tables
    return {
        "doors": [(one.id, one.name or one.id) for one in tables.doors],
        "people": [(one.id, one.name or one.id) for one in tables.people],
        "severities": [(one, one.capitalize()) for one in setting.SEVERITIES],
        "ways": [(one.id, one.id) for one in tables.alerts.channels],
        "known": [(id_, label(id_)) for id_ in known()],
    }


def _words(kind: str) -> str:
    """What a kind of event reads as, with dots for what differs."""
    text = WORDS.get(kind, kind.replace("_", " "))
    return re.sub(r"{\w+}", "…", text)


def _found(house: House, id_: str) -> setting.Detection:
    for one in setting.detections(house):
        if one.id == id_:
            return one
    raise NotFound


def _takes(form: FormMultiDict) -> dict[str, Any]:
    return {
        "severity": _text(form, "severity") or "low",
        "doors": setting.chosen(_many(form, "doors")),
        "people": setting.chosen(_many(form, "people")),
        "detections": setting.chosen(_many(form, "detections")),
        "quiet": None if _text(form, "quiet") else False,
    }


def _url(form: FormMultiDict) -> Secret | None:
    text = _text(form, "url")
    return Secret(text) if text else None


def _notice(form: FormMultiDict) -> dict[str, Any]:
    return {
        "kinds": _many(form, "kinds") or ["unlocked"],
        "people": setting.chosen(_many(form, "people")),
        "doors": setting.chosen(_many(form, "doors")),
        "channels": _many(form, "channels"),
        "quiet": None if _text(form, "quiet") else False,
    }


def _stage(form: FormMultiDict) -> dict[str, Any]:
    minutes = _text(form, "after_minutes")
    if not minutes.isdecimal() or len(minutes) > 6:
        raise UsageError(_("after how many minutes?"))
    severity = _text(form, "severity") or "high"
    return {"after_minutes": int(minutes), "channels": _many(form, "channels"), "severity": severity}


def _hours(table: str, form: FormMultiDict) -> dict[str, Any]:
    if table == "quiet":
        return {"from": _text(form, "from"), "until": _text(form, "until")}
    return {"at": _text(form, "at"), "channels": setting.chosen(_many(form, "channels"))}


def _text(form: FormMultiDict, name: str) -> str:
    found = form.get(name, "")
    return found.strip() if isinstance(found, str) else ""


def _many(form: FormMultiDict, name: str) -> list[str]:
    return [one for one in form.getall(name, []) if isinstance(one, str) and one]


ROUTES = (
    channels, add_channel, change_channel, remove_channel, test_channel, confirm, rules, put_rule, drop_rule,
    detections, detection, change_detection,
)  # fmt: skip
