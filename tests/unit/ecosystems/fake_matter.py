"""A Matter server in this process: answers as python-matter-server does, or as a test wants it to."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import WSMsgType, web
from aiohttp.test_utils import TestServer

INFO = {
    "fabric_id": 1,
    "compressed_fabric_id": 0x9AF4751A7C421196,
    "schema_version": 11,
    "min_supported_schema_version": 9,
    "sdk_version": "2024.11.4",
}

# A lock with PINs, users, week-day schedules and a door sensor, as the matter rig's answers (trimmed).
LOCK: Mapping[str, Any] = {
    "0/40/1": "Acme Locks",
    "0/40/2": 0xFFF1,
    "0/40/3": "Virtual Deadbolt 1",
    "0/40/4": 0x8001,
    "0/40/5": "Front door",
    "0/40/10": "1.2.3",
    "0/40/15": "VL-0001",
    "0/62/1": [{"1": "BIlv", "2": 0xFFF1, "3": 1, "4": 1, "5": "", "254": 1}],
    "0/62/5": 1,
    "1/47/12": 174,
    "1/47/14": 0,
    "1/47/15": False,
    "1/47/65532": 2,
    "1/257/0": 1,
    "1/257/3": 1,
    "1/257/35": 0,
    "1/257/48": 3,
    "1/257/51": False,
    "1/257/65532": 0x1B1,
}

EMPTY = {"userIndex": 1, "userName": None, "userStatus": None, "nextUserIndex": None}


def node(number: int = 1, attributes: Mapping[str, Any] = LOCK, **said: Any) -> dict[str, Any]:
    """A node as `get_nodes` lists it."""
    return {
        "node_id": number,
        "available": True,
        "is_bridge": False,
        "last_interview": "2026-11-20T10:25:54.872287",
        "attributes": dict(attributes),
        **said,
    }


def user(index: int, following: int | None = None, creator: int | None = 1, **said: Any) -> dict[str, Any]:
    """A user with one PIN in the slot of the same number."""
    return {
        "userIndex": index,
        "userName": f"user {index}",
        "userStatus": 1,
        "userType": 0,
        "credentials": [{"credentialType": 1, "credentialIndex": index}],
        "creatorFabricIndex": creator,
        "nextUserIndex": following,
        **said,
    }


class FakeMatter:
    """Answers for its nodes and users; `asked` holds every command it was sent."""

    def __init__(self, *nodes: dict[str, Any], users: Mapping[int, Any] | None = None) -> None:
        self.nodes = nodes
        self.users = users or {}
        self.asked: list[dict[str, Any]] = []

    def answer(self, message: dict[str, Any]) -> dict[str, Any]:
        """The result, or the error, of a command."""
        self.asked.append(message)
        args = message["args"]
        if message["command"] == "get_nodes":
            return {"result": list(self.nodes)}
        one = next(each for each in self.nodes if each["node_id"] == args["node_id"])
        if message["command"] == "read_attribute":
            if not one["available"]:
                return {"error_code": 5, "details": "Node is not (yet) available."}
            starts = tuple(path.removesuffix("*") for path in args["attribute_path"])
            return {"result": {path: value for path, value in one["attributes"].items() if path.startswith(starts)}}
        return {"result": self.users.get(args["payload"]["userIndex"], EMPTY)}


@asynccontextmanager
async def serve(fake: FakeMatter, *, first: str = json.dumps(INFO), between: str = "") -> AsyncIterator[str]:
    """The url of a server that answers for `fake`; `between` is sent before every answer."""

    async def talk(socket: web.WebSocketResponse) -> None:
        await socket.send_str(first)
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                asked = json.loads(message.data)
                if between:
                    await socket.send_str(between)
                await socket.send_str(json.dumps({"message_id": asked["message_id"], **fake.answer(asked)}))

    async with talking(talk) as url:
        yield url


@asynccontextmanager
async def talking(talk: Callable[[web.WebSocketResponse], Any], path: str = "/ws") -> AsyncIterator[str]:
    """The url of a WebSocket server that runs `talk` with each client."""

    async def handle(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await talk(socket)
        return socket

    app = web.Application()
    app.router.add_get(path, handle)
    async with TestServer(app) as server:
        yield str(server.make_url(path)).replace("http://", "ws://")
