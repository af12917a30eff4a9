"""A peer's message as it is kept beside an event."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightlatch.ecosystems._raw import HIDDEN, MOST, error_code, redacted

PIN = "907155"


@pytest.mark.parametrize(
    "name",
    [
        *("pin_code", "pinCode", "pINCode", "PIN", "pincodevalue", "userCode", "code", "credentialData", "network_key"),
        *("token", "action_code", "last_used_pin_code", "pin_code_3", "enteredPin", "rfid_code", "psk", "user_name"),
    ],
)
@pytest.mark.parametrize("value", [PIN, int(PIN), [PIN], {"value": PIN}])
def test_a_secret_is_hidden_wherever_it_stands(name: str, value: object) -> None:
    text = redacted({"data": [{"deeper": {name: value, "user": 3}}]})
    assert json.loads(text) == {"data": [{"deeper": {name: HIDDEN, "user": 3}}]}


@pytest.mark.parametrize("name", ["pin_count", "alarmCode", "event_code", "status", "keypad", "max_pin_length"])
def test_what_is_no_secret_stays(name: str) -> None:
    assert json.loads(redacted({name: 7})) == {name: 7}


def test_that_there_is_no_pin_and_that_one_is_asked_for_stays() -> None:
    assert json.loads(redacted({"pin_code": None, "pin_for_remote": True})) == {
        "pin_code": None,
        "pin_for_remote": True,
    }


@pytest.mark.parametrize(
    "text",
    [
        f"PIN {PIN} was accepted",
        f"wrong code: {PIN}",
        f"{PIN} is no PIN",
        "otpauth://totp/a?secret=JBSWY3DP",
        "token = abcdef",
        f'{{"pin": {PIN}',
    ],
)
def test_a_text_that_speaks_of_a_secret_is_hidden(text: str) -> None:
    assert json.loads(redacted({"text": [text]})) == {"text": [HIDDEN]}


def test_a_text_that_is_json_loses_its_secrets_only() -> None:
    told = json.loads(redacted({"text": json.dumps({"pin_code": PIN, "user": 3})}))
    assert json.loads(told["text"]) == {"pin_code": HIDDEN, "user": 3}


@pytest.mark.parametrize("text", ["keypad_unlock", "2026-11-22T10:00:00Z", "0x000d6f0011223344", "pin_code_added", "{"])
def test_a_text_that_speaks_of_none_stays(text: str) -> None:
    assert json.loads(redacted({"action": text})) == {"action": HIDDEN if text == "{" else text}


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("Controller_CallbackNOK", "Controller_CallbackNOK"),
        ("not_found", "not_found"),
        (f"bad_code_{PIN}", "unknown"),
        (PIN, "unknown"),
        ("no such thing", "unknown"),
        (None, "unknown"),
    ],
)
def test_of_an_error_only_a_code_is_told(said: object, kept: str) -> None:
    assert error_code(said) == kept


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
    assert set(map(str, pins(json.loads(text)))) <= {HIDDEN, "None", "True", "False"}
