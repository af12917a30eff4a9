"""The service over HTTP, for programs that watch it: /health, /ready, /metrics. Loopback unless configured."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager

import uvicorn
from litestar import Litestar, MediaType, Response, Router, get
from litestar.status_codes import HTTP_200_OK, HTTP_503_SERVICE_UNAVAILABLE

from nightlatch.errors import StoreError
from nightlatch.service.metrics import Metrics

Troubles = Callable[[], Sequence[str]]
"""Why the service is not ready; nothing when it is."""


def app(metrics: Metrics, troubles: Troubles, refresh: Callable[[], None], routers: Sequence[Router] = ()) -> Litestar:
    """The application. `refresh` brings the figures up to date before they are read."""

    @get("/health", media_type=MediaType.TEXT, sync_to_thread=False)
    def health() -> str:
        return "alive\n"

    @get("/ready", media_type=MediaType.TEXT, sync_to_thread=False)
    def ready() -> Response[str]:
        found = troubles()
        status = HTTP_503_SERVICE_UNAVAILABLE if found else HTTP_200_OK
        return Response("".join(f"{line}\n" for line in found) or "ready\n", status_code=status)

    @get("/metrics", sync_to_thread=False)
    def figures() -> Response[bytes]:
        refresh()
        return Response(metrics.render(), media_type="text/plain; version=0.0.4; charset=utf-8")

    return Litestar([health, ready, figures, *routers], openapi_config=None, logging_config=None)


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
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=1,
        timeout_keep_alive=5,
        limit_concurrency=200,
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
