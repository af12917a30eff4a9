"""A hub on a zone of its own is no bridge: what breaks into it stops there."""

from __future__ import annotations

from nightlatch.fixes import routers
from nightlatch.model.evidence import Ref
from nightlatch.model.finding import Section, Severity
from nightlatch.model.home import Home
from nightlatch.model.hub import Hub
from nightlatch.model.lock import Lock
from nightlatch.model.network import Zone
from nightlatch.practices.interface import Judgement, Practice, as_set, fails, not_applicable, passes, unknown
from nightlatch.practices.network._addresses import NOT_IP
from nightlatch.practices.questions import ask
from nightlatch.text import listed

practice = Practice(
    "segregated-network",
    number=10,
    section=Section.NETWORK,
    severity=Severity.HIGH,
    title="Keep lock hubs on a network zone that cannot reach phones and laptops",
    why="A smart plug with a hole in it shares its network with everything beside it. On a zone of their own, smart "
    "devices can neither attack the phones that open the door nor be used to get at them.",
    standards=("ETSI EN 303 645 V3.1.3 5.3-15",),
)

_ROUTER = "a router's configuration (openwrt, mikrotik, opnsense or pfsense) with its zones and firewall rules"
_RULES = f"{_ROUTER}, and the address that the device has on the network; or your answer"
_NEEDS = (Zone.role, Zone.opens_to_v4, Zone.opens_to_v6)


def _without_hub(home: Home) -> Judgement:
    """No hub is known yet: a zone for smart devices that reaches phones and laptops is a flaw wherever hubs live."""
    main = home.cached(_main_zones)
    for zone in home.all(Zone):
        role, v4, v6 = zone.role, zone.opens_to_v4, zone.opens_to_v6
        opened = {ref for fact in (v4, v6) if fact is not None for ref in fact.value if ref in main}
        if role is not None and role.value == "iot" and opened:
            return fails(
                role,
                v4,
                v6,
                because=f"The smart devices' zone {zone.label} may open connections to {_names(main, home)}.",
                fix=routers.block_zone_forwarding,
            )
    return unknown()


@practice.check(
    "hub-zone",
    per=Hub,
    absent=_without_hub,
    advice=routers.separate_iot_zone,
    title="The hub's zone cannot open connections to the zone of phones and laptops",
    needs=(Hub.zone, Hub.lan_address, Hub.beside_phones, *_NEEDS),
    settled_by=_RULES,
)
def hub_zone(hub: Hub, home: Home) -> Judgement:
    """Judge the zone that a hub lives on by the router's own rules."""
    return _judge_zone(hub, home)


@practice.check(
    "lock-zone",
    per=Lock,
    advice=routers.separate_iot_zone,
    title="The lock's zone cannot open connections to the zone of phones and laptops",
    needs=(Lock.zone, Lock.beside_phones, *_NEEDS),
    settled_by=_RULES,
)
def lock_zone(lock: Lock, home: Home) -> Judgement:
    """Judge the zone of a lock that is on the network by itself; others are behind their hub."""
    radio = as_set(lock.radio)
    if lock.zone is None and lock.address is None and radio is not None and radio.value in NOT_IP:
        return not_applicable(radio, because=f"It has no network address: it speaks {_RADIOS[radio.value]}.")
    return _judge_zone(lock, home)


_RADIOS = {"zwave": "Z-Wave", "zigbee": "Zigbee", "ble": "Bluetooth"}


def _judge_zone(thing: Hub | Lock, home: Home) -> Judgement:
    lives_on = thing.zone
    zone = home.follow(lives_on, Zone)
    if zone is None:
        return _as_answered(thing, home)
    role, v4, v6 = zone.role, zone.opens_to_v4, zone.opens_to_v6
    if role is None:
        return unknown(
            lives_on, because=f"It is not known what the zone {zone.label} is for.", fix=ask(zone, Zone.role)
        )
    if role.value == "main":
        return fails(
            lives_on,
            role,
            because=f"It lives on {zone.label}, the zone of phones and laptops.",
            fix=routers.separate_iot_zone,
        )
    main = home.cached(_main_zones)
    if not main:
        return unknown(lives_on, role, because="It is not known which zone holds phones and laptops.")
    open_v4 = v4 is not None and not main.isdisjoint(v4.value)
    open_v6 = v6 is not None and not main.isdisjoint(v6.value)
    if open_v4 or open_v6:
        families = "IPv4 and IPv6" if open_v4 and open_v6 else "IPv4" if open_v4 else "IPv6"
        only = " (isolation holds for IPv4 only)" if open_v6 and not open_v4 and v4 is not None else ""
        return fails(
            lives_on,
            v4,
            v6,
            because=f"Its zone {zone.label} may open connections to {_names(main, home)} over {families}{only}.",
            fix=routers.block_zone_forwarding,
        )
    if v4 is None or v6 is None:
        missing = "IPv4 or IPv6" if v4 is v6 else "IPv4" if v4 is None else "IPv6"
        sentence = f"It is not known whether its zone {zone.label} may reach {_names(main, home)} over {missing}."
        return unknown(lives_on, role, v4, v6, because=sentence)
    return passes(
        lives_on, role, v4, v6, because="Its zone may not open connections to phones and laptops, by IPv4 or IPv6."
    )


def _as_answered(thing: Hub | Lock, home: Home) -> Judgement:
    """Judge what the owner of a router that no source reads can tell and try."""
    beside, v4, v6 = thing.beside_phones, home.isolated_v4, home.isolated_v6
    if beside is None:
        return unknown(thing.zone)
    if beside.value:
        return fails(beside, because="It shares a network with phones and laptops.", fix=routers.separate_iot_zone)
    if v4 is None or v6 is None:
        return unknown(
            beside,
            v4,
            v6,
            because="It is not on the network of phones and laptops; whether it reaches them from there is not known.",
            fix=ask(home, Home.isolated_v4, Home.isolated_v6),
        )
    if not v4.value or not v6.value:
        return fails(
            beside,
            v4,
            v6,
            because="It is on a network of its own, from which a test reached the phones' and laptops' one.",
            fix=routers.block_zone_forwarding,
        )
    return passes(
        beside, v4, v6, because="It is on a network of its own, from which a test could not reach phones and laptops."
    )


def _main_zones(home: Home) -> frozenset[Ref]:
    return frozenset(zone.ref for zone in home.all(Zone) if zone.role is not None and zone.role.value == "main")


def _names(zones: frozenset[Ref], home: Home) -> str:
    return listed(zone.label for zone in home.all(Zone) if zone.ref in zones)


@practice.check(
    "probe",
    per=Home,
    title="A test from the smart devices' network cannot reach phones and laptops",
    needs=(Home.isolated_v4, Home.isolated_v6),
    settled_by=f"{_ROUTER}; the source isolation, run in the smart devices' network; or your answer after such a test",
)
def probe(home: Home, _: Home) -> Judgement:
    """Judge what a probe could really reach; without one the router's rules stand for themselves."""
    v4, v6 = home.isolated_v4, home.isolated_v6
    if v4 is None and v6 is None:
        rules = [fact for zone in home.all(Zone) for fact in (zone.opens_to_v4, zone.opens_to_v6) if fact is not None]
        if rules:
            return not_applicable(
                *rules, because="No test was made; the router's own rules are judged for every hub instead."
            )
        return unknown()
    if v4 is not None and not v4.value:
        return fails(
            v4,
            v6,
            because="A test from the smart devices' network reached the phones' and laptops' one over IPv4.",
            fix=routers.block_zone_forwarding,
        )
    if v6 is not None and not v6.value:
        held = "Isolation holds for IPv4 only: a" if v4 is not None else "A"
        return fails(
            v4,
            v6,
            because=f"{held} test from the smart devices' network reached the phones' and laptops' one over IPv6.",
            fix=routers.block_zone_forwarding,
        )
    if v4 is None or v6 is None:
        return unknown(v4, v6)
    return passes(v4, v6, because="A test could not reach phones and laptops, over IPv4 or IPv6.")
