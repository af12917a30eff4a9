"""The service over HTTP, for programs that watch it: /health, /ready, /metrics. Loopback unless configured."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any
from urllib.parse import urlsplit

import uvicorn
from litestar import Litestar, MediaType, Request, Response, Router, get
from litestar.status_codes import HTTP_200_OK, HTTP_403_FORBIDDEN, HTTP_503_SERVICE_UNAVAILABLE
from uvicorn.protocols.http.h11_impl import H11Protocol

from nightlatch.errors import StoreError
from nightlatch.service.metrics import Metrics

MOST_CONNECTIONS = 64
"""More are closed at once: whoever is in the network must not use up the files that this process may open."""
LONGEST_S = 15.0
"""How long one connection may last."""
AT_HOME = (".local", ".localhost", ".localdomain", ".lan", ".home", ".internal", ".home.arpa")
"""Under these nobody outside can own a name (RFC 6761, 6762, 8375; ICANN on .internal, .home and .lan)."""

Troubles = Callable[[], Sequence[str]]
"""Why the service is not ready; nothing when it is."""


def app(metrics: Metrics, troubles: Troubles, refresh: Callable[[], None], routers: Sequence[Router] = ()) -> Litestar:
    """The application. `refresh` brings the figures up to date before they are read."""

    @get("/health", media_type=MediaType.TEXT, sync_to_thread=False)
    def health() -> str:
        return "alive\n"

    @get("/ready", media_type=MediaType.TEXT, sync_to_thread=False, before_request=_asked_at_home)
    def ready() -> Response[str]:
        found = troubles()
        status = HTTP_503_SERVICE_UNAVAILABLE if found else HTTP_200_OK
        return Response("".join(f"{line}\n" for line in found) or "ready\n", status_code=status)

    @get("/metrics", sync_to_thread=False, before_request=_asked_at_home)
    def figures() -> Response[bytes]:
        refresh()
        return Response(metrics.render(), media_type="text/plain; version=0.0.4; charset=utf-8")

    return Litestar([health, ready, figures, *routers], openapi_config=None, logging_config=None)


def _asked_at_home(request: Request[Any, Any, Any]) -> Response[str] | None:
    """Refuse names but those of home: a page from outside could point its own at this machine (DNS rebinding)."""
    asked, name = request.headers.get("host", ""), ""
    try:
        name = (urlsplit(f"//{asked}").hostname or "").rstrip(".")
        ipaddress.ip_address(name)
    except ValueError:
        if "." in (name or asked) and not name.endswith(AT_HOME):
            text = "Ask by address, or by a name of the home network.\n"
            return Response(text, status_code=HTTP_403_FORBIDDEN, media_type=MediaType.TEXT)
    return None


class _Connection(H11Protocol):
    """A connection that is closed when there are too many, or when it lasts too long, whatever it sends."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        most = 0.0 if len(self.connections) > MOST_CONNECTIONS else LONGEST_S
        self._end = self.loop.call_later(most, transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        self._end.cancel()
        super().connection_lost(exc)


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to the service."""
        yield


@asynccontextmanager
async def serve(application: Litestar, host: str, port: int) -> AsyncIterator[int]:
    """Serve until the block ends; the port. StoreError when it cannot be had."""
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listening = socket.create_server((host, port), family=family)
    except OSError as error:
        raise StoreError(
            f"{host}:{port} cannot be listened on: {error.strerror or error}",
            where="service.port",
            todo='Set "port" of [service] in nightlatch.toml to a free one.',
        ) from None
    config = uvicorn.Config(
        application,
        http=_Connection,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=1,
        timeout_keep_alive=5,
        lifespan="off",
        ws="none",
    )
    server = _Server(config)
    task = asyncio.create_task(server.serve([listening]))
    try:
        yield int(listening.getsockname()[1])
    finally:
        server.should_exit = True
        await task
        listening.close()
