from __future__ import annotations

from typing import Any

import pytest

from nightlatch.model.evidence import Grade
from nightlatch.model.finding import Verdict
from nightlatch.model.home import Home
from nightlatch.model.hub import Hub
from nightlatch.model.lock import Lock
from nightlatch.model.network import Zone
from nightlatch.practices.network.segregated_network import practice
from tests.unit.practices.builder import check_of, fix_of, home, judge, make, ref, verdict

LAN = make(Zone, "lan", name="lan", role="main")
GUEST = ref(Zone, "guest")


def iot(v4: tuple[Any, ...] | None, v6: tuple[Any, ...] | None, role: str | None = "iot") -> Zone:
    facts: dict[str, Any] = {"name": "iot"}
    for name, value in (("opens_to_v4", v4), ("opens_to_v6", v6), ("role", role)):
        if value is not None:
            facts[name] = value
    return make(Zone, "iot", **facts)


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        (iot((), ()), "pass"),
        (iot((GUEST,), (GUEST,)), "pass"),
        (iot((LAN,), ()), "fail high"),
        (iot((), (LAN,)), "fail high"),
        (iot((LAN,), None), "fail high"),
        (iot(None, (LAN,)), "fail high"),
        (iot((), None), "unknown"),
        (iot(None, ()), "unknown"),
        (iot(None, None), "unknown"),
        (iot((), (), role=None), "unknown"),
    ],
)
def test_a_hub_is_apart_when_its_zone_opens_nothing_to_the_main_one(zone: Zone, expected: str) -> None:
    hub = make(Hub, "hub", zone=zone)
    lock = make(Lock, "front", zone=zone)
    here = home(LAN, zone, hub, lock)
    assert verdict(practice, "hub-zone", hub, here) == expected
    assert verdict(practice, "lock-zone", lock, here) == expected


def test_a_hub_among_phones_fails_and_is_moved() -> None:
    hub = make(Hub, "hub", zone=LAN)
    here = home(LAN, hub)
    assert verdict(practice, "hub-zone", hub, here) == "fail high"
    assert "zone of its own" in fix_of(practice, "hub-zone", hub, here).summary


def test_isolation_for_ipv4_alone_is_said_to_be_that() -> None:
    zone = iot((), (LAN,))
    hub = make(Hub, "hub", zone=zone)
    found = judge(practice, "hub-zone", hub, home(LAN, zone, hub))
    assert "isolation holds for IPv4 only" in found.because
    assert "over IPv4 or IPv6" in judge(practice, "hub-zone", hub, home(LAN, iot(None, None), hub)).because


def test_without_a_main_zone_or_a_zone_of_its_own_nothing_is_proven() -> None:
    zone = iot((), ())
    hub = make(Hub, "hub", zone=zone)
    assert verdict(practice, "hub-zone", hub, home(zone, hub)) == "unknown"
    assert verdict(practice, "hub-zone", hub, home(LAN, hub)) == "unknown"
    assert verdict(practice, "hub-zone", make(Hub, "hub"), home(LAN, zone)) == "unknown"


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"radio": "zwave"}, "not_applicable"),
        ({"radio": "ble"}, "not_applicable"),
        ({"radio": "zwave", "address": "192.168.1.5"}, "unknown"),
        ({"radio": ("zwave", Grade.CATALOGUED)}, "unknown"),
        ({"radio": "wifi"}, "unknown"),
        ({"radio": "matter"}, "unknown"),
        ({}, "unknown"),
    ],
)
def test_a_lock_without_an_address_is_behind_its_hub(facts: dict[str, Any], expected: str) -> None:
    assert verdict(practice, "lock-zone", make(Lock, "front", **facts)) == expected


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"isolated_v4": True, "isolated_v6": True}, "pass"),
        ({"isolated_v4": False, "isolated_v6": True}, "fail high"),
        ({"isolated_v4": True, "isolated_v6": False}, "fail high"),
        ({"isolated_v6": False}, "fail high"),
        ({"isolated_v4": True}, "unknown"),
        ({"isolated_v6": True}, "unknown"),
        ({}, "unknown"),
    ],
)
def test_a_probe_counts_for_both_families(facts: dict[str, Any], expected: str) -> None:
    here = home(**facts)
    assert verdict(practice, "probe", here, here) == expected


def test_where_the_router_tells_its_rules_no_probe_is_needed() -> None:
    here: Home = home(LAN, iot((), ()))
    assert verdict(practice, "probe", here, here) == "not_applicable"


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        (iot((LAN,), ()), Verdict.FAIL),
        (iot((), (LAN,)), Verdict.FAIL),
        (iot((), ()), Verdict.UNKNOWN),
        (iot(None, None), Verdict.UNKNOWN),
        (iot((LAN,), (), role="guest"), Verdict.UNKNOWN),
    ],
)
def test_without_a_hub_a_zone_for_devices_that_opens_to_phones_is_still_a_flaw(zone: Zone, expected: Verdict) -> None:
    absent = check_of(practice, "hub-zone").absent
    assert absent is not None
    judgement = absent(home(LAN, zone))
    assert judgement.verdict is expected
    if expected is Verdict.FAIL:
        assert zone.role in judgement.evidence
        assert judgement.because == "The smart devices' zone iot may open connections to lan."


@pytest.mark.parametrize("kind", [Hub, Lock])
@pytest.mark.parametrize(
    ("beside", "tests", "expected"),
    [
        (True, {}, "fail high"),
        (True, {"isolated_v4": True, "isolated_v6": True}, "fail high"),
        (False, {}, "unknown"),
        (False, {"isolated_v4": True}, "unknown"),
        (False, {"isolated_v4": True, "isolated_v6": True}, "pass"),
        (False, {"isolated_v4": True, "isolated_v6": False}, "fail high"),
        (False, {"isolated_v4": False, "isolated_v6": True}, "fail high"),
        (None, {"isolated_v4": True, "isolated_v6": True}, "unknown"),
    ],
)
def test_the_owner_of_a_router_that_no_source_reads_can_answer(
    kind: type[Hub] | type[Lock], beside: bool | None, tests: dict[str, bool], expected: str
) -> None:
    facts = {} if beside is None else {"beside_phones": (beside, Grade.DECLARED)}
    thing = make(kind, "it", **facts)
    told: dict[str, Any] = {name: (held, Grade.DECLARED) for name, held in tests.items()}
    here = home(thing, **told)
    assert verdict(practice, f"{kind.kind}-zone", thing, here) == expected


def test_an_owner_who_knows_of_a_separate_network_is_asked_to_try_it() -> None:
    hub = make(Hub, "it", beside_phones=(False, Grade.DECLARED))
    steps = fix_of(practice, "hub-zone", hub).steps
    assert any("isolated_v4" in step for step in steps) and any("isolated_v6" in step for step in steps)
