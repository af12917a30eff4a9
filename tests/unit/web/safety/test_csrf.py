from __future__ import annotations

from typing import Any

import httpx
import pytest
from litestar import Litestar, Request, post

from nightlatch.web.errors import answer
from nightlatch.web.safety.csrf import ours
from nightlatch.web.signin.who import ROLES, Who

CSRF = "a-value-of-this-session"


@post("/act", opt={"open": True})
async def act(request: Request[Any, Any, Any]) -> dict[str, str]:
    """What the form held."""
    form = await request.form() if request.content_type[0] != "application/json" else await request.json()
    return {name: str(value) for name, value in form.items() if name != "csrf"}


def _asked(who: Who | None) -> httpx.AsyncClient:
    app = Litestar([act], guards=[ours], exception_handlers={Exception: answer})
    inner = app.asgi_handler

    async def identified(scope: Any, receive: Any, send: Any) -> None:
        scope["user"] = who
        scope["state"] = {}
        await inner(scope, receive, send)

    app.asgi_handler = identified
    headers = {"accept": "application/json"}
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost", headers=headers)


def _who(kind: Any = "session", csrf: str = CSRF) -> Who:
    return Who("ana", "Ana", "owner", ROLES["owner"], kind=kind, csrf=csrf)


@pytest.mark.parametrize("value", ["", "wrong", CSRF[:-1], CSRF + "x", CSRF.upper(), "x" * 5000, "ü"])
async def test_a_form_with_another_value_does_nothing(value: str) -> None:
    async with _asked(_who()) as client:
        for sent in ({"data": {"csrf": value}}, {"files": {"csrf": (None, value)}}):
            found = await client.post("/act", **sent)  # type: ignore[arg-type]
            assert found.status_code == 403
            assert "not of your present session" in found.json()["what"]
        assert (await client.post("/act", headers={"x-csrf": value.encode()}, json={})).status_code == 403  # type: ignore[dict-item]


async def test_a_form_without_the_value_does_nothing() -> None:
    async with _asked(_who()) as client:
        for sent in ({"data": {"name": "x"}}, {"json": {"csrf": CSRF}}, {"content": b"csrf=" + CSRF.encode()}, {}):
            assert (await client.post("/act", **sent)).status_code == 403  # type: ignore[arg-type]
        found = await client.post("/act", files={"csrf": ("csrf.txt", CSRF.encode())})
        assert found.status_code == 403


async def test_a_session_without_a_value_of_its_own_matches_nothing() -> None:
    async with _asked(_who(csrf="")) as client:
        assert (await client.post("/act", data={"csrf": ""})).status_code == 403


async def test_a_form_of_the_session_is_taken_and_can_still_be_read() -> None:
    async with _asked(_who()) as client:
        assert (await client.post("/act", data={"csrf": CSRF, "name": "x"})).json() == {"name": "x"}
        assert (await client.post("/act", files={"csrf": (None, CSRF), "name": (None, "x")})).json() == {"name": "x"}
        assert (await client.post("/act", json={"name": "x"}, headers={"x-csrf": CSRF})).json() == {"name": "x"}


async def test_a_token_and_who_is_not_signed_in_have_no_such_value() -> None:
    for who in (_who("token"), None):
        async with _asked(who) as client:
            assert (await client.post("/act", json={"name": "x"})).status_code == 201
