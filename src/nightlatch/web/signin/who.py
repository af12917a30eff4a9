"""Who asks, and what they may do."""

from __future__ import annotations

from typing import Any, Literal, get_args

import msgspec
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler
from litestar.types import Guard

from nightlatch.service.connections import origin_of
from nightlatch.service.http import HERE
from nightlatch.web.errors import NeedsFresh, NeedsSignIn, NotAllowed

Role = Literal["owner", "resident", "viewer"]
Scope = Literal["see", "log", "lock", "unlock", "alerts", "access", "reveal", "posture", "settings"]
"""What may be done.

`see`: how the home stands; `log`: the journal, and who may open doors; `lock`, `unlock`: doors; `alerts`:
acknowledge; `access`: people, grants, codes; `reveal`: codes in clear; `posture`: answer, waive, fix;
`settings`: everything else.
"""
SCOPES: tuple[Scope, ...] = get_args(Scope)
ROLES: dict[Role, frozenset[Scope]] = {
    "owner": frozenset(SCOPES),
    "resident": frozenset(("see", "log", "lock", "unlock", "alerts")),
    "viewer": frozenset(("see",)),
}


class Who(msgspec.Struct, frozen=True):
    """A signed-in user, by a session or by a token."""

    id: str
    """Of the user, who is the person of that id."""
    name: str
    role: Role
    scopes: frozenset[Scope]
    kind: Literal["session", "token"] = "session"
    session: str = ""
    """Which session or token, by its id; never what is presented."""
    csrf: str = ""
    """What a form of this session carries."""
    fresh: bool = False
    """Whether a second factor was shown lately; a token's scopes were given so."""

    def may(self, scope: Scope) -> bool:
        """Whether they may do this."""
        return scope in self.scopes


Connection = ASGIConnection[Any, Who | None, Any, Any]


def signed_in(connection: Connection, handler: BaseRouteHandler) -> None:
    """Guard of every route: somebody is signed in, where the route is not open, or is open to this machine alone."""
    if connection.user is not None:
        return
    opened = handler.opt.get("open")
    if not opened or (opened == HERE and origin_of(connection.client.host if connection.client else "unknown")):
        raise NeedsSignIn


def may(scope: Scope) -> Guard:
    """A guard: who asks has this scope."""

    def guard(connection: Connection, _: BaseRouteHandler) -> None:
        who = connection.user
        if who is None:
            raise NeedsSignIn
        if not who.may(scope):
            raise NotAllowed(scope)

    return guard


def fresh(connection: Connection, _: BaseRouteHandler) -> None:
    """A guard: who asks showed a second factor within the last minutes."""
    who = connection.user
    if who is None:
        raise NeedsSignIn
    if not who.fresh:
        raise NeedsFresh
