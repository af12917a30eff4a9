"""The web app with its own sign-in, and browsers that keep cookies."""

from __future__ import annotations

import html
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx
import pyotp
import pytest
from argon2 import PasswordHasher

from nightlatch.model.event import Event
from nightlatch.secrets import Secret
from nightlatch.store.users import Role
from nightlatch.web.app import application
from nightlatch.web.signin import users
from nightlatch.web.signin.desk import Desk
from nightlatch.web.signin.passwords import Passwords
from tests.unit.web.conftest import ADDRESS, HOME, Web, serving
from tests.unit.web.signin.authenticator import Authenticator

PASSWORD = "seven quiet herons by the lamp"
QUICK = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
"""Of tests: what is compared is the same, only quicker."""
CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0 Safari/537.36"


class Browser:
    """Somebody's browser: keeps cookies, and sends forms as its last page has them."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.http = client
        self.csrf = ""

    async def get(self, path: str) -> httpx.Response:
        return self._seen(await self.http.get(path))

    async def post(self, path: str, **values: Any) -> httpx.Response:
        """Send a form."""
        return self._seen(await self.http.post(path, data={"csrf": self.csrf, **values}))

    async def ask(self, path: str, **values: Any) -> httpx.Response:
        """Send JSON as a script does."""
        headers = {"x-csrf": self.csrf, "accept": "application/json"}
        return await self.http.post(path, json=values, headers=headers)

    async def see(self) -> str:
        """Have the page of oneself, and its csrf value."""
        return (await self.get("/settings/me")).text

    def _seen(self, response: httpx.Response) -> httpx.Response:
        if found := re.search(r'name="csrf" value="([^"]+)"', response.text):
            self.csrf = html.unescape(found[1])
        return response


def hidden(page: str, name: str) -> str:
    """What a page carries in a hidden field."""
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found, name
    return html.unescape(found[1])


def app_secret(page: str) -> str:
    """The secret of the app that a page sets up, as a phone reads it."""
    found = re.search(r'<code class="secret">([A-Z2-7 ]+)</code>', page)
    assert found
    return found[1].replace(" ", "")


class Door:
    """The sign-in of a running app, with a clock that tests set forward."""

    def __init__(self, web: Web, desk: Desk, stack: AsyncExitStack) -> None:
        self.web, self.desk, self._stack = web, desk, stack
        self.app = application(web.house, desk)
        self.ahead = 0
        real = web.house.now
        web.house.now = lambda: real() + self.ahead  # type: ignore[method-assign]
        desk.identify._now = desk.now

    def later(self, seconds: float) -> None:
        self.ahead += int(seconds * 1_000_000)

    async def browser(self, address: str = "127.0.0.1", host: str = ADDRESS) -> Browser:
        transport = httpx.ASGITransport(self.app, client=(address, 40_000))
        headers = {"origin": host, "sec-fetch-site": "same-origin", "user-agent": CHROME}
        client = httpx.AsyncClient(transport=transport, base_url=host, headers=headers)
        return Browser(await self._stack.enter_async_context(client))

    def code(self, secret: str) -> str:
        """What an app shows now."""
        return pyotp.TOTP(secret).generate_otp(self.desk.now() // 30_000_000)

    async def coded(self, browser: Browser, code: Secret | None) -> str:
        """The page that a one-time code opens."""
        assert code is not None
        page = await browser.post("/sign-in/new", code=code.reveal(), next="/settings/me")
        assert page.status_code == 200, page.text
        return page.text

    async def owner(self, browser: Browser) -> str:
        """Make the first owner, Rosa, by a password; the secret of her app. The browser is signed in."""
        return await self.by_password(browser, await self.desk.setup_code(), id="rosa", name="Rosa Lund")

    async def by_password(self, browser: Browser, code: Secret | None, **who: str) -> str:
        page = await self.coded(browser, code)
        secret = app_secret(page)
        given = {"ticket": hidden(page, "ticket"), "app": hidden(page, "app"), "code": self.code(secret)}
        made = await browser.post("/sign-in/new/password", password=PASSWORD, next="/settings/me", **given, **who)
        assert made.status_code == 200, made.text
        self.recovery = re.findall(r"<li><code>([^<]+)</code>", made.text)
        await browser.see()
        return secret

    async def by_passkey(self, browser: Browser, device: Authenticator, code: Secret | None, **who: str) -> None:
        ticket = hidden(await self.coded(browser, code), "ticket")
        asked = await browser.ask("/sign-in/new/passkey/options", ticket=ticket, **who)
        assert asked.status_code == 200, asked.text
        credential = device.create(asked.json())
        made = await browser.ask("/sign-in/new/passkey", ticket=ticket, credential=credential, **who)
        assert made.status_code == 200, made.text
        await browser.see()

    async def invited(self, id_: str, role: Role) -> Secret:
        _made, code = await self.desk.change(lambda book, now: users.invite(book, id_, id_.title(), role, now))
        return code

    async def sign_in(self, browser: Browser, name: str, secret: str, password: str = PASSWORD) -> httpx.Response:
        """By a password and the next code of an app."""
        self.later(30)
        found = await browser.post("/sign-in", name=name, password=password, code=self.code(secret))
        await browser.see()
        return found

    async def sign_in_by_passkey(self, browser: Browser, device: Authenticator) -> httpx.Response:
        asked = await browser.ask("/sign-in/passkey/options")
        found = await browser.ask("/sign-in/passkey", credential=device.get(asked.json()))
        await browser.see()
        return found

    async def acts(self) -> list[tuple[str, str]]:
        """What is journalled of users: name and person."""
        return [(one.name, one.person) for one in await self.journalled()]

    async def journalled(self) -> list[Event]:
        """Every act in the journal."""
        last = await self.web.service.intake.accept(Event(self.desk.now(), "act", "home", name="last"))
        await last
        found = [entry.event for entry in self.web.house.journal.entries() if entry.event is not None]
        return [one for one in found if one.kind == "act" and one.name != "last"]


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    """The web app of a small home without any user, asked through its sign-in."""
    async with serving(tmp_path, HOME) as web, AsyncExitStack() as stack:
        yield Door(web, Desk(web.house, Passwords(QUICK)), stack)
