from __future__ import annotations

from typing import Any

import pytest

from nightlatch.model.network import Wifi
from nightlatch.practices.network.wifi_security import practice
from tests.unit.practices.builder import fix_of, home, judge, make, verdict


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"security": "open"}, "fail critical"),
        ({"security": "wep"}, "fail critical"),
        ({"security": "wpa"}, "fail high"),
        ({"security": "wpa_wpa2"}, "fail high"),
        ({"security": "wpa_wpa2", "tkip": False}, "fail high"),
        ({"security": "owe"}, "fail high"),
        ({"security": "wpa2", "tkip": True}, "fail high"),
        ({"security": "wpa2", "tkip": False}, "pass"),
        ({"security": "wpa2"}, "unknown"),
        ({"security": "wpa2_wpa3"}, "pass"),
        ({"security": "wpa3"}, "pass"),
        ({"security": "enterprise", "tkip": False}, "pass"),
        ({"security": "enterprise"}, "unknown"),
        ({"tkip": False}, "unknown"),
        ({}, "unknown"),
        ({"security": "open", "enabled": False}, "not_applicable"),
        ({"security": "open", "enabled": True}, "fail critical"),
    ],
)
def test_the_encryption_on_the_air_decides(facts: dict[str, Any], expected: str) -> None:
    assert verdict(practice, "cipher", make(Wifi, "home", **facts)) == expected


def test_wpa2_passes_with_the_advice_to_move_to_wpa3_and_wpa3_needs_none() -> None:
    assert "WPA3" in fix_of(practice, "cipher", make(Wifi, "home", security="wpa2", tkip=False)).summary
    assert judge(practice, "cipher", make(Wifi, "home", security="wpa3")).fix is None


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"phrase_score": 2, "security": "wpa3"}, "fail high"),
        ({"phrase_score": 3}, "pass"),
        ({"security": "wpa2"}, "unknown"),
        ({}, "unknown"),
        ({"security": "open"}, "not_applicable"),
        ({"security": "enterprise"}, "not_applicable"),
        ({"phrase_score": 0, "enabled": False}, "not_applicable"),
    ],
)
def test_a_weak_phrase_fails(facts: dict[str, Any], expected: str) -> None:
    assert verdict(practice, "phrase", make(Wifi, "home", **facts)) == expected


def test_a_profile_may_ask_for_a_stronger_phrase() -> None:
    wifi = make(Wifi, "home", phrase_score=3)
    assert verdict(practice, "phrase", wifi, home(wifi, limits={"wifi-security.phrase-score": 4})) == "fail high"


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"pmf": "off", "security": "wpa2"}, "fail medium"),
        ({"pmf": "optional", "security": "wpa2"}, "pass"),
        ({"pmf": "required"}, "pass"),
        ({"security": "wpa3"}, "pass"),
        ({"security": "wpa2"}, "unknown"),
        ({"security": "open"}, "not_applicable"),
        ({"pmf": "off", "enabled": False}, "not_applicable"),
        ({}, "unknown"),
    ],
)
def test_management_frames_are_protected(facts: dict[str, Any], expected: str) -> None:
    assert verdict(practice, "pmf", make(Wifi, "home", **facts)) == expected


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"wps": True}, "fail high"),
        ({"wps": False}, "pass"),
        ({}, "unknown"),
        ({"wps": True, "enabled": False}, "not_applicable"),
    ],
)
def test_wps_is_off(facts: dict[str, Any], expected: str) -> None:
    assert verdict(practice, "wps", make(Wifi, "home", **facts)) == expected
