"""A peer's message as it is kept beside an event."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightlatch.ecosystems._raw import HIDDEN, MOST, redacted

PIN = "907155"


@pytest.mark.parametrize(
    "name", ["pin_code", "pinCode", "PIN", "pincodevalue", "userCode", "code", "credentialData", "network_key", "token"]
)
@pytest.mark.parametrize("value", [PIN, int(PIN), [PIN], {"value": PIN}])
def test_a_secret_is_hidden_wherever_it_stands(name: str, value: object) -> None:
    text = redacted({"data": [{"deeper": {name: value, "user": 3}}]})
    assert json.loads(text) == {"data": [{"deeper": {name: HIDDEN, "user": 3}}]}


@pytest.mark.parametrize("name", ["pin_count", "alarmCode", "event_code", "status", "keypad"])
def test_what_is_no_secret_stays(name: str) -> None:
    assert json.loads(redacted({name: 7})) == {name: 7}


def test_that_there_is_no_pin_stays() -> None:
    assert json.loads(redacted({"pin_code": None})) == {"pin_code": None}


def test_of_a_message_that_is_too_long_the_plain_values_stay() -> None:
    long = {"action": "unlock", "users": {str(slot): {"status": "enabled"} for slot in range(500)}}
    assert json.loads(redacted(long)) == {"action": "unlock"}
    assert json.loads(redacted({"text": "x" * 5000})) == "too long to keep"


KEYS = st.sampled_from(("pin_code", "users", "3", "status", "action"))
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=2000),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


def pins(value: Any) -> list[Any]:
    if isinstance(value, dict):
        found = [one for name, one in value.items() if name == "pin_code"]
        return found + [pin for name, one in value.items() if name != "pin_code" for pin in pins(one)]
    return [pin for one in value for pin in pins(one)] if isinstance(value, list) else []


@given(ANYTHING)
def test_any_message_is_kept_within_bounds_and_without_its_pins(message: object) -> None:
    text = redacted(message)
    assert len(text) <= MOST
    assert set(map(str, pins(json.loads(text)))) <= {HIDDEN, "None"}
