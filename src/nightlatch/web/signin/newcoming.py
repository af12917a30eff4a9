"""The pages on which somebody with a one-time code makes their way in."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from litestar.status_codes import HTTP_200_OK, HTTP_400_BAD_REQUEST
from markupsafe import Markup

from nightlatch.errors import UsageError
from nightlatch.secrets import Secret
from nightlatch.web.errors import Refused, described
from nightlatch.web.house import House
from nightlatch.web.pages import page
from nightlatch.web.signin import forms, newcomers, passkeys
from nightlatch.web.signin.ceremonies import Expired
from nightlatch.web.signin.desk import Desk
from nightlatch.web.signin.forms import LARGEST, Answered, Asked, Done, by_name, fields, local
from nightlatch.web.signin.newcomers import Claim, Newcomer
from nightlatch.web.signin.who import Who

OPEN = {"open": True}


class Setting(msgspec.Struct, frozen=True):
    """An authenticator app that is set up on a page."""

    sealed: str
    secret: str
    """As it is typed where no picture can be taken."""
    picture: Markup


class Coming(msgspec.Struct, frozen=True):
    """The page on which a newcomer makes their way in."""

    who: Newcomer
    next: str
    named: bool
    by_name: str
    app: Setting
    id: str = ""
    name: str = ""
    chosen: str = ""
    """Which way was tried: the form that is open."""


def setting(app: newcomers.App) -> Setting:
    """What a page shows of an app that is set up."""
    return Setting(app.sealed, app.secret.reveal(), forms.picture(app.address))


@get("/sign-in/new", opt=OPEN, include_in_schema=False)
async def new(request: Request[Who | None, Any, Any], house: NamedDependency[House]) -> Response[str]:
    """The page that asks for a one-time code."""
    return page(request, house, "signin/new.html", next=local(request.query_params.get("next", "/")))


@post("/sign-in/new", opt=OPEN, include_in_schema=False, status_code=HTTP_200_OK)
async def check(
    request: Request[Who | None, Any, Any], house: NamedDependency[House], desk: NamedDependency[Desk]
) -> Response[str]:
    """Take a one-time code, and ask for a way in."""
    form = await fields(request)
    to = local(form.get("next", "/"))
    try:
        who = await newcomers.check(desk, request, form.get("code", ""))
    except Refused as error:
        problem, status = described(error)
        return page(request, house, "signin/new.html", status=status, problem=problem, next=to)
    return page(request, house, "signin/ways.html", view=_coming(desk, request, who, to))


def _coming(
    desk: NamedDependency[Desk],
    request: Request[Any, Any, Any],
    who: Newcomer,
    to: str,
    form: dict[str, str] | None = None,
) -> Coming:
    named = passkeys.party(request.headers.get("host", "")) is not None
    form = form or {}
    name = form.get("id", "") or who.id
    try:
        app = newcomers.same_app(desk, form.get("app", ""), name)
    except Expired:
        app = newcomers.new_app(desk, name)
    chosen = "password" if form or not named else ""
    return Coming(
        who, to, named, by_name(request), setting(app), form.get("id", who.id), form.get("name", who.name), chosen
    )


@post("/sign-in/new/password", opt=OPEN, include_in_schema=False, status_code=HTTP_200_OK)
async def by_password(
    request: Request[Who | None, Any, Any], house: NamedDependency[House], desk: NamedDependency[Desk]
) -> Response[Any]:
    """Make the way in by a password and an app; the recovery codes are shown."""
    form = await fields(request)
    to, ticket = local(form.get("next", "/")), form.get("ticket", "")
    claim = Claim(ticket, form.get("id", "").strip().lower(), form.get("name", ""))
    try:
        who = await newcomers.again(desk, ticket)
    except Expired as error:
        problem, status = described(error)
        return page(request, house, "signin/new.html", status=status, problem=problem, next=to)
    password, app, code = Secret(form.get("password", "")), form.get("app", ""), form.get("code", "")
    try:
        entered = await newcomers.by_password(desk, request, claim, password, app=app, code=code)
    except UsageError as error:
        problem, _status = described(error)
        view = _coming(desk, request, who, to, form)
        return page(request, house, "signin/ways.html", status=HTTP_400_BAD_REQUEST, problem=problem, view=view)
    codes = [one.reveal() for one in entered.codes]
    shown = page(request, house, "signin/codes.html", codes=codes, next=to)
    shown.cookies = list(entered.cookies)
    return shown


@post("/sign-in/new/passkey/options", opt=OPEN, include_in_schema=False, status_code=HTTP_200_OK)
async def passkey_options(
    request: Request[Who | None, Any, Any], desk: NamedDependency[Desk], data: JSONBody[Asked]
) -> dict[str, Any]:
    """What a browser is asked to make."""
    return await newcomers.passkey_options(desk, request, _claim(data))


@post("/sign-in/new/passkey", opt=OPEN, include_in_schema=False, status_code=HTTP_200_OK, request_max_body_size=LARGEST)
async def by_passkey(
    request: Request[Who | None, Any, Any], desk: NamedDependency[Desk], data: JSONBody[Answered]
) -> Response[Done]:
    """Make the way in by a passkey."""
    return forms.done(await newcomers.by_passkey(desk, request, _claim(data), data.credential), local(data.next))


def _claim(data: JSONBody[Asked] | Answered) -> Claim:
    return Claim(data.ticket, data.id.strip().lower(), data.name)


HANDLERS = (new, check, by_password, passkey_options, by_passkey)
