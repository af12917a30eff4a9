from __future__ import annotations

import json
from typing import Any

import pytest

from nightlatch.fixes import codes
from nightlatch.model.finding import Fix
from nightlatch.model.lock import Lock
from nightlatch.model.people import Credential
from tests.unit.practices.builder import home, make

ZWAVE = make(Lock, "zwavejs:3", name="Front")
ZIGBEE = make(Lock, "zigbee2mqtt:0x000d6f0011223344", name="Side")
MATTER = make(Lock, "matter:1/5", name="Back")
APP = make(Lock, "yale:1", name="Shed", maker="Yale")
HOME_ASSISTANT = make(Lock, "homeassistant:lock.front", name="Front")


def code(lock: Lock, **facts: Any) -> Credential:
    return make(Credential, "it", lock=lock, **{"slot": 4, **facts})


def removed(lock: Lock) -> Fix:
    return codes.remove_code(code(lock), home(lock))


def test_a_code_is_removed_by_nightlatch_where_it_can_read_the_slot_back() -> None:
    assert [removed(lock).automatic for lock in (ZWAVE, ZIGBEE, MATTER, HOME_ASSISTANT, APP)] == [
        True,
        True,
        True,
        False,
        False,
    ]


def test_each_hub_removes_a_code_in_its_own_words() -> None:
    assert "zwave_js.clear_lock_usercode for Front with code_slot 4" in removed(HOME_ASSISTANT).steps[1]
    assert "node 3 > User Code > slot 4 > clear" in removed(ZWAVE).steps[1]
    assert "remove user 4" in removed(MATTER).steps[1]
    payload = json.loads(removed(ZIGBEE).steps[1].partition("the payload ")[2])
    assert payload == {"pin_code": {"user": 4, "pin_code": None}}
    assert "the Yale app" in removed(APP).steps[1]


def test_every_removal_begins_with_who_may_still_need_the_code() -> None:
    for lock in (ZWAVE, ZIGBEE, MATTER, HOME_ASSISTANT, APP):
        assert removed(lock).steps[0].startswith("Be sure first that nobody needs it")


def test_a_new_code_of_somebody_with_hours_tells_to_set_the_hours_again() -> None:
    timed = make(Credential, "c", lock=ZIGBEE, slot=4, form="pin", scheduled=True)
    assert any("Set its days and hours again" in step for step in codes.change_code(timed, home(ZIGBEE)).steps)
    assert not any("hours again" in step for step in codes.change_code(code(ZIGBEE), home(ZIGBEE)).steps)


def test_every_removal_ends_with_how_to_prove_it() -> None:
    for lock in (ZWAVE, ZIGBEE, MATTER, HOME_ASSISTANT, APP):
        assert "reads empty" in removed(lock).steps[-1]


@pytest.mark.parametrize(("longest", "digits"), [(None, 6), (4, 4), (8, 6)])
def test_a_new_code_is_as_long_as_the_lock_takes(longest: int | None, digits: int) -> None:
    lock = ZWAVE if longest is None else make(Lock, "zwavejs:3", name="Front", code_length_max=longest)
    found = codes.change_code(code(lock), home(lock))
    assert found.summary == "Replace the code in slot 4 of Front."
    assert f"Choose {digits} digits by chance" in found.steps[0]


def test_a_new_code_is_a_blank_in_what_is_to_be_published() -> None:
    step = codes.change_code(code(ZIGBEE), home(ZIGBEE)).steps[1]
    assert json.loads(step.partition("the payload ")[2])["pin_code"] == {
        "user": 4,
        "user_type": "unrestricted",
        "user_enabled": True,
        "pin_code": "NEW CODE",
    }


def test_a_new_code_for_a_matter_user_is_set_in_the_controllers_app() -> None:
    assert "give user 4 the new code" in codes.change_code(code(MATTER), home(MATTER)).steps[1]


def test_a_master_code_is_changed_at_the_keypad_by_the_models_manual() -> None:
    lock = make(Lock, "zwavejs:3", zwave_id="0x0129:0x8104:0x45d5")
    step = codes.change_code(code(lock, form="master"), home(lock)).steps[1]
    assert step.startswith("Change the master code at the keypad")


def test_a_code_on_a_lock_that_is_not_known_is_left_to_the_app_that_made_it() -> None:
    lone = make(Credential, "it", name="Ana's tag")
    for maker in (codes.change_code, codes.remove_code):
        found = maker(lone, home(lone))
        assert found.steps and not found.automatic


@pytest.mark.parametrize(("can", "words"), [(True, "keeps schedules itself"), (None, "let the hub enable the code")])
def test_a_visit_is_bounded_by_the_lock_where_it_can(can: bool | None, words: str) -> None:
    lock = make(Lock, "zwavejs:3", name="Front", **({} if can is None else {"can_schedule": can}))
    found = codes.bound_code(code(lock), home(lock))
    assert words in found.steps[0]
    assert "nightlatch answer credential:it ends" in found.steps[1]
