"""The users of the home, for its owners: who there is, who is invited, and what becomes of them."""

from __future__ import annotations

from typing import Any, get_args

import msgspec
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.response import Redirect
from litestar.status_codes import HTTP_200_OK, HTTP_400_BAD_REQUEST
from markupsafe import Markup

from nightlatch.errors import UsageError
from nightlatch.secrets import Secret
from nightlatch.store.users import Code, Role, Session, User, UserBook
from nightlatch.web.errors import described
from nightlatch.web.house import House
from nightlatch.web.pages import back, page
from nightlatch.web.signin import forms, sessions, users
from nightlatch.web.signin.acts import act
from nightlatch.web.signin.desk import Desk
from nightlatch.web.signin.forms import fields, in_person
from nightlatch.web.signin.users import Ways
from nightlatch.web.signin.who import Who, fresh, may

PAGE = "/settings/users"
OWNERS = [in_person, may("settings"), fresh]


class UserView(msgspec.Struct, frozen=True):
    """A user, as owners see them."""

    id: str
    name: str
    role: Role
    made: int
    seen: int
    """When they last did something; 0: they are signed in nowhere."""
    ways: Ways
    you: bool


class Invitation(msgspec.Struct, frozen=True):
    """Somebody who was invited and has not come yet."""

    id: str
    name: str
    role: Role
    ends: int


class Users(msgspec.Struct, frozen=True):
    """Everybody who may sign in, and who is invited."""

    users: tuple[UserView, ...]
    invitations: tuple[Invitation, ...]


class Link(msgspec.Struct, frozen=True):
    """A link with a one-time code, shown this once."""

    name: str
    reset: bool
    address: str
    code: str
    picture: Markup
    ends: int


def users_view(book: UserBook, who: Who, now: int) -> Users:
    """Everybody, by name."""
    shown = []
    for one in sorted(book.every(User), key=lambda one: (one.name.casefold(), one.id)):
        mine = [session.seen for session in book.every(Session, user=one.id) if not sessions.over(session, now)]
        ways = users.ways(book, one)
        shown.append(UserView(one.id, one.name, one.role, one.made, max(mine, default=0), ways, one.id == who.id))
    invited = [one for one in book.every(Code) if one.kind == "invite" and one.ends > now]
    return Users(tuple(shown), tuple(Invitation(one.user, one.name, one.role, one.ends) for one in invited))


@get("/settings/users", include_in_schema=False, guards=[in_person, may("settings")])
async def everybody(
    request: Request[Who, Any, Any], house: NamedDependency[House], desk: NamedDependency[Desk]
) -> Response[str]:
    """The users of the home."""
    return await _page(request, house, desk)


async def _page(
    request: Request[Who, Any, Any],
    house: NamedDependency[House],
    desk: NamedDependency[Desk],
    error: UsageError | None = None,
    **typed: str,
) -> Response[str]:
    view = await desk.read(lambda book: users_view(book, request.user, desk.now()))
    problem = described(error)[0] if error is not None else None
    status = HTTP_400_BAD_REQUEST if error is not None else HTTP_200_OK
    values = {"id": "", "name": "", "role": "resident"} | typed
    return page(request, house, "signin/users.html", status=status, problem=problem, view=view, typed=values)


@post("/settings/users/invite", include_in_schema=False, guards=OWNERS)
async def invite(
    request: Request[Who, Any, Any], house: NamedDependency[House], desk: NamedDependency[Desk]
) -> Response[Any]:
    """Invite somebody: their link is shown this once."""
    form = await fields(request)
    id_, name = form.get("id", "").strip().lower(), form.get("name", "")
    try:
        role = _role(form)
        made, code = await desk.change(lambda book, now: users.invite(book, id_, name, role, now))
    except UsageError as error:
        return await _page(request, house, desk, error, id=id_, name=name, role=form.get("role", ""))
    await desk.tell(act(desk.now(), "user-invited", person=request.user.id, about=made, detail=made.role))
    return _link(request, house, made, code)


def _link(request: Request[Who, Any, Any], house: NamedDependency[House], made: Code, code: Secret) -> Response[str]:
    host = request.headers.get("host", "")
    address = Secret(f"{request.url.scheme}://{host}/sign-in/new#{code.reveal()}")
    picture = forms.picture(address)
    view = Link(made.name, made.kind == "reset", address.reveal(), code.reveal(), picture, made.ends)
    return page(request, house, "signin/link.html", view=view)


@post("/settings/users/withdraw", include_in_schema=False, guards=OWNERS)
async def withdraw(request: Request[Who, Any, Any], desk: NamedDependency[Desk]) -> Redirect:
    """Take an invitation back."""
    form = await fields(request)
    gone = await desk.change(lambda book, _now: users.withdraw(book, form.get("user", "")))
    await desk.tell(act(desk.now(), "invitation-withdrawn", person=request.user.id, about=gone))
    return back(PAGE)


@post("/settings/users/change", include_in_schema=False, guards=OWNERS)
async def change(
    request: Request[Who, Any, Any], house: NamedDependency[House], desk: NamedDependency[Desk]
) -> Response[Any]:
    """Another name or role. With another role, their sessions end."""
    form = await fields(request)
    id_ = form.get("user", "")
    try:
        role = _role(form)
        made = await desk.change(lambda book, _now: users.change(book, id_, name=form.get("name"), role=role))
    except UsageError as error:
        return await _page(request, house, desk, error)
    await desk.tell(act(desk.now(), "user-changed", person=request.user.id, about=made, detail=made.role))
    return back(PAGE)


@post("/settings/users/reset", include_in_schema=False, guards=OWNERS)
async def reset(
    request: Request[Who, Any, Any], house: NamedDependency[House], desk: NamedDependency[Desk]
) -> Response[Any]:
    """Let somebody set a new way to sign in: their link is shown this once. Their sessions end."""
    form = await fields(request)
    made, code = await desk.change(lambda book, now: users.reset(book, form.get("user", ""), now))
    await desk.tell(act(desk.now(), "reset", person=request.user.id, about=made))
    return _link(request, house, made, code)


@post("/settings/users/remove", include_in_schema=False, guards=OWNERS)
async def remove(
    request: Request[Who, Any, Any], house: NamedDependency[House], desk: NamedDependency[Desk]
) -> Response[Any]:
    """Remove a user; never the last owner."""
    form = await fields(request)
    try:
        gone = await desk.change(lambda book, _now: users.remove(book, form.get("user", "")))
    except UsageError as error:
        return await _page(request, house, desk, error)
    await desk.tell(act(desk.now(), "user-removed", person=request.user.id, about=gone))
    return back(PAGE)


def _role(form: dict[str, str]) -> Role:
    wanted = form.get("role", "")
    for role in get_args(Role):
        if role == wanted:
            return role  # type: ignore[no-any-return]  # one of its words
    raise UsageError(f"there is no role {wanted!r}", where="role", todo=f"It is one of {', '.join(users.ROLES)}.")


@get("/api/users", tags=["users"], guards=[may("settings")])
async def api_users(request: Request[Who, Any, Any], desk: NamedDependency[Desk]) -> Users:
    """Everybody who may sign in, and who is invited."""
    return await desk.read(lambda book: users_view(book, request.user, desk.now()))


HANDLERS = (everybody, invite, withdraw, change, reset, remove, api_users)
