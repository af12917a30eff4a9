"""The whole web app on a real service with a simulated home, asked in process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Protocol

import httpx
import pytest
from litestar import Litestar
from litestar.connection import ASGIConnection

from nightlatch.configuration.read import parse
from nightlatch.service.folder import held, prepare
from nightlatch.service.opening import running
from nightlatch.service.service import Service
from nightlatch.web.app import application
from nightlatch.web.house import House, opened
from nightlatch.web.signin.desk import Desk
from nightlatch.web.signin.who import ROLES, Role, Who

HOME = """
[home]
name = "Elm"
timezone = "Europe/Berlin"
[service]
port = 0
[[doors]]
id = "front"
name = "Front door"
exterior = true
[[locks]]
id = "front"
name = "Front lock"
door = "front"
bind = ["simulated:front"]
[[people]]
id = "ana"
name = "Ana"
role = "resident"
credentials = ["front/1"]
[[sources]]
kind = "simulated"
doors = ["front"]
people = 0
"""
ADDRESS = "http://localhost:5625"
CSRF = "the-csrf-value-of-tests"


class Web:
    """A running service with its pages."""

    def __init__(self, service: Service, house: House, app: Litestar, clients: AsyncExitStack) -> None:
        self.service = service
        self.house = house
        self.app = app
        self._clients = clients

    async def client(self, role: Role | None = "owner", *, fresh: bool = True, id_: str = "") -> httpx.AsyncClient:
        """Somebody of a role who asks; None: somebody who is not signed in. Freshly confirmed unless told otherwise."""
        headers = {"origin": ADDRESS, "sec-fetch-site": "same-origin"}
        if role is not None:
            headers |= {"x-who": f"{id_ or role} {role} {'fresh' if fresh else ''}", "x-csrf": CSRF}
        client = httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url=ADDRESS, headers=headers)
        return await self._clients.enter_async_context(client)

    async def until(self, what: Callable[[], Any], seconds: float = 15) -> None:
        """Wait for something that has no event of its own."""
        async with asyncio.timeout(seconds):
            while not what():  # noqa: ASYNC110  # what is waited for has no event of its own
                await asyncio.sleep(0.02)


async def told(connection: ASGIConnection[Any, Any, Any, Any]) -> Who | None:
    """Whoever the test says it is."""
    given = connection.headers.get("x-who", "").split()
    if not given:
        return None
    role: Role = given[1]  # type: ignore[assignment]
    return Who(given[0], given[0].title(), role, ROLES[role], session="s1", csrf=CSRF, fresh="fresh" in given[2:])


class Opens(Protocol):
    """Starts the web app of a home."""

    async def __call__(self, text: str = HOME) -> Web:
        """The web app of the home that a configuration's text describes."""


@asynccontextmanager
async def serving(folder: Path, text: str) -> AsyncIterator[Web]:
    """A running service with its pages, until the block ends."""
    prepare(folder)
    stop = asyncio.Event()
    with held(folder):
        async with (
            running(parse(text, folder / "nightlatch.toml"), folder, env={}) as service,
            opened(service) as house,
        ):
            (folder / "nightlatch.toml").write_text(text)
            task = asyncio.create_task(service.run(stop))
            async with AsyncExitStack() as clients:
                web = Web(service, house, application(house, Desk(house), told), clients)
                try:
                    await web.until(lambda: all(service.listener.synced.values()) or task.done())
                    yield web
                finally:
                    stop.set()
                    await task


@pytest.fixture
async def open_web(tmp_path: Path) -> AsyncIterator[Opens]:
    """Starts the web app of any home; it ends with the test."""
    async with AsyncExitStack() as stack:

        async def opens(text: str = HOME) -> Web:
            return await stack.enter_async_context(serving(tmp_path, text))

        yield opens


@pytest.fixture
async def web(open_web: Opens) -> Web:
    """The web app of a small home: one door, one lock, Ana."""
    return await open_web()
