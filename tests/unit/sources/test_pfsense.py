from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightlatch.errors import NightlatchError, ReadError
from nightlatch.model.evidence import Claim
from tests.unit.sources.routers import DATA, assert_silent, collect, facts, gap, opens, places

HOUSE = DATA / "pfsense" / "house.xml"
ROUTER = "router:pfsense:router"


def changed(tmp_path: Path, *changes: tuple[str, str]) -> Path:
    text = HOUSE.read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path = tmp_path / "config.xml"
    path.write_text(text)
    return path


def rule(body: str) -> tuple[str, str]:
    """A rule put before all others."""
    return "<filter>", f"<filter><rule>{body}</rule>"


OPEN = (
    "<type>pass</type><interface>opt2</interface><source><any/></source>"
    "<destination><network>lan</network>{}</destination>"
)


def test_rules_and_aliases_isolate_each_family() -> None:
    items = collect("pfsense", HOUSE)
    assert opens(items, "pfsense:opt1") == (["pfsense:wan"], ["pfsense:lan", "pfsense:wan"])
    assert places(items, "zone:pfsense:opt1")["opens_to_v6"].startswith('house.xml:89 (filter rule "Things may reach')
    assert opens(items, "pfsense:opt2") == (["pfsense:wan"], [])


@pytest.mark.parametrize(
    ("body", "opened"),
    [
        (OPEN.format(""), True),
        (OPEN.format("") + "<disabled/>", False),
        (OPEN.format("") + "<ipprotocol>inet6</ipprotocol>", False),
        (OPEN.format("") + "<protocol>icmp</protocol>", False),
        (OPEN.format("<port>631</port>") + "<protocol>tcp</protocol>", True),
        (OPEN.format("").replace("<interface>opt2", "<interface>lan"), False),
        (OPEN.format("").replace("<network>lan<", "<network>lanip<"), False),
        (OPEN.format("").replace("<any/>", "<network>opt1</network>"), False),
        (OPEN.format("").replace("<any/>", "<network>opt2</network><not/>"), False),
        (OPEN.format("").replace("opt2", "opt1,opt2") + "<floating>yes</floating><quick>yes</quick>", True),
        (OPEN.format("").replace("opt2", "opt1,opt2") + "<floating>yes</floating>", True),
        (OPEN.format("") + "<floating>yes</floating><direction>out</direction>", False),
    ],
)
def test_a_rule_opens_a_zone_when_it_lets_a_connection_through(tmp_path: Path, body: str, opened: bool) -> None:
    items = collect("pfsense", changed(tmp_path, rule(body)))
    assert ("pfsense:lan" in opens(items, "pfsense:opt2")[0]) is opened


def test_a_rule_of_a_group_holds_for_its_members(tmp_path: Path) -> None:
    group = (
        "<ifgroups><ifgroupentry><ifname>inner</ifname><members>opt1 opt2</members></ifgroupentry></ifgroups><filter>"
    )
    path = changed(tmp_path, rule(OPEN.format("").replace("opt2", "inner")), ("<filter>", group))
    assert "pfsense:lan" in opens(collect("pfsense", path), "pfsense:opt2")[0]


def test_ipv6_that_is_blocked_opens_nothing(tmp_path: Path) -> None:
    assert opens(collect("pfsense", changed(tmp_path, ("<ipv6allow></ipv6allow>", ""))), "pfsense:opt1")[1] == []


def test_the_web_page_open_to_the_internet_is_found_with_its_rule(tmp_path: Path) -> None:
    items = collect("pfsense", HOUSE)
    assert facts(items, ROUTER)["wan_admin"] is True
    assert 'house.xml:115 (filter rule "Administration from anywhere")' in places(items, ROUTER)["wan_admin"]
    closed = collect(
        "pfsense", changed(tmp_path, ("<port>8443</port></destination>", "<port>51820</port></destination>"))
    )
    assert facts(closed, ROUTER)["wan_admin"] is False


def test_administration_open_to_an_alias_only_is_left_to_the_owner(tmp_path: Path) -> None:
    path = changed(
        tmp_path,
        ("<source><any></any></source>\n\t\t\t<destination><network>wanip</network><port>8443",
         "<source><address>203.0.113.7</address></source>\n\t\t\t<destination><network>wanip</network><port>8443"),
    )  # fmt: skip
    items = collect("pfsense", path)
    assert "wan_admin" not in facts(items, ROUTER)
    assert "Administration from anywhere" in gap(items, "router.wan_admin").reason


def test_upnp_and_natpmp_are_told_apart(tmp_path: Path) -> None:
    known = facts(collect("pfsense", HOUSE), ROUTER)
    assert (known["upnp"], known["natpmp"]) == (True, False)
    off = facts(collect("pfsense", changed(tmp_path, ("<enable>on</enable>", "<enable></enable>"))), ROUTER)
    assert (off["upnp"], off["natpmp"]) == (False, False)


def test_port_forwards_are_named(tmp_path: Path) -> None:
    (mapping,) = facts(collect("pfsense", HOUSE), ROUTER)["port_forwards"]
    assert str(mapping) == "tcp 8123 -> 192.168.1.10:8123 (Home Assistant)"
    off = changed(tmp_path, ("<target>192.168.1.10</target>", "<target>192.168.1.10</target><disabled></disabled>"))
    assert facts(collect("pfsense", off), ROUTER)["port_forwards"] == ()


def test_a_rule_that_opens_a_host_over_ipv6_is_a_port_forward(tmp_path: Path) -> None:
    body = "<type>pass</type><interface>wan</interface><ipprotocol>inet6</ipprotocol><protocol>tcp</protocol>"
    body += "<source><any/></source><destination><address>2001:db8:1::5</address><port>8123</port></destination>"
    items = collect("pfsense", changed(tmp_path, rule(body)))
    assert "tcp 8123 -> 2001:db8:1::5 (IPv6):8123" in map(str, facts(items, ROUTER)["port_forwards"])
    inward = body.replace("<interface>wan", "<interface>lan")
    items = collect("pfsense", changed(tmp_path, rule(inward)))
    assert len(facts(items, ROUTER)["port_forwards"]) == 1


def test_the_password_of_every_new_installation_is_known(tmp_path: Path) -> None:
    items = collect("pfsense", HOUSE)
    assert facts(items, ROUTER)["admin_password_set"] is False
    assert "published password" in places(items, ROUTER)["admin_password_set"]
    own = collect("pfsense", changed(tmp_path, ("13u6qwCOwODv34GyCMgdWu", "23u6qwCOwODv34GyCMgdWu")))
    assert facts(own, ROUTER)["admin_password_set"] is True
    for said in (items, own):
        assert_silent(said, "6qwCOwODv34GyCMgdWu", "$2y$10$")


def test_names_addresses_and_the_date_of_the_last_change_are_read() -> None:
    items = collect("pfsense", HOUSE)
    known = facts(items, ROUTER)
    assert (known["name"], known["default_name"], known["address"]) == ("pfSense", True, "192.168.1.1")
    assert {item.at for item in items if isinstance(item, Claim)} == {datetime.fromtimestamp(1790000000, UTC)}
    assert [facts(items, f"zone:pfsense:{key}")["role"] for key in ("wan", "lan", "opt1", "opt2")] == [
        "wan", "main", "iot", "guest",
    ]  # fmt: skip
    assert not facts(items, "zone:pfsense:opt3")
    assert "dashboard" in gap(items, "router.version").settle


def test_a_single_interface_yields_gaps(tmp_path: Path) -> None:
    path = tmp_path / "config.xml"
    path.write_text("<pfsense><interfaces><wan><enable/><ipaddr>dhcp</ipaddr></wan></interfaces></pfsense>")
    items = collect("pfsense", path)
    assert "wan_admin" not in facts(items, ROUTER)
    assert gap(items, "zone.opens_to_v4").reason


def test_another_systems_file_and_an_encrypted_backup_are_told(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="not pfSense"):
        collect("pfsense", DATA / "opnsense" / "house.xml")
    path = tmp_path / "config.xml"
    path.write_text("---- BEGIN config.xml ----\nU2FsdGVkX18=\n---- END config.xml ----\n")
    with pytest.raises(ReadError, match="encrypted backup"):
        collect("pfsense", path)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "not valid XML"),
        (b'<!DOCTYPE a [<!ENTITY x "y">]><pfsense>&x;</pfsense>', "entities"),
        (b"<pfsense>" + b"<a>" * 5000, "deeper"),
        (b"<pfsense>\xff</pfsense>", "not valid XML"),
        (HOUSE.read_bytes()[:3000], "not valid XML"),
    ],
)
def test_damaged_and_hostile_files_are_told(tmp_path: Path, content: bytes, problem: str) -> None:
    path = tmp_path / "config.xml"
    path.write_bytes(content)
    with pytest.raises(ReadError, match=problem) as caught:
        collect("pfsense", path)
    assert "config.xml" in caught.value.where


TAGS = st.sampled_from(
    [
        "interfaces",
        "wan",
        "lan",
        "opt1",
        "filter",
        "rule",
        "source",
        "destination",
        "network",
        "address",
        "port",
        "any",
        "not",
        "enable",
        "ipaddr",
        "subnet",
        "system",
        "user",
        "uid",
        "webgui",
        "nat",
        "aliases",
        "alias",
        "name",
        "type",
        "interface",
        "revision",
        "time",
        "ifgroups",
        "ifgroupentry",
        "floating",
    ]
)
TEXTS = st.sampled_from(
    [
        "",
        "lan",
        "any",
        "pass",
        "wan",
        "0",
        "1.2.3.4",
        "99",
        "99999999999999999999",
        "2001:db8::1",
        "x",
        "8443",
        "1:2:3",
        "dhcp",
        "(self)",
    ]
)


@st.composite
def trees(draw: st.DrawFn, depth: int = 0) -> str:
    tag = draw(TAGS)
    inner = "".join(draw(st.lists(trees(depth + 1), max_size=3))) if depth < 4 and draw(st.booleans()) else draw(TEXTS)
    return f"<{tag}>{inner}</{tag}>"


@given(st.lists(trees(), max_size=6).map("".join), st.sampled_from(["pfsense", "opnsense"]))
def test_any_tree_gives_items_or_one_clear_error(
    tmp_path_factory: pytest.TempPathFactory, body: str, kind: str
) -> None:
    path = tmp_path_factory.getbasetemp() / f"fuzz-{kind}.xml"
    path.write_text(f"<{kind}>{body}</{kind}>")
    try:
        collect(kind, path)
    except NightlatchError as error:
        assert path.name in str(error)
