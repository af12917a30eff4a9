"""What somebody is shown of themself: how they sign in, where they are signed in, and their tokens."""

from __future__ import annotations

import msgspec

from nightlatch.store.users import Passkey, Role, Session, Token, UserBook
from nightlatch.web.signin import sessions, tokens, users
from nightlatch.web.signin.users import Ways
from nightlatch.web.signin.who import Scope, Who


class PasskeyView(msgspec.Struct, frozen=True):
    """One of somebody's passkeys."""

    id: str
    name: str
    rp: str
    """The name of this machine that it is for."""
    synced: bool
    made: int
    used: int
    doubtful: bool
    """It counted less than before: somebody may have a copy."""


class SessionView(msgspec.Struct, frozen=True):
    """A browser in which somebody is signed in."""

    id: str
    agent: str
    address: str
    made: int
    seen: int
    here: bool
    """It is the one that asks."""


class TokenView(msgspec.Struct, frozen=True):
    """An API token, without what opens anything."""

    id: str
    name: str
    scopes: tuple[str, ...]
    made: int
    ends: int
    used: int
    over: bool


class Me(msgspec.Struct, frozen=True):
    """Who asks, and how they sign in."""

    id: str
    name: str
    role: Role
    scopes: tuple[Scope, ...]
    """What they may do by what they ask with."""
    ways: Ways
    passkeys: tuple[PasskeyView, ...]


class MyPage(msgspec.Struct, frozen=True):
    """All of somebody's own page."""

    me: Me
    sessions: tuple[SessionView, ...]
    tokens: tuple[TokenView, ...]
    offered: tuple[Scope, ...]
    """What a token of theirs may have."""
    days: tuple[int, ...]
    named: bool
    by_name: str


def me_view(book: UserBook, who: Who) -> Me:
    """Who asks."""
    user = users.user(book, who.id)
    mine = sorted(book.every(Passkey, user=who.id), key=lambda one: one.made)
    shown = tuple(
        PasskeyView(one.id, one.name, one.rp, one.synced, one.made, one.used, bool(one.doubtful)) for one in mine
    )
    return Me(user.id, user.name, user.role, tuple(sorted(who.scopes)), users.ways(book, user), shown)


def session_views(book: UserBook, who: Who, now: int) -> tuple[SessionView, ...]:
    """Where somebody is signed in, the latest first."""
    mine = [one for one in book.every(Session, user=who.id) if not sessions.over(one, now)]
    return tuple(
        SessionView(one.id, one.agent, one.address, one.made, one.seen, one.id == who.session)
        for one in sorted(mine, key=lambda one: -one.seen)
    )


def token_views(book: UserBook, who: Who, now: int) -> tuple[TokenView, ...]:
    """Somebody's tokens, the newest first."""
    user = users.user(book, who.id)
    return tuple(
        TokenView(
            one.id, one.name, tuple(sorted(tokens.scopes(one, user))), one.made, one.ends, one.used, now >= one.ends
        )
        for one in sorted(book.every(Token, user=who.id), key=lambda one: -one.made)
    )


def my_page(book: UserBook, who: Who, now: int, *, named: bool, by_name: str) -> MyPage:
    """All of it."""
    return MyPage(
        me_view(book, who),
        session_views(book, who, now),
        token_views(book, who, now),
        tokens.offered(who.role),
        tokens.DAYS,
        named,
        by_name,
    )
