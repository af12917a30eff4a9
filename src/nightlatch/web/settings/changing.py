"""Changes of nightlatch.toml from a page: checked as the service will read it, journalled, then taken by starting over.

The answer goes out first. The page that follows waits until the service stands again (`/settings/applying`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.params import FromQuery
from litestar.response import Redirect

from nightlatch.audit.profiles import load
from nightlatch.configuration.edit import Editor, digest, edit
from nightlatch.configuration.plugs import make
from nightlatch.configuration.read import Configuration
from nightlatch.errors import ConfigurationError, UsageError
from nightlatch.guard.alerts.rules import read_rules
from nightlatch.guard.autolock.settings import rules
from nightlatch.guard.detections.registry import configured
from nightlatch.guard.entities.configured import publisher
from nightlatch.web.house import House
from nightlatch.web.pages import back, page
from nightlatch.web.signin.who import Who, may

SOON_S = 0.5
"""How long after an answer the service starts over: the page that waits is there by then."""
FIELDS = ("name", "timezone", "url", "token", "path", "password", "username")
"""Keys that errors begin with, and that a form has as fields."""


def since(house: House) -> str:
    """The digest of the file that a form is made for."""
    return digest(house.configuration.path)


def startable(house: House) -> Callable[[Configuration], None]:
    """A check that reads all that a service reads when it starts."""
    env = house.service.env

    def check(made: Configuration) -> None:
        try:
            load(made.tables.home.profile, made.base)
            make(made, now=house.today(), env=env)
            rules(made)
            read_rules(made, env)
            configured(made)
            publisher(made, env)
        except ConfigurationError as error:
            # The line is one of a file that was not written.
            raise UsageError(error.what, todo=error.todo) from None

    return check


async def change(
    house: House,
    who: Who,
    make_: Callable[[Editor], None],
    *,
    name: str,
    since: str = "",
    about: str = "home",
    detail: str = "",
) -> None:
    """Change the file for a user, and have the service take it once this is answered."""
    path, check = house.configuration.path, startable(house)

    def made() -> None:
        edit(path, make_, since=since, check=check)

    await house.alone(made)
    await house.act(who, name, about, detail)
    start_over(house)


def start_over(house: House) -> None:
    """Have the service read its configuration again, soon."""
    asyncio.get_running_loop().call_later(SOON_S, house.service.reload)


def taken(house: House, to: str) -> Redirect:
    """To the page that waits until the service stands again, and from there to another."""
    return back(f"/settings/applying?since={house.service.reporter.started}&to={quote(local(to), safe='/')}")


def local(to: str) -> str:
    """A path of these pages; anything else leads to the settings."""
    return to if to.startswith("/") and not to.startswith("//") and "\\" not in to and to.isprintable() else "/settings"


@get("/settings/applying", guards=[may("settings")], include_in_schema=False)
async def applying(
    request: Request[Who, Any, Any], house: NamedDependency[House], since: FromQuery[int] = 0, to: FromQuery[str] = "/"
) -> Response[str]:
    """Wait until another run of the service answers; then go on."""
    if house.service.reporter.started != since and house.service.standing:
        return Response("", status_code=303, headers={"location": local(to)})
    return page(request, house, "settings/applying.html", to=local(to))
