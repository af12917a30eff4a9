"""A calendar server on this machine that does what servers do wrong."""

from __future__ import annotations

import asyncio
import gzip
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from tests.unit.access.feeds.calendars import calendar, entry

TOKEN = "s3cr3t-token-4711"
PATHS = ("calendar", "zipped", "bomb", "cut_zip", "odd_zip", "brotli", "huge", "short", "silent", "on", "round")


class Server:
    """Gives `content` at /calendar; every request's headers are in `asked`."""

    def __init__(self) -> None:
        self.content = calendar(entry("20261224", "20261227"))
        self.status = 200
        self.tag = ""
        self.asked: list[dict[str, str]] = []
        self.port = 0

    def address(self, path: str = "calendar") -> str:
        return f"http://127.0.0.1:{self.port}/{path}?t={TOKEN}"

    async def calendar(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(dict(request.headers))
        headers = {"ETag": self.tag} if self.tag else {}
        if self.tag and request.headers.get("If-None-Match") == self.tag:
            return web.Response(status=304)
        return web.Response(body=self.content, status=self.status, headers=headers)

    async def zipped(self, request: web.Request) -> web.StreamResponse:
        return web.Response(body=gzip.compress(self.content), headers={"Content-Encoding": "gzip"})

    async def bomb(self, request: web.Request) -> web.StreamResponse:
        pack = zlib.compressobj(1, wbits=31)
        packed = b"".join([*(pack.compress(bytes(1 << 20)) for _ in range(300)), pack.flush()])
        return web.Response(body=packed, headers={"Content-Encoding": "gzip"})

    async def cut_zip(self, request: web.Request) -> web.StreamResponse:
        return web.Response(body=gzip.compress(self.content)[:-9], headers={"Content-Encoding": "gzip"})

    async def odd_zip(self, request: web.Request) -> web.StreamResponse:
        return web.Response(body=b"not packed", headers={"Content-Encoding": "gzip"})

    async def brotli(self, request: web.Request) -> web.StreamResponse:
        return web.Response(body=b"x", headers={"Content-Encoding": "br"})

    async def huge(self, request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        try:
            for _ in range(1000):
                await answer.write(b"X-A:1\r\n" * 10_000)
        except ConnectionError:
            pass
        return answer

    async def short(self, request: web.Request) -> web.StreamResponse:
        """It promises more than it gives."""
        answer = web.StreamResponse(headers={"Content-Length": "100000"})
        await answer.prepare(request)
        await answer.write(self.content[:40])
        if request.transport is not None:
            request.transport.close()
        return answer

    async def silent(self, request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(60)
        return web.Response()

    async def on(self, request: web.Request) -> web.StreamResponse:
        raise web.HTTPFound(request.query["to"])

    async def round(self, request: web.Request) -> web.StreamResponse:
        raise web.HTTPFound(self.address("round"))


@asynccontextmanager
async def serving() -> AsyncIterator[Server]:
    server = Server()
    app = web.Application()
    for name in PATHS:
        app.router.add_get(f"/{name}", getattr(server, name))
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    server.port = runner.addresses[0][1]
    try:
        yield server
    finally:
        await runner.cleanup()
