"""The application: every area's routes behind one sign-in, one way to answer errors, one description of the API."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from litestar import Litestar, Request, get
from litestar.config.compression import CompressionConfig
from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide
from litestar.middleware import AbstractAuthenticationMiddleware, AuthenticationResult, DefineMiddleware
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme
from litestar.types import ControllerRouterHandler

from nightlatch import __version__
from nightlatch.secrets import Secret
from nightlatch.service.service import Service
from nightlatch.web import access, alerts, emergency, firstrun, home, journal, live, posture, settings
from nightlatch.web.errors import answer
from nightlatch.web.house import House, opened
from nightlatch.web.pages import page, static
from nightlatch.web.safety import beyond
from nightlatch.web.safety.authority import authority
from nightlatch.web.safety.csrf import ours
from nightlatch.web.safety.gate import guarded, moderate
from nightlatch.web.safety.rates import Buckets
from nightlatch.web.signin import routes as signin
from nightlatch.web.signin.desk import Desk
from nightlatch.web.signin.who import Who, signed_in

log = logging.getLogger(__name__)

Identify = Callable[[ASGIConnection[Any, Any, Any, Any]], Awaitable[Who | None]]
"""Who a request is from, by its cookie or token; None: nobody that is known."""


ROOMS = (home, posture, access, journal, alerts, emergency, settings, firstrun, signin, live)
"""Every area; each tells its routes."""


class Identified(AbstractAuthenticationMiddleware):
    """Finds out who asks, and leaves it to the guards what they may do."""

    def __init__(self, app: Any, identify: Identify) -> None:
        super().__init__(app)
        self._identify = identify

    async def authenticate_request(self, connection: ASGIConnection[Any, Any, Any, Any]) -> AuthenticationResult:
        """Who it is, or nobody."""
        return AuthenticationResult(user=await self._identify(connection), auth=None)


@get("/more", include_in_schema=False)
async def more(request: Request[Who, Any, State], house: NamedDependency[House]) -> Any:
    """The areas that have no room at the foot of a phone."""
    return page(request, house, "more.html")


@get("/api", include_in_schema=False)
async def api(request: Request[Who, Any, State], house: NamedDependency[House]) -> Any:
    """The API for people: what it is for, and where its description is."""
    schema = request.app.openapi_schema
    return page(request, house, "api.html", schema=schema)


def application(house: House, desk: Desk, identify: Identify | None = None) -> Litestar:
    """The application of a house, with every area's routes; `identify` in the place of the desk's own."""
    routes: list[ControllerRouterHandler] = [route for room in ROOMS for route in room.ROUTES]

    async def provide() -> House:
        return house

    buckets = Buckets(time.monotonic)
    app = Litestar(
        [static, authority, more, api, *routes, *house.service.routes()],
        dependencies={"house": Provide(provide)},
        guards=[signed_in, ours, moderate(buckets)],
        middleware=[DefineMiddleware(Identified, identify=identify or desk.identify)],
        exception_handlers={Exception: answer},
        state=State({"house": house, "desk": desk}),
        compression_config=CompressionConfig(
            backend="gzip", minimum_size=800, gzip_compress_level=5, exclude_opt_key="uncompressed"
        ),
        openapi_config=OpenAPIConfig(
            title="Nightlatch",
            version=__version__,
            description="Everything that the pages show and do, for programs. Ask with a token: Settings, API tokens.",
            path="/api/openapi.json",
            render_plugins=[JsonRenderPlugin(path="/")],
            use_handler_docstrings=True,
            components=Components(security_schemes={"token": SecurityScheme(type="http", scheme="bearer")}),
            security=[{"token": []}],
        ),
        request_max_body_size=256 * 1024,
        logging_config=None,
    )
    app.asgi_handler = guarded(app.asgi_handler, buckets, for_good=lambda: house.service.tls.mode == "own")
    return app


@asynccontextmanager
async def web(service: Service) -> AsyncIterator[Litestar]:
    """What a running Nightlatch serves, with its pages. Who may make the first owner is told at the terminal."""
    async with opened(service) as house:
        desk = Desk(house)
        await desk.read(lambda book: beyond.check(service.configuration, book))
        code = await desk.setup_code()
        service.greet = lambda address: _welcome(address, desk.setup_link(address, code) if code is not None else None)
        yield application(house, desk)


def _welcome(address: str, link: Secret | None) -> None:
    """Tell who sits at the terminal where to look, and how the first owner is made: a log may be read by others."""
    if not sys.stderr.isatty():
        if link is not None:
            log.info("nobody can sign in yet: nightlatch users setup makes the code by which the first owner is made")
    elif link is None:
        sys.stderr.write(f"\nLook at it: {address}\n\n")
    else:
        sys.stderr.write(f"\nOpen this to begin (it works once, for a day):\n  {link.reveal()}\n\n")
