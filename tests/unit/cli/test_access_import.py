"""`nightlatch access import` of each form, against what a simulated lock holds."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.unit.cli.strange_home import BURGLARS, CLEANERS, OTHERS, StrangeHome


def keymaster(pin: str = CLEANERS) -> Any:
    """`.storage/keymaster.locks`."""
    entry = "01ENTRY"
    slots = {
        "3": {"number": 3, "name": "Cleaner", "pin": b64encode(f"{entry}{pin}".encode()).decode()},
        "6": {"number": 6, "name": "Nobody there", "pin": None},
    }
    lock = {"lock_entity_id": "lock.front", "keymaster_config_entry_id": entry, "code_slots": slots}
    return {"version": 1, "key": "keymaster.locks", "data": {entry: lock}}


def bare_keymaster() -> Any:
    """`keymaster_kmlocks.json`, without Home Assistant's wrapper."""
    return keymaster()["data"]


def helpers() -> Any:
    """`.storage/core.restore_state` with Keymaster's `input_text` helpers."""
    states = {"input_text.front_name_3": "Cleaner", "input_text.front_pin_3": CLEANERS, "light.hall": "on"}
    return {"key": "core.restore_state", "data": [{"state": {"entity_id": k, "state": v}} for k, v in states.items()]}


def manager() -> Any:
    """`.storage/core.config_entries` with an entry of Lock Code Manager, slots by number."""
    data = {"locks": ["lock.front"], "slots": {"3": {"name": "Cleaner", "pin": CLEANERS}}}
    entries = [{"domain": "hue", "data": {}}, {"domain": "lock_code_manager", "data": data}]
    return {"key": "core.config_entries", "data": {"entries": entries}}


def manager_by_name() -> Any:
    """The same since its version 3: by name, with a table of slots."""
    data = {"locks": ["lock.front"], "users": {"Cleaner": {"pin": CLEANERS}}, "slot_assignment": {"Cleaner": 3}}
    return {"key": "core.config_entries", "data": {"entries": [{"domain": "lock_code_manager", "data": data}]}}


def manager_by_subentries() -> Any:
    """The same as subentries."""
    user = {"subentry_type": "user", "title": "Cleaner", "data": {"slot": 3, "pin": CLEANERS}}
    entry = {"domain": "lock_code_manager", "data": {"locks": ["lock.front"]}, "subentries": [user]}
    return {"key": "core.config_entries", "data": {"entries": [entry]}}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[StrangeHome]:
    made = StrangeHome(tmp_path, monkeypatch, capsys)
    made.plant("front", 3, CLEANERS)
    made.plant("front", 5, BURGLARS)
    made.adopted(code=1)
    yield made
    made.searched()
    assert made.memory() == {3: CLEANERS, 5: BURGLARS}


def written(home: StrangeHome, document: Any) -> str:
    path = home.folder / "theirs.json"
    path.write_text(json.dumps(document))
    return str(path)


@pytest.mark.parametrize(
    ("form", "source"),
    [
        (keymaster, "Keymaster"),
        (bare_keymaster, "Keymaster"),
        (helpers, "Keymaster's input_text helpers"),
        (manager, "Lock Code Manager"),
        (manager_by_name, "Lock Code Manager"),
        (manager_by_subentries, "Lock Code Manager"),
    ],
)
def test_a_code_has_its_name_from_each_form(home: StrangeHome, form: Any, source: str) -> None:
    told = home.ask("access", "import", written(home, form()), "--yes")
    row = next(one for one in told["found"] if one["slot"] == 3)
    assert (row["lock"], row["name"], row["from"], row["takes"]) == ("lock:front", "Cleaner", source, True)
    assert row["why"] == "its name is taken over; the lock holds this very code"
    assert [(one["code"], one["done"]) for one in told["results"]] == [("front/3", True)]
    assert home.adopted(code=1) == {"front/3": ("kept", "Cleaner", None), "front/5": ("foreign", "", None)}


def test_people_are_told_what_is_taken_over_and_what_is_not(home: StrangeHome) -> None:
    path = written(home, keymaster())
    code, out, _ = home.call("access", "import", path, "--yes")
    assert code == 0
    assert "front/3 'Cleaner': its name is taken over; the lock holds this very code" in out
    assert "front/6 'Nobody there': no unexplained code is in this slot" in out
    assert "Read from Keymaster." in out
    assert "it is kept already, as 'Cleaner'" in home.call("access", "import", path, "--yes")[1]


def test_a_name_goes_to_no_other_code_than_the_files(home: StrangeHome) -> None:
    code, out, _ = home.call("access", "import", written(home, keymaster(pin=OTHERS)), "--yes")
    assert code == 0
    assert "'Cleaner': the lock holds another code there than the file" in out
    assert home.adopted(code=1)["front/3"] == ("foreign", "", None)


def test_which_lock_theirs_is_may_be_said(home: StrangeHome) -> None:
    theirs = keymaster()
    theirs["data"]["01ENTRY"]["lock_entity_id"] = "lock.hallway"
    path = written(home, theirs)
    assert "which lock is it? Add --lock LOCK=lock.hallway" in home.call("access", "import", path, "--yes")[1]
    code, _, err = home.call("access", "import", path, "--lock", "frnt=lock.hallway", "--yes")
    assert code == 2
    assert "there is no lock 'frnt'" in err and "front" in err
    assert home.call("access", "import", path, "--lock", "front=lock.hallway", "--yes")[0] == 0
    assert home.adopted(code=1)["front/3"] == ("kept", "Cleaner", None)


def test_nothing_is_kept_where_nobody_can_agree(home: StrangeHome) -> None:
    code, _, err = home.call("access", "import", written(home, manager()))
    assert code == 2
    assert "Add --yes where nobody can answer" in err
    assert home.adopted(code=1)["front/3"] == ("foreign", "", None)


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "theirs.json"),
        (b"{", "theirs.json"),
        (b"[" * 100_000, "theirs.json"),
        (b'{"key": "core.entity_registry", "data": {}}', "is no file of Keymaster or Lock Code Manager"),
        (b"\xff\xfe", "theirs.json"),
    ],
)
def test_a_file_that_is_none_of_these_is_told(home: StrangeHome, content: bytes, what: str) -> None:
    path = home.folder / "theirs.json"
    path.write_bytes(content)
    code, out, err = home.call("access", "import", str(path), "--yes")
    assert (code, out) == (2, "")
    assert what in err
    assert "theirs.json" in err


def test_a_file_that_is_not_there_is_told(home: StrangeHome) -> None:
    code, _, err = home.call("access", "import", str(home.folder / "none"), "--yes")
    assert code == 2
    assert "none" in err


def test_a_file_without_codes_names_none(home: StrangeHome) -> None:
    told = home.call("access", "import", written(home, {"key": "core.config_entries", "data": {"entries": []}}))
    assert told[:2] == (0, "The file names no code.")
