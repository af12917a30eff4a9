"""The conversation with a Z-Wave JS server: agree on a schema, ask it, and ask locks through it."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from yarl import URL

from nightlatch.ecosystems._raw import error_code
from nightlatch.ecosystems._websocket import Peer, Silent, connect
from nightlatch.ecosystems._zwavejs.messages import Answer, Response, Version, decoded
from nightlatch.reading import structured

T = TypeVar("T")

NAME = "Z-Wave JS server"
NEWEST_SCHEMA = 50
OLDEST_SCHEMA = 15
"""The first in which endpoints list their command classes."""
ANSWER_S = 15.0
TOTAL_S = 100.0
"""The whole conversation; an audit waits 120 s for a source."""

READS_PER_LOCK = 64
SECONDS_PER_LOCK = 45.0
SILENT = 2
"""Reads in a row without an answer after which a lock is left alone."""

_NO_ACK = ("Controller_CallbackNOK", "Controller_MessageDropped", "Controller_MessageExpired")
_NO_ANSWER = ("Controller_NodeTimeout", "Controller_Timeout", "Controller_ResponseNOK")


class Refused(Exception):
    """The server answered a command with an error. `name` is its code, or the Z-Wave error's name."""

    def __init__(self, name: str) -> None:
        self.name = error_code(name)
        super().__init__(self.name)


class Stopped(Exception):
    """No more is read from this lock; the text says why, as the end of "node 3 …", and `todo` what to do."""

    def __init__(
        self, why: str, todo: str = "Bring it nearer or wake it, check its battery, then audit again."
    ) -> None:
        super().__init__(why)
        self.todo = todo


class Mute(Stopped):
    """It receives what it is sent and does not answer."""


class Server:
    """An open conversation. `version` is what the server said of itself."""

    def __init__(self, peer: Peer, version: Version, until: float) -> None:
        self.peer = peer
        self.version = version
        self._asked = 0
        self._until = until

    @property
    def seconds_left(self) -> float:
        """How much longer the whole conversation may take."""
        return self._until - time.monotonic()

    async def ask(self, command: str, type: type[T], **arguments: Any) -> T:  # noqa: A002
        """The result of a command. Refused when the server says no, SourceError when it says nothing."""
        self._asked += 1
        id_ = str(self._asked)
        await self.peer.send({"messageId": id_, "command": command, **arguments})
        until = time.monotonic() + min(ANSWER_S, max(self.seconds_left, 0))
        while True:
            # Events and late answers pass by; they do not prolong the wait.
            answer: Answer = await self.peer.receive(Answer, until - time.monotonic())
            if answer.type == "result" and answer.messageId == id_:
                break
        if not answer.success:
            raise Refused(answer.zwaveErrorCodeName or answer.errorCode)
        result: T = structured.json(bytes(answer.result), type, where=f"{self.peer.where} ({command})")
        return result


@asynccontextmanager
async def converse(url: URL) -> AsyncIterator[Server]:
    """A conversation in the newest schema that both sides speak. SourceError when there is none."""
    until = time.monotonic() + TOTAL_S
    async with connect(url, NAME) as peer:
        version: Version = await peer.receive(Version, ANSWER_S)
        if version.type != "version":
            peer.fail("is something else: it did not begin with its version", f"Is this the address of a {NAME}?")
        if version.homeId is None:
            peer.fail("has not found its controller yet", "Audit again in a minute.")
        schema = min(NEWEST_SCHEMA, version.maxSchemaVersion)
        if schema < max(OLDEST_SCHEMA, version.minSchemaVersion):
            peer.fail(
                f"speaks API schema {version.minSchemaVersion} to {version.maxSchemaVersion}, "
                f"Nightlatch {OLDEST_SCHEMA} to {NEWEST_SCHEMA}",
                "Update whichever is older.",
            )
        server = Server(peer, version, until)
        try:
            await server.ask("set_api_schema", Any, schemaVersion=schema)
        except Refused as refused:
            peer.fail(f"refused API schema {schema} ({refused.name})", "Update it.")
        yield server


class Radio:
    """Asks one lock itself, within a budget that spares its battery and the radio."""

    def __init__(self, server: Server, node: int) -> None:
        self._server = server
        self._node = node
        self._reads = 0
        self._silent = 0
        self._until = time.monotonic() + SECONDS_PER_LOCK
        self.answered = False
        """It answered at least once."""

    @property
    def asked(self) -> bool:
        """It was asked at least once."""
        return self._reads > 0

    async def read(self, command_class: int, method: str, type: type[T], *arguments: int) -> T | None:  # noqa: A002
        """What the lock answers, or None where it does not answer this. Stopped when it is to be left alone."""
        if self._reads >= READS_PER_LOCK:
            raise Stopped(
                f"was asked {READS_PER_LOCK} times, the most that one audit asks of a lock",
                "Look through its other code slots in your Z-Wave software: those known to be in use were read first.",
            )
        if time.monotonic() > self._until or self._server.seconds_left <= 0:
            raise Stopped("answers too slowly for all that there is to ask", "Audit again while the network is quiet.")
        self._reads += 1
        try:
            result: Response = await self._server.ask(
                "endpoint.invoke_cc_api",
                Response,
                nodeId=self._node,
                endpoint=0,
                commandClass=command_class,
                methodName=method,
                args=list(arguments),
            )
        except Silent:
            self._count_silence("the server waited in vain")
            return None
        except Refused as refused:
            if refused.name in _NO_ACK:
                raise Stopped(f"does not acknowledge what it is sent ({refused.name})") from None
            if refused.name in _NO_ANSWER:
                self._count_silence(refused.name)
            return None
        if bytes(result.response) == b"null":
            self._count_silence("no response")
            return None
        self.answered = True
        self._silent = 0
        found: T | None = decoded(result.response, type)
        return found

    def _count_silence(self, why: str) -> None:
        self._silent += 1
        if self._silent >= SILENT:
            self._silent = 0
            raise Mute(f"does not answer ({why})")
