"""Sessions: what a cookie opens, for how long, and the cookie itself."""

from __future__ import annotations

import secrets
from typing import Any

import msgspec
from litestar import Request
from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie

from nightlatch.store.users import Device, Session, UserBook
from nightlatch.web.signin import agents, chance

MINUTE = 60_000_000
DAY = 24 * 60 * MINUTE
IDLE, LONGEST = 7 * DAY, 30 * DAY
"""After so long without a request, and at the latest, a session is over."""
FRESH = 5 * MINUTE
"""For so long a second factor counts as shown lately."""
MOST, MOST_DEVICES = 50, 10
"""Of one user; the ones that were used longest ago go."""
REMEMBERED_S = 365 * 24 * 3600
LONGEST_COOKIE = 200

Connection = ASGIConnection[Any, Any, Any, Any]


def over(session: Session, now: int) -> bool:
    """Whether it is over by itself."""
    return now >= session.made + LONGEST or now >= session.seen + IDLE


def begin(book: UserBook, user: str, request: Request[Any, Any, Any], address: str, now: int) -> tuple[Session, str]:
    """A session and what its cookie holds. It begins fresh: who signs in has just shown two factors."""
    token = chance.token()
    agent = agents.words(request.headers.get("user-agent", ""))
    made = Session(
        chance.short_id(), chance.digest(token), user, secrets.token_urlsafe(32), now, now, now + FRESH, address, agent
    )
    book.sweep(Session, "seen", now - IDLE)
    book.sweep(Session, "made", now - LONGEST)
    for old in sorted(book.every(Session, user=user), key=lambda one: -one.seen)[MOST - 1 :]:
        book.drop(Session, id=old.id)
    book.put(made)
    return made, token


def renew(book: UserBook, session: Session, now: int) -> tuple[Session, str]:
    """The same session, fresh and with another token: whoever knew the former one is left behind."""
    token = chance.token()
    made = msgspec.structs.replace(session, digest=chance.digest(token), fresh=now + FRESH, seen=now)
    book.put(made)
    return made, token


def remember(book: UserBook, user: str, token: str, now: int) -> str:
    """Have this browser known as one that they signed in with; what its cookie holds."""
    token = token or chance.token()
    book.put(Device(device_id(user, token), user, now))
    devices = sorted(book.every(Device, user=user), key=lambda one: -one.used)
    for old in devices[MOST_DEVICES:]:
        book.drop(Device, id=old.id)
    return token


def device_id(user: str, token: str) -> str:
    """By what a browser is known to be a user's."""
    return chance.digest(f"{user} {token}")


def presented(connection: Connection, name: str) -> str:
    """What a cookie of ours holds; nothing where there is none, or what cannot be ours."""
    value = connection.cookies.get(cookie_name(name, connection.scope.get("scheme") == "https"), "")
    return value if len(value) <= LONGEST_COOKIE else ""


def cookie_name(name: str, secure: bool) -> str:
    """Under TLS a name that browsers take from this very host alone (`__Host-`, RFC 6265bis)."""
    return f"__Host-{name}" if secure else name


SESSION, DEVICE = "nightlatch", "nightlatch-device"


def cookie(request: Request[Any, Any, Any], name: str, value: str, age_s: int) -> Cookie:
    """A cookie that no script reads and no other site sends along. Age 0 takes it away."""
    secure = request.scope["scheme"] == "https"
    return Cookie(
        cookie_name(name, secure), value=value, max_age=age_s, path="/", httponly=True, secure=secure, samesite="strict"
    )
