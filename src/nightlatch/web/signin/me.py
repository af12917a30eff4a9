"""Somebody's own page: how they sign in, where they are signed in, and their tokens."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from litestar.response import Redirect
from litestar.status_codes import HTTP_200_OK, HTTP_400_BAD_REQUEST

from nightlatch.errors import UsageError
from nightlatch.secrets import Secret
from nightlatch.store.users import Passkey, Session, Token, User, UserBook
from nightlatch.web.errors import described
from nightlatch.web.house import House
from nightlatch.web.pages import back, page
from nightlatch.web.signin import newcomers, passkeys, passwords, tokens, users
from nightlatch.web.signin.acts import act
from nightlatch.web.signin.ceremonies import Expired
from nightlatch.web.signin.desk import Desk
from nightlatch.web.signin.forms import LARGEST, Answered, Done, by_name, fields, in_person
from nightlatch.web.signin.newcoming import Setting, setting
from nightlatch.web.signin.oneself import (
    Me,
    MyPage,
    SessionView,
    TokenView,
    me_view,
    my_page,
    session_views,
    token_views,
)
from nightlatch.web.signin.who import Who, fresh

PAGE = "/settings/me"
ADDING = "add passkey"


class AppPage(msgspec.Struct, frozen=True):
    """The page on which a password, or an authenticator app, is set."""

    app: Setting
    password: bool
    """Whether a password is asked for too."""


@get("/settings/me", include_in_schema=False, guards=[in_person])
async def me(
    request: Request[Who, Any, Any], house: NamedDependency[House], desk: NamedDependency[Desk]
) -> Response[str]:
    """Somebody's own page."""
    return page(request, house, "signin/me.html", view=await _my_page(desk, request))


async def _my_page(desk: Desk, request: Request[Who, Any, Any]) -> MyPage:
    who, now, name = request.user, desk.now(), by_name(request)
    named = passkeys.party(request.headers.get("host", "")) is not None
    return await desk.read(lambda book: my_page(book, who, now, named=named, by_name=name))


# Passkeys


@post("/settings/me/passkeys/options", include_in_schema=False, guards=[in_person, fresh], status_code=HTTP_200_OK)
async def passkey_options(request: Request[Who, Any, Any], desk: NamedDependency[Desk]) -> dict[str, Any]:
    """What a browser is asked to make."""
    who, party = request.user, passkeys.needed(request.headers.get("host", ""))

    def look(book: UserBook) -> tuple[User, list[Passkey]]:
        return users.user(book, who.id), book.every(Passkey, user=who.id)

    user, mine = await desk.read(look)
    challenge = desk.ceremonies.challenge(f"{ADDING} {who.session}", desk.now())
    return passkeys.new_options(user, desk.house.name, party, challenge, mine)


@post(
    "/settings/me/passkeys",
    include_in_schema=False,
    guards=[in_person, fresh],
    status_code=HTTP_200_OK,
    request_max_body_size=LARGEST,
)
async def add_passkey(request: Request[Who, Any, Any], desk: NamedDependency[Desk], data: JSONBody[Answered]) -> Done:
    """Add a passkey."""
    who, party = request.user, passkeys.needed(request.headers.get("host", ""))
    name = users.named(data.name) if data.name.strip() else newcomers.device_name(request)
    purpose, now = f"{ADDING} {who.session}", desk.now()
    made = passkeys.registered(data.credential, party, desk.ceremonies, now, purpose=purpose, user=who.id, name=name)
    await desk.change(
        lambda book, _now: newcomers.put_passkey(book, made), act(now, "passkey-added", person=who.id, detail=name)
    )
    return Done(PAGE)


@post("/settings/me/passkeys/rename", include_in_schema=False, guards=[in_person, fresh])
async def rename_passkey(request: Request[Who, Any, Any], desk: NamedDependency[Desk]) -> Redirect:
    """Call a passkey otherwise."""
    who, form = request.user, await fields(request)

    def rename(book: UserBook, _now: int) -> None:
        found = users.mine(book.one(Passkey, form.get("passkey", "")), who.id)
        book.put(msgspec.structs.replace(found, name=users.named(form.get("name", ""))))

    await desk.change(rename, act(desk.now(), "passkey-renamed", person=who.id))
    return back(PAGE)


@post("/settings/me/passkeys/remove", include_in_schema=False, guards=[in_person, fresh])
async def remove_passkey(request: Request[Who, Any, Any], desk: NamedDependency[Desk]) -> Redirect:
    """Remove a passkey; never the last way in."""
    who, form = request.user, await fields(request)
    gone = await desk.change(lambda book, _now: users.remove_passkey(book, who.id, form.get("passkey", "")))
    await desk.tell(act(desk.now(), "passkey-removed", person=who.id, detail=gone.name))
    return back(PAGE)


# Password, authenticator app, recovery codes


@get("/settings/me/password", include_in_schema=False, guards=[in_person, fresh])
async def password(
    request: Request[Who, Any, Any], house: NamedDependency[House], desk: NamedDependency[Desk]
) -> Response[str]:
    """The page on which a password is set; with an app, where there is none."""
    return await _password_page(request, house, desk)


@get("/settings/me/app", include_in_schema=False, guards=[in_person, fresh])
async def app(
    request: Request[Who, Any, Any], house: NamedDependency[House], desk: NamedDependency[Desk]
) -> Response[str]:
    """The page on which another authenticator app is set up."""
    return _app_page(request, house, desk)


async def _password_page(
    request: Request[Who, Any, Any],
    house: NamedDependency[House],
    desk: NamedDependency[Desk],
    sealed: str = "",
    error: UsageError | None = None,
) -> Response[str]:
    ways = await desk.read(lambda book: users.ways(book, users.user(book, request.user.id)))
    if not ways.authenticator:
        return _app_page(request, house, desk, sealed, error, password=True)
    problem = described(error)[0] if error is not None else None
    status = HTTP_400_BAD_REQUEST if error is not None else HTTP_200_OK
    return page(request, house, "signin/password.html", status=status, problem=problem)


def _app_page(
    request: Request[Who, Any, Any],
    house: NamedDependency[House],
    desk: NamedDependency[Desk],
    sealed: str = "",
    error: UsageError | None = None,
    *,
    password: bool = False,
) -> Response[str]:
    try:
        made = newcomers.same_app(desk, sealed, request.user.id)
    except Expired:
        made = newcomers.new_app(desk, request.user.id)
    problem = described(error)[0] if error is not None else None
    status = HTTP_400_BAD_REQUEST if error is not None else HTTP_200_OK
    view = AppPage(setting(made), password)
    return page(request, house, "signin/app.html", status=status, problem=problem, view=view)


@post("/settings/me/password", include_in_schema=False, guards=[in_person, fresh])
async def set_password(
    request: Request[Who, Any, Any], house: NamedDependency[House], desk: NamedDependency[Desk]
) -> Response[Any]:
    """Set a password. Every other session ends. With the first one an app is set up, and recovery codes are made."""
    who, form = request.user, await fields(request)
    text, sealed = Secret(form.get("password", "")), form.get("app", "")
    needs_app = not (await desk.read(lambda book: users.ways(book, users.user(book, who.id)))).authenticator
    try:
        await asyncio.to_thread(passwords.judge, text, who.id, who.name, house.name)
        secret, step = newcomers.first_step(desk, sealed, form.get("code", "")) if needs_app else (Secret(""), 0)
    except UsageError as error:
        return await _password_page(request, house, desk, sealed, error)
    hashed = await desk.passwords.hashed(text)

    def put(book: UserBook, now: int) -> tuple[Secret, ...]:
        users.set_password(book, who.id, hashed, keep=who.session)
        return newcomers.put_app(desk, book, who.id, secret, step=step, now=now) if needs_app else ()

    codes = await desk.change(put, act(desk.now(), "password-set", person=who.id))
    return await _codes(request, house, desk, codes) if codes else back(PAGE)


@post("/settings/me/app", include_in_schema=False, guards=[in_person, fresh])
async def set_app(
    request: Request[Who, Any, Any], house: NamedDependency[House], desk: NamedDependency[Desk]
) -> Response[Any]:
    """Take another authenticator app; recovery codes are made anew."""
    who, form = request.user, await fields(request)
    sealed = form.get("app", "")
    try:
        secret, step = newcomers.first_step(desk, sealed, form.get("code", ""))
    except UsageError as error:
        return _app_page(request, house, desk, sealed, error)

    def put(book: UserBook, now: int) -> tuple[Secret, ...]:
        return newcomers.put_app(desk, book, who.id, secret, step=step, now=now)

    codes = await desk.change(put, act(desk.now(), "authenticator-set", person=who.id))
    return await _codes(request, house, desk, codes)


@post("/settings/me/recovery", include_in_schema=False, guards=[in_person, fresh])
async def recovery(
    request: Request[Who, Any, Any], house: NamedDependency[House], desk: NamedDependency[Desk]
) -> Response[str]:
    """Make recovery codes in the place of any former ones, and show them."""
    codes = await desk.change(lambda book, _now: users.recovery_codes(book, request.user.id))
    return await _codes(request, house, desk, codes)


async def _codes(
    request: Request[Who, Any, Any],
    house: NamedDependency[House],
    desk: NamedDependency[Desk],
    codes: tuple[Secret, ...],
) -> Response[str]:
    await desk.tell(act(desk.now(), "recovery-made", person=request.user.id))
    shown = [one.reveal() for one in codes]
    return page(request, house, "signin/codes.html", codes=shown, next=PAGE)


@post("/settings/me/passkeys-only", include_in_schema=False, guards=[in_person, fresh])
async def passkeys_only(request: Request[Who, Any, Any], desk: NamedDependency[Desk]) -> Redirect:
    """Sign in by passkeys only: password, app and recovery codes go."""
    who = request.user
    removed = act(desk.now(), "password-removed", person=who.id)
    await desk.change(lambda book, _now: users.remove_password(book, who.id), removed)
    return back(PAGE)


# Sessions and tokens


@post("/settings/me/sessions/end", include_in_schema=False, guards=[in_person])
async def end_session(request: Request[Who, Any, Any], desk: NamedDependency[Desk]) -> Redirect:
    """End one of their sessions."""
    who, form = request.user, await fields(request)

    def end(book: UserBook, _now: int) -> None:
        found = users.mine(book.one(Session, form.get("session", "")), who.id)
        book.drop(Session, id=found.id)

    await desk.change(end, act(desk.now(), "session-ended", person=who.id))
    return back(PAGE)


@post("/settings/me/sessions/end-others", include_in_schema=False, guards=[in_person])
async def end_others(request: Request[Who, Any, Any], desk: NamedDependency[Desk]) -> Redirect:
    """End every session of theirs but this one."""
    who = request.user
    ended = act(desk.now(), "session-ended", person=who.id, detail="all others")
    await desk.change(lambda book, _now: book.sessions_but(who.id, who.session), ended)
    return back(PAGE)


@post("/settings/me/tokens", include_in_schema=False, guards=[in_person, fresh])
async def make_token(
    request: Request[Who, Any, Any], house: NamedDependency[House], desk: NamedDependency[Desk]
) -> Response[Any]:
    """Make a token, and show it this once."""
    who, form, days = request.user, await fields(request), 0
    wanted = [text for text in (await request.form()).getall("scopes", []) if isinstance(text, str)]
    if form.get("days", "").isdecimal():
        days = int(form["days"][:4])
    try:
        made, text = await desk.change(
            lambda book, now: tokens.make(book, users.user(book, who.id), form.get("name", ""), wanted, now, days=days)
        )
    except UsageError as error:
        view, (problem, _status) = await _my_page(desk, request), described(error)
        return page(request, house, "signin/me.html", status=HTTP_400_BAD_REQUEST, problem=problem, view=view)
    await desk.tell(act(desk.now(), "token-made", person=who.id, detail=f"{made.name}: {made.scopes}"))
    return page(request, house, "signin/token.html", token=text.reveal(), name=made.name, ends=made.ends)


@post("/settings/me/tokens/end", include_in_schema=False, guards=[in_person])
async def end_token(request: Request[Who, Any, Any], desk: NamedDependency[Desk]) -> Redirect:
    """End a token of theirs."""
    who, form = request.user, await fields(request)

    def end(book: UserBook, _now: int) -> Token:
        found = users.mine(book.one(Token, form.get("token", "")), who.id)
        book.drop(Token, id=found.id)
        return found

    gone = await desk.change(end)
    await desk.tell(act(desk.now(), "token-ended", person=who.id, detail=gone.name))
    return back(PAGE)


# The same for programs


@get("/api/me", tags=["users"])
async def api_me(request: Request[Who, Any, Any], desk: NamedDependency[Desk]) -> Me:
    """Who asks, what they may, and how they sign in."""
    return await desk.read(lambda book: me_view(book, request.user))


@get("/api/me/sessions", tags=["users"])
async def api_sessions(request: Request[Who, Any, Any], desk: NamedDependency[Desk]) -> tuple[SessionView, ...]:
    """Where who asks is signed in, the latest first."""
    return await desk.read(lambda book: session_views(book, request.user, desk.now()))


@get("/api/me/tokens", tags=["users"])
async def api_tokens(request: Request[Who, Any, Any], desk: NamedDependency[Desk]) -> tuple[TokenView, ...]:
    """The API tokens of who asks, the newest first; never what opens anything."""
    return await desk.read(lambda book: token_views(book, request.user, desk.now()))


HANDLERS = (
    *(me, passkey_options, add_passkey, rename_passkey, remove_passkey),
    *(password, app, set_password, set_app, recovery, passkeys_only),
    *(end_session, end_others, make_token, end_token),
    *(api_me, api_sessions, api_tokens),
)
