"""The router as an internet gateway: whether it opens ports for whoever asks, and which it has opened."""

from __future__ import annotations

import asyncio
import re
import socket
import time
from collections.abc import AsyncIterator, Iterator
from ipaddress import IPv4Address, ip_address

from nightlatch.ecosystems._igd import natpmp, soap, ssdp
from nightlatch.ecosystems._igd.http import Router as Peer
from nightlatch.ecosystems._igd.http import talk
from nightlatch.ecosystems.interface import Context, Ecosystem
from nightlatch.ecosystems.interface import Settings as PlugSettings
from nightlatch.errors import NightlatchError, ReadError, SourceError
from nightlatch.model.evidence import Item, Same
from nightlatch.model.router import Router
from nightlatch.model.values import PortMapping
from nightlatch.reading.local import beside, contained, gateway, inside, own_address
from nightlatch.reading.threads import apart

MOST_MAPPINGS = 256
LISTING_S = 30.0
PAGES = (80, 443)
"""Ports of a router's own page: one that lets us connect does not shut this machine out."""
_PAGE_S = 1.0
_ASK_MAIN = "Run this source on a machine in the network of phones and laptops, or add the router's backup as a source."
# What software on many makes of router says where a maker would stand tells nothing of this one.
_NO_MAKER = re.compile(r"mini ?upnp|open ?wrt|debian|ubuntu|linux|pfsense|opnsense|freebsd|unknown|default", re.I)


class Igd(Ecosystem, kind="igd"):
    """Asks the router over UPnP, NAT-PMP and PCP what it would open. Never adds, changes or removes a mapping.

    It talks to the router's address, and to the local network's SSDP group; what others answer is ignored.
    """

    class Settings(PlugSettings, frozen=True):
        """`gateway`: the router's IPv4 address; left out, that of this machine's default route."""

        gateway: str = ""

    gives = (Router.address, Router.maker, Router.model, Router.upnp, Router.natpmp, Router.upnp_mappings)

    def __init__(self, settings: Settings, context: Context) -> None:
        super().__init__(settings, context)
        self.router = self.ref(Router, "router")

    async def collect(self) -> AsyncIterator[Item]:
        """The router's identity, then what it opens."""
        address, told_by = self._gateway()
        own = await apart(lambda: own_address(address))
        if not own:
            raise SourceError("this machine has no way to the router", where=address)
        router = self.router
        yield Same(router, f"ip:{address}")
        yield Router.address.claim(router, address, where=told_by)
        heard, ports, shut_out = await asyncio.gather(
            apart(lambda: ssdp.search(address, own, ssdp.SECONDS)),
            apart(lambda: natpmp.state(address, own)),
            apart(lambda: no_welcome(address)),
        )
        asked = f"asked from {own}"
        if heard.locations:
            yield Router.upnp.claim(router, True, where=f"answers the search for an internet gateway (SSDP), {asked}")
            async with talk(address) as peer:
                async for item in self._described(peer, heard.locations):
                    yield item
        if ports.on is not None and (ports.on or not ports.closed or heard.locations or not shut_out):
            yield Router.natpmp.claim(router, ports.on, where=f"{ports.why}, {asked}")
        for item in self._silent(ports, asked, heard=bool(heard.locations), shut_out=shut_out):
            yield item

    def _gateway(self) -> tuple[str, str]:
        """The router's address, and what told it. SourceError when it is not inside the home."""
        address, told_by = self.settings.gateway, "gateway in nightlatch.toml"
        if not address:
            address, told_by = gateway(), "this machine's default route"
            if contained() or not address:
                why = "this is a container, whose default route may not lead to the router"
                raise SourceError(
                    why if contained() else "this machine has no default route, so the router's address is not known",
                    where=self.kind,
                    todo='Give the address that the router has inside the home: gateway = "192.168.1.1".',
                )
        if not isinstance(inside(address), IPv4Address):
            raise SourceError(
                "the router's address is not a private IPv4 address; nothing was sent",
                where=told_by,
                todo="Give the address that the router has inside the home, as 192.168.1.1.",
            )
        return address, told_by

    def _silent(self, ports: natpmp.State, asked: str, *, heard: bool, shut_out: str) -> Iterator[Item]:
        """What follows where UPnP or NAT-PMP did not answer: off only when the router let us in to hear its no."""
        if not heard and ports.closed and not shut_out:
            where = f"no answer to the search for an internet gateway (SSDP), and {ports.why}, {asked}"
            yield Router.upnp.claim(self.router, False, where=where)
            return
        if not heard:
            silence = "no answer to the search for an internet gateway (SSDP), which alone proves nothing"
            reason = f"{silence}: {shut_out if ports.closed else ports.why}"
            yield self.gap(Router.upnp, Router.upnp_mappings, reason=reason, settle=_ASK_MAIN, about=self.router)
            if ports.closed:
                yield self.gap(Router.natpmp, reason=f"{ports.why}; {shut_out}", settle=_ASK_MAIN, about=self.router)
        if ports.on is None:
            yield self.gap(Router.natpmp, reason=ports.why, settle=_ASK_MAIN, about=self.router)

    async def _described(self, peer: Peer, locations: tuple[str, ...]) -> AsyncIterator[Item]:
        """Maker, model and mappings, from the first description that can be read."""
        failure: NightlatchError | None = None
        for location in locations:
            try:
                url = peer.url(location)
                told = soap.description(await peer.ask(url), where=url)
            except (SourceError, ReadError) as error:
                failure = error
                continue
            for field, text in ((Router.maker, told.maker), (Router.model, told.model)):
                if text and not _NO_MAKER.search(f"{told.maker} {told.model}"):
                    yield field.claim(self.router, text, where=url)
            for item in await self._mappings(peer, told, url):
                yield item
            return
        if failure is not None:
            yield self._no_mappings(f"its description cannot be used: {failure}")

    async def _mappings(self, peer: Peer, told: soap.Description, url: str) -> list[Item]:
        """The mappings of all the router's connections; a gap as well when the list may not be whole."""
        found: list[PortMapping] = []
        problem = "" if told.services else "it offers no connection whose ports can be listed"
        until = time.monotonic() + LISTING_S
        complete = 0
        for service in told.services:
            try:
                control = peer.url(service.control, peer.url(told.base) if told.base else url)
                for index in range(MOST_MAPPINGS):
                    if time.monotonic() > until:
                        raise SourceError(f"its list took longer than {LISTING_S:g} s")
                    body, headers = soap.question(service, index)
                    one = soap.answer(await peer.ask(control, body=body, headers=headers), where=control)
                    if one.error in soap.NO_MORE:
                        complete += 1
                        break
                    if one.error:
                        raise SourceError(f"it refuses to list its ports (UPnP error {one.error})")
                    if one.mapping is not None:
                        found.append(one.mapping)
                else:
                    raise SourceError(f"its list has more than {MOST_MAPPINGS} entries")
            except (SourceError, ReadError) as error:
                problem = str(error)
        items: list[Item] = []
        if complete or found:
            mappings = tuple(dict.fromkeys(found))
            where = (
                f"GetGenericPortMappingEntry, {'as far as it went' if problem else 'to the end of the list'} ({url})"
            )
            items.append(Router.upnp_mappings.claim(self.router, mappings, where=where))
        if problem:
            items.append(self._no_mappings(problem))
        return items

    def _no_mappings(self, why: str) -> Item:
        return self.gap(
            Router.upnp_mappings,
            reason=f"the ports that UPnP opened could not all be listed: {why}",
            settle="Look at the list of UPnP or port mappings on the router's own page.",
            about=self.router,
        )


def no_welcome(router: str) -> str:
    """Why a refusal by the router may be meant for this machine alone; empty where it lets it connect to its page."""
    if not beside(ip_address(router)):
        return "another router lies between it and this machine"
    for port in PAGES:
        try:
            socket.create_connection((router, port), timeout=_PAGE_S).close()
        except OSError:
            continue
        return ""
    return "it refuses this machine its own page too, so that it may serve others"
