from __future__ import annotations

import gzip
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightlatch.ecosystems import igd
from nightlatch.ecosystems._igd import http, natpmp, soap, ssdp
from nightlatch.ecosystems.igd import Igd
from nightlatch.errors import NightlatchError, ReadError, SourceError
from nightlatch.model.evidence import Item, Same
from nightlatch.model.router import Router
from nightlatch.model.values import PortMapping
from tests.unit.ecosystems import fake_gateway
from tests.unit.ecosystems.asking import ask, claims, context, reasons, values
from tests.unit.ecosystems.fake_gateway import Gateway, description, entry, envelope, error

MAPPING = PortMapping("tcp", "8123", "192.168.1.5", "8123", "hass")


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch) -> Gateway:
    return Gateway(monkeypatch)


def plug(address: str = "127.0.0.1") -> Igd:
    return Igd(Igd.Settings(gateway=address), context("igd"))


async def asked(gateway: Gateway) -> list[Item]:
    with gateway.up():
        items, failure = await ask(plug())
    assert failure is None
    return items


async def test_a_router_with_a_mapping_tells_all_of_it(gateway: Gateway) -> None:
    gateway.mappings = [entry(), entry("192.168.1.9", "0", "51820", protocol="UDP", label=""), entry(on="0")]
    items = await asked(gateway)
    assert values(items, Router.upnp) == values(items, Router.natpmp) == [True]
    assert values(items, Router.upnp_mappings) == [(MAPPING, PortMapping("udp", "any", "192.168.1.9", "51820"))]
    assert (values(items, Router.maker), values(items, Router.model)) == (["Acme"], ["Gate 3"])
    assert values(items, Router.address) == ["127.0.0.1"]
    assert [item.key for item in items if isinstance(item, Same)] == ["ip:127.0.0.1"]
    assert "asked from 127.0.0.1" in claims(items, Router.upnp)[0].where
    assert "gateway in nightlatch.toml" in claims(items, Router.address)[0].where
    assert not [item for field in Igd.gives for item in reasons(items, field)]


async def test_it_asks_for_entries_and_for_nothing_else(gateway: Gateway) -> None:
    gateway.mappings = [entry()]
    await asked(gateway)
    actions = [line for head in gateway.asked for line in head.split(b"\r\n") if line.lower().startswith(b"soapaction")]
    assert len(actions) == 2
    assert all(line.endswith(b'#GetGenericPortMappingEntry"') for line in actions)
    assert {head.split(b" ")[0] for head in gateway.asked} == {b"GET", b"POST"}


async def test_the_public_address_is_not_kept(gateway: Gateway) -> None:
    assert "203.0.113.7" not in repr(await asked(gateway))


async def test_no_mapping_is_an_empty_list(gateway: Gateway) -> None:
    assert values(await asked(gateway), Router.upnp_mappings) == [()]


async def test_off_is_told_only_by_a_router_that_let_us_in(gateway: Gateway) -> None:
    gateway.has_ssdp = gateway.has_natpmp = False
    items = await asked(gateway)
    assert values(items, Router.upnp) == values(items, Router.natpmp) == [False]
    assert "port unreachable (ICMP 3/3) from 127.0.0.1" in claims(items, Router.upnp)[0].where
    assert values(items, Router.upnp_mappings) == []


async def test_a_router_that_refuses_everything_may_serve_others(gateway: Gateway) -> None:
    gateway.has_ssdp = gateway.has_natpmp = gateway.has_page = False
    items = await asked(gateway)
    assert values(items, Router.upnp) == values(items, Router.natpmp) == []
    for field in (Router.upnp, Router.natpmp, Router.upnp_mappings):
        assert "may serve others" in reasons(items, field)[0]


async def test_silence_is_no_evidence(gateway: Gateway) -> None:
    gateway.has_ssdp, gateway.natpmp = False, lambda _: None
    items = await asked(gateway)
    assert values(items, Router.upnp) == values(items, Router.natpmp) == []
    assert "nothing came back" in reasons(items, Router.upnp)[0]
    assert "nothing came back" in reasons(items, Router.natpmp)[0]


async def test_natpmp_without_upnp_leaves_upnp_open(gateway: Gateway) -> None:
    gateway.has_ssdp = False
    items = await asked(gateway)
    assert (values(items, Router.upnp), values(items, Router.natpmp)) == ([], [True])
    assert reasons(items, Router.upnp)
    assert reasons(items, Router.upnp_mappings)


async def test_upnp_without_natpmp_tells_both(gateway: Gateway) -> None:
    gateway.has_natpmp = gateway.has_page = False
    items = await asked(gateway)
    assert (values(items, Router.upnp), values(items, Router.natpmp)) == ([True], [False])


@pytest.mark.parametrize(
    ("simple", "pcp", "expected"),
    [
        (bytes((0, 128, 0, 3, 0, 0, 0, 9)), None, True),
        (bytes((0, 128, 0, 1, 0, 0, 0, 9)), bytes((2, 128, 0, 0)) + bytes(20), True),
        (bytes((0, 128, 0, 2, 0, 0, 0, 9)), None, False),
        (bytes((0, 128, 0, 2, 0, 0, 0, 9)), bytes((2, 128, 0, 2)) + bytes(20), False),
        (None, bytes((2, 128, 0, 4)) + bytes(20), True),
        (None, bytes((2, 128, 0, 1)) + bytes(20), None),
        (b"hello", b"hello", None),
        (b"", b"", None),
    ],
)
async def test_natpmp_and_pcp_answers_tell_whether_ports_are_opened(
    gateway: Gateway, simple: bytes | None, pcp: bytes | None, expected: bool | None
) -> None:
    gateway.natpmp = lambda data: simple if data == b"\0\0" else pcp
    with gateway.up():
        assert natpmp.state("127.0.0.1", "127.0.0.1").on is expected


@pytest.mark.parametrize("maker", ["MiniUPnP", "OpenWrt", "Debian", "pfSense"])
async def test_the_name_of_a_program_is_no_maker(gateway: Gateway, maker: str) -> None:
    gateway.describes = description(maker=maker)
    items = await asked(gateway)
    assert values(items, Router.maker) == values(items, Router.model) == []
    assert values(items, Router.upnp_mappings) == [()]


async def test_another_device_that_answers_is_not_the_router(gateway: Gateway) -> None:
    gateway.ssdp = lambda _: gateway.found("urn:schemas-upnp-org:device:MediaServer:1")
    gateway.has_natpmp = False
    assert values(await asked(gateway), Router.upnp) == [False]


async def incomplete(gateway: Gateway, why: str) -> list[Item]:
    """The router is there and its mappings are not known, for this reason."""
    items = await asked(gateway)
    assert values(items, Router.upnp) == [True]
    [reason] = reasons(items, Router.upnp_mappings)
    assert why in reason
    return items


@pytest.mark.parametrize(
    "location",
    ["http://192.0.2.1:5000/desc.xml", "https://127.0.0.1/desc.xml", "file:///etc/passwd", "http://u:p@127.0.0.1/", "",
     "http://127.0.0.1:99999/", "http://[::1/", "http://127.0.0.1.example.org/desc.xml", "/desc.xml"],
)  # fmt: skip
async def test_a_description_elsewhere_is_not_fetched(gateway: Gateway, location: str) -> None:
    gateway.ssdp = lambda _: gateway.found().replace(gateway.location.encode(), location.encode())
    items = await incomplete(gateway, "an address that is not its own")
    assert values(items, Router.upnp_mappings) == []
    assert gateway.asked == []


@pytest.mark.parametrize(
    ("control", "extra"),
    [("http://192.0.2.1/ctl", ""), ("//192.0.2.1/ctl", ""), ("/ctl", "<URLBase>http://192.0.2.1/</URLBase>")],
)
async def test_control_elsewhere_is_not_asked(gateway: Gateway, control: str, extra: str) -> None:
    gateway.describes = description(control=control, extra=extra)
    await incomplete(gateway, "an address that is not its own")
    assert len(gateway.asked) == 1


async def test_redirects_are_not_followed(gateway: Gateway) -> None:
    gateway.http = lambda _: fake_gateway.http("", "302 Found", "Location: http://192.0.2.1/desc.xml")
    await incomplete(gateway, "sends us elsewhere")
    assert len(gateway.asked) == 1


async def test_a_giant_description_is_cut_off(gateway: Gateway) -> None:
    gateway.http = lambda _: fake_gateway.http(b"x" * (http.LONGEST + 1))
    await incomplete(gateway, "more than 256 KiB")


async def test_a_small_answer_that_unpacks_to_a_giant_is_not_unpacked(gateway: Gateway) -> None:
    packed = gzip.compress(bytes(64 * 1024 * 1024))
    gateway.http = lambda _: fake_gateway.http(packed, "200 OK", "Content-Encoding: gzip")
    await incomplete(gateway, "not valid XML")


async def test_endless_headers_end(gateway: Gateway) -> None:
    gateway.http = lambda _: b"HTTP/1.1 200 OK\r\n" + b"X: " + b"y" * 1_000_000 + b"\r\n\r\n"
    await incomplete(gateway, "did not answer as HTTP says")


@pytest.mark.parametrize("drip", [False, True])
async def test_a_slow_answer_is_not_waited_for(gateway: Gateway, drip: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "ANSWER_S", 0.3)
    gateway.drip = drip
    if not drip:
        gateway.http = lambda _: None
    began = time.monotonic()
    await incomplete(gateway, "did not answer within 0.3 s")
    assert time.monotonic() - began < 4


BOMB = (
    '<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    "<root><device><manufacturer>&b;</manufacturer></device></root>"
)


@pytest.mark.parametrize(
    ("document", "why"),
    [
        (BOMB, "entities or a DTD"),
        ("<root>" * 100, "nests deeper"),
        (f"<root>{'<a/>' * 6000}</root>", "too many elements"),
        ("<root></root>", "not the description"),
        ("", "not valid XML"),
        ("\0", "not valid XML"),
    ],
)
async def test_a_hostile_description_is_one_clear_reason(gateway: Gateway, document: str, why: str) -> None:
    gateway.describes = document
    await incomplete(gateway, why)


async def test_an_endless_list_of_mappings_ends_and_is_not_called_whole(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(igd, "MOST_MAPPINGS", 5)
    gateway.mappings = [entry()] * 6
    items = await incomplete(gateway, "more than 5 entries")
    assert values(items, Router.upnp_mappings) == [(MAPPING,)]
    assert "as far as it went" in claims(items, Router.upnp_mappings)[0].where
    assert len(gateway.asked) == 6


async def test_a_list_that_takes_too_long_ends(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(igd, "LISTING_S", 0.0)
    await incomplete(gateway, "took longer than 0 s")


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        (error(606), "UPnP error 606"),
        (error(99_999_999), "no port"),
        (entry(client="evil.example.org"), "no address"),
        (entry(inner="0"), "no port"),
        (entry(outer="70000"), "no port"),
        (entry(inner="²"), "no port"),
        (envelope("<hello/>"), "no answer to a question"),
        (BOMB, "entities or a DTD"),
    ],
)
async def test_what_was_listed_before_a_bad_entry_is_kept(gateway: Gateway, bad: str, why: str) -> None:
    gateway.mappings = [entry(), bad, entry()]
    items = await incomplete(gateway, why)
    assert values(items, Router.upnp_mappings) == [(MAPPING,)]


async def test_a_refused_list_is_unknown(gateway: Gateway) -> None:
    gateway.mappings = [error(401)]
    assert values(await incomplete(gateway, "UPnP error 401"), Router.upnp_mappings) == []


async def test_a_gateway_without_a_connection_has_no_list(gateway: Gateway) -> None:
    gateway.describes = description(service="urn:schemas-upnp-org:service:Layer3Forwarding:1")
    assert values(await incomplete(gateway, "no connection"), Router.upnp_mappings) == []


@pytest.mark.parametrize("address", ["8.8.8.8", "fd00::1", "router.lan", "239.255.255.250", "0.0.0.0"])
async def test_an_address_outside_the_home_is_refused_before_anything_is_sent(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ssdp, "search", lambda *_: pytest.fail("sent something"))
    items, failure = await ask(plug(address))
    assert items == []
    assert isinstance(failure, SourceError)
    assert "not a private IPv4 address" in failure.what


@pytest.mark.parametrize(
    ("route", "container", "why"), [("", False, "no default route"), ("172.17.0.1", True, "this is a container")]
)
async def test_without_a_default_route_to_the_router_the_setting_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, route: str, container: bool, why: str
) -> None:
    monkeypatch.setattr(igd, "gateway", lambda: route)
    monkeypatch.setattr(igd, "contained", lambda: container)
    monkeypatch.setattr(ssdp, "search", lambda *_: pytest.fail("sent something"))
    items, failure = await ask(plug(""))
    assert items == []
    assert isinstance(failure, SourceError)
    assert why in failure.what
    assert "gateway = " in failure.todo


async def test_the_default_route_leads_to_the_router(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(igd, "gateway", lambda: "127.0.0.1")
    monkeypatch.setattr(igd, "contained", lambda: False)
    with gateway.up():
        items, failure = await ask(plug(""))
    assert failure is None
    assert claims(items, Router.address)[0].where == "this machine's default route"


async def test_a_router_behind_another_one_may_serve_others(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(igd, "beside", lambda _: False)
    gateway.has_ssdp = gateway.has_natpmp = False
    items = await asked(gateway)
    assert values(items, Router.upnp) == values(items, Router.natpmp) == []
    assert "another router lies between" in reasons(items, Router.upnp)[0]


HEADERS = st.lists(st.sampled_from([b"ST: urn:schemas-upnp-org:device:InternetGatewayDevice:2", b"LOCATION:", b"\r\n",
    b"\n", b":", b"HTTP/1.1 200 OK\r\n", b" http://10.0.0.1:80/", b"\xff", b"st:", b"\0"]), max_size=12)  # fmt: skip


@given(st.one_of(st.binary(max_size=300), HEADERS.map(b"".join)))
def test_any_datagram_is_an_answer_or_none(data: bytes) -> None:
    for message in (data, b"HTTP/1.1 200 OK\r\nST: urn:schemas-upnp-org:device:InternetGatewayDevice:1\r\n" + data):
        found = ssdp.answer_of(message)
        assert found is None or "\n" not in found
    assert natpmp.natpmp_result(data) in (None, *range(65_536))
    assert natpmp.pcp_result(data) in (None, *range(256))


PIECES = st.lists(st.sampled_from(["<root>", "</root>", "<device>", "</device>", "<service>", "<serviceType>",
    fake_gateway.CONTROL, "<errorCode>", "713", "</errorCode>", "<NewInternalClient>", "::1", "&a;", "<!DOCTYPE x>",
    "<NewExternalPort>", "<NewInternalPort>", "-1", "]]>", "\0"]), max_size=20).map("".join)  # fmt: skip


@given(st.one_of(PIECES, st.text(max_size=200), st.text(max_size=40).map(lambda text: entry(client=text, outer=text))))
def test_any_document_is_read_or_refused_with_its_place(text: str) -> None:
    data = text.encode("utf-8", "surrogatepass")
    for read in (soap.description, soap.answer):
        try:
            read(data, where="http://10.0.0.1/desc.xml")
        except NightlatchError as failure:
            assert isinstance(failure, ReadError)
            assert "http://10.0.0.1/desc.xml" in failure.where


@given(st.text(max_size=60), st.sampled_from(["", "http://10.0.0.1:80/desc.xml"]))
def test_no_url_leads_away_from_the_router(text: str, base: str) -> None:
    peer = http.Router("10.0.0.1", None)  # type: ignore[arg-type]  # nothing is asked
    try:
        url = peer.url(text, base)
    except ReadError:
        return
    assert url.startswith("http://10.0.0.1")
    assert url[len("http://10.0.0.1") :][:1] in ("/", ":", "?")
