"""HTTP to one router: nowhere else, no redirects, bounded in time and size."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import aiohttp
from yarl import URL

from nightlatch.errors import ReadError, SourceError

ANSWER_S = 5.0
LONGEST = 256 * 1024
_MOST_HEADER = 8190


class Router:
    """HTTP to the router at one address."""

    def __init__(self, address: str, session: aiohttp.ClientSession) -> None:
        self.address = address
        self._session = session

    def url(self, text: str, base: str = "") -> str:
        """A URL that the router gave, made whole by `base`. ReadError when it leads elsewhere than to the router."""
        try:
            url = URL(base).join(URL(text)) if base else URL(text)
            fine = url.scheme == "http" and url.host == self.address and url.user is None and bool(url.port)
        except (ValueError, TypeError):
            fine = False
        if not fine:
            raise ReadError("the router names an address that is not its own; it is not followed", where=self.address)
        return str(url.with_fragment(None))

    async def ask(self, url: str, *, body: bytes | None = None, headers: Mapping[str, str] | None = None) -> bytes:
        """The body of an answer: HTTP 200, or 500, by which UPnP tells its errors. SourceError or ReadError if none."""
        try:
            async with (
                asyncio.timeout(ANSWER_S),
                self._session.request(
                    "GET" if body is None else "POST", url, data=body, headers=headers, allow_redirects=False
                ) as answer,
            ):
                if answer.status in range(300, 400):
                    raise ReadError("the router sends us elsewhere (HTTP redirect)", where=url)
                if answer.status not in (200, 500):
                    raise SourceError(f"the router refused (HTTP {answer.status})", where=url)
                data = bytearray()
                async for chunk in answer.content.iter_any():
                    data += chunk
                    if len(data) > LONGEST:
                        raise ReadError(f"the router answers with more than {LONGEST // 1024} KiB", where=url)
                return bytes(data)
        except TimeoutError:
            raise SourceError(f"the router did not answer within {ANSWER_S:g} s", where=url) from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            # The library's text may repeat what the router sent.
            raise SourceError(f"the router did not answer as HTTP says ({type(error).__name__})", where=url) from None


@asynccontextmanager
async def talk(address: str) -> AsyncIterator[Router]:
    """HTTP to the router at `address`, past any proxy of this machine."""
    session = aiohttp.ClientSession(
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        trust_env=False,
        max_line_size=_MOST_HEADER,
        max_field_size=_MOST_HEADER,
        headers={"Accept-Encoding": "identity"},
    )
    async with session:
        yield Router(address, session)
