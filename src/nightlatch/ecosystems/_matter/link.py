"""The open connection to a Matter server: what its locks tell as states and events, and orders to them."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeVar

import msgspec
from msgspec.structs import replace

from nightlatch.ecosystems._calls import Calls
from nightlatch.ecosystems._feed import opening
from nightlatch.ecosystems._matter.attributes import Attributes
from nightlatch.ecosystems._matter.happenings import NodeEvent
from nightlatch.ecosystems._matter.orders import Orders
from nightlatch.ecosystems._matter.server import ANSWER_S, DOOR_LOCK, NAME, Declined, Node, Refused, Server
from nightlatch.ecosystems._matter.watch import Watch
from nightlatch.ecosystems._websocket import Silent
from nightlatch.ecosystems.interface import Heard, Link, Taken
from nightlatch.errors import ReadError, SourceError
from nightlatch.model.command import Command, LockDoor, Outcome, UnlockDoor
from nightlatch.model.event import Event
from nightlatch.model.lock import Lock
from nightlatch.plugs import Plug
from nightlatch.reading import structured

T = TypeVar("T")

STATES_S = 5.0
"""How long the locks may take to answer after a connection, before their states are told from the server's copy."""
MOST_LOCKS = 64
_MOST_EARLY = 10_000
_STATUS = re.compile(r"InteractionModelError: (\w{1,40})(?: \(0x[0-9a-f]{1,2}, clusterStatus: (\d{1,3})\))?")


class Message(msgspec.Struct, frozen=True):
    """An answer, or an event, which has no `message_id`."""

    message_id: str | None = None
    result: msgspec.Raw = msgspec.Raw(b"null")
    error_code: int | None = None
    details: str | None = None
    event: str = ""
    data: msgspec.Raw = msgspec.Raw(b"null")


def locks_of(nodes: Sequence[Node]) -> list[tuple[str, Node, int]]:
    """The locks of nodes: the name of each (its node, and its endpoint where a node has several), node, endpoint."""
    found = [(node, at) for node in nodes for at in Attributes(node.attributes, frozenset(), None).endpoints(DOOR_LOCK)]
    per_node = Counter(node.node_id for node, _ in found)
    return [
        (str(node.node_id) if per_node[node.node_id] == 1 else f"{node.node_id}-{at}", node, at)
        for node, at in found[:MOST_LOCKS]
    ]


class MatterLink(Link):
    """One connection, subscribed to everything that the server tells."""

    def __init__(self, plug: Plug, server: Server) -> None:
        self._plug = plug
        self._watches: dict[tuple[int, int], Watch] = {}
        """By node and endpoint."""
        self._calls: Calls[Message] = Calls(
            server.peer, Message, key=lambda message: message.message_id, take=self._take, clock=plug.context.clock
        )
        self._where = server.peer.where
        self._sent = 0
        self._begun = False
        self._told = False
        self._late: list[Event] = []
        """What happened before the states are told."""
        self._early: list[tuple[Message, int]] = []
        self._orders = Orders(self, plug.context.clock)
        self._moved = asyncio.Event()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Subscribed and read while this is open."""
        async with self._calls.reading():
            nodes: list[Node] = await self.ask(list[Node], "start_listening", {})
            for name, node, endpoint in locks_of(nodes):
                self._add(name, node, endpoint)
            self._begun = True
            for message, at in self._early:
                self._take(message, at)
            yield

    async def hear(self) -> AsyncIterator[Heard]:
        """The states, read from the locks themselves where they answer, then everything as it comes."""
        watches = list(self._watches.values())
        reads = [asyncio.create_task(self.read(watch, watch.paths)) for watch in watches if watch.state.reachable]
        if reads:
            _, late = await asyncio.wait(reads, timeout=STATES_S)
            for read in late:
                read.cancel()
            await asyncio.gather(*reads, return_exceptions=True)
        self._calls.check()
        self._told = True
        for heard in opening([watch.state for watch in self._watches.values()], self._late):
            yield heard
        async for heard in self._calls.feed.take():
            yield heard

    async def command(self, command: Command) -> Outcome:
        """Give the order to the lock and read back what became of it."""
        return await self._do(command)

    async def move(self, command: LockDoor | UnlockDoor, taken: Taken) -> Outcome:
        """The same; the lock itself answers whether it takes the order."""
        return await self._do(command, taken)

    async def _do(self, command: Command, taken: Taken | None = None) -> Outcome:
        self._calls.check()
        for watch in self._watches.values():
            if watch.state.about == str(command.about):
                return await self._orders.carry_out(watch, command, taken)
        return Outcome("refused", "the Matter server has no such lock", self._where)

    # What orders use

    async def ask(self, answer: Any, command: str, args: Mapping[str, Any], seconds: float = ANSWER_S) -> Any:
        """The server's answer to a command. Declined or Refused when there is none, Silent when it takes too long."""
        self._sent += 1
        sent = str(self._sent)
        message = await self._calls.ask(sent, {"message_id": sent, "command": command, "args": args}, seconds)
        if message.error_code is not None:
            if found := _STATUS.search(message.details or ""):
                declined = Declined(f"the lock declined (status {found[1]})", where=self._where)
                declined.status, declined.cluster = found[1], int(found[2]) if found[2] else None
                raise declined
            raise Refused(f"the {NAME} refused {command} (error {message.error_code})", where=self._where)
        return structured.json(bytes(message.result), answer, where=f"{self._where} ({command})")

    async def read(self, watch: Watch, paths: list[str]) -> tuple[dict[str, Any], int]:
        """Attributes read from the lock now, and when; none when it does not answer."""
        args = {"node_id": watch.node_id, "attribute_path": paths}
        try:
            values: dict[str, Any] = await self.ask(dict[str, Any], "read_attribute", args)
        except (Refused, Silent, ReadError):
            return {}, 0
        values = {path: values[path] for path in paths if path in values}
        at = self._plug.context.clock()
        going = watch.fresh(values, at)
        if self._told:  # before that, the difference to the server's copy is part of the state
            self._tell(self._hold(watch, going))
        return values, at

    async def moved(self, seconds: float) -> None:
        """Wait until any lock tells something, or until the time is up."""
        self._moved.clear()
        waiting = asyncio.ensure_future(self._moved.wait())
        try:
            await self._calls.until(waiting, seconds)
        finally:
            waiting.cancel()

    # From the server

    def _add(self, name: str, node: Node, endpoint: int) -> Watch:
        about = str(self._plug.ref(Lock, name))
        watch = Watch(about, self._plug.context.id, node, endpoint)
        self._watches[node.node_id, endpoint] = watch
        return watch

    def _take(self, message: Message, at: int) -> list[Heard]:
        if not self._begun:
            if len(self._early) < _MOST_EARLY:
                self._early.append((message, at))
            return []
        self._moved.set()
        with suppress(ReadError):  # one message that makes no sense is passed by
            self._tell(list(self._meant(message, at)))
        return []

    def _meant(self, message: Message, at: int) -> Iterator[Heard]:
        data = bytes(message.data)
        raw = {"event": message.event}
        match message.event:
            case "attribute_updated":
                node_id, path, value = self._decoded(data, tuple[int, str, Any], message)
                more = {**raw, "data": [node_id, path, value]}
                for watch in self._of(node_id):
                    yield from self._hold(watch, watch.changed(path, value, at, more))
            case "node_event":
                event: NodeEvent = self._decoded(data, NodeEvent, message)
                found = self._watches.get((event.node_id, event.endpoint_id))
                if event.cluster_id == DOOR_LOCK and found is not None:
                    more = {**raw, "data": self._decoded(data, dict[str, Any], message)}
                    yield from self._hold(found, found.told(event, at, more))
            case "node_updated" | "node_added":
                yield from self._node(self._decoded(data, Node, message), at, raw)
            case "node_removed":
                node_id = self._decoded(data, int, message)
                for watch in self._of(node_id):
                    del self._watches[watch.node_id, watch.endpoint]
                    yield watch.left(at, {**raw, "data": node_id})
            case "server_shutdown":
                error = SourceError(f"the {NAME} shuts down", where=self._where, todo="Is it restarting?")
                self._calls.feed.fail(error)

    def _node(self, node: Node, at: int, raw: Mapping[str, Any]) -> Iterator[Heard]:
        said = {**raw, "data": {"node_id": node.node_id, "available": node.available}}
        for name, _, endpoint in locks_of([node]):
            watch = self._watches.get((node.node_id, endpoint))
            if watch is None:
                if len(self._watches) < MOST_LOCKS:
                    yield self._add(name, node, endpoint).state
                continue
            yield from self._hold(watch, watch.updated(node, at, said))

    def _of(self, node_id: int) -> list[Watch]:
        return [watch for watch in self._watches.values() if watch.node_id == node_id]

    def _hold(self, watch: Watch, going: Sequence[Heard]) -> Sequence[Heard]:
        """What may go now; what waits goes by itself a moment later."""
        watch.pairing.wait(self._tell)
        return going

    def _tell(self, heard: Sequence[Heard]) -> None:
        if self._told:
            self._calls.feed.put(*heard)
        else:
            self._late += [replace(one, resync=True) for one in heard if isinstance(one, Event)]

    def _decoded(self, data: bytes, kind: Any, message: Message) -> Any:
        return structured.json(data, kind, where=f"{self._where} ({message.event[:40]})")
