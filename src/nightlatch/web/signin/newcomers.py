"""From a one-time code to a way in: the first owner, who was invited, and whose ways in are lost.

The code is checked first; what follows carries a ticket for it, which opens nothing else. Only at the end,
together with a way to sign in, the code is used up and the user made.
"""

from __future__ import annotations

import asyncio
from typing import Any, Literal

import msgspec
from litestar import Request

from nightlatch.secrets import Secret
from nightlatch.store.users import Code, Passkey, Role, User, UserBook
from nightlatch.web.errors import Refused
from nightlatch.web.signin import limits, passkeys, passwords, totp, users
from nightlatch.web.signin.acts import Act, act
from nightlatch.web.signin.ceremonies import Expired
from nightlatch.web.signin.desk import Desk, Entered, visitor
from nightlatch.web.texts import _

NEW, APP = "new user", "new app"
"""What sealed values are for."""


class NoCode(Refused):
    """A one-time code is none."""

    status = 403

    def __init__(self) -> None:
        super().__init__(
            _("this code is not good: it is mistyped, was used, or its time is over"),
            todo=_("On the machine: nightlatch users setup, or nightlatch users reset NAME. Or ask an owner."),
        )


class WrongFirstCode(Refused):
    """The first code of an app does not match its secret."""

    def __init__(self) -> None:
        super().__init__(
            _("this is not the code that the app shows by this secret"),
            todo=_("Take it anew from the app. If it never matches, the clock of this machine or the phone is wrong."),
        )


class App(msgspec.Struct, frozen=True):
    """An authenticator app that is being set up."""

    sealed: str
    """The secret, as the form carries it."""
    secret: Secret
    """As it can be typed."""
    address: Secret
    """As the picture has it."""


class Newcomer(msgspec.Struct, frozen=True):
    """Who makes their way in, by the page that asks for it."""

    kind: Literal["setup", "invite", "reset"]
    ticket: str
    id: str
    name: str
    role: Role


class Claim(msgspec.Struct, frozen=True):
    """What they sent of themself: their ticket, and who the first owner is."""

    ticket: str
    id: str = ""
    name: str = ""


async def check(desk: Desk, request: Request[Any, Any, Any], typed: str) -> Newcomer:
    """Who comes by this code. NoCode or TooMany."""
    at = visitor(request)
    under = limits.place("code", at)
    admission = await desk.admit(under)
    async with desk.passwords.room():
        code = await desk.read(lambda book: users.coded(book, desk.passwords, typed, desk.now()))
    if code is None:
        failed = act(desk.now(), "sign-in-failed", detail=f"from {at.address}", way="one-time code")
        await desk.failed(admission, failed)
        raise NoCode
    await desk.change(lambda book, _now: limits.cleared(book, under))
    return _newcomer(desk, code)


def _newcomer(desk: Desk, code: Code) -> Newcomer:
    ticket = desk.ceremonies.sealed(NEW, f"{code.made} {code.id}", desk.now())
    return Newcomer(code.kind, ticket, code.user, code.name, code.role)


async def again(desk: Desk, ticket: str) -> Newcomer:
    """The same of who was checked before. Expired."""
    return _newcomer(desk, await desk.read(lambda book: _code(desk, book, ticket)))


def new_app(desk: Desk, user: str) -> App:
    """A secret for an authenticator app, which is not kept before its first code was typed."""
    secret = totp.new_secret()
    sealed = desk.ceremonies.sealed(APP, secret.reveal(), desk.now())
    return _app(desk, secret, sealed, user)


def same_app(desk: Desk, sealed: str, user: str) -> App:
    """The one that a form carries. Expired."""
    return _app(desk, Secret(desk.ceremonies.opened(APP, sealed, desk.now())), sealed, user)


def _app(desk: Desk, secret: Secret, sealed: str, user: str) -> App:
    return App(sealed, totp.grouped(secret), totp.address(secret, user or "owner", desk.house.name))


def first_step(desk: Desk, sealed: str, code: str) -> tuple[Secret, int]:
    """The secret that a form carries, and the step of its first code. Expired or WrongFirstCode."""
    secret = Secret(desk.ceremonies.opened(APP, sealed, desk.now()))
    step = totp.step_of(secret, code, desk.now(), 0)
    if step is None:
        raise WrongFirstCode
    return secret, step


def put_app(desk: Desk, book: UserBook, user: str, secret: Secret, *, step: int, now: int) -> tuple[Secret, ...]:
    """Keep an app's secret, sealed, within a transaction; the new recovery codes."""
    desk.house.service.access.vault.keep_within(book.connection, f"totp:{user}", secret)
    return users.set_totp(book, user, step, now)


async def by_password(
    desk: Desk, request: Request[Any, Any, Any], claim: Claim, password: Secret, *, app: str, code: str
) -> Entered:
    """Make the user, who signs in by a password and an app. Refused or UsageError say what is wrong."""
    found = await again(desk, claim.ticket)
    who = (found.id or claim.id, found.name or claim.name)
    await asyncio.to_thread(passwords.judge, password, *who, desk.house.name)
    secret, step = first_step(desk, app, code)
    hashed = await desk.passwords.hashed(password)

    def make(book: UserBook, now: int) -> tuple[Code, Entered]:
        code_, made = _enter(desk, book, claim, now)
        made = msgspec.structs.replace(made, password=hashed)
        book.put(made)
        codes = put_app(desk, book, made.id, secret, step=step, now=now)
        return code_, desk.entered(book, request, made, now, codes)

    return await _made(desk, await desk.change(make), "password")


async def passkey_options(desk: Desk, request: Request[Any, Any, Any], claim: Claim) -> dict[str, Any]:
    """What a browser is asked to make. Refused or UsageError say what is wrong with id and name."""
    party = passkeys.needed(request.headers.get("host", ""))

    def look(book: UserBook) -> tuple[User, list[Passkey]]:
        code, now = _code(desk, book, claim.ticket), desk.now()
        if code.kind == "setup":
            return users.new(book, claim.id, claim.name, "owner", now, handle=code.handle), []
        return User(code.user, code.name, code.role, code.handle, now), book.every(Passkey, user=code.user)

    user, mine = await desk.read(look)
    return passkeys.new_options(user, desk.house.name, party, desk.ceremonies.challenge(NEW, desk.now()), mine)


async def by_passkey(desk: Desk, request: Request[Any, Any, Any], claim: Claim, answer: dict[str, Any]) -> Entered:
    """Make the user, who signs in by the passkey that was made. As `by_password`; NotProven."""
    party = passkeys.needed(request.headers.get("host", ""))

    def make(book: UserBook, now: int) -> tuple[Code, Entered]:
        code, made = _enter(desk, book, claim, now)
        passkey = passkeys.registered(
            answer, party, desk.ceremonies, now, purpose=NEW, user=made.id, name=device_name(request)
        )
        put_passkey(book, passkey)
        return code, desk.entered(book, request, made, now)

    return await _made(desk, await desk.change(make), "passkey")


def put_passkey(book: UserBook, passkey: Passkey) -> None:
    """Keep a new passkey; Refused where it is somebody's already, or they have too many."""
    if book.one(Passkey, passkey.id) is not None:
        raise Refused(_("this passkey is here already"))
    if len(book.every(Passkey, user=passkey.user)) >= passkeys.MOST:
        raise Refused(_("you have %(most)d passkeys already", most=passkeys.MOST), todo=_("Remove one first."))
    book.put(passkey)


def device_name(request: Request[Any, Any, Any]) -> str:
    """What a new passkey is called, until its user calls it otherwise."""
    from nightlatch.web.signin import agents

    return agents.words(request.headers.get("user-agent", ""))


def _code(desk: Desk, book: UserBook, ticket: str) -> Code:
    made, _space, id_ = desk.ceremonies.opened(NEW, ticket, desk.now()).partition(" ")
    code = book.one(Code, id_)
    if code is None or str(code.made) != made or desk.now() >= code.ends:
        raise Expired
    return code


def _enter(desk: Desk, book: UserBook, claim: Claim, now: int) -> tuple[Code, User]:
    return users.enter(book, _code(desk, book, claim.ticket).id, claim.id, claim.name, now)


async def _made(desk: Desk, made: tuple[Code, Entered], way: str) -> Entered:
    code, entered = made
    name: Act = "reset" if code.kind == "reset" else "user-added"
    session = entered.session
    detail = f"{entered.user.role}, {session.agent}, from {session.address}"
    await desk.tell(act(desk.now(), name, person=entered.user.id, detail=detail, way=way))
    return entered
