from __future__ import annotations

from typing import Any

import pytest

from nightlatch.model.evidence import Grade
from nightlatch.model.lock import Lock
from nightlatch.practices.device_selection.open_standards import practice
from tests.unit.practices.builder import judge, make, verdict


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({}, "unknown"),
        ({"radio": "zwave"}, "pass"),
        ({"radio": "zigbee"}, "pass"),
        ({"radio": ("matter", Grade.CATALOGUED)}, "pass"),
        ({"radio": "proprietary"}, "fail low"),
        ({"radio": "ble"}, "unknown"),
        ({"radio": "ble", "iot_class": "local_push"}, "pass"),
        ({"radio": "wifi", "iot_class": "cloud_push"}, "fail low"),
        ({"radio": "wifi", "iot_class": "assumed_state"}, "unknown"),
    ],
)
def test_the_protocol_decides(facts: dict[str, Any], expected: str) -> None:
    assert verdict(practice, "open-radio", make(Lock, "front", **facts)) == expected


def test_a_known_certificate_is_told() -> None:
    assert "CSA24" in judge(practice, "open-radio", make(Lock, "f", radio="matter", certificate="CSA24")).because
