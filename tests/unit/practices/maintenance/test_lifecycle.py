from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from nightlatch.model.evidence import Grade
from nightlatch.model.hub import Hub
from nightlatch.model.lock import Lock
from nightlatch.model.router import Router
from nightlatch.model.thing import Thing
from nightlatch.practices.maintenance.lifecycle import practice
from tests.unit.practices.builder import ago, fix_of, make, verdict

KINDS: list[type[Thing]] = [Lock, Hub, Router]


@pytest.mark.parametrize("kind", [Lock, Hub])
@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"support_until": ago(-1)}, "pass"),
        ({"support_until": ago(0)}, "pass"),
        ({"support_until": (ago(-400), Grade.CATALOGUED)}, "pass"),
        ({"support_until": ago(1)}, "fail high"),
        ({"support_until": (ago(400), Grade.CATALOGUED)}, "fail high"),
        ({}, "unknown"),
    ],
)
def test_support_must_end_on_a_stated_day_ahead(kind: type[Thing], facts: dict[str, Any], expected: str) -> None:
    thing = make(kind, "it", **facts)
    assert verdict(practice, f"{kind.kind}-support", thing) == expected
    if expected.startswith("fail"):
        assert (
            fix_of(practice, f"{kind.kind}-support", thing)
            .steps[-1]
            .endswith(f"nightlatch answer {thing.ref} support_until YYYY-MM-DD")
        )


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"last_release_on": ago(10)}, "pass"),
        ({"last_release_on": date(2023, 11, 22)}, "pass"),
        ({"last_release_on": date(2023, 11, 21)}, "fail medium"),
        ({}, "unknown"),
    ],
)
def test_three_years_without_a_release_fail(kind: type[Thing], facts: dict[str, Any], expected: str) -> None:
    thing = make(kind, "it", **facts)
    assert verdict(practice, f"{kind.kind}-releases", thing) == expected
    if expected.startswith("fail"):
        assert fix_of(practice, f"{kind.kind}-releases", thing).steps


def test_a_maker_that_publishes_no_updates_fails_without_a_release_day() -> None:
    assert verdict(practice, "lock-releases", make(Lock, "front", publishes_updates=False)) == "fail medium"
    assert verdict(practice, "lock-releases", make(Lock, "front", publishes_updates=True)) == "unknown"


def test_the_fix_for_a_router_depends_on_its_software() -> None:
    old = make(Router, "r", software="openwrt", maker="TP-Link", model="C7", last_release_on=ago(2000))
    assert fix_of(practice, "router-releases", old).steps[0].startswith("Move the TP-Link C7 to a release of openwrt")
    other = make(Router, "r", software="vendor", last_release_on=ago(2000))
    assert "See whether OpenWrt supports" in fix_of(practice, "router-releases", other).steps[0]


@pytest.mark.parametrize("software", ["homeassistant", "zwave-js", "zigbee2mqtt", "matter-server"])
def test_free_software_has_no_stated_end_and_is_judged_by_its_newest_release(software: str) -> None:
    assert verdict(practice, "hub-support", make(Hub, "hub", software=software)) == "not_applicable"
    assert verdict(practice, "hub-support", make(Hub, "hub", software=software, support_until=ago(1))) == "fail high"
    assert verdict(practice, "hub-support", make(Hub, "hub", software="a bridge")) == "unknown"
