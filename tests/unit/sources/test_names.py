"""A router is known by its own addresses, so that what a live question finds is told of the same router."""

from __future__ import annotations

from pathlib import Path

import pytest

from nightlatch.audit.merge import merge
from nightlatch.model.evidence import Ref, Same
from nightlatch.model.router import Router
from nightlatch.sources._names import known_by
from tests.unit.sources.routers import NOW, collect

ROUTER = Ref("router", "openwrt:router")

NETWORK = """
config interface 'lan'
	option proto 'static'
	option ipaddr '192.168.10.1/24'
config interface 'iot'
	option proto 'static'
	list ipaddr '192.168.20.1/24'
config interface 'old'
	option proto 'dhcp'
	option ipaddr '192.168.30.1'
"""
PFSENSE = """<?xml version="1.0"?><pfsense><system><hostname>gate</hostname></system><interfaces>
<lan><enable/><if>em1</if><ipaddr>192.168.10.1</ipaddr><subnet>24</subnet></lan>
<opt1><enable/><if>em2</if><ipaddr>192.168.20.1</ipaddr><subnet>24</subnet></opt1>
<opt2><if>em3</if><ipaddr>192.168.30.1</ipaddr><subnet>24</subnet></opt2>
<wan><enable/><if>em0</if><ipaddr>203.0.113.9</ipaddr><subnet>24</subnet></wan></interfaces></pfsense>"""
MIKROTIK = """# 2026-11-22 12:00:00 by RouterOS 7.16
/ip address
add address=192.168.10.1/24 interface=bridge
add address=192.168.20.1/24 interface=iot
add address=192.168.30.1/24 disabled=yes interface=old
add address=203.0.113.9/24 interface=ether1
"""


def test_only_addresses_inside_the_home_name_a_router() -> None:
    found = known_by(ROUTER, ["192.168.1.1/24", "203.0.113.9", "127.0.0.1", "fe80::1", "dhcp", "", "fd00::1/64"])
    assert [same.key for same in found] == ["ip:192.168.1.1", "ip:fd00::1"]


@pytest.mark.parametrize("kind", ["openwrt", "pfsense", "opnsense", "mikrotik"])
def test_a_routers_export_and_its_gateway_address_name_one_router(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "export"
    if kind == "openwrt":
        (path / "etc" / "config").mkdir(parents=True)
        (path / "etc" / "config" / "network").write_text(NETWORK)
    else:
        path.write_text(MIKROTIK if kind == "mikrotik" else PFSENSE.replace("pfsense", kind))
    for address in ("192.168.10.1", "192.168.20.1"):
        live = Ref("router", "igd:router")
        items = [*collect(kind, path), Same(live, f"ip:{address}")]
        home = merge([one for one in items if isinstance(one, Same)], now=NOW)
        assert [router.ref.key for router in home.all(Router)] == [f"{kind}:router"]
    keys = {item.key for item in collect(kind, path) if isinstance(item, Same)}
    assert not keys & {"ip:192.168.30.1", "ip:203.0.113.9"}
