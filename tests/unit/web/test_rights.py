"""What each route demands, and that it does: a route that is not in the table fails, and so does one that is gone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import httpx
import msgspec
from litestar import Litestar
from litestar.connection import ASGIConnection
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute

from nightlatch.web.app import application
from nightlatch.web.errors import Refused
from nightlatch.web.signin.desk import Desk
from nightlatch.web.signin.who import ROLES, SCOPES, Role, Scope, Who, signed_in
from tests.unit.web.conftest import ADDRESS, CSRF, Web


class Demand(msgspec.Struct, frozen=True):
    """What who asks must be."""

    scope: Scope | None = None
    fresh: bool = False
    in_person: bool = False
    """By a session: a token may not."""
    open: bool = False

    def refused(self, who: Who | None) -> bool:
        """Whether they are refused."""
        if self.open:
            return False
        if who is None or (self.scope is not None and not who.may(self.scope)):
            return True
        return (self.fresh and not who.fresh) or (self.in_person and who.kind != "session")


RIGHTS: tuple[tuple[Demand, str], ...] = (
    (
        Demand(),
        """
        GET /api
        GET /api/me
        GET /api/me/sessions
        GET /api/me/tokens
        GET /api/openapi.json
        GET /api/openapi.json/openapi.json
        GET /api/openapi.json/{path}
        GET /more
        """,
    ),
    (
        Demand("access"),
        """
        GET /access/grants/new
        POST /access/grants/new
        GET /access/grants/{id_}/change
        POST /access/grants/{id_}/change
        GET /access/people/{id_}/code
        GET /access/strangers/{lock}/{slot}
        POST /api/grants/preview
        """,
    ),
    (
        Demand("access", fresh=True),
        """
        GET /access/feeds/new
        POST /access/feeds/new
        GET /access/feeds/{id_}/remove
        POST /access/feeds/{id_}/remove
        POST /access/feeds/{id_}/renew
        GET /access/grants/{id_}/end
        POST /access/grants/{id_}/end
        GET /access/import
        POST /access/import
        POST /access/locks/{lock}/read
        GET /access/locks/{lock}/retire
        POST /access/locks/{lock}/retire
        GET /access/people/new
        POST /access/people/new
        GET /access/people/{id_}/change
        POST /access/people/{id_}/change
        GET /access/people/{id_}/code/new
        POST /access/people/{id_}/code/new
        GET /access/people/{id_}/remove
        POST /access/people/{id_}/remove
        POST /access/strangers/{lock}/{slot}
        POST /access/sync
        DELETE /api/feeds/{id_}
        POST /api/grants
        DELETE /api/grants/{id_}
        POST /api/people
        DELETE /api/people/{id_}
        PATCH /api/people/{id_}
        POST /api/sync
        """,
    ),
    (
        Demand("alerts"),
        """
        POST /alerts/acknowledge
        POST /alerts/{id_}/acknowledge
        POST /alerts/{id_}/close
        POST /api/alerts/{id_}/acknowledge
        POST /api/alerts/{id_}/close
        """,
    ),
    (
        Demand(fresh=True, in_person=True),
        """
        GET /settings/me/app
        POST /settings/me/app
        POST /settings/me/passkeys
        POST /settings/me/passkeys-only
        POST /settings/me/passkeys/options
        POST /settings/me/passkeys/remove
        POST /settings/me/passkeys/rename
        GET /settings/me/password
        POST /settings/me/password
        POST /settings/me/recovery
        POST /settings/me/tokens
        """,
    ),
    (
        Demand("settings", fresh=True, in_person=True),
        """
        POST /settings/backup
        POST /settings/privacy/erase/{person}
        POST /settings/users/change
        POST /settings/users/invite
        POST /settings/users/remove
        POST /settings/users/reset
        POST /settings/users/withdraw
        """,
    ),
    (
        Demand("posture", fresh=True),
        """
        POST /api/posture/repairs/{id_}
        POST /posture/fixes
        POST /posture/fixes/{id_}
        """,
    ),
    (
        Demand("reveal", fresh=True),
        """
        POST /access/people/{id_}/card
        POST /access/people/{id_}/code
        """,
    ),
    (
        Demand("settings", fresh=True),
        """
        POST /alerts/channels
        POST /alerts/channels/{id_}
        POST /alerts/channels/{id_}/remove
        POST /alerts/channels/{id_}/test
        POST /alerts/detections/{id_}
        POST /alerts/rules/{table}
        POST /alerts/rules/{table}/{number}/remove
        POST /api/channels/{id_}/test
        POST /api/settings/discovery
        POST /api/settings/doors
        PUT /api/settings/home
        PUT /api/settings/retention
        PUT /api/settings/service
        POST /api/settings/sources
        DELETE /api/settings/sources/{source}
        PUT /api/settings/sources/{source}
        POST /api/settings/sources/{source}/test
        POST /first-run/home
        POST /settings/doors/add
        POST /settings/doors/bind
        POST /settings/doors/{door}
        POST /settings/doors/{door}/locks/{lock}
        POST /settings/doors/{door}/locks/{lock}/autolock
        POST /settings/doors/{door}/remove
        POST /settings/entities
        POST /settings/home
        POST /settings/locks/{lock}/remove
        POST /settings/privacy
        POST /settings/reread
        POST /settings/service
        POST /settings/sources/find
        POST /settings/sources/new/{kind}
        POST /settings/sources/{source}
        POST /settings/sources/{source}/remove
        POST /settings/sources/{source}/test
        """,
    ),
    (
        Demand("unlock", fresh=True),
        """
        POST /api/doors/{door}/unlock
        POST /doors/{door}/pause
        POST /doors/{door}/unlock
        """,
    ),
    (
        Demand(in_person=True),
        """
        GET /settings/me
        POST /settings/me/sessions/end
        POST /settings/me/sessions/end-others
        POST /settings/me/tokens/end
        GET /sign-in/again
        POST /sign-in/again
        POST /sign-in/again/code
        POST /sign-in/again/options
        POST /sign-in/again/passkey
        POST /sign-out
        """,
    ),
    (
        Demand("settings", in_person=True),
        """
        GET /settings/users
        """,
    ),
    (
        Demand("lock"),
        """
        POST /api/doors/{door}/lock
        POST /doors/{door}/lock
        POST /doors/{door}/resume
        """,
    ),
    (
        Demand("log"),
        """
        GET /access
        GET /access/calendar
        GET /access/feeds
        GET /access/grants
        GET /access/grants/{id_}
        GET /access/locks
        GET /access/locks/{lock}
        GET /access/people
        GET /access/people/{id_}
        GET /access/people/{id_}/locks
        GET /access/sync
        GET /access/sync/part
        GET /access/who
        GET /access/who/part
        GET /api/emergency
        GET /api/feeds
        GET /api/grants
        GET /api/journal
        GET /api/journal/verified
        POST /api/journal/verify
        GET /api/journal/{index}
        GET /api/journal/{index}/proof
        GET /api/ledger
        GET /api/ledger/locks
        GET /api/people
        GET /api/people/{id_}
        GET /api/sync
        GET /api/who
        GET /emergency/sheet
        GET /journal
        GET /journal/checkpoints/{size}
        GET /journal/export
        GET /posture/report.html
        GET /posture/report.json
        GET /posture/report.md
        GET /posture/report.pdf
        GET /journal/rows
        GET /journal/verified
        GET /journal/verified/state
        POST /journal/verify
        GET /journal/{index}
        GET /journal/{index}/proof
        """,
    ),
    (
        Demand(open=True),
        """
        GET /ca.crt
        GET /first-run
        GET /health
        GET /metrics
        GET /ready
        GET /sign-in
        POST /sign-in
        GET /sign-in/new
        POST /sign-in/new
        POST /sign-in/new/passkey
        POST /sign-in/new/passkey/options
        POST /sign-in/new/password
        POST /sign-in/passkey
        POST /sign-in/passkey/options
        GET /static/{digest}/{name}
        """,
    ),
    (
        Demand("posture"),
        """
        DELETE /api/posture/answers
        GET /api/posture/answers
        GET /posture/answers
        POST /api/posture/answers
        POST /api/posture/audit
        DELETE /api/posture/waivers
        POST /api/posture/waivers
        POST /posture/answers
        POST /posture/answers/remove
        POST /posture/audit
        POST /posture/waivers
        POST /posture/waivers/remove
        """,
    ),
    (
        Demand("see"),
        """
        GET /
        GET /alerts
        GET /alerts/history
        GET /alerts/live
        GET /alerts/{id_}
        GET /api/alerts
        GET /api/alerts/history
        GET /api/alerts/{id_}
        GET /api/doors
        GET /api/doors/{door}
        GET /api/doors/{door}/progress
        GET /api/home
        GET /api/posture
        GET /api/posture/findings
        GET /api/posture/history
        GET /api/posture/repairs
        GET /api/posture/waivers
        GET /doors/{door}
        GET /doors/{door}/now
        GET /emergency
        GET /emergency/batteries
        GET /home/answer
        GET /home/doors/{door}
        GET /home/posture
        GET /live
        GET /posture
        GET /posture/checklist
        GET /posture/findings/{key}
        GET /posture/fixes
        GET /posture/history
        GET /posture/parts/auditing
        GET /posture/parts/findings/{key}
        GET /posture/parts/fixes
        GET /posture/parts/overview
        GET /posture/parts/practices/{id_}
        GET /posture/practices/{id_}
        GET /posture/waivers
        """,
    ),
    (
        Demand("settings"),
        """
        GET /alerts/channels
        POST /alerts/confirm
        GET /alerts/detections
        GET /alerts/detections/{id_}
        GET /alerts/rules
        GET /api/channels
        POST /api/channels/confirm
        GET /api/detections
        GET /api/first-run
        GET /api/settings
        GET /api/settings/discovery
        GET /api/settings/doors
        GET /api/settings/sources
        GET /api/users
        GET /first-run/audit
        POST /first-run/done
        GET /first-run/doors
        GET /first-run/find
        GET /first-run/home
        GET /first-run/questions
        GET /settings
        GET /settings/about
        GET /settings/applying
        GET /settings/backup
        GET /settings/doors
        GET /settings/doors/{door}
        GET /settings/entities
        GET /settings/home
        GET /settings/privacy
        GET /settings/privacy/erase/{person}
        GET /settings/service
        GET /settings/sources
        GET /settings/sources/new
        GET /settings/sources/new/{kind}
        GET /settings/sources/{source}
        """,
    ),
)
TABLE: dict[str, Demand] = {
    line.strip(): demand for demand, lines in RIGHTS for line in lines.split("\n") if line.strip()
}
VALUES = {"{index}": "0", "{size}": "0", "{slot}": "1", "{number}": "0", "{table}": "notices", "{door}": "front"}
"""In the place of parameters; anything else is `1`."""
ASKING = ("nobody", *(f"a {role}" for role in ROLES), "an owner not confirmed", "a token for see alone")
"""Who asks in earnest; the others only pass the guards."""
SCOPE: dict[str, Any] = {"type": "http", "client": ("127.0.0.1", 1)}
ENDLESS = ("/live", "/posture/report.pdf")
"""Not asked for by who may: one never ends, one takes a processor for seconds."""


def _token(*scopes: Scope) -> Who:
    return Who("owner", "Owner", "owner", frozenset(scopes), "token", "t1", fresh=True)


def _session(role: Role, *, fresh: bool = True) -> Who:
    return Who(role, role.title(), role, ROLES[role], session="s1", csrf=CSRF, fresh=fresh)


WHO: dict[str, Who | None] = {
    "nobody": None,
    **{f"a {role}": _session(role) for role in ROLES},
    "an owner not confirmed": _session("owner", fresh=False),
    "a resident not confirmed": _session("resident", fresh=False),
    **{f"a token for {one} alone": _token(one) for one in SCOPES if one != "reveal"},
    **{f"a token for all but {one}": _token(*(set(SCOPES) - {one, "reveal"})) for one in SCOPES},
}


def _routes(app: Litestar) -> Iterator[tuple[str, HTTPRouteHandler]]:
    for route in app.routes:
        assert isinstance(route, HTTPRoute), route
        for handler in route.route_handlers:
            for method in handler.http_methods:
                if method != "OPTIONS":
                    yield f"{method} {route.path_format}", handler


async def _told(connection: ASGIConnection[Any, Any, Any, Any]) -> Who | None:
    return WHO[connection.headers["x-who"]]


def _application(web: Web) -> Litestar:
    """The whole app, asked by whom the test says; its limits of how often are its own."""
    return application(web.house, Desk(web.house), _told)


def test_what_changes_something_demands_more_than_a_sign_in() -> None:
    changing = {name: one for name, one in TABLE.items() if not name.startswith("GET ")}
    assert [name for name, one in changing.items() if not (one.open or one.scope or one.in_person)] == []
    assert [name for name, one in TABLE.items() if one.scope == "reveal" and not one.fresh] == []


async def test_every_route_is_in_the_table_and_every_line_of_it_is_a_route(web: Web) -> None:
    routes = {name for name, _handler in _routes(web.app)}
    assert routes - set(TABLE) == set(), "a new route: say in RIGHTS what it demands"
    assert set(TABLE) - routes == set()


async def test_each_route_is_refused_to_whom_it_is_to_be(web: Web) -> None:
    wrong = []
    for who in ASKING:
        known = WHO[who]
        headers = {"origin": ADDRESS, "sec-fetch-site": "same-origin", "accept": "application/json", "x-csrf": CSRF}
        transport = httpx.ASGITransport(_application(web))
        async with httpx.AsyncClient(transport=transport, base_url=ADDRESS, headers=headers | {"x-who": who}) as client:
            for name, demand in TABLE.items():
                method, path = name.split()
                refused = demand.refused(known)
                if not refused and (method != "GET" or path in ENDLESS or known is None):
                    continue  # it would be done
                asked = re.sub(r"{\w+}", lambda found: VALUES.get(found[0], "1"), path)
                answer = await client.request(method, asked)
                if refused != (answer.status_code == (401 if known is None else 403)):
                    wrong.append((who, name, answer.status_code))
    assert wrong == []


async def test_who_may_passes_the_guards_of_what_is_changed(web: Web) -> None:
    wrong = []
    for name, handler in _routes(web.app):
        for who, known in WHO.items():
            connection: ASGIConnection[Any, Any, Any, Any] = ASGIConnection(SCOPE | {"user": known})  # type: ignore[arg-type]  # what these guards look at
            refused = False
            for guard in (signed_in, *(handler.guards or ())):
                try:
                    guard(connection, handler)
                except Refused:
                    refused = True
            if refused != TABLE[name].refused(known):
                wrong.append((who, name))
    assert wrong == []
