from __future__ import annotations

from pathlib import Path

import pytest

from nightlatch.errors import ReadError
from tests.unit.sources.routers import DATA, assert_silent, collect, facts, opens, places

HOUSE = DATA / "opnsense" / "house.xml"
ROUTER = "router:opnsense:router"


def changed(tmp_path: Path, *changes: tuple[str, str]) -> Path:
    text = HOUSE.read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path = tmp_path / "config.xml"
    path.write_text(text)
    return path


def test_rules_of_the_new_generation_are_asked_in_their_sequence(tmp_path: Path) -> None:
    assert opens(collect("opnsense", HOUSE), "opnsense:opt1") == (["opnsense:wan"], ["opnsense:wan"])
    path = changed(tmp_path, ("<sequence>10</sequence>", "<sequence>30</sequence>"))
    items = collect("opnsense", path)
    assert opens(items, "opnsense:opt1") == (["opnsense:lan", "opnsense:wan"],) * 2
    assert "Firewall/Filter rule" in places(items, "zone:opnsense:opt1")["opens_to_v4"]


def test_rules_of_the_old_generation_are_read_too() -> None:
    assert opens(collect("opnsense", HOUSE), "opnsense:lan") == (["opnsense:opt1", "opnsense:wan"], [])


def test_a_new_rule_that_is_off_does_not_count(tmp_path: Path) -> None:
    marker = "<enabled>1</enabled>\n            <sequence>10</sequence>"
    path = changed(tmp_path, (marker, marker.replace("1</en", "0</en")))
    assert "opnsense:lan" in opens(collect("opnsense", path), "opnsense:opt1")[0]


def test_an_alias_that_is_filled_at_run_time_closes_nothing_for_sure(tmp_path: Path) -> None:
    path = changed(tmp_path, ("<type>network</type>", "<type>urltable</type>"))
    assert "opnsense:lan" in opens(collect("opnsense", path), "opnsense:opt1")[0]


def test_a_floating_rule_without_an_interface_holds_for_all(tmp_path: Path) -> None:
    rule = "<rule><enabled>1</enabled><action>pass</action><interface></interface><ipprotocol>inet46</ipprotocol>"
    rule += "<source_net>any</source_net><destination_net>any</destination_net></rule>"
    items = collect("opnsense", changed(tmp_path, ("<rules>", f"<rules>{rule}")))
    assert "opnsense:lan" in opens(items, "opnsense:opt1")[0]
    assert facts(items, ROUTER)["wan_admin"] is True


def test_upnp_is_off_without_the_plugin_and_on_with_it(tmp_path: Path) -> None:
    assert facts(collect("opnsense", HOUSE), ROUTER)["upnp"] is False
    plugin = "<installedpackages><miniupnpd><config><enable>1</enable><enable_upnp>1</enable_upnp>"
    plugin += "<enable_natpmp>1</enable_natpmp></config></miniupnpd></installedpackages><revision>"
    known = facts(collect("opnsense", changed(tmp_path, ("<revision>", plugin))), ROUTER)
    assert (known["upnp"], known["natpmp"]) == (True, True)


def test_the_factory_password_and_names_are_known(tmp_path: Path) -> None:
    items = collect("opnsense", HOUSE)
    assert facts(items, ROUTER)["admin_password_set"] is True
    assert facts(items, ROUTER)["default_name"] is False
    assert_silent(items, "uQyqkTzOBqF2")
    factory = "$2b$10$YRVoF4SgskIsrXOvOQjGieB9XqHPRra9R7d80B3BZdbY/j21TwBfS"
    path = changed(
        tmp_path, ("$2y$11$0123456789012345678901uQyqkTzOBqF2J9aYlVtQqkq0o3nN5Wm", factory), ("gatehouse", "OPNsense")
    )
    assert facts(collect("opnsense", path), ROUTER)["admin_password_set"] is False
    assert facts(collect("opnsense", path), ROUTER)["default_name"] is True


def test_interfaces_of_the_system_itself_are_no_zones() -> None:
    items = collect("opnsense", HOUSE)
    assert not facts(items, "zone:opnsense:lo0")
    assert facts(items, "zone:opnsense:opt1")["role"] == "iot"
    assert facts(items, "zone:opnsense:opt1")["subnets"] == ("192.168.20.0/24", "2001:db8:20::/64")


def test_pfsenses_file_is_told() -> None:
    with pytest.raises(ReadError, match="not OPNsense"):
        collect("opnsense", DATA / "pfsense" / "house.xml")
