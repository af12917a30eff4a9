"""Just enough of a zwave-server client to wait for the rig and to write its tests."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

Message = dict[str, Any]

SCHEMA = 50
"""The newest API schema of @zwave-js/server 3.10.2."""


class Refused(Exception):
    """The server answered a command with an error; `answer` is the whole message."""

    def __init__(self, answer: Message) -> None:
        self.answer = answer
        super().__init__(f"{answer.get('errorCode')}: {answer.get('zwaveErrorMessage') or answer.get('message')}")


class Server:
    """One open connection: `version` is the server's first message, `events` collects what it tells by itself."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, version: Message) -> None:
        self.version = version
        self.events: list[Message] = []
        self.schema = min(SCHEMA, int(version["maxSchemaVersion"]))
        self._socket = socket
        self._sent = 0

    async def ask(self, command: str, **arguments: Any) -> Any:
        """The `result` of `command`; Refused when the server says no."""
        self._sent += 1
        wanted = str(self._sent)
        await self._socket.send_json({"messageId": wanted, "command": command, **arguments})
        while True:
            message = await self._receive()
            if message["type"] == "result" and message["messageId"] == wanted:
                if not message["success"]:
                    raise Refused(message)
                return message["result"]

    async def event(self, fits: Callable[[Message], bool]) -> Message:
        """The first event, past or future, that `fits`."""
        seen = 0
        while True:
            for event in self.events[seen:]:
                if fits(event):
                    return event
            seen = len(self.events)
            await self._receive()

    async def _receive(self) -> Message:
        message: Message = await self._socket.receive_json()
        if message["type"] == "event":
            self.events.append(message["event"])
        return message


@asynccontextmanager
async def connect(url: str, seconds: float = 60) -> AsyncIterator[Server]:
    """A connection with the schema agreed; TimeoutError when the block takes longer than `seconds`."""
    async with (
        asyncio.timeout(seconds),
        aiohttp.ClientSession() as session,
        session.ws_connect(url, max_msg_size=0) as socket,
    ):
        server = Server(socket, await socket.receive_json())
        await server.ask("set_api_schema", schemaVersion=server.schema)
        yield server
