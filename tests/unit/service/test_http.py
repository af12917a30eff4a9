from __future__ import annotations

import asyncio
import socket
from contextlib import suppress

import aiohttp
import pytest

from nightlatch.errors import StoreError
from nightlatch.service import http
from nightlatch.service.http import app, serve
from nightlatch.service.metrics import Metrics


async def _get(port: int, path: str) -> tuple[int, str]:
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}{path}") as answer:
        return answer.status, await answer.text()


async def test_a_watcher_sees_whether_it_lives_whether_it_is_ready_and_its_figures() -> None:
    metrics, troubles = Metrics(), ["zwavejs: not connected"]

    def refresh() -> None:
        metrics.entries.set(12)

    async with serve(app(metrics, lambda: troubles, refresh), "127.0.0.1", 0) as port:
        assert await _get(port, "/health") == (200, "alive\n")
        assert await _get(port, "/ready") == (503, "zwavejs: not connected\n")
        troubles.clear()
        assert await _get(port, "/ready") == (200, "ready\n")
        status, text = await _get(port, "/metrics")
        assert status == 200
        assert "nightlatch_journal_entries 12.0" in text
        assert (await _get(port, "/etc/passwd"))[0] == 404


async def test_a_port_in_use_is_told_with_the_setting_to_change() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(StoreError, match=r"service.port: 127.0.0.1:\d+ cannot be listened on"):
            async with serve(app(Metrics(), list, lambda: None), "127.0.0.1", port):
                pass


@pytest.mark.parametrize(
    ("host", "status"),
    [
        *(("127.0.0.1", 200), ("[::1]:5625", 200), ("localhost:5625", 200), ("nightlatch", 200)),
        *(("nightlatch.lan:5625", 200), ("rebound.example:5625", 403), ("127.0.0.1.example", 403), ("[.x", 403)),
    ],
)
async def test_a_page_from_outside_learns_nothing_of_the_doors(host: str, status: int) -> None:
    async with serve(app(Metrics(), list, lambda: None), "127.0.0.1", 0) as port:
        for path in ("/metrics", "/ready"):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
            assert (await reader.readline()).split()[1] == str(status).encode()
            writer.close()


async def test_connections_are_bounded_in_number_and_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "MOST_CONNECTIONS", 8)
    monkeypatch.setattr(http, "LONGEST_S", 1.0)
    async with serve(app(Metrics(), list, lambda: None), "127.0.0.1", 0) as port:
        made = [await asyncio.open_connection("127.0.0.1", port) for _ in range(20)]
        await asyncio.sleep(0.3)
        assert sum(reader.at_eof() or reader.exception() is not None for reader, _ in made) == 12
        made[0][1].write(b"GET /health HTTP/1.1\r\nX-Slow: ")
        async with asyncio.timeout(3):
            for reader, writer in made:
                with suppress(ConnectionError):
                    assert await reader.read() == b""
                writer.close()
        assert await _get(port, "/health") == (200, "alive\n")
