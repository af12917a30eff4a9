"""The service over HTTP, for programs that watch it: /health, /ready, /metrics. Loopback unless configured."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from typing import TYPE_CHECKING

import uvicorn
from litestar import Litestar, MediaType, Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.status_codes import HTTP_200_OK, HTTP_503_SERVICE_UNAVAILABLE

from nightlatch.errors import StoreError
from nightlatch.service.connections import HEADERS, App, Connection, Room
from nightlatch.service.hosts import Hosts
from nightlatch.service.metrics import Metrics

if TYPE_CHECKING:
    from nightlatch.service.service import Service

OPEN = {"open": True}
"""Of a route that is not behind the sign-in."""
HERE = "here"
"""`open` of a route that this machine alone is answered without a sign-in: it tells how the doors stand."""

Application = Callable[["Service"], AbstractAsyncContextManager[App]]
"""Makes what is served over HTTP, for as long as the service runs."""

Troubles = Callable[[], Sequence[str]]
"""Why the service is not ready; nothing when it is."""


def watched(metrics: Metrics, troubles: Troubles, refresh: Callable[[], None]) -> list[HTTPRouteHandler]:
    """What programs that watch the service ask. `refresh` brings the figures up to date before they are read."""

    @get("/health", media_type=MediaType.TEXT, sync_to_thread=False, opt=OPEN)
    def health() -> str:
        return "alive\n"

    @get("/ready", media_type=MediaType.TEXT, sync_to_thread=False, opt={"open": HERE})
    def ready() -> Response[str]:
        found = troubles()
        status = HTTP_503_SERVICE_UNAVAILABLE if found else HTTP_200_OK
        return Response("".join(f"{line}\n" for line in found) or "ready\n", status_code=status)

    @get("/metrics", sync_to_thread=False, opt={"open": HERE})
    def figures() -> Response[bytes]:
        refresh()
        return Response(metrics.render(), media_type="text/plain; version=0.0.4; charset=utf-8")

    return [health, ready, figures]


@asynccontextmanager
async def plain(service: Service) -> AsyncIterator[App]:
    """The application of a service without pages."""
    yield Litestar(service.routes(), openapi_config=None, logging_config=None)


BACKLOG = 128
"""Connections that the kernel keeps until they are taken."""


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to the service."""
        yield


@asynccontextmanager
async def serve(
    application: App,
    host: str,
    port: int,
    *,
    names: Iterable[str] = (),
    secure: Callable[[], ssl.SSLContext | None] = lambda: None,
) -> AsyncIterator[int]:
    """Serve until the block ends; the port. StoreError when it cannot be had.

    `names` are answered to beside those of home; `secure` gives what connections are encrypted with from now on.
    """
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listening = socket.create_server((host, port), family=family, backlog=BACKLOG)
        # Connections inherit it. asyncio sets it only where a socket says that it is TCP, as these do not; without it
        # an answer's body waits 40 ms for the peer to confirm its head.
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except (OSError, OverflowError) as error:
        raise StoreError(
            f"{host}:{port} cannot be listened on: {getattr(error, 'strerror', None) or error}",
            where="service.port",
            todo='Set "port" of [service] in nightlatch.toml to a free one.',
        ) from None
    room = Room()
    own = {"room": room, "hosts": Hosts(host, names), "secure": staticmethod(secure)}
    config = uvicorn.Config(
        application,
        http=type("Connection", (Connection,), {**own, "application": staticmethod(application)}),
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=1,
        timeout_keep_alive=5,
        backlog=BACKLOG,
        h11_max_incomplete_event_size=HEADERS,
        lifespan="off",
        ws="none",
    )
    server = _Server(config)
    tasks = [asyncio.create_task(server.serve([listening])), asyncio.create_task(room.sweep())]
    try:
        yield int(listening.getsockname()[1])
    finally:
        server.should_exit = True
        await tasks[0]
        tasks[1].cancel()
        listening.close()
