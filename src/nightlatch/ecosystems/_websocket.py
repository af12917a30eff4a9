"""A WebSocket to a peer that may be anything: bounded in time, size and depth, one clear error for each way to fail."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any, NoReturn, TypeVar

import aiohttp
import msgspec
from aiohttp import WSMsgType
from yarl import URL

from nightlatch.errors import SourceError
from nightlatch.reading import structured

T = TypeVar("T")

CONNECT_S = 10.0
MAX_MESSAGE = 16 * 1024 * 1024
GOODBYE_S = 2.0


class SignInWanted(SourceError):
    """The peer does not open a WebSocket to clients that have not signed in (HTTP 401 or 403)."""


class Silent(SourceError):
    """The peer did not answer in time."""


class Peer:
    """An open WebSocket. `name` is what the peer should be, as a Z-Wave JS server; `where` its address."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse[bool], name: str, where: str) -> None:
        self.name = name
        self.where = where
        self._socket = socket

    async def send(self, message: Mapping[str, Any]) -> None:
        """Send a JSON message. SourceError when the connection is gone."""
        try:
            await self._socket.send_str(msgspec.json.encode(message).decode())
        except (ConnectionError, aiohttp.ClientError):
            self._closed()

    async def receive(self, type: type[T], seconds: float) -> T:  # noqa: A002
        """The next message, decoded. SourceError when none comes in time, ReadError when it is not such JSON."""
        try:
            async with asyncio.timeout(seconds):
                text = await self.text()
        except TimeoutError:
            self._silent()
        decoded: T = structured.json(text, type, where=self.where)
        return decoded

    async def text(self) -> bytes:
        """The next message as it came. SourceError when the connection is gone, or the message too large."""
        message = await self._socket.receive()
        if message.type is WSMsgType.TEXT:
            text: bytes = message.data
            return text
        if message.type is WSMsgType.BINARY:
            self.fail("sent binary data where JSON text was expected", self._check_address)
        if isinstance(message.data, aiohttp.WebSocketError):
            if message.data.code == aiohttp.WSCloseCode.MESSAGE_TOO_BIG:
                self.fail(f"sent a message of more than {MAX_MESSAGE // 2**20} MiB", self._check_address)
            self.fail("broke the WebSocket protocol", self._check_address)
        if isinstance(self._socket.exception(), TimeoutError):
            self._silent()
        self._closed()

    def fail(self, what: str, todo: str) -> NoReturn:
        """Raise the SourceError that the peer did `what`."""
        raise SourceError(f"the {self.name} {what}", where=self.where, todo=todo)

    def _silent(self) -> NoReturn:
        raise Silent(
            f"the {self.name} did not answer in time",
            where=self.where,
            todo="Is it overloaded, or is something else at that address?",
        )

    def _closed(self) -> NoReturn:
        if self._socket.close_code == aiohttp.WSCloseCode.TRY_AGAIN_LATER:
            self.fail("is not ready yet", "Audit again in a minute.")
        self.fail("closed the connection", "Is it restarting? Look at its log.")

    @property
    def _check_address(self) -> str:
        return f"Is this the address of a {self.name}?"


def address(url: str, name: str) -> URL:
    """The URL of a WebSocket. SourceError when it is none, or holds a password."""
    try:
        parsed = URL(url)
        port = parsed.port
    except ValueError:
        parsed, port = URL(), None
    if parsed.scheme not in ("ws", "wss") or not parsed.host or not port:
        raise SourceError(
            f"the url of a {name} begins with ws:// or wss://, then host and port",
            where="url",
            todo='Write it as url = "ws://127.0.0.1:3000".',
        )
    if parsed.user or parsed.password:
        raise SourceError("a password may not stand in the url", where="url", todo="Remove it: it is not used.")
    return parsed


@asynccontextmanager
async def connect(url: URL, name: str, *, heartbeat: float | None = None) -> AsyncIterator[Peer]:
    """An open WebSocket to `url`. SourceError says why there is none.

    With a heartbeat the peer is pinged after so many seconds without a word, and is Silent when no pong comes within
    half of that: how a connection is found out whose other end is gone.
    """
    where = str(url.with_query(None).with_fragment(None))

    async def refuse_redirect(*_: Any) -> None:
        raise SourceError(f"the {name} sends us elsewhere (HTTP redirect)", where=where, todo="Give its own address.")

    tracing = aiohttp.TraceConfig()
    tracing.on_request_redirect.append(refuse_redirect)
    async with aiohttp.ClientSession(trace_configs=[tracing]) as session:
        socket = await _open(session, url, name, where, heartbeat)
        try:
            yield Peer(socket, name, where)
        finally:
            with suppress(TimeoutError):
                async with asyncio.timeout(GOODBYE_S):
                    await socket.close()


async def _open(
    session: aiohttp.ClientSession, url: URL, name: str, where: str, heartbeat: float | None
) -> aiohttp.ClientWebSocketResponse[bool]:
    try:
        async with asyncio.timeout(CONNECT_S):
            return await session.ws_connect(url, max_msg_size=MAX_MESSAGE, decode_text=False, heartbeat=heartbeat)
    except TimeoutError:
        problem, todo = f"did not answer within {CONNECT_S:.0f} s", "Is the host up, and the port open to this machine?"
    except aiohttp.WSServerHandshakeError as error:
        if error.status in (401, 403):
            raise SignInWanted(
                f"the {name} asks for sign-in (HTTP {error.status})",
                where=where,
                todo="Give the server's own port instead of a proxy's.",
            ) from None
        problem, todo = f"is no WebSocket server (HTTP {error.status})", "Is the port right?"
    except aiohttp.ClientSSLError:
        problem, todo = (
            "has a certificate that this machine does not trust",
            "Import its authority, or use its host name.",
        )
    except aiohttp.ClientConnectorDNSError:
        problem, todo = "cannot be reached (its host name is not known)", "Is the name right? Try its IP address."
    except aiohttp.ClientConnectorError as error:
        reason = os.strerror(error.os_error.errno) if error.os_error.errno else type(error.os_error).__name__
        problem, todo = f"cannot be reached ({reason})", "Is it running, and are host and port right?"
    except (aiohttp.ClientError, ConnectionError, ValueError):
        problem, todo = "is no WebSocket server", "Is the port right?"
    raise SourceError(f"the {name} {problem}", where=where, todo=todo) from None
