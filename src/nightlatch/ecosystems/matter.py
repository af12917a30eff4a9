"""A Matter server: the controller under Home Assistant and others (python-matter-server and its successor)."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

from nightlatch.ecosystems._calls import HEARTBEAT_S
from nightlatch.ecosystems._listening import reached
from nightlatch.ecosystems._matter import lock as _lock
from nightlatch.ecosystems._matter import users as _users
from nightlatch.ecosystems._matter.attributes import Attributes
from nightlatch.ecosystems._matter.link import MatterLink, locks_of
from nightlatch.ecosystems._matter.server import NAME, Node, Refused, Server, converse
from nightlatch.ecosystems._matter.users import Users
from nightlatch.ecosystems._serial import serial_key
from nightlatch.ecosystems._websocket import SignInWanted, Silent, address
from nightlatch.ecosystems.interface import Link, Live
from nightlatch.ecosystems.interface import Settings as PlugSettings
from nightlatch.model.evidence import Item, Ref, Same
from nightlatch.model.hub import Hub
from nightlatch.model.lock import Lock


class Matter(Live, kind="matter"):
    """Asks a Matter server for its locks, and each lock for its attributes and users; or listens to them.

    `collect` sets nothing. A link sets what it is commanded to: the bolt, and settings of the lock. Neither asks for
    firmware updates (the server would ask the Matter ledger on the internet), and no PIN is read: a Matter lock with
    user management does not tell one.
    """

    class Settings(PlugSettings, frozen=True):
        """`url` is the server's WebSocket, as ws://127.0.0.1:5580/ws."""

        url: str

    gives = (
        *(Hub.software, Hub.parts, Hub.address, Hub.tls, Hub.listens, Hub.asks_sign_in, Hub.locks),
        *(Lock.hub, Lock.radio, Lock.security, Lock.reachable),
        *_lock.FIELDS,
        *_users.FIELDS,
    )

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[Link]:
        """Subscribed to everything that the server tells of its locks."""
        async with converse(address(self.settings.url, NAME), heartbeat=HEARTBEAT_S) as server:
            link = MatterLink(self, server)
            async with link.running():
                yield link

    async def collect(self) -> AsyncIterator[Item]:
        """The hub, then each lock: its attributes, then its users."""
        url = address(self.settings.url, NAME)
        hub = self.ref(Hub, "controller")
        try:
            async with converse(url) as server:
                for claim in reached(hub, url, "server_info"):
                    yield claim
                yield Hub.software.claim(hub, "matter-server", where="server_info")
                info = server.info
                parts = (f"schema {info.schema_version}", f"Matter SDK {info.sdk_version[:64]}")
                yield Hub.parts.claim(hub, parts, where="server_info")
                async for item in self._locks(server, hub):
                    yield item
        except SignInWanted:
            yield Hub.asks_sign_in.claim(hub, True, where="url")
            raise

    async def _locks(self, server: Server, hub: Ref) -> AsyncIterator[Item]:
        found = locks_of(await server.nodes())
        per_node = Counter(node.node_id for _, node, _ in found)
        yield Hub.locks.claim(hub, tuple(self.ref(Lock, name) for name, _, _ in found), where="get_nodes")
        for name, node, endpoint in found:
            lock = self.ref(Lock, name)
            yield Lock.hub.claim(lock, hub, where="get_nodes")
            yield Lock.radio.claim(lock, "matter", where="get_nodes")
            # Every Matter session is encrypted and both ends are authenticated by certificates.
            yield Lock.security.claim(lock, "matter", where="get_nodes")
            for same in _identity(lock, server, node, endpoint, alone=per_node[node.node_id] == 1):
                yield same
            async for item in self._lock(server, name, node, endpoint):
                yield item

    async def _lock(self, server: Server, name: str, node: Node, endpoint: int) -> AsyncIterator[Item]:
        lock = self.ref(Lock, name)
        attributes, reason = _copy(node), "the Matter server says that it is not available"
        if node.available:
            try:
                attributes = await _read(server, node, endpoint)
            except (Refused, Silent) as error:
                reason = error.what
        reachable = bool(attributes.live)
        where = "read_attribute" if node.available else "get_nodes (available)"
        yield Lock.reachable.claim(lock, reachable, where=where)
        for claim in _lock.claims(lock, attributes, endpoint):
            yield claim
        bits = _lock.features(attributes, endpoint)
        if bits is not None and not bits & _lock.USERS:
            yield self.gap(
                *_users.FIELDS,
                reason="the lock manages its codes without users, and would tell the codes themselves",
                settle="the lock's own app",
                about=lock,
            )
        elif reachable:
            own, fabrics = _lock.own_fabric(attributes), _lock.fabrics(attributes) or {}
            for item in await Users(self, server, node.node_id, endpoint, name, own, fabrics).items():
                yield item
        else:
            yield self.gap(
                *_users.FIELDS,
                reason=f"the lock's users could not be read: {reason}",
                settle="another run while the lock is awake and in reach",
                about=lock,
            )


def _identity(lock: Ref, server: Server, node: Node, endpoint: int, *, alone: bool) -> Iterator[Same]:
    """The keys by which other sources know the lock: Home Assistant uses fabric and node, or its serial number."""
    key = f"matter:{server.info.compressed_fabric_id:016x}/{node.node_id}"
    yield Same(lock, key if alone and not node.is_bridge else f"{key}/{endpoint}")
    copy = _copy(node)
    serial = serial_key(_lock.serial(copy, endpoint)) if alone or node.is_bridge else None
    if serial is not None:
        yield Same(lock, serial)


def _copy(node: Node) -> Attributes:
    return Attributes(node.attributes, frozenset(), node.interviewed)


async def _read(server: Server, node: Node, endpoint: int) -> Attributes:
    """The node's attributes, those that matter read from the device now."""
    now = await server.read(node.node_id, _lock.paths(_copy(node), endpoint))
    return Attributes({**node.attributes, **now}, frozenset(now), node.interviewed)
