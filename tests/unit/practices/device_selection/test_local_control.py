from __future__ import annotations

from typing import Any

import msgspec
import pytest

from nightlatch.model.evidence import Grade
from nightlatch.model.lock import Lock
from nightlatch.practices.device_selection.local_control import practice
from tests.unit.practices.builder import ago, fix_of, home, make, verdict


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({}, "unknown"),
        ({"radio": "zwave"}, "pass"),
        ({"radio": "matter"}, "pass"),
        ({"radio": "wifi"}, "unknown"),
        ({"radio": ("zwave", Grade.CATALOGUED)}, "unknown"),
        ({"radio": ("zwave", Grade.DECLARED)}, "unknown"),
        ({"path": "local"}, "pass"),
        ({"path": "cloud"}, "fail high"),
        ({"path": "cloud", "radio": "zwave"}, "fail high"),
        ({"path": ("local", Grade.DECLARED)}, "pass"),
        ({"path": ("cloud", Grade.DECLARED)}, "fail high"),
        ({"path": ("local", Grade.CATALOGUED)}, "unknown"),
        ({"iot_class": "local_push"}, "pass"),
        ({"iot_class": "cloud_polling"}, "fail high"),
        ({"iot_class": "assumed_state"}, "unknown"),
        ({"iot_class": ("cloud_push", Grade.CATALOGUED)}, "unknown"),
        ({"iot_class": "cloud_push", "path": ("local", Grade.DECLARED)}, "fail high"),
        ({"iot_class": "local_push", "path": ("cloud", Grade.DECLARED)}, "pass"),
    ],
)
def test_the_way_in_use_decides(facts: dict[str, Any], expected: str) -> None:
    assert verdict(practice, "local-path", make(Lock, "front", **facts)) == expected


def test_a_lock_that_is_reached_both_ways_has_a_local_one() -> None:
    cloud = make(Lock, "front", path="cloud").path
    local = make(Lock, "front", path="local").path
    assert cloud is not None and local is not None
    both = Lock("front", {"path": msgspec.structs.replace(cloud, others=(local,))})
    assert verdict(practice, "local-path", both) == "pass"


@pytest.mark.parametrize(("days", "expected"), [(0, "pass"), (365, "pass"), (366, "unknown")])
def test_a_test_without_internet_holds_for_a_year(days: int, expected: str) -> None:
    assert verdict(practice, "works-offline", make(Lock, "front", works_offline_tested_on=ago(days))) == expected


def test_a_profile_may_ask_for_a_fresher_test() -> None:
    lock = make(Lock, "front", works_offline_tested_on=ago(100))
    strict = home(lock, limits={"local-control.offline-test-days": 90})
    assert verdict(practice, "works-offline", lock, strict) == "unknown"


def test_a_lock_never_tested_is_unknown() -> None:
    assert verdict(practice, "works-offline", make(Lock, "front")) == "unknown"


def test_the_fix_names_the_radio_that_the_model_has() -> None:
    lock = make(Lock, "front", path="cloud", zwave_id="0x0129:0x8104:0x45d5")
    assert "Z-Wave" in fix_of(practice, "local-path", lock).steps[0]
