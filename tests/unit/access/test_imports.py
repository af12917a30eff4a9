"""Names of codes from Keymaster and Lock Code Manager: read within bounds, and no PIN shown."""

from __future__ import annotations

import json
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightlatch.access import imports
from nightlatch.errors import ReadError

PIN = "482917"


def written(tmp_path: Path, document: Any) -> Path:
    path = tmp_path / "file"
    path.write_text(json.dumps(document))
    return path


def keymaster() -> dict[str, Any]:
    slots = {
        "1": {"number": 1, "enabled": True, "name": "Ana", "pin": b64encode(f"entry1{PIN}".encode()).decode()},
        "2": {"number": 2, "enabled": True, "name": None, "pin": None},
    }
    lock = {"lock_name": "front", "lock_entity_id": "lock.front_door", "keymaster_config_entry_id": "entry1"}
    return {"entry1": {**lock, "code_slots": slots}}


def manager(**data: Any) -> dict[str, Any]:
    entry = {"domain": "lock_code_manager", "title": "House", "data": {"locks": ["lock.front_door"], **data}}
    others = {"domain": "mqtt", "data": {"password": "hunter2"}}
    return {"version": 1, "key": "core.config_entries", "data": {"entries": [others, entry]}}


@pytest.mark.parametrize("wrapped", [True, False])
def test_keymasters_locks_are_read_as_it_keeps_them_now_and_kept_them_before(tmp_path: Path, *, wrapped: bool) -> None:
    document = {"version": 1, "key": "keymaster.locks", "data": keymaster()} if wrapped else keymaster()
    (one,) = imports.read(written(tmp_path, document))
    assert (one.lock, one.slot, one.name, one.source) == ("lock.front_door", 1, "Ana", "Keymaster")
    assert one.pin is not None and one.pin.reveal() == PIN
    assert PIN not in repr(one)


def test_keymasters_helpers_are_read_from_the_last_states(tmp_path: Path) -> None:
    states = [
        {"state": {"entity_id": "input_text.frontdoor_name_3", "state": "Ben"}},
        {"state": {"entity_id": "input_text.frontdoor_pin_3", "state": PIN}},
        {"state": {"entity_id": "input_text.frontdoor_name_4", "state": "unknown"}},
        {"state": {"entity_id": "light.hall", "state": "on"}},
    ]
    (one,) = imports.read(written(tmp_path, {"key": "core.restore_state", "data": states}))
    assert (one.lock, one.slot, one.name) == ("frontdoor", 3, "Ben")
    assert one.pin is not None and one.pin.reveal() == PIN


@pytest.mark.parametrize(
    "data",
    [
        {"slots": {"2": {"name": "Cleaner", "pin": PIN, "enabled": True}}},
        {"users": {"Cleaner": {"pin": PIN, "enabled": True}}, "slot_assignment": {"Cleaner": 2}},
    ],
)
def test_lock_code_managers_entries_are_read_by_slot_and_by_user(tmp_path: Path, data: dict[str, Any]) -> None:
    (one,) = imports.read(written(tmp_path, manager(**data)))
    assert (one.lock, one.slot, one.name, one.source) == ("lock.front_door", 2, "Cleaner", "Lock Code Manager")
    assert "hunter2" not in repr(imports.read(written(tmp_path, manager(**data))))


def test_lock_code_managers_users_as_subentries_are_read(tmp_path: Path) -> None:
    document = manager()
    user = {"subentry_type": "user", "title": "Cleaner", "data": {"slot": 2, "pin": PIN}}
    document["data"]["entries"][1]["subentries"] = [user]
    (one,) = imports.read(written(tmp_path, document))
    assert (one.slot, one.name) == (2, "Cleaner")


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"key": "core.config_entries"}', "\x00\xff", "[" * 100_000])
def test_what_is_no_such_file_is_told_with_its_name(tmp_path: Path, text: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(ReadError, match="file"):
        imports.read(path)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=20,
)
slots = st.dictionaries(
    st.text("0123456789x", max_size=6), anything | st.fixed_dictionaries({"name": anything, "pin": anything})
)


@given(slots, anything, st.sampled_from(["slots", "users", "slot_assignment", "locks"]))
def test_no_document_breaks_the_reader(
    tmp_path_factory: pytest.TempPathFactory, held: Any, other: Any, field: str
) -> None:
    tmp_path = tmp_path_factory.mktemp("fuzz")
    lock = {"lock_entity_id": other, "code_slots": held, "keymaster_config_entry_id": other}
    restored = [other, {"state": other}, {"state": {"entity_id": "input_text.a_name_1", "state": other}}]
    for document in (
        manager(**{"slots": held, field: other}),
        {"x": lock},
        {"key": "core.restore_state", "data": restored},
    ):
        for one in imports.read(written(tmp_path, document)):
            assert 0 < one.slot <= imports.HIGHEST
            assert one.name.isprintable() and 0 < len(one.name) <= imports.LONGEST_NAME
