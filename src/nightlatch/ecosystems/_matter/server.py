"""The talk with a Matter server: one command at a time, JSON over a WebSocket.

Protocol of python-matter-server and its successor, seen at schema 11 with version 7.0.1: the server
speaks first (`server_info`), answers carry the `message_id` of their command, and events may come between.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec
from yarl import URL

from nightlatch.ecosystems import _websocket
from nightlatch.ecosystems._websocket import Peer, Silent
from nightlatch.errors import ReadError, SourceError
from nightlatch.reading import structured

T = TypeVar("T")

NAME = "Matter server"
ANSWER_S = 20.0
"""How long the server may take for one answer; a sleepy lock answers it within about 10 s."""
DOOR_LOCK = 257
_MOST_EVENTS = 1000
"""Messages between a command and its answer that are skipped before the server counts as not answering."""
_TIMED_MS = 10_000


class Info(msgspec.Struct, frozen=True):
    """`server_info`, the server's first message."""

    schema_version: int
    compressed_fabric_id: int
    sdk_version: str


class Node(msgspec.Struct, frozen=True):
    """A device as the server knows it; attributes by "endpoint/cluster/attribute"."""

    node_id: int
    available: bool
    attributes: dict[str, Any]
    last_interview: str = ""
    is_bridge: bool = False

    @property
    def interviewed(self) -> datetime | None:
        """When the server last read the whole node (UTC): its cached attributes are at least this new."""
        try:
            read = datetime.fromisoformat(self.last_interview)
        except ValueError:
            return None
        return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)


class _Message(msgspec.Struct, frozen=True):
    """An answer, or an event, which has no `message_id`."""

    message_id: str | None = None
    result: msgspec.Raw = msgspec.Raw(b"null")
    error_code: int | None = None


class Refused(SourceError):
    """The server, or the lock behind it, did not do as asked."""


class Declined(Refused):
    """The lock itself declined, with a status of Matter's interaction model; `cluster` is the Door Lock's own."""

    status: str = ""
    cluster: int | None = None


class Server:
    """An open conversation. `info` is what the server said of itself."""

    def __init__(self, peer: Peer, info: Info) -> None:
        self.info = info
        self.peer = peer
        self._sent = 0

    async def nodes(self) -> list[Node]:
        """Every device that the server controls."""
        found: list[Node] = await self._ask(list[Node], "get_nodes", {})
        return found

    async def read(self, node_id: int, paths: list[str]) -> dict[str, Any]:
        """Attributes, read from the device now; `*` stands for every attribute of a cluster."""
        args = {"node_id": node_id, "attribute_path": paths}
        found: dict[str, Any] = await self._ask(dict[str, Any], "read_attribute", args)
        return found

    async def ask_lock(self, answer: type[T], node_id: int, endpoint: int, command: str, payload: dict[str, Any]) -> T:
        """The lock's response to a Door Lock command that changes nothing."""
        args = {
            "node_id": node_id,
            "endpoint_id": endpoint,
            "cluster_id": DOOR_LOCK,
            "command_name": command,
            "payload": payload,
            "timed_request_timeout_ms": _TIMED_MS,
        }
        found: T = await self._ask(answer, "device_command", args)
        return found

    async def _ask(self, answer: Any, command: str, args: Mapping[str, Any]) -> Any:
        self._sent += 1
        sent = str(self._sent)
        await self.peer.send({"message_id": sent, "command": command, "args": args})
        try:
            async with asyncio.timeout(ANSWER_S):
                for _ in range(_MOST_EVENTS):
                    message: _Message = await self.peer.receive(_Message, ANSWER_S)
                    if message.message_id == sent:
                        break
                else:
                    self.peer.fail(f"sent {_MOST_EVENTS} messages but no answer to {command}", "Is it overloaded?")
        except TimeoutError:
            raise Silent(
                f"the {NAME} did not answer {command} within {ANSWER_S:g} s",
                where=self.peer.where,
                todo="Is it overloaded, or is the lock out of reach?",
            ) from None
        place = f"{self.peer.where} ({command})"
        if message.error_code is not None:
            raise Refused(f"the {NAME} refused {command} (error {message.error_code})", where=self.peer.where)
        return structured.json(bytes(message.result), answer, where=place)


@asynccontextmanager
async def converse(url: URL, *, heartbeat: float | None = None) -> AsyncIterator[Server]:
    """A conversation with the server at `url`; SourceError when there is none. `heartbeat` as `_websocket.connect`."""
    async with _websocket.connect(url, NAME, heartbeat=heartbeat) as peer:
        try:
            info: Info = await peer.receive(Info, ANSWER_S)
        except ReadError as error:
            raise SourceError(
                f"does not speak as a {NAME} does: its first message {error.what}",
                where=peer.where,
                todo=f"Is this the address of a {NAME}? It usually ends in :5580/ws.",
            ) from None
        yield Server(peer, info)
