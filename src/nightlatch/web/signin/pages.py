"""Signing in, signing out, and confirming that it is you."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from litestar.response import Redirect
from litestar.status_codes import HTTP_200_OK

from nightlatch.secrets import Secret
from nightlatch.store.users import Session
from nightlatch.web.errors import Refused, described
from nightlatch.web.house import House
from nightlatch.web.pages import back, page
from nightlatch.web.signin import entering, forms, passkeys, sessions, users
from nightlatch.web.signin.acts import act
from nightlatch.web.signin.desk import Desk
from nightlatch.web.signin.forms import LARGEST, Answered, Done, by_name, fields, in_person, local
from nightlatch.web.signin.users import Ways
from nightlatch.web.signin.who import Who
from nightlatch.web.texts import _

OPEN = {"open": True}


class Way(msgspec.Struct, frozen=True):
    """What a page that asks who it is needs to know."""

    next: str
    named: bool
    """Whether passkeys can be used by the name that this page was opened by."""
    by_name: str
    """The same page by a name, where that is known."""
    name: str = ""
    """What was typed before."""


def _way(request: Request[Any, Any, Any], to: str, name: str = "") -> Way:
    named = passkeys.party(request.headers.get("host", "")) is not None
    return Way(local(to), named, by_name(request), name)


@get("/sign-in", opt=OPEN, include_in_schema=False)
async def sign_in(
    request: Request[Who | None, Any, Any], house: NamedDependency[House], desk: NamedDependency[Desk]
) -> Response[Any]:
    """The page that asks who it is."""
    to = request.query_params.get("next", "/")
    if request.user is not None:
        return back(local(to))
    if await desk.none():
        return back("/first-run")
    # A link from elsewhere comes without the cookie (SameSite=Strict): one from this page has it.
    elsewhere = request.headers.get("sec-fetch-site") == "cross-site"
    return page(request, house, "signin/sign_in.html", view=_way(request, to), elsewhere=elsewhere)


@post("/sign-in", opt=OPEN, include_in_schema=False)
async def by_password(
    request: Request[Who | None, Any, Any], house: NamedDependency[House], desk: NamedDependency[Desk]
) -> Response[Any]:
    """Sign in by name, password and code."""
    form = await fields(request)
    name, to = form.get("name", ""), form.get("next", "/")
    try:
        password, code = Secret(form.get("password", "")), form.get("code", "")
        entered = await entering.by_password(desk, request, name, password, code)
    except Refused as error:
        problem, status = described(error)
        view = _way(request, to, name)
        return page(request, house, "signin/sign_in.html", status=status, problem=problem, view=view, elsewhere=False)
    return forms.signed_in(entered, local(to))


@post("/sign-in/passkey/options", opt=OPEN, include_in_schema=False, status_code=HTTP_200_OK)
async def passkey_options(request: Request[Who | None, Any, Any], desk: NamedDependency[Desk]) -> dict[str, Any]:
    """What a browser is asked."""
    return entering.passkey_options(desk, request)


@post("/sign-in/passkey", opt=OPEN, include_in_schema=False, status_code=HTTP_200_OK, request_max_body_size=LARGEST)
async def by_passkey(
    request: Request[Who | None, Any, Any], desk: NamedDependency[Desk], data: JSONBody[Answered]
) -> Response[Done]:
    """Sign in by a passkey."""
    return forms.done(await entering.by_passkey(desk, request, data.credential), local(data.next))


@post("/sign-out", include_in_schema=False, guards=[in_person])
async def sign_out(request: Request[Who, Any, Any], desk: NamedDependency[Desk]) -> Redirect:
    """End this session."""
    who = request.user
    await desk.change(lambda book, _now: book.drop(Session, id=who.session), act(desk.now(), "sign-out", person=who.id))
    gone = back("/sign-in")
    gone.cookies = [sessions.cookie(request, sessions.SESSION, "", 0)]
    return gone


@get("/sign-in/again", include_in_schema=False, guards=[in_person])
async def again(
    request: Request[Who, Any, Any], house: NamedDependency[House], desk: NamedDependency[Desk]
) -> Response[Any]:
    """The page that asks whether it is still you."""
    to = request.query_params.get("next", "/")
    return back(local(to)) if request.user.fresh else await _again(request, house, desk, to)


async def _again(
    request: Request[Who, Any, Any],
    house: NamedDependency[House],
    desk: NamedDependency[Desk],
    to: str,
    error: Refused | None = None,
) -> Response[str]:
    problem, status = described(error) if error is not None else (None, HTTP_200_OK)
    ways = await desk.read(lambda book: users.ways(book, users.user(book, request.user.id)))
    view = _way(request, to)
    return page(request, house, "signin/again.html", status=status, problem=problem, view=view, ways=ways)


@post("/sign-in/again", include_in_schema=False, guards=[in_person])
async def again_by_code(
    request: Request[Who, Any, Any], house: NamedDependency[House], desk: NamedDependency[Desk]
) -> Response[Any]:
    """Confirm by a code."""
    form = await fields(request)
    to = form.get("next", "/")
    try:
        entered = await entering.again_by_code(desk, request, form.get("code", ""))
    except Refused as error:
        return await _again(request, house, desk, to, error)
    return forms.signed_in(entered, local(to))


class Asking(msgspec.Struct, frozen=True):
    """How somebody can confirm that it is them, in place."""

    passkey: dict[str, Any] | None
    """What their browser is asked, where they have a passkey for this name."""
    ways: Ways
    title: str
    label: str
    confirm: str
    cancel: str


@post("/sign-in/again/options", include_in_schema=False, guards=[in_person], status_code=HTTP_200_OK)
async def again_options(request: Request[Who, Any, Any], desk: NamedDependency[Desk]) -> Asking:
    """How a script asks in place whether it is still you."""
    ways = await desk.read(lambda book: users.ways(book, users.user(book, request.user.id)))
    options = None
    if passkeys.party(request.headers.get("host", "")) is not None:
        options = await entering.again_options(desk, request)
    asked = options if options is not None and options.get("allowCredentials") else None
    texts = (_("Confirm that it is you"), _("Code of your app, or a recovery code"), _("Confirm"), _("Cancel"))
    return Asking(asked, ways, *texts)


@post(
    "/sign-in/again/passkey",
    include_in_schema=False,
    guards=[in_person],
    status_code=HTTP_200_OK,
    request_max_body_size=LARGEST,
)
async def again_by_passkey(
    request: Request[Who, Any, Any], desk: NamedDependency[Desk], data: JSONBody[Answered]
) -> Response[Done]:
    """Confirm by a passkey."""
    return forms.done(await entering.again_by_passkey(desk, request, data.credential), local(data.next))


class Typed(msgspec.Struct, frozen=True):
    """A code that was typed."""

    code: str


@post("/sign-in/again/code", include_in_schema=False, guards=[in_person], status_code=HTTP_200_OK)
async def again_by_code_in_place(
    request: Request[Who, Any, Any], desk: NamedDependency[Desk], data: JSONBody[Typed]
) -> Response[Done]:
    """Confirm by a code, for a script."""
    return forms.done(await entering.again_by_code(desk, request, data.code), "/")


HANDLERS = (
    *(sign_in, by_password, passkey_options, by_passkey, sign_out),
    *(again, again_by_code, again_options, again_by_passkey, again_by_code_in_place),
)
