"""A Z-Wave JS server of a few lines: a state, what locks answer, and peers that are no such server."""

from __future__ import annotations

import copy
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import WSMsgType, web
from aiohttp.test_utils import TestServer

Socket = web.WebSocketResponse
Peer = Callable[[Socket], Awaitable[None]]

VERSION = {
    "type": "version",
    "homeId": 0x7E570001,
    "driverVersion": "15.29.0",
    "serverVersion": "3.10.2",
    "minSchemaVersion": 0,
    "maxSchemaVersion": 50,
}
YALE = (0x0129, 0x8104, 0x45D5)
SCHLAGE = (0x003B, 0x0001, 0x0469)
KWIKSET = (0x0090, 0x0001, 0x0642)
YALE_WITH_RESET = (0x0129, 0x803B, 0x0508)
NOBODY_KNOWS = (0x7FFF, 1, 2)

NO_ACK = {"errorCode": "zwave_error", "zwaveErrorCode": 204, "zwaveErrorCodeName": "Controller_CallbackNOK"}
NO_ANSWER = {"errorCode": "zwave_error", "zwaveErrorCode": 201, "zwaveErrorCodeName": "Controller_NodeTimeout"}


def code_values(codes: dict[int, str]) -> list[dict[str, Any]]:
    """What the driver's cache holds of these slots."""
    return [
        {"endpoint": 0, "commandClass": 99, "property": name, "propertyKey": slot, "value": value}
        for slot, code in codes.items()
        for name, value in (("userIdStatus", 1), ("userCode", code))
    ]


def lock(
    node: int = 3, ids: tuple[int, int, int] = YALE, *, values: tuple[dict[str, Any], ...] = (), **more: Any
) -> dict[str, Any]:
    """An interviewed lock with User Code, Door Lock, Battery and Configuration."""
    manufacturer, kind, product = ids
    classes = [{"id": id_, "version": 1} for id_ in (98, 99, 112, 113, 128)]
    return {
        "nodeId": node,
        "ready": True,
        "status": 4,
        "interviewStage": "Complete",
        "highestSecurityClass": 2,
        "manufacturerId": manufacturer,
        "productType": kind,
        "productId": product,
        "firmwareVersion": "1.50",
        "lastSeen": "2026-11-21T08:00:00.000Z",
        "deviceConfig": {"manufacturer": "Yale", "label": "YRD450-ZW3"},
        "deviceClass": {"generic": {"key": 64}, "specific": {"key": 3}},
        "endpoints": [{"index": 0, "commandClasses": classes}],
        "values": list(values),
        **more,
    }


class FakeServer:
    """Answers as @zwave-js/server does. `asked` holds (node, command class, method, arguments) of each read."""

    def __init__(self, *nodes: dict[str, Any], slots: int | None = 4) -> None:
        self.version: dict[str, Any] = dict(VERSION)
        self.state: dict[str, Any] = {
            "driver": {"statisticsEnabled": False, "configVersion": "15.29.0"},
            "controller": {"inclusionState": 0, "firmwareVersion": "1.0", "sdkVersion": "7.17.99"},
            "nodes": [{"nodeId": 1, "isControllerNode": True, "values": []}, *nodes],
        }
        self.slots = slots
        self.codes: dict[int, str] = {}
        self.parameters: dict[int, int] | None = {}
        self.operation: Any = {"currentMode": 255}
        self.battery: Any = {"level": 87, "isLow": False}
        self.notifications: Any = {"events": []}
        self.fail: dict[int, dict[str, Any]] = {}
        self.admin_code = ""
        self.hang_up_after: int | None = None
        self.commands: list[dict[str, Any]] = []
        self.asked: list[tuple[int, int, str, tuple[Any, ...]]] = []
        self.sockets: list[Socket] = []
        self.mute: set[str] = set()
        """Methods of locks, and commands, that get no answer."""
        self.supervision: Any = {"status": 255}
        """What a lock says to a set."""
        self.obeys = True
        """A set changes what is read afterwards."""

    async def tell(self, **event: Any) -> None:
        """Tell every client an event."""
        await self.send({"type": "event", "event": event})

    async def send(self, message: Any) -> None:
        """Send every client a message, as it is when it is text."""
        for socket in self.sockets:
            if not socket.closed:
                await socket.send_str(message if isinstance(message, str) else json.dumps(message))

    async def __call__(self, socket: Socket) -> None:
        self.sockets.append(socket)
        await socket.send_json(self.version)
        async for message in socket:
            if message.type is not WSMsgType.TEXT:
                return
            command = json.loads(message.data)
            self.commands.append(command)
            if self.hang_up_after is not None and len(self.commands) > self.hang_up_after:
                await socket.close()
                return
            await socket.send_json({"type": "event", "event": {"source": "node", "event": "statistics updated"}})
            if self.mute & {command["command"], command.get("methodName")}:
                continue
            answer = self.answer(command)
            await socket.send_json({"type": "result", "messageId": command["messageId"], **answer})

    def answer(self, command: dict[str, Any]) -> dict[str, Any]:
        match command["command"]:
            case "set_api_schema":
                return self.ok({})
            case "controller.get_state":
                return self.ok({"state": self.state["controller"]})
            case "start_listening":
                return self.ok({"state": copy.deepcopy(self.state)})
            case "node.get_supported_notification_events":
                return self.ok(self.notifications)
            case "node.get_value":
                return self.ok({} if self.slots is None else {"value": self.slots})
            case "endpoint.invoke_cc_api":
                return self.read(command["nodeId"], command["commandClass"], command["methodName"], command["args"])
        return {"success": False, "errorCode": "unknown_command"}

    def read(self, node: int, command_class: int, method: str, args: list[Any]) -> dict[str, Any]:
        self.asked.append((node, command_class, method, tuple(args)))
        if node in self.fail:
            return {"success": False, **self.fail[node]}
        response: Any = None
        if method == "set":
            self.set(command_class, args[0])
            return self.ok({"response": self.supervision})
        if command_class == 99 and method == "get":
            code = self.codes.get(args[0], "")
            response = {"userIdStatus": 1 if code else 0, "userCode": code}
        elif method == "getAdminCode":
            response = self.admin_code
        elif method == "getUsersCount":
            response = len(self.codes)
        elif command_class == 112:
            if self.parameters is None:
                return {"success": False, **NO_ANSWER}
            response = self.parameters.get(args[0], 0)
        elif command_class == 98:
            response = self.operation
        elif command_class == 128:
            response = self.battery
        return self.ok({"response": response})

    def set(self, command_class: int, value: Any) -> None:
        if not self.obeys:
            return
        if command_class == 98:
            self.operation = {"currentMode": value, "boltStatus": "locked" if value else "unlocked"}
        elif command_class == 112 and self.parameters is not None:
            self.parameters[value["parameter"]] = value["value"]

    @staticmethod
    def ok(result: Any) -> dict[str, Any]:
        return {"success": True, "result": result}


@asynccontextmanager
async def served(peer: Peer) -> AsyncIterator[str]:
    """The address at which `peer` talks to whoever connects."""

    async def accept(request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await peer(socket)
        return socket

    async with answering(accept) as url:
        yield url


@asynccontextmanager
async def answering(handler: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> AsyncIterator[str]:
    """The address of an HTTP server with this one handler."""
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", handler)
    async with TestServer(application) as server:
        yield f"ws://{server.host}:{server.port}"
