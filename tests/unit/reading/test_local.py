from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightlatch.errors import SourceError
from nightlatch.reading import local
from nightlatch.reading.local import beside, gateway, inside, own_address

ROUTE = """\
Iface	Destination	Gateway 	Flags	RefCnt	Use	Metric	Mask		MTU	Window	IRTT
wlan0	00000000	0100A8C0	0003	0	0	600	00000000	0	0	0
eth0	00000000	010A4D0A	0003	0	0	100	00000000	0	0	0
eth0	000A4D0A	00000000	0001	0	0	100	00FFFFFF	0	0	0
eth0	0000FEA9	00000000	0201	0	0	100	0000FFFF	0	0	0
eth0	400A4D0A	020A4D0A	0003	0	0	100	C0FFFFFF	0	0	0
"""
NONE = 32 * "0"
ROUTE6 = f"""\
fd77000a000000000000000000000000 40 {NONE} 00 {NONE} 00000100 00000002 00000000 00000001     eth0
{NONE} 00 {NONE} 00 fd77000a000000000000000000000001 00000400 00000002 00000000 00000003     eth0
{NONE} 00 {NONE} 00 {NONE} ffffffff 00000001 00000000 00200200       lo
"""


def proc(folder: Path, route: str = ROUTE, route6: str = ROUTE6) -> Path:
    (folder / "route").write_text(route)
    (folder / "ipv6_route").write_text(route6)
    return folder


def test_the_gateway_is_that_of_the_default_route_with_the_lowest_metric(tmp_path: Path) -> None:
    assert gateway(proc(tmp_path)) == "10.77.10.1"
    assert gateway(proc(tmp_path, ROUTE.splitlines()[0])) == ""


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("10.77.10.50", True),
        ("10.77.10.70", False),
        ("10.77.20.30", False),
        ("169.254.1.1", True),
        ("127.0.0.1", True),
        ("fd77:a::50", True),
        ("fd77:b::30", False),
        ("fe80::1", True),
        ("::1", True),
    ],
)
def test_what_no_router_leads_to_is_beside_this_machine(tmp_path: Path, address: str, expected: bool) -> None:
    assert beside(ip_address(address), proc(tmp_path)) is expected


def test_without_any_route_nothing_else_is_beside(tmp_path: Path) -> None:
    assert not beside(ip_address("10.77.10.50"), proc(tmp_path, ROUTE.splitlines()[0], ""))


def test_a_machine_without_ipv6_still_tells_its_ipv4_routes(tmp_path: Path) -> None:
    (tmp_path / "route").write_text(ROUTE)
    assert gateway(tmp_path) == "10.77.10.1"


def test_a_system_without_the_tables_is_an_error_for_people(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="table of routes"):
        gateway(tmp_path)


@pytest.mark.parametrize(
    "text", ["10.1.2.3", "172.31.0.1", "192.168.1.1", "169.254.0.1", "127.0.0.1", "fd00::1", "::1"]
)
def test_private_addresses_are_inside(text: str) -> None:
    assert inside(text) == ip_address(text)


@pytest.mark.parametrize(
    "text",
    ["8.8.8.8", "172.32.0.1", "100.64.0.1", "198.18.0.1", "2001:db8::1", "0.0.0.0", "239.255.255.250", "::ffff:8.8.8.8",
     "::ffff:10.0.0.1", "64:ff9b::a00:1", "router", "", "10.1.2.3/24", "10.0.0.1\n", "010.0.0.1"],
)  # fmt: skip
def test_public_addresses_and_what_is_none_are_not_inside(text: str) -> None:
    assert inside(text) is None


@given(st.ip_addresses())
def test_no_address_that_the_internet_routes_is_inside(address: object) -> None:
    found = inside(str(address))
    assert found is None or (found == address and not found.is_global)


def test_a_container_is_known_by_its_mark(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "CONTAINER_MARKS", (tmp_path / "mark",))
    assert not local.contained()
    (tmp_path / "mark").touch()
    assert local.contained()


def test_the_own_address_is_told_without_sending() -> None:
    assert own_address("127.0.0.1") == "127.0.0.1"
