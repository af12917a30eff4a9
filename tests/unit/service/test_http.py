from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

import aiohttp
import pytest
from litestar import Litestar

from nightlatch.errors import StoreError
from nightlatch.service.connections import Connection
from nightlatch.service.http import serve, watched
from nightlatch.service.metrics import Metrics


def app(metrics: Metrics, troubles: Callable[[], list[str]], refresh: Callable[[], None]) -> Litestar:
    return Litestar(watched(metrics, troubles, refresh), openapi_config=None, logging_config=None)


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


async def test_a_page_from_outside_learns_nothing_of_the_doors() -> None:
    async with serve(app(Metrics(), list, lambda: None), "127.0.0.1", 0) as port:
        for path in ("/metrics", "/ready", "/health", "/nothing"):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(f"GET {path} HTTP/1.1\r\nHost: rebound.example:{port}\r\n\r\n".encode())
            answer = await reader.read()
            assert answer.split()[1] == b"421"
            assert b"Ask for localhost" in answer
            writer.close()


async def test_an_answer_does_not_wait_for_the_peer_to_confirm_its_head(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []
    before = Connection.connection_made

    def seen(self: Connection, transport: asyncio.Transport) -> None:
        made.append(transport.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        before(self, transport)

    monkeypatch.setattr(Connection, "connection_made", seen)
    async with serve(app(Metrics(), list, lambda: None), "127.0.0.1", 0) as port:
        await _get(port, "/health")
    assert made == [1]
