"""A TCP proxy that a test lets forward, delay, or swallow everything without closing anything."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from types import TracebackType
from typing import Self


class Proxy:
    """Between whoever connects to `port` and a port of 127.0.0.1, in a thread of its own."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._swallow = False
        self._delay_s = 0.0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        start = asyncio.start_server(self._connected, "127.0.0.1", 0)
        server = asyncio.run_coroutine_threadsafe(start, self._loop).result(10)
        self.port: int = server.sockets[0].getsockname()[1]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def url(self, scheme: str) -> str:
        """Where it listens."""
        return f"{scheme}://127.0.0.1:{self.port}"

    def forward(self) -> None:
        """Forward what comes from now on, at once. What was swallowed is gone."""
        self._swallow, self._delay_s = False, 0.0

    def swallow(self) -> None:
        """Accept and read everything and pass nothing on: half-open to either side."""
        self._swallow = True

    def delay(self, seconds: float) -> None:
        """Pass everything on so much later."""
        self._delay_s = seconds

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            other_reader, other_writer = await asyncio.open_connection("127.0.0.1", self._target)
            await asyncio.gather(self._copy(reader, other_writer), self._copy(other_reader, writer))
            other_writer.close()
        writer.close()

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(65536):
                if self._delay_s:
                    await asyncio.sleep(self._delay_s)
                if not self._swallow:
                    writer.write(data)
                    await writer.drain()
        if not self._swallow:
            writer.close()
