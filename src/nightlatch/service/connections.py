"""Connections to the web server, bounded in number, in size and in time: whatever peers do, others are answered.

A connection is in one phase at a time, and each phase may last so long. What is slow on purpose (headers byte by
byte, a body that never ends, an answer that is never read) ends by that; what is many makes room for others.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import socket
import ssl
import struct
import traceback
from collections import Counter
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Literal

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from nightlatch.service.hosts import Hosts

log = logging.getLogger(__name__)
_quiet = logging.getLogger(f"{__name__}.peers")
_quiet.setLevel(logging.CRITICAL)  # what strangers send is theirs: it must not fill the log

MOST = 512
"""Connections in all."""
MOST_BEYOND = 448
"""Connections from other machines: some are always left for this one."""
MOST_EACH = 64
"""Connections of one other machine, or of one IPv6 network, whose machines take what addresses they like."""
MOST_STREAMS, MOST_STREAMS_EACH = 300, 32
"""Event streams among them, in all and of one other machine."""
HEADERS = 16_384
"""Bytes that a request may have before its body."""
HANDSHAKE_S = 5.0
DRAIN_S = 2.0
"""For how long the rest of a body is taken that nobody wants: whoever sends it can read the answer then."""
CLOSING_S = 5.0
HEADERS_S, BODY_S, ANSWER_S, STALL_S, STREAM_STALL_S = 10.0, 20.0, 120.0, 20.0, 5.0
BODY_RATE = 16_384
"""Bytes a second that a long body must come with, after BODY_S."""
SWEEP_S = 0.25
STREAM_BUFFER = 65_536
"""Bytes of a stream that wait in the kernel."""
STREAM = "nightlatch.stream"
"""The extension of the ASGI scope that a long answer asks for its place."""

Phase = Literal["handshake", "headers", "body", "draining", "answering", "stalled", "streaming", "behind", "closing"]
LIMITS: dict[Phase, float] = {
    "handshake": HANDSHAKE_S,
    "headers": HEADERS_S,
    "body": BODY_S,
    "draining": DRAIN_S,
    "answering": ANSWER_S,
    "stalled": STALL_S,
    "streaming": float("inf"),
    "behind": STREAM_STALL_S,
    "closing": CLOSING_S,
}
"""Seconds that each phase lasts at most. `stalled` and `behind`: an answer, a stream, that its reader does not take."""

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Any, Any, Any], Awaitable[None]]
"""An ASGI application."""


def origin_of(address: str) -> str:
    """Who a peer is for counting: nothing for this machine, an IPv4 address, or an IPv6 network of 64 bits."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is None:
            return "" if ip.is_loopback else str(ipaddress.ip_network((int(ip) >> 64 << 64, 64)))
        ip = ip.ipv4_mapped
    return "" if ip.is_loopback else str(ip)


class Room:
    """Who is connected, and who may be."""

    def __init__(self) -> None:
        self.connections: set[Connection] = set()
        self._each: Counter[str] = Counter()

    @property
    def streams(self) -> int:
        """How many event streams there are."""
        return sum(one.streaming for one in self.connections)

    def enter(self, one: Connection) -> bool:
        """Take a connection in, if need be in the place of one that says nothing; whether there was room."""
        here = not one.origin
        if not here and self._each[one.origin] >= MOST_EACH and not self._evict(one.origin):
            return False
        beyond = len(self.connections) - self._each[""]
        if not here and beyond >= MOST_BEYOND and not self._evict():
            return False
        if len(self.connections) >= MOST and not self._evict():
            return False
        self.connections.add(one)
        self._each[one.origin] += 1
        return True

    def leave(self, one: Connection) -> None:
        """Let a connection go; one that is not in it is no error."""
        if one in self.connections:
            self.connections.remove(one)
            self._each[one.origin] -= 1
            if not self._each[one.origin]:
                del self._each[one.origin]

    def admit(self, one: Connection) -> bool:
        """Whether one more may become a stream."""
        mine = sum(other.streaming for other in self.connections if other.origin == one.origin)
        return self.streams < MOST_STREAMS and (not one.origin or mine < MOST_STREAMS_EACH)

    def _evict(self, origin: str | None = None) -> bool:
        """End the oldest that has no request in hand, of whoever has most; whether there was one."""
        idle = [
            one for one in self.connections
            if one.phase in ("handshake", "headers") and (origin is None or one.origin == origin)
        ]  # fmt: skip
        if not idle:
            return False
        worst = max(idle, key=lambda one: (self._each[one.origin] if one.origin else 0, -one.since))
        worst.drop()
        return True

    async def sweep(self) -> None:
        """End what lasts too long, until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(SWEEP_S)
            now = loop.time()
            for one in list(self.connections):
                if one.overdue(now):
                    one.drop()


class Connection(H11Protocol):
    """One connection. What stands here without a value is set on the subclass that a server makes."""

    room: Room
    hosts: Hosts
    secure: Callable[[], ssl.SSLContext | None]
    application: App

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self.logger = _quiet
        self.access_log = False
        self.app = self._answer
        self.origin = ""
        self.streaming = False
        self.since = self.loop.time()
        self._raw: asyncio.Transport | None = None
        self._handshake: asyncio.Task[None] | None = None
        self._known: tuple[Phase, int] = ("headers", 0)
        self._task: asyncio.Task[Any] | None = None
        self._made = False
        """Whether the protocol began: after the handshake, where there is one."""
        self._early = b""
        self._taken = 0
        self._requests = 0

    # How long it may last

    @property
    def phase(self) -> Phase:
        """What is waited for."""
        if self._handshake is not None:
            return "handshake"
        if not self._made or self.transport.is_closing():
            return "closing"
        unfinished = self.conn.their_state is h11.SEND_BODY
        if self.cycle is None or self.cycle.response_complete:
            return "draining" if unfinished else "headers"
        if self.flow.write_paused:
            return "behind" if self.streaming else "stalled"
        if self.streaming:
            return "streaming"
        return "body" if unfinished else "answering"

    def overdue(self, now: float) -> bool:
        """Whether its phase lasts too long (seconds on the loop's clock)."""
        known = (self.phase, self._requests)
        if known != self._known:
            self._known, self.since = known, now
        more = self._taken / BODY_RATE if known[0] == "body" else 0.0
        return now - self.since > LIMITS[known[0]] + more

    def drop(self) -> None:
        """End it now, whatever is not sent yet."""
        self.room.leave(self)
        if self._handshake is not None:
            self._handshake.cancel()
        if self._raw is not None:
            peer = self._raw.get_extra_info("socket")
            if peer is not None and peer.fileno() >= 0:
                # What the kernel still holds for it goes too: reset, not closed.
                peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        if self._made:
            self.transport.abort()
        if self._raw is not None:
            self._raw.abort()

    # What asyncio tells

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Take it in, where there is room, and shake hands."""
        self._raw = transport
        peer = transport.get_extra_info("peername")
        self.origin = origin_of(str(peer[0])) if peer else ""
        if not self.room.enter(self):
            transport.abort()
            return
        context = self.secure()
        if context is None:
            self._made = True
            super().connection_made(transport)
        else:
            transport.pause_reading()
            self._handshake = self.loop.create_task(self._shake(transport, context))

    async def _shake(self, transport: asyncio.Transport, context: ssl.SSLContext) -> None:
        try:
            secured = await self.loop.start_tls(
                transport, self, context, server_side=True, ssl_handshake_timeout=HANDSHAKE_S, ssl_shutdown_timeout=2.0
            )
        except (OSError, ssl.SSLError, TimeoutError):
            self._handshake = None
            self.drop()
            return
        finally:
            self._handshake = None
        if secured is None or secured.is_closing():
            self.drop()
            return
        self._made = True
        super().connection_made(secured)
        if self._early:
            self.data_received(self._early)
            self._early = b""

    def data_received(self, data: bytes) -> None:
        """Read on. The first request may come together with the end of the handshake."""
        if not self._made:
            self._early += data
            return
        self._taken += len(data)
        super().data_received(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        self.room.leave(self)
        if self._made:
            super().connection_lost(exc)

    def shutdown(self) -> None:
        """End when the server does: streams at once, other answers when they are complete."""
        if not self._made:
            self.drop()
            return
        super().shutdown()
        if self.streaming and self._task is not None:
            self.transport.close()
            self._task.cancel()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002  # the library's text is not for people
        """Refuse what is no HTTP, where that can still be said."""
        cycle = self.cycle
        if cycle is not None and not cycle.response_complete:
            cycle.disconnected = True
            cycle.message_event.set()
            if cycle.response_started:
                self.transport.abort()
                return
        if self.conn.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            self.transport.abort()
            return
        text = b"This is no request that can be read.\n"
        for event in (
            h11.Response(status_code=400, headers=[*PLAIN, (b"content-length", b"%d" % len(text)), CLOSE]),
            h11.Data(data=text),
            h11.EndOfMessage(),
        ):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    # What is answered

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._requests += 1
        self._taken = 0
        if sum(len(name) + len(value) for name, value in scope["headers"]) + len(scope["raw_path"]) > HEADERS:
            await refuse(send, 431, "The request's headers are too large.")
            return
        named = next((value for name, value in scope["headers"] if name == b"host"), b"").decode("latin-1")
        if (reason := self.hosts.refusal(named, str((self.server or ("",))[0]))) is not None:
            await refuse(send, 421, reason)
            return
        scope.setdefault("extensions", {})[STREAM] = self._stream
        self._task = asyncio.current_task()
        started = False

        async def sent(message: MutableMapping[str, Any]) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await type(self).application(scope, receive, sent)
        except Exception as error:  # noqa: BLE001  # the boundary: whatever breaks, the peer is told and no text gets out
            place = "".join(traceback.format_tb(error.__traceback__))
            log.error("answering broke (%s)\n%s", type(error).__name__, place)
            if not started:
                await refuse(send, 500, "This broke, which is a defect: please report it.")
            else:
                self.transport.abort()
        finally:
            self.streaming = False

    def _stream(self) -> bool:
        """Whether there is room for one more stream; this answer is one then."""
        if not self.streaming and not self.transport.is_closing() and self.room.admit(self):
            self.streaming = True
            # What the kernel holds for a reader that does not read is held for nothing.
            peer = self.transport.get_extra_info("socket")
            if peer is not None:
                peer.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, STREAM_BUFFER)
        return self.streaming


PLAIN = [
    (b"content-type", b"text/plain; charset=utf-8"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"no-store"),
]
"""Headers of an answer that no page made."""
CLOSE = (b"connection", b"close")


async def refuse(
    send: Send, status: int, text: str, headers: list[tuple[bytes, bytes]] | None = None, *, close: bool = True
) -> None:
    """Answer in plain words."""
    body = f"{text}\n".encode()
    rest = [(b"content-length", b"%d" % len(body)), *([CLOSE] if close else []), *(headers or [])]
    await send({"type": "http.response.start", "status": status, "headers": [*PLAIN, *rest]})
    await send({"type": "http.response.body", "body": body})
