"""What one message after another says of a lock: differences and actions, told once."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nightlatch.ecosystems._zigbee2mqtt.devices import Definition, Device, Expose
from nightlatch.ecosystems._zigbee2mqtt.reports import read
from nightlatch.ecosystems._zigbee2mqtt.watch import Memory, Message, Watch, answers
from nightlatch.model.event import KINDS, Event, State
from tests.unit.ecosystems.asking import context

CONTEXT = context("zigbee2mqtt")
CLOSED = {"state": "LOCK", "lock_state": "locked", "battery": 82, "linkquality": 120}
OPEN = {**CLOSED, "state": "UNLOCK", "lock_state": "unlocked"}
KEYPAD = {"action": "unlock", "action_source_name": "keypad", "action_user": 3}


def watch(*, actions: bool = True, memory: Memory | None = None) -> Watch:
    shown = [Expose(name="action")] if actions else []
    device = Device("0x1", "front", definition=Definition(exposes=shown))
    return Watch("lock:zigbee2mqtt:0x1", "zigbee2mqtt", device, memory or Memory())


def message(content: dict[str, Any], at: int = 0, **more: Any) -> Message:
    return Message(read(content, CONTEXT), content, at, **more)


def heard(one: Watch, *contents: dict[str, Any]) -> list[Event]:
    """The events of messages a second apart, those that wait included."""
    found: list[Event | State] = []
    for number, content in enumerate(contents):
        found += one.take(message(content, at=number * 1_000_000 + 1))
    return [event for event in (*found, *one.pairing.release()) if isinstance(event, Event)]


def briefly(events: list[Event]) -> list[tuple[Any, ...]]:
    return [(event.kind, event.by, event.slot) for event in events]


def test_the_first_message_is_a_state_and_no_event() -> None:
    (state,) = watch().take(message(CLOSED, at=7))
    assert state == State("lock:zigbee2mqtt:0x1", 7, "thrown", battery=82, reachable=True, security="zigbee")


def test_a_repeated_message_says_nothing_new() -> None:
    assert heard(watch(), CLOSED, CLOSED, CLOSED) == []


def test_a_changed_state_and_the_action_behind_it_are_one_unlock_with_the_slot() -> None:
    assert briefly(heard(watch(), CLOSED, OPEN, {**OPEN, **KEYPAD})) == [("unlocked", "code", 3)]


def test_an_action_before_the_changed_state_is_one_unlock_too() -> None:
    assert briefly(heard(watch(), CLOSED, {**CLOSED, **KEYPAD}, OPEN)) == [("unlocked", "code", 3)]


def test_the_movement_without_an_action_is_told_once_the_wait_is_over() -> None:
    one = watch()
    one.take(message(CLOSED))
    assert one.take(message(OPEN, at=5)) == []
    assert one.pairing.holding
    assert briefly(one.pairing.release()) == [("unlocked", "", 0)]
    assert not one.pairing.holding


def test_a_model_without_actions_waits_for_none() -> None:
    one = watch(actions=False)
    one.take(message(CLOSED))
    (event,) = one.take(message(OPEN))
    assert isinstance(event, Event)
    assert event.kind == "unlocked"


def test_what_comes_behind_a_movement_that_waits_stays_behind_it() -> None:
    door = {"door_state": "closed"}
    found = heard(watch(), {**CLOSED, **door}, {**OPEN, **door}, {**OPEN, "door_state": "open"}, {**OPEN, **KEYPAD})
    assert [event.kind for event in found] == ["unlocked", "door_opened"]


def test_a_late_action_still_tells_by_whom() -> None:
    one = watch()
    one.take(message(CLOSED))
    one.take(message(OPEN, at=1))
    bare = one.pairing.release()
    late = [event for event in one.take(message({**OPEN, **KEYPAD}, at=3_000_000)) if isinstance(event, Event)]
    again = heard(one, CLOSED, OPEN)
    assert briefly([*bare, *late]) == [("unlocked", "", 0), ("unlocked", "code", 3)]
    assert [event.kind for event in again] == ["locked", "unlocked"]


def test_an_action_that_comes_after_the_next_movement_stays_before_it() -> None:
    one = watch()
    late = {**CLOSED, **KEYPAD}
    contents = (CLOSED, OPEN, CLOSED, late, {**CLOSED, "action": "auto_lock"})
    found = heard(one, *contents)
    assert briefly(found) == [("unlocked", "", 0), ("unlocked", "code", 3), ("locked", "auto", 0)]


@pytest.mark.parametrize(
    ("said", "kind", "by"),
    [
        ({"action": "lock", "action_source_name": "rf"}, "locked", "remote"),
        ({"action": "unlock", "action_source_name": "rfid"}, "unlocked", "tag"),
        ({"action": "unlock", "action_source_name": "fingerprint"}, "unlocked", "biometric"),
        ({"action": "manual_unlock", "action_source_name": "manual"}, "unlocked", "manual"),
        ({"action": "key_unlock"}, "unlocked", "key"),
        ({"action": "auto_lock"}, "locked", "auto"),
        ({"action": "one_touch_lock", "action_source_name": "manual"}, "locked", "touch"),
        ({"action": "schedule_lock"}, "locked", "schedule"),
        ({"action": "unlock_failure_invalid_pin_or_id", "action_source_name": "keypad"}, "wrong_code", "code"),
        ({"action": "unlock_failure_invalid_schedule", "action_source_name": "keypad"}, "wrong_code", "code"),
        ({"action": "error_jammed"}, "jammed", ""),
        ({"action": "pin_code_added", "action_source_name": "rf", "action_user": 3}, "code_added", ""),
        ({"action": "pin_code_deleted", "action_user": 3}, "code_removed", ""),
        ({"action": "master_code_changed"}, "code_changed", ""),
    ],
)
def test_each_action_has_its_event(said: dict[str, Any], kind: str, by: str) -> None:
    (event,) = heard(watch(), CLOSED, {**CLOSED, **said})
    assert (event.kind, event.by, event.slot) == (kind, by, said.get("action_user", 0))
    assert event.raw


@pytest.mark.parametrize("action", ["", "unknown", "non_access_user_operational_event", "hover", None, 7, ["lock"]])
def test_an_action_that_says_nothing_of_the_lock_is_no_event(action: object) -> None:
    assert heard(watch(), CLOSED, {**CLOSED, "action": action}) == []


def test_the_same_action_twice_is_two_events() -> None:
    wrong = {**CLOSED, "action": "unlock_failure_invalid_pin_or_id"}
    assert [event.kind for event in heard(watch(), CLOSED, wrong, wrong)] == ["wrong_code", "wrong_code"]


@pytest.mark.parametrize("user", [-1, 0, 65535, 2**40, "3", True, None])
def test_a_user_that_is_none_is_no_slot(user: object) -> None:
    (event,) = heard(watch(), CLOSED, {**CLOSED, "action": "key_lock", "action_user": user})
    assert event.slot == 0


def test_a_bolt_that_is_not_fully_thrown_is_a_jam() -> None:
    (event,) = heard(watch(), OPEN, {**OPEN, "lock_state": "not_fully_locked"})
    assert event.kind == "jammed"


def test_what_was_asked_of_a_lock_is_not_where_its_bolt_is() -> None:
    hoped = {**OPEN, "state": "LOCK"}
    assert heard(watch(), OPEN, hoped) == []


def test_door_battery_tamper_and_settings_are_told_when_they_change() -> None:
    before = {**CLOSED, "door_state": "closed", "tamper": False, "auto_relock_time": 30}
    after = {"door_state": "error_forced_open", "tamper": True, "auto_relock_time": 0, "battery": 12.4}
    found = heard(watch(), before, {**before, **after}, {**before, **after})
    assert [(event.kind, event.name, event.value) for event in found] == [
        ("door_forced", "", ""),
        ("tamper", "", ""),
        ("battery", "", 12),
        ("parameter_changed", "auto_relock_s", 0),
    ]


def test_a_tamper_alarm_that_is_on_from_the_start_is_told_as_of_unknown_time() -> None:
    memory = Memory()
    (event,) = heard(watch(memory=memory), {**CLOSED, "tamper": True})
    assert (event.kind, event.resync) == ("tamper", True)
    assert heard(watch(memory=memory), {**CLOSED, "tamper": True}) == []


def test_an_alarm_of_yale_s_own_is_told_once() -> None:
    alarm = {**CLOSED, "alarm": "tamper_alarm_keypad_attempts"}
    (event,) = heard(watch(), CLOSED, alarm, alarm)
    assert event.kind == "keypad_disabled"


def users(**slots: Any) -> dict[str, Any]:
    return {**CLOSED, "users": {name.strip("_"): value for name, value in slots.items()}}


ENABLED, DISABLED, FREE = {"status": "enabled"}, {"status": "disabled"}, {"status": "available"}


def test_changes_in_the_list_of_slots_are_told_and_its_first_sight_is_not() -> None:
    found = heard(watch(), users(_3=FREE), users(_3=ENABLED, _4=ENABLED), users(_3=DISABLED), users(_3=FREE))
    assert [(event.kind, event.slot) for event in found] == [
        ("code_added", 3),
        ("code_changed", 3),
        ("code_removed", 3),
    ]


def test_a_slot_that_the_action_told_of_is_not_told_again_by_the_list() -> None:
    added = {**CLOSED, "action": "pin_code_added", "action_user": 3}
    assert [event.kind for event in heard(watch(), users(_3=FREE), added, users(_3=ENABLED))] == ["code_added"]


def test_another_pin_in_a_slot_is_a_change_and_no_pin_is_kept() -> None:
    first, second = ({"status": "enabled", "pin_code": pin} for pin in (264813, 907155))
    one = watch()
    (event,) = heard(one, users(_3=first), users(_3=second))
    assert (event.kind, event.slot) == ("code_changed", 3)
    assert "907155" not in repr((event, one.state, vars(one._memory)))
    assert "264813" not in repr((event, one.state, vars(one._memory)))


def test_a_retained_message_is_a_state_and_does_not_date_the_bolt() -> None:
    one = watch()
    (state,) = one.take(message(OPEN, at=9, kept=True, retained=True))
    assert isinstance(state, State)
    assert (state.bolt, state.at, state.reachable) == ("retracted", 0, None)


def test_what_a_lock_did_while_it_was_offline_is_found_out_late() -> None:
    one = watch()
    heard(one, CLOSED)
    one.reachable(message({}, at=5), online=False)
    one.reachable(message({}, at=9), online=True)
    (moved, again) = heard(one, OPEN, CLOSED)
    assert (moved.kind, moved.resync, moved.since) == ("unlocked", True, 5)
    assert (again.kind, again.resync, again.since) == ("locked", False, 0)


def test_an_action_of_a_lock_that_was_offline_was_heard_at_once() -> None:
    one = watch()
    heard(one, CLOSED)
    one.reachable(message({}, at=5), online=False)
    moved = heard(one, {**OPEN, **KEYPAD})[-1]
    assert (moved.kind, moved.slot, moved.resync) == ("unlocked", 3, False)


def test_a_lock_that_speaks_again_is_online() -> None:
    one = watch()
    one.take(message(CLOSED))
    (offline,) = one.reachable(message({}), online=False)
    assert isinstance(offline, Event)
    assert [event.kind for event in (offline, *heard(one, CLOSED))] == ["offline", "online"]


def test_a_setting_that_is_being_set_is_not_believed_before_the_lock_was_asked() -> None:
    one = watch()
    one.take(message({**CLOSED, "auto_relock_time": 30}))
    one.muted = "auto_relock_s"
    assert one.take(message({**CLOSED, "auto_relock_time": 60})) == []
    one.muted = ""
    assert heard(one, {**CLOSED, "auto_relock_time": 30}) == []


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (CLOSED, True),
        (OPEN, True),
        ({**OPEN, "linkquality": 3, "last_seen": 9, **KEYPAD}, True),
        ({**CLOSED, "battery": 12}, False),
        ({**CLOSED, "auto_relock_time": 3}, False),
    ],
)
def test_only_what_changes_nothing_else_can_be_the_answer_about_the_bolt(now: dict[str, Any], expected: bool) -> None:
    assert answers(message(now), CLOSED) is expected


def test_an_answer_is_never_one_that_was_kept() -> None:
    assert not answers(message(CLOSED, kept=True), CLOSED)


NAMES = st.sampled_from(
    (
        *("state", "lock_state", "door_state", "action", "action_user", "action_source_name", "battery", "tamper"),
        *("alarm", "users", "auto_relock_time", "last_seen"),
    )
)
WORDS = st.sampled_from(
    ("LOCK", "UNLOCK", "locked", "unlocked", "not_fully_locked", "open", "closed", "manual_lock", "3")
)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(("3", "status", "pin_code")), inner),
    max_leaves=8,
)


@given(st.lists(st.dictionaries(NAMES, ANYTHING, max_size=6), max_size=6))
@settings(max_examples=200, deadline=None)
def test_no_message_breaks_the_watch_and_what_it_tells_is_well_formed(contents: list[dict[str, Any]]) -> None:
    one = watch()
    for event in heard(one, *contents):
        assert event.kind in KINDS
        assert 0 <= event.slot <= 99_999
    assert one.state.bolt in (None, "thrown", "retracted", "jammed")
    assert one.state.battery is None or 0 <= one.state.battery <= 100
