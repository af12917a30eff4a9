from __future__ import annotations

from typing import Any

import pytest

from nightlatch.model.router import Router
from nightlatch.practices.network.router_firmware import practice
from tests.unit.practices.builder import ago, home, judge, make, verdict


@pytest.mark.parametrize(
    ("check", "facts", "expected"),
    [
        ("newest", {"version": "23.05.3", "latest_version": "23.05.3"}, "pass"),
        ("newest", {"version": "23.05.3", "latest_version": "24.10.1"}, "fail high"),
        ("newest", {"version": "24.10.1", "latest_version": "23.05.3"}, "pass"),
        ("newest", {"version": "24.10", "latest_version": "24.10.0"}, "pass"),
        ("newest", {"version": "SNAPSHOT r1234", "latest_version": "24.10.1"}, "unknown"),
        ("newest", {"version": "23.05.3"}, "unknown"),
        ("newest", {"latest_version": "23.05.3"}, "unknown"),
        ("recent", {"version_released": ago(365)}, "pass"),
        ("recent", {"version_released": ago(366)}, "fail high"),
        ("recent", {}, "unknown"),
        ("supported", {"support_until": ago(0)}, "pass"),
        ("supported", {"support_until": ago(1)}, "fail high"),
        ("supported", {}, "unknown"),
        ("auto-update", {"auto_update": True}, "pass"),
        ("auto-update", {"auto_update": False}, "fail medium"),
        ("auto-update", {}, "unknown"),
        ("no-wan-admin", {"wan_admin": False}, "pass"),
        ("no-wan-admin", {"wan_admin": True}, "fail critical"),
        ("no-wan-admin", {}, "unknown"),
    ],
)
def test_a_router_is_new_supported_and_closed(check: str, facts: dict[str, Any], expected: str) -> None:
    assert verdict(practice, check, make(Router, "router", **facts)) == expected


def test_a_profile_may_allow_older_firmware() -> None:
    router = make(Router, "router", version_released=ago(500))
    assert verdict(practice, "recent", router, home(router, limits={"router-firmware.max-age-days": 730})) == "pass"


def test_the_newer_version_is_named() -> None:
    router = make(Router, "router", version="23.05.3", latest_version="24.10.1")
    assert judge(practice, "newest", router).because == "It runs 23.05.3; 24.10.1 is out."
