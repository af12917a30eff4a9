from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import msgspec

from nightlatch.model.event import Event
from nightlatch.service.http import serve
from tests.unit.web.conftest import CSRF, Web


@asynccontextmanager
async def _opened(web: Web, role: str = "owner", **more: str) -> AsyncIterator[aiohttp.ClientResponse]:
    headers = {"x-who": f"{role} {role} fresh", "x-csrf": CSRF, "accept-encoding": "gzip", **more}
    async with (
        serve(web.app, "127.0.0.1", 0) as port,
        aiohttp.ClientSession(headers=headers) as session,
        session.get(f"http://127.0.0.1:{port}/live") as response,
    ):
        yield response


async def _entries(response: aiohttp.ClientResponse) -> AsyncIterator[tuple[int, str]]:
    async for line in response.content:
        if line.startswith(b'data: {"entries"'):
            for one in msgspec.json.decode(line[6:])["entries"]:
                yield one["index"], one["kind"]


async def test_what_is_written_reaches_an_open_page(web: Web) -> None:
    async with _opened(web) as response, asyncio.timeout(10):
        assert response.status == 200
        assert response.headers["content-type"].startswith("text/event-stream")
        assert "content-encoding" not in response.headers
        assert response.headers["cache-control"] == "no-store"
        index = await web.service.intake.put(Event(1, "jammed", "lock:front"))
        async for one in _entries(response):
            if one == (index, "jammed"):
                break


async def test_a_page_goes_on_after_the_entry_that_it_had_last(web: Web) -> None:
    index = await web.service.intake.put(Event(1, "jammed", "lock:front"))
    await web.service.intake.put(Event(2, "locked", "lock:front"))
    async with _opened(web, **{"last-event-id": str(index)}) as response, asyncio.timeout(10):
        seen = []
        async for one, kind in _entries(response):
            seen.append(one)
            if kind == "locked":
                break
        assert seen == list(range(index + 1, index + 1 + len(seen)))


async def test_nobody_listens_without_signing_in(web: Web) -> None:
    assert (await (await web.client(None)).get("/live", headers={"accept": "application/json"})).status_code == 401


async def test_another_sites_page_cannot_listen(web: Web) -> None:
    assert (await (await web.client()).get("/live", headers={"sec-fetch-site": "cross-site"})).status_code == 403


async def test_a_place_that_is_no_number_is_refused(web: Web) -> None:
    assert (await (await web.client()).get("/live?after=x")).status_code == 400
