from __future__ import annotations

from typing import Any

import pytest

from nightlatch.model.evidence import Grade
from nightlatch.model.finding import Verdict
from nightlatch.model.hub import Hub
from nightlatch.model.lock import Lock
from nightlatch.model.people import Account, Vendor
from nightlatch.model.thing import Thing
from nightlatch.practices.privacy.privacy_policy import practice
from tests.unit.practices.builder import ago, fix_of, home, make, verdict


@pytest.mark.parametrize(
    ("check", "facts", "expected"),
    [
        ("read", {"policy_read_on": ago(365)}, "pass"),
        ("read", {"policy_read_on": ago(366)}, "fail low"),
        ("read", {}, "unknown"),
        ("storage", {"policy_storage": "local"}, "pass"),
        ("storage", {"policy_storage": "region"}, "pass"),
        ("storage", {"policy_storage": "anywhere"}, "pass"),
        ("storage", {"policy_storage": "unsaid"}, "fail low"),
        ("storage", {}, "unknown"),
        ("retention", {"policy_retention": "limited"}, "pass"),
        ("retention", {"policy_retention": "unlimited"}, "fail low"),
        ("retention", {"policy_retention": "unsaid"}, "fail low"),
        ("retention", {}, "unknown"),
        ("sharing", {"policy_sharing": "none"}, "pass"),
        ("sharing", {"policy_sharing": "processors"}, "pass"),
        ("sharing", {"policy_sharing": "sold"}, "fail low"),
        ("sharing", {"policy_sharing": "unsaid"}, "fail low"),
        ("sharing", {}, "unknown"),
        ("deletion", {"policy_deletion": "yes"}, "pass"),
        ("deletion", {"policy_deletion": "no"}, "fail low"),
        ("deletion", {"policy_deletion": "unsaid"}, "fail low"),
        ("deletion", {}, "unknown"),
    ],
)
def test_a_vendor_is_judged_by_what_its_policy_answers(check: str, facts: dict[str, Any], expected: str) -> None:
    vendor = make(Vendor, "yale", name="Yale", **facts)
    assert verdict(practice, check, vendor) == expected
    if expected.startswith("fail"):
        fix = fix_of(practice, check, vendor)
        assert "Yale" in fix.summary and fix.steps


def absent(*things: Thing) -> set[Verdict]:
    found = set()
    for check in practice.checks:
        assert check.absent is not None
        found.add(check.absent(home(*things)).verdict)
    return found


LOCAL = make(Lock, "front", path="local")


@pytest.mark.parametrize(
    "things",
    [
        (LOCAL, make(Hub, "ha", cloud_connected=False)),
        (LOCAL,),
        (make(Lock, "front", radio="zwave"), make(Hub, "zwavejs", software="zwave-js")),
        (LOCAL, make(Account, "ana", service="homeassistant")),
    ],
)
def test_a_home_without_any_cloud_has_no_vendor_to_ask(things: tuple[Thing, ...]) -> None:
    assert absent(*things) == {Verdict.NOT_APPLICABLE}
    vendor = make(Vendor, "yale", name="Yale")
    assert {verdict(practice, check.id, vendor, home(vendor, *things)) for check in practice.checks} == {
        "not_applicable"
    }


def test_what_was_answered_is_judged_also_in_a_home_without_any_cloud() -> None:
    vendor = make(Vendor, "yale", policy_sharing="sold")
    assert verdict(practice, "sharing", vendor, home(vendor, LOCAL)) == "fail low"


@pytest.mark.parametrize(
    "things",
    [
        (),
        (make(Hub, "ha", cloud_connected=False),),
        (make(Lock, "front"),),
        (make(Lock, "front", path="cloud"),),
        (LOCAL, make(Hub, "ha")),
        (LOCAL, make(Hub, "ha", software="homeassistant")),
        (LOCAL, make(Account, "ana", service="Yale")),
        (LOCAL, make(Account, "ana")),
        (make(Lock, "front", radio="zwave", path="cloud"),),
        (make(Lock, "front", radio="ble"),),
        (make(Lock, "front", path=("local", Grade.CATALOGUED)), make(Hub, "ha", cloud_connected=False)),
        (make(Lock, "front", path="local"), make(Hub, "ha", cloud_connected=True)),
    ],
)
def test_a_home_that_names_no_vendor_is_unknown_while_a_cloud_is_possible(things: tuple[Thing, ...]) -> None:
    assert absent(*things) == {Verdict.UNKNOWN}


def test_a_vendor_whose_locks_are_local_is_not_asked_because_of_another_vendors_cloud() -> None:
    yale, nuki = make(Vendor, "yale", name="Yale"), make(Vendor, "nuki", name="Nuki")
    local = make(Lock, "front", maker="Yale", radio="zigbee")
    cloud = make(Lock, "garden", maker="Nuki", path="cloud")
    here = home(yale, nuki, local, cloud)
    assert verdict(practice, "retention", yale, here) == "not_applicable"
    assert verdict(practice, "retention", nuki, here) == "unknown"
    account = make(Account, "yale", service="yale")
    assert verdict(practice, "retention", yale, home(yale, nuki, local, cloud, account)) == "unknown"
    untold = make(Lock, "side", path="cloud")
    assert verdict(practice, "retention", yale, home(yale, local, untold)) == "unknown"
