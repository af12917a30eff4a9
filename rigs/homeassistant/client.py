"""Speaks to Home Assistant as an owner's browser does: sign-in over REST, commands over WebSocket."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from base64 import b32decode
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import aiohttp

from rigs.launch import RigError

_T = TypeVar("_T")


def totp(secret: str, at: float) -> str:
    """The six-digit code of an authenticator app (RFC 6238, SHA-1, 30 s) at a Unix time."""
    digest = hmac.digest(b32decode(secret), int(at // 30).to_bytes(8, "big"), hashlib.sha1)
    start = digest[-1] & 15
    number = int.from_bytes(digest[start : start + 4], "big") & 0x7FFFFFFF
    return f"{number % 1_000_000:06d}"


class Client:
    """Blocking calls, usable from tests with a running event loop too."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.id = f"{url}/"  # Home Assistant takes the address a browser came from as its OAuth client id

    def answers(self) -> bool:
        """Whether it serves HTTP yet."""
        try:
            return _run(self._request("GET", "/api/onboarding")) is not None
        except (aiohttp.ClientError, RigError):
            return False

    def post(self, path: str, json: dict[str, Any], *, token: str = "") -> Any:
        """The JSON answer to a POST; RigError unless its status is 200."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return _run(self._request("POST", path, json=json, headers=headers))

    def exchange(self, code: str) -> str:
        """The access token (30 minutes) for an authorization code."""
        form = {"grant_type": "authorization_code", "code": code, "client_id": self.id}
        token: str = _run(self._request("POST", "/auth/token", data=form))["access_token"]
        return token

    def sign_in(self, username: str, password: str) -> str:
        """The access token of a user who signs in with a password and no second factor."""
        start = {"client_id": self.id, "redirect_uri": self.id, "handler": ["homeassistant", None]}
        flow = self.post("/auth/login_flow", start)["flow_id"]
        answer = {"client_id": self.id, "username": username, "password": password}
        return self.exchange(self.post(f"/auth/login_flow/{flow}", answer)["result"])

    def command(self, token: str, **message: Any) -> Any:
        """The result of one WebSocket command; RigError with Home Assistant's words if it refuses."""
        answer = self.ask(token, **message)
        if not answer["success"]:
            raise RigError(f"{message['type']}: {answer['error']['message']}")
        return answer["result"]

    def ask(self, token: str, **message: Any) -> dict[str, Any]:
        """The whole answer to one WebSocket command, a refusal included."""
        return _run(self._ask(token, message))

    async def _ask(self, token: str, message: dict[str, Any]) -> dict[str, Any]:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(30)) as session,
            session.ws_connect(f"{self.url}/api/websocket", max_msg_size=64 * 2**20) as socket,
        ):
            await socket.receive_json(timeout=10)
            await socket.send_json({"type": "auth", "access_token": token})
            if (said := await socket.receive_json(timeout=10))["type"] != "auth_ok":
                raise RigError(f"Home Assistant refused the token: {said['message']}")
            await socket.send_json({"id": 1, **message})
            answer: dict[str, Any] = await socket.receive_json(timeout=30)
            return answer

    async def _request(self, method: str, path: str, **arguments: Any) -> Any:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(30)) as session,
            session.request(method, self.url + path, **arguments) as answer,
        ):
            if answer.status != 200:
                raise RigError(f"{method} {path}: {answer.status} {await answer.text()}")
            return await answer.json()


def _run(work: Coroutine[Any, Any, _T]) -> _T:
    # A thread of its own: asyncio.run() is refused where a loop runs already, as in an async test.
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()
