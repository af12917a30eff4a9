"""API tokens: what programs sign in with. They may what they were given, no more than their user, and never reveal."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from litestar.connection import ASGIConnection

from nightlatch.errors import UsageError
from nightlatch.secrets import Secret
from nightlatch.store.users import Token, User, UserBook
from nightlatch.web.signin import chance, users
from nightlatch.web.signin.who import ROLES, SCOPES, Scope

START = "nlt_"
MOST = 50
"""Of one user."""
DAYS = (30, 90, 365)
"""For how long they may be made."""
DAY = 24 * 3_600_000_000


def offered(role: str) -> tuple[Scope, ...]:
    """The scopes that a token of somebody with this role may have."""
    return tuple(one for one in SCOPES if one in ROLES[role] and one != "reveal")  # type: ignore[index]


def scopes(token: Token, user: User) -> frozenset[Scope]:
    """What a token may now: its user may have become less since."""
    given = token.scopes.split()
    return frozenset(one for one in offered(user.role) if one in given)


def make(book: UserBook, user: User, name: str, wanted: Iterable[str], now: int, *, days: int) -> tuple[Token, Secret]:
    """A token, shown this once. UsageError where it would be more than its user, or is nothing."""
    asked, may = set(wanted), offered(user.role)
    if not asked:
        raise UsageError("a token needs at least one right", where="scopes")
    if beyond := asked - set(may):
        what = f"a token of yours cannot have: {', '.join(sorted(beyond))}"
        raise UsageError(what, where="scopes", todo=f"It can have: {', '.join(may)}.")
    if days not in DAYS:
        raise UsageError(f"a token is made for {', '.join(map(str, DAYS))} days", where="days")
    book.sweep(Token, "ends", now - 30 * DAY)
    if len(book.every(Token, user=user.id)) >= MOST:
        raise UsageError(f"you have {MOST} tokens already", todo="End those that nothing uses.")
    text = START + chance.base62()
    in_order = " ".join(one for one in may if one in asked)
    made = Token(chance.short_id(), chance.digest(text), user.id, users.named(name), in_order, now, now + days * DAY)
    book.put(made)
    return made, Secret(text)


def presented(connection: ASGIConnection[Any, Any, Any, Any]) -> str | None:
    """The token that a program sent; nothing where it sent something else, None where it sent none."""
    header = connection.headers.get("authorization")
    if header is None:
        return None
    kind, _, text = header.partition(" ")
    text = text.strip()
    return text if kind.lower() == "bearer" and text.startswith(START) and len(text) < 100 else ""
