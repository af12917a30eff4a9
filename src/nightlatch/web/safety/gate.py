"""The gate that every request passes before anybody looks who sent it, and every answer on its way out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from litestar.connection import ASGIConnection
from litestar.enums import ScopeType
from litestar.handlers import BaseRouteHandler
from litestar.types import ASGIApp, Guard, Message, Receive, Scope, Send

from nightlatch.service.connections import origin_of, refuse
from nightlatch.text import count
from nightlatch.web.errors import Problem, Refused
from nightlatch.web.safety.headers import complete
from nightlatch.web.safety.origin import SAFE, refusal
from nightlatch.web.safety.rates import CHANGES, HERE, READS, Buckets
from nightlatch.web.signin.who import Who
from nightlatch.web.texts import _

HTTP_403, HTTP_429 = 403, 429


class TooOften(Refused):
    """A user asks for more than there is reason for."""

    status = HTTP_429

    def __init__(self, seconds: int) -> None:
        super().__init__(
            _("that is more than is done in so short a time"),
            todo=_("Try again in %(time)s.", time=count(seconds, "second")),
        )


def guarded(app: ASGIApp, buckets: Buckets, *, for_good: Callable[[], bool] = lambda: False) -> ASGIApp:
    """An application behind the gate. `for_good`: whether browsers are told to come by TLS only, from now on."""

    async def gate(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await app(scope, receive, send)
            return

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = complete(
                    [(bytes(k), bytes(v)) for k, v in message["headers"]], for_good=for_good()
                )
            await send(message)

        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        method, path = scope["method"], scope["path"]
        token = "authorization" in headers
        if token:
            # A token and a cookie together would make it unclear which of them allowed what is done.
            scope["headers"] = [(name, value) for name, value in scope["headers"] if name != b"cookie"]
        program = path.startswith("/api/")
        why = refusal(method, path, scope["scheme"], headers, token=token)
        if why is not None:
            await _refuse(sent, HTTP_403, why, json=program)
            return
        if method not in SAFE or program:
            client = _client(scope)
            rate = READS if method in SAFE else CHANGES
            if wait := buckets.wait(client, rate, 1 if client else HERE):
                text = _("That is too often. Try again in %(time)s.", time=count(wait, "second"))
                await _refuse(sent, HTTP_429, text, json=program, headers=[(b"retry-after", b"%d" % wait)])
                return
        await app(scope, receive, sent)

    return gate


def moderate(buckets: Buckets) -> Guard:
    """Guard of every route: one user asks no more than one client may, from however many places."""

    def guard(connection: ASGIConnection[Any, Who | None, Any, Any], _handler: BaseRouteHandler) -> None:
        who = connection.user
        if who is None:
            return
        safe = connection.scope.get("method") in SAFE
        if not safe or connection.url.path.startswith("/api/"):
            here = not _client(connection.scope)
            if wait := buckets.wait(f"user {who.id}", READS if safe else CHANGES, HERE if here else 1):
                raise TooOften(wait)

    return guard


def _client(scope: Scope) -> str:
    return origin_of(str((scope.get("client") or ("",))[0]))


async def _refuse(
    send: Send, status: int, text: str, *, json: bool, headers: list[tuple[bytes, bytes]] | None = None
) -> None:
    if not json:
        await refuse(send, status, text, headers, close=False)  # type: ignore[arg-type]  # the same messages, typed looser
        return
    body = msgspec.json.encode(Problem(text))
    rest = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body)), *(headers or [])]
    await send({"type": "http.response.start", "status": status, "headers": rest})
    await send({"type": "http.response.body", "body": body, "more_body": False})
