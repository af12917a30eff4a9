from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from zeroconf import ServiceInfo

from nightlatch import discovery
from nightlatch.discovery import Found, Ports, discover
from tests.unit.ecosystems.fake_matter import INFO, talking
from tests.unit.ecosystems.fake_mqtt import FakeBroker, listening, silent
from tests.unit.ecosystems.fake_zwavejs import VERSION

HASS = {"type": "auth_required", "ha_version": "2024.3.3"}
HERE = "answers on this machine"


def port(url: str) -> int:
    found = urlsplit(url).port
    assert found is not None
    return found


def nowhere() -> int:
    """A port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def ports(**given: int) -> Ports:
    return Ports(**{name: given.get(name, nowhere()) for name in ("homeassistant", "zwavejs", "matter", "mqtt")})


def saying(words: Any, path: str = "/") -> Any:
    """A WebSocket server that says this first, and then waits for the client to go."""

    async def talk(peer: web.WebSocketResponse) -> None:
        await (peer.send_str(words) if isinstance(words, str) else peer.send_json(words))
        await peer.receive()

    return talking(talk, path)


async def found(**given: int) -> list[Found]:
    return await discover(timeout=2, loopback_only=True, ports=ports(**given))


async def test_everything_that_answers_on_this_machine_is_found() -> None:
    broker = FakeBroker({"zigbee2mqtt/bridge/info": json.dumps({"version": "2.14.1", "config": {}}).encode()})
    async with (
        saying(HASS, "/api/websocket") as hass,
        saying(VERSION) as zwave,
        saying(INFO, "/ws") as matter,
        listening(broker.serve) as mqtt,
    ):
        given = {"homeassistant": port(hass), "zwavejs": port(zwave), "matter": port(matter), "mqtt": port(mqtt)}
        assert await found(**given) == [
            Found("homeassistant", f"http://127.0.0.1:{port(hass)}", "Home Assistant 2024.3.3", HERE),
            Found("matter", f"ws://127.0.0.1:{port(matter)}/ws", "Matter server (SDK 2024.11.4)", HERE),
            Found("zigbee2mqtt", mqtt, "Zigbee2MQTT 2.14.1", HERE),
            Found("zwavejs", f"ws://127.0.0.1:{port(zwave)}", "Z-Wave JS 15.29.0", HERE),
        ]
    assert broker.published == []


async def test_where_nothing_answers_nothing_is_found_at_once() -> None:
    began = time.monotonic()
    assert await found() == []
    assert time.monotonic() - began < 1


async def test_peers_that_accept_and_say_nothing_cost_no_more_than_the_time_given() -> None:
    async with listening(silent) as url:
        began = time.monotonic()
        everywhere = Ports(*[port(url)] * 4)
        assert await discover(timeout=0.5, loopback_only=True, ports=everywhere) == []
        assert time.monotonic() - began < 2.5


async def test_each_service_is_told_from_the_others_and_from_garbage() -> None:
    said = [(HASS, ["homeassistant"]), (VERSION, ["zwavejs"]), (INFO, ["matter"])]
    for words, kinds in [*said, ("garbage", []), ("[" * 500, []), ({"type": "version", "driverVersion": 5}, [])]:
        async with saying(words, "/ws") as ws, saying(words, "/api/websocket") as api, saying(words) as root:
            listed = await found(homeassistant=port(api), matter=port(ws), zwavejs=port(root))
            assert [one.kind for one in listed] == kinds


async def test_a_broker_without_zigbee2mqtt_or_without_admission_is_found_as_a_broker() -> None:
    async with (
        listening(FakeBroker({}).serve) as empty,
        listening(FakeBroker({}, accounts={"ana": "secret"}).serve) as closed,
    ):
        assert await found(mqtt=port(empty)) == [Found("mqtt", empty, "MQTT broker", HERE)]
        assert await found(mqtt=port(closed)) == [Found("mqtt", closed, "MQTT broker that asks for an account", HERE)]


async def test_what_a_stranger_says_is_cut_to_a_short_plain_line() -> None:
    async with saying({"type": "version", "driverVersion": "1\n\x1b[31m" + "x" * 5000}) as url:
        (one,) = await found(zwavejs=port(url))
    assert one.name == ("Z-Wave JS 1[31m" + "x" * 100)[:80]


async def test_on_loopback_only_the_network_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    async def must_not_run(*_: object) -> list[Any]:
        raise AssertionError("the network was used")

    monkeypatch.setattr(discovery, "_announced", must_not_run)
    monkeypatch.setattr(discovery, "_routers", must_not_run)
    assert await found() == []


async def test_what_announces_itself_is_greeted_and_this_machines_own_is_not_listed_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with saying(VERSION) as zwave, saying(HASS, "/api/websocket") as hass:
        places = [
            discovery._Place("zwavejs", "127.0.0.1", port(zwave), "announced"),
            discovery._Place("homeassistant", "127.0.0.1", port(hass), "announced"),
            discovery._Place("homeassistant", "127.0.0.1", nowhere(), "announced and gone"),
        ]

        async def announced(_: float) -> list[Any]:
            return places

        async def routers(_: float) -> list[Found]:
            return [Found("router", "http://192.168.1.1", "Acme", "SSDP")]

        monkeypatch.setattr(discovery, "_announced", announced)
        monkeypatch.setattr(discovery, "_routers", routers)
        listed = await discover(timeout=1, loopback_only=False, ports=ports(zwavejs=port(zwave)))
    assert [(one.kind, one.how) for one in listed] == [
        ("homeassistant", "announced"),
        ("router", "SSDP"),
        ("zwavejs", HERE),
    ]


@pytest.mark.parametrize(
    ("kind", "addresses", "place"),
    [
        ("_home-assistant._tcp.local.", ["fd00::5", "192.168.1.5"], ("homeassistant", "192.168.1.5:8123")),
        ("_zwave-js-server._tcp.local.", ["fd00::5"], ("zwavejs", "[fd00::5]:8123")),
        ("_mqtt._tcp.local.", ["8.8.8.8", "10.0.0.9"], ("mqtt", "10.0.0.9:8123")),
        ("_mqtt._tcp.local.", ["8.8.8.8"], None),
        ("_mqtt._tcp.local.", [], None),
    ],
)
def test_an_announcement_is_a_place_inside_the_home_or_nothing(
    kind: str, addresses: list[str], place: tuple[str, str] | None
) -> None:
    info = ServiceInfo(kind, f"x.{kind}", 8123, addresses=[ip_address(one).packed for one in addresses])
    made = discovery._place(info)
    assert (made and (made.kind, made.authority)) == place


class Gateway(asyncio.DatagramProtocol):
    """Answers any search with this location."""

    def __init__(self, location: str) -> None:
        self.location = location

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        assert data.startswith(b"M-SEARCH")
        lines = ["HTTP/1.1 200 OK", "CACHE-CONTROL: max-age=120", f"LOCATION: {self.location}", "EXT:"]
        lines += ["SERVER: x", "ST: urn:schemas-upnp-org:device:InternetGatewayDevice:1", "USN: uuid:1", "", ""]
        self.transport.sendto("\r\n".join(lines).encode(), addr)


@asynccontextmanager
async def described(body: bytes, host: str = "127.0.0.1") -> AsyncIterator[tuple[str, int]]:
    """The UDP address of a router whose description is `body`."""

    async def describe(_: web.Request) -> web.Response:
        return web.Response(body=body)

    app = web.Application()
    app.router.add_get("/desc.xml", describe)
    async with TestServer(app) as server:
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(
            lambda: Gateway(f"http://{host}:{server.port}/desc.xml"), local_addr=("127.0.0.1", 0)
        )
        try:
            yield transport.get_extra_info("sockname")
        finally:
            transport.close()


DESCRIPTION = """<?xml version="1.0"?>
<root xmlns="urn:schemas-upnp-org:device-1-0"><device><deviceType>gateway</deviceType>
<friendlyName>{}</friendlyName></device></root>"""


async def test_a_router_is_found_with_the_name_from_its_description() -> None:
    async with described(DESCRIPTION.format("FRITZ!Box 7590").encode()) as target:
        assert await discovery._routers(2, target) == [
            Found("router", "http://127.0.0.1", "FRITZ!Box 7590", "answers a search for routers (SSDP)")
        ]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<unclosed",
        b'<!DOCTYPE x [<!ENTITY a "aaaa">]><root>&a;</root>',
        b"<root>" + b"x" * 300_000 + b"</root>",
        DESCRIPTION.format(" ").encode(),
    ],
)
async def test_a_router_with_a_useless_description_is_still_found(body: bytes) -> None:
    async with described(body) as target:
        assert [one.name for one in await discovery._routers(2, target)] == ["router"]


async def test_a_router_that_points_elsewhere_is_not_believed() -> None:
    async with described(DESCRIPTION.format("trap").encode(), host="localhost") as target:
        assert await discovery._routers(1, target) == []
