"""Z-Wave JS: the driver and server under Home Assistant, Z-Wave JS UI and others."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cached_property

from nightlatch.catalogue import Catalogue
from nightlatch.ecosystems import _codes
from nightlatch.ecosystems._listening import reached
from nightlatch.ecosystems._websocket import SignInWanted, address
from nightlatch.ecosystems._zwavejs import lock as _lock
from nightlatch.ecosystems._zwavejs import state as _state
from nightlatch.ecosystems._zwavejs.link import Memory, Names, ZwaveLink
from nightlatch.ecosystems._zwavejs.lock import LockReader
from nightlatch.ecosystems._zwavejs.messages import USER_CODE, Listening, Node, Supported
from nightlatch.ecosystems._zwavejs.server import NAME, Radio, Refused, Server, converse
from nightlatch.ecosystems.interface import Link, Live
from nightlatch.ecosystems.interface import Settings as PlugSettings
from nightlatch.errors import NightlatchError
from nightlatch.model.evidence import Item, Ref
from nightlatch.model.hub import Hub
from nightlatch.model.lock import Lock
from nightlatch.model.people import Credential
from nightlatch.text import count

MAX_CODES = 3000
"""Codes that are compared with each other: ten locks of 250 stay under it."""


class ZwaveJs(Live, kind="zwavejs"):
    """Asks a Z-Wave JS server for its locks, and each lock for its settings and codes; or listens to them.

    `collect` sets nothing. A link sets what it is commanded to: the bolt, and settings that the catalogue
    maps. Neither ever writes a parameter that resets a lock, starts inclusion or asks for firmware updates
    (the driver would ask the internet), and of a PIN only what derives from it is kept.
    """

    class Settings(PlugSettings, frozen=True):
        """`url` is the server's WebSocket, as ws://127.0.0.1:3000."""

        url: str

    gives = (
        *_state.HUB_FIELDS,
        *(Hub.address, Hub.listens, Hub.asks_sign_in, Hub.tls, Hub.plain_pins),
        *_state.LOCK_FIELDS,
        *_lock.FIELDS,
        *(Credential.lock, Credential.slot, Credential.form, Credential.enabled),
        *_codes.FIELDS,
    )

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[Link]:
        """Subscribed to everything that the server tells of its locks."""
        names = Names(self.context.id, self.ref(Hub, "controller"), lambda node: self.ref(Lock, node))
        async with converse(address(self.settings.url, NAME)) as server:
            link = ZwaveLink(
                server,
                names,
                self._memory,
                catalogue=self._catalogue,
                digest=self.context.fingerprint,
                clock=self.context.clock,
            )
            async with link.running():
                yield link

    @cached_property
    def _memory(self) -> Memory:
        return Memory()

    @cached_property
    def _catalogue(self) -> Catalogue:
        return Catalogue()

    async def collect(self) -> AsyncIterator[Item]:
        """The hub, then each lock from the driver's state, then each lock's own answers, then their codes."""
        url = address(self.settings.url, NAME)
        hub = self.ref(Hub, "controller")
        try:
            async with converse(url) as server:
                for claim in reached(hub, url, "version"):
                    yield claim
                async for item in self._network(server, hub):
                    yield item
        except SignInWanted:
            yield Hub.asks_sign_in.claim(hub, True, where="url")
            raise

    async def _network(self, server: Server, hub: Ref) -> AsyncIterator[Item]:
        try:
            listening: Listening = await server.ask("start_listening", Listening)
        except Refused as refused:
            server.peer.fail(f"does not tell its state ({refused.name})", "Look at its log.")
        state, home_id = listening.state, server.version.homeId or 0
        nodes = [node for node in state.nodes if node.is_lock]
        refs = {node.nodeId: self.ref(Lock, node.nodeId) for node in nodes}
        for claim in _state.hub_claims(hub, server.version, state, tuple(refs.values())):
            yield claim
        for node in nodes:
            reported = await self._reported(server, node)
            for item in _state.lock_items(refs[node.nodeId], hub, home_id, node, reported):
                yield item
        catalogue = self._catalogue
        codes: list[_codes.Code] = []
        broken: NightlatchError | None = None
        try:
            for node in nodes:
                model = catalogue.zwave(*node.ids) if node.ids is not None else None
                slots = await self._slots(server, node)
                reader = LockReader(
                    Radio(server, node.nodeId), node, refs[node.nodeId], model=model, slots=slots, codes=codes
                )
                async for item in reader.items():
                    yield item
                if len(codes) > MAX_CODES:
                    server.peer.fail(f"lists more than {MAX_CODES} codes", "Is it yours?")
        except NightlatchError as error:
            broken = error
        for claim in _codes.claims(codes, self.context, catalogue):
            yield claim
        if codes:
            # The server hands them out as it read them, and the driver writes what it reads to disk.
            file = f"{home_id:08x}.values.jsonl in the driver's cache folder"
            yield Hub.plain_pins.claim(hub, (file,), where=f"{count(len(codes), 'code')} in the driver's values")
        elif broken is None:
            yield Hub.plain_pins.claim(hub, (), where="no code in the driver's values")
        if broken is not None:
            raise broken

    async def _reported(self, server: Server, node: Node) -> _state.Reported | None:
        try:
            found: _state.Reported = await server.ask(
                "node.get_supported_notification_events", _state.Reported, nodeId=node.nodeId
            )
        except Refused:
            # A server older than the command.
            return None
        return found

    async def _slots(self, server: Server, node: Node) -> int | None:
        """How many codes the lock holds, as it told the driver when it was interviewed."""
        if USER_CODE not in node.supports:
            return None
        value_id = {"commandClass": USER_CODE, "endpoint": 0, "property": "supportedUsers"}
        try:
            found: Supported = await server.ask("node.get_value", Supported, nodeId=node.nodeId, valueId=value_id)
        except Refused:
            return None
        return found.value
