"""Finds what Nightlatch could read on this machine and its network, within a few seconds. Nothing is changed.

On this machine it greets the usual ports of Home Assistant, Z-Wave JS, a Matter server and an MQTT broker.
On the network it listens for what announces itself (multicast DNS), greets that too, and asks for routers
(SSDP). Only what answers a greeting is believed, and a stranger's words are cut short to plain text.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable, Mapping
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec

from nightlatch.ecosystems import _mqtt, _websocket
from nightlatch.errors import NightlatchError, ReadError
from nightlatch.reading import structured

if TYPE_CHECKING:
    from zeroconf import ServiceInfo

LOOPBACK = "127.0.0.1"
MAX_PEERS = 32
"""How many announcements, and how many routers, are looked at."""
MAX_DESCRIPTION = 256 * 1024
_LONGEST_NAME = 80
_BRIDGE_INFO = "zigbee2mqtt/bridge/info"
_GATEWAY = "urn:schemas-upnp-org:device:InternetGatewayDevice:1"
_FRIENDLY_NAME = "./{urn:schemas-upnp-org:device-1-0}device/{urn:schemas-upnp-org:device-1-0}friendlyName"
_ANNOUNCED = {
    "_home-assistant._tcp.local.": "homeassistant",
    "_zwave-js-server._tcp.local.": "zwavejs",
    "_mqtt._tcp.local.": "mqtt",
}
_MDNS_SHARE = 0.5
"""How much of the time is spent listening; the rest greets what was heard."""


class Found(msgspec.Struct, frozen=True, order=True):
    """Something that can be read.

    `kind` is the kind of source that reads it, or `mqtt` (a broker that wants an account, or that says nothing
    of Zigbee2MQTT) or `router` (its backup has to be asked for). `how` says how it was found.
    """

    kind: str
    url: str
    name: str
    how: str


class Ports(msgspec.Struct, frozen=True):
    """Where to look on this machine."""

    homeassistant: int = 8123
    zwavejs: int = 3000
    matter: int = 5580
    mqtt: int = 1883


class _Place(msgspec.Struct, frozen=True):
    """Where something may answer, before it was greeted."""

    kind: str
    host: str
    port: int
    how: str

    @property
    def authority(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class _HassHello(msgspec.Struct, tag_field="type", tag="auth_required"):
    ha_version: str


class _ZwaveHello(msgspec.Struct, tag_field="type", tag="version"):
    driver: str = msgspec.field(name="driverVersion")


class _MatterHello(msgspec.Struct):
    schema: int = msgspec.field(name="schema_version")
    sdk: str = msgspec.field(name="sdk_version")


class _BridgeInfo(msgspec.Struct):
    version: str


async def discover(*, timeout: float, loopback_only: bool, ports: Ports | None = None) -> list[Found]:  # noqa: ASYNC109
    """What answers, in the order of kinds. Looks for `timeout` seconds and hangs up within two more.

    `loopback_only` leaves the network alone: nothing is sent beyond this machine.
    """
    ports = ports or Ports()
    here = [
        _Place(kind, LOOPBACK, port, "answers on this machine") for kind, port in msgspec.structs.asdict(ports).items()
    ]
    looking = [_greeted(here, timeout)]
    if not loopback_only:
        looking += [_on_network(timeout, ports), _routers(timeout)]
    groups = await asyncio.gather(*looking)
    return sorted({found for group in groups for found in group})


async def _on_network(seconds: float, ports: Ports) -> list[Found]:
    """What announces itself by multicast DNS and then answers a greeting."""
    heard = await _announced(seconds * _MDNS_SHARE)
    own = set(msgspec.structs.asdict(ports).values())
    # This machine's own services are found on loopback, under their usual ports.
    places = [place for place in heard if not (place.port in own and _is_own(place.host))]
    return await _greeted(places, seconds * (1 - _MDNS_SHARE))


async def _greeted(places: list[_Place], seconds: float) -> list[Found]:
    async def greet(place: _Place) -> Found | None:
        # Nothing there, or something else there: either way it is not found, which is no failure.
        with contextlib.suppress(NightlatchError, TimeoutError):
            return await _GREETINGS[place.kind](place, seconds)
        return None

    answers = await asyncio.gather(*(greet(place) for place in places))
    return [found for found in answers if found is not None]


async def _home_assistant(place: _Place, seconds: float) -> Found:
    hello: _HassHello = await _first_words(place, "/api/websocket", _HassHello, seconds)
    return Found("homeassistant", f"http://{place.authority}", _plain(f"Home Assistant {hello.ha_version}"), place.how)


async def _zwave_js(place: _Place, seconds: float) -> Found:
    hello: _ZwaveHello = await _first_words(place, "", _ZwaveHello, seconds)
    return Found("zwavejs", f"ws://{place.authority}", _plain(f"Z-Wave JS {hello.driver}"), place.how)


async def _matter(place: _Place, seconds: float) -> Found:
    hello: _MatterHello = await _first_words(place, "/ws", _MatterHello, seconds)
    return Found("matter", f"ws://{place.authority}/ws", _plain(f"Matter server (SDK {hello.sdk})"), place.how)


async def _first_words(place: _Place, path: str, kind: Any, seconds: float) -> Any:
    """What a WebSocket server says first, to whoever connects."""
    async with asyncio.timeout(seconds):
        url = _websocket.address(f"ws://{place.authority}{path}", place.kind)
        async with _websocket.connect(url, place.kind) as peer:
            return await peer.receive(kind, seconds)


async def _broker(place: _Place, seconds: float) -> Found:
    """Zigbee2MQTT when the broker holds its bridge's state, the broker itself otherwise."""
    url = f"mqtt://{place.authority}"
    try:
        async with asyncio.timeout(seconds), _mqtt.connect(_mqtt.parse(url)) as inbox:
            await inbox.subscribe(_BRIDGE_INFO)
            if not await inbox.until(lambda: _BRIDGE_INFO in inbox.newest, seconds / 2):
                return Found("mqtt", url, "MQTT broker", place.how)
            payload = inbox.newest[_BRIDGE_INFO].payload
    except _mqtt.Refused:
        return Found("mqtt", url, "MQTT broker that asks for an account", place.how)
    info: _BridgeInfo = structured.json(payload, _BridgeInfo, where=url)
    return Found("zigbee2mqtt", url, _plain(f"Zigbee2MQTT {info.version}"), place.how)


_GREETINGS: Mapping[str, Callable[[_Place, float], Awaitable[Found]]] = {
    "homeassistant": _home_assistant,
    "zwavejs": _zwave_js,
    "matter": _matter,
    "mqtt": _broker,
}


async def _announced(seconds: float) -> list[_Place]:
    """Places that announce themselves on the network. Empty where multicast is not possible."""
    from zeroconf import Zeroconf
    from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo, AsyncZeroconf

    names: dict[tuple[str, str], None] = {}

    def note(zeroconf: Zeroconf, service_type: str, name: str, **_: object) -> None:  # noqa: ARG001
        if len(names) < MAX_PEERS:
            names[service_type, name] = None

    try:
        multicast = AsyncZeroconf()
    except (OSError, RuntimeError):
        # RuntimeError is the library's word for a machine without a network.
        return []
    try:
        browser = AsyncServiceBrowser(multicast.zeroconf, list(_ANNOUNCED), handlers=[note])
        await asyncio.sleep(seconds * 0.7)
        infos = [AsyncServiceInfo(service_type, name) for service_type, name in names]
        await asyncio.gather(*(info.async_request(multicast.zeroconf, seconds * 300) for info in infos))
        await browser.async_cancel()
    finally:
        await multicast.async_close()
    return [place for info in infos if (place := _place(info)) is not None]


def _place(info: ServiceInfo) -> _Place | None:
    """Where an announced service says it is; None when that is not inside the home."""
    addresses = [address for address in info.parsed_addresses() if _inside(address)]
    if not addresses or not info.port or info.type not in _ANNOUNCED:
        return None
    first = min(addresses, key=lambda address: ":" in address)
    return _Place(_ANNOUNCED[info.type], first, info.port, "announces itself on the network (mDNS)")


async def _routers(seconds: float, target: tuple[str, int] | None = None) -> list[Found]:
    """Routers that answer a search for an internet gateway, with the names from their descriptions."""
    from async_upnp_client.search import async_search

    places: dict[str, None] = {}

    async def note(headers: Mapping[str, Any]) -> None:
        location, sender = str(headers.get("location", "")), str(headers.get("_host", ""))
        with contextlib.suppress(ValueError):
            # A description elsewhere than at its sender could point us at anything.
            if len(places) < MAX_PEERS and urlsplit(location).hostname == sender and _inside(sender):
                places[location] = None

    listening = max(1, int(seconds * _MDNS_SHARE))
    try:
        await async_search(note, timeout=listening, search_target=_GATEWAY, target=target)
    except OSError:
        return []
    described = await asyncio.gather(*(_described(place, seconds - listening) for place in places))
    return [
        Found("router", f"http://{urlsplit(place).hostname}", name, "answers a search for routers (SSDP)")
        for place, name in zip(places, described, strict=True)
    ]


async def _described(location: str, seconds: float) -> str:
    """What a router calls itself; `router` when it does not say."""
    import aiohttp

    name = ""
    with contextlib.suppress(aiohttp.ClientError, TimeoutError, NightlatchError, ValueError):
        waiting = aiohttp.ClientTimeout(total=max(0.5, seconds))
        async with (
            aiohttp.ClientSession(timeout=waiting) as session,
            session.get(location, allow_redirects=False) as answer,
        ):
            data = b""
            async for chunk in answer.content.iter_any():
                data += chunk
                if len(data) > MAX_DESCRIPTION:
                    raise ReadError("describes itself at too great length", where=location)
            root = structured.xml(data, where=location)
            name = root.findtext(_FRIENDLY_NAME) or ""
    return _plain(name) or "router"


def _inside(address: str) -> bool:
    try:
        return ip_address(address).is_private
    except ValueError:
        return False


def _is_own(address: str) -> bool:
    """Whether an address is this machine's: only those can be bound."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.bind((address, 0))
    except OSError:
        return False
    return True


def _plain(text: str) -> str:
    """At most 80 printable characters of what a stranger said."""
    return "".join(character for character in text if character.isprintable())[:_LONGEST_NAME].strip()
