"""What follows from each message of Home Assistant: no connection, no clock."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightlatch.ecosystems._homeassistant.changes import Changes, Fired
from nightlatch.ecosystems._homeassistant.watch import CONTEXTS, SAME, Watch, Watched
from nightlatch.ecosystems.interface import Heard
from nightlatch.model.event import KINDS, Event, State

FRONT, GATE = "lock:homeassistant:lock.front", "lock:homeassistant:lock.gate"
USER = "0123456789abcdef0123456789abcdef"
SENSORS = {"door": "binary_sensor.front_door", "battery": "sensor.front_battery", "tamper": "binary_sensor.front_cover"}


def watch(*, tells_who: bool = False) -> Watch:
    """A lock with sensors that is locked, closed and at 80 %, and a gate that is unlocked."""
    found = Watch(
        "ha",
        [Watched(FRONT, "lock.front", "dev1", tells_who, SENSORS), Watched(GATE, "lock.gate")],  # type: ignore[arg-type]
    )
    entities = {
        "lock.front": {"s": "locked", "a": {"friendly_name": "Ana's door"}, "c": "C0", "lc": 1.0},
        "lock.gate": {"s": "unlocked", "c": "C0", "lc": 1.0},
        "binary_sensor.front_door": {"s": "off"},
        "sensor.front_battery": {"s": "80.0"},
        "binary_sensor.front_cover": {"s": "off"},
    }
    list(found.begin(message(a=entities), 1))
    return found


def message(**parts: Any) -> Changes:
    return msgspec.json.decode(json.dumps(parts), type=Changes)


def change(on: Watch, entity_id: str, at: int = 100, gone: list[str] | None = None, **new: Any) -> list[Heard]:
    difference: dict[str, Any] = {"+": new}
    if gone:
        difference["-"] = {"a": gone}
    return list(on.changed(message(c={entity_id: difference}), at))


def fire(on: Watch, event_type: str, data: dict[str, Any], at: int = 100, context: str = "C9") -> list[Heard]:
    return list(on.fired(Fired(event_type, data, {"id": context, "user_id": USER}), at))


def only(heard: list[Heard]) -> Event:
    (event,) = heard
    assert isinstance(event, Event)
    return event


def notification(type_: int, event: int, **parameters: Any) -> dict[str, Any]:
    return {"device_id": "dev1", "node_id": 3, "type": type_, "event": event, "parameters": parameters}


def test_it_begins_with_how_everything_stands() -> None:
    found = Watch("ha", [Watched(FRONT, "lock.front", "dev1", sensors=SENSORS)])  # type: ignore[arg-type]
    entities = {"lock.front": {"s": "jammed"}, "binary_sensor.front_door": {"s": "on"}}

    (state,) = found.begin(message(a=entities), 1)

    assert state == State(FRONT, bolt="jammed", door="open", reachable=True)


def test_what_home_assistant_does_not_show_is_unknown_and_out_of_reach() -> None:
    found = Watch("ha", [Watched(FRONT, "lock.front", "dev1", sensors=SENSORS)])  # type: ignore[arg-type]

    assert list(found.begin(message(), 1)) == [State(FRONT, bolt="unknown", door="unknown", reachable=False)]


@pytest.mark.parametrize(
    ("context", "by", "detail"),
    [
        ({"id": "C1", "user_id": USER}, "remote", "by the account user-01234567 of Home Assistant"),
        ({"id": "C1", "parent_id": "C0"}, "remote", "an automation of Home Assistant"),
        ("C1", "", ""),
    ],
)
def test_a_context_tells_who(context: Any, by: str, detail: str) -> None:
    event = only(change(watch(), "lock.front", s="unlocked", c=context, lc=2.5))

    assert (event.kind, event.about, event.at, event.told) == ("unlocked", FRONT, 100, 2_500_000)
    assert (event.by, event.detail) == (by, detail)


def test_the_state_that_home_assistant_only_assumes_is_no_report() -> None:
    on = watch()
    attributes = {"assumed_state": True}

    event, state = change(on, "lock.gate", s="locked", c={"id": "C1", "user_id": USER}, a=attributes)

    assert isinstance(event, Event)
    assert (event.kind, event.by) == ("locked", "remote")
    assert state == State(GATE, at=0, bolt="thrown")


def test_a_z_wave_lock_has_reported_its_bolt_only_once_it_notified() -> None:
    found = Watch("ha", [Watched(FRONT, "lock.front", "dev1", tells_who=True, echoes=True)])
    list(found.begin(message(a={"lock.front": {"s": "unlocked"}}), 1))

    event, state = change(found, "lock.front", at=100, s="locked", c={"id": "C1", "user_id": USER})
    assert isinstance(event, Event)
    assert state == State(FRONT, at=0, bolt="thrown")
    assert fire(found, "zwave_js_notification", notification(6, 3), at=150) == [State(FRONT, at=150, bolt="thrown")]

    assert change(found, "lock.front", at=200, s="unlocked", c={"id": "C2", "user_id": None}) == []
    event, state = found.late(found.holding.pop())
    assert (event.kind, state) == ("unlocked", State(FRONT, at=0, bolt="retracted"))

    assert change(found, "lock.front", at=SAME * 3, s="locked", c={"id": "C3", "user_id": None}) == []
    assert only(fire(found, "zwave_js_notification", notification(6, 5), at=SAME * 3)).by == "code"


def test_a_part_of_a_context_keeps_the_rest_of_it() -> None:
    on = watch()
    change(on, "lock.front", s="unlocking", c={"id": "C1", "user_id": USER})

    assert only(change(on, "lock.front", s="unlocked")).by == "remote"
    assert only(change(on, "lock.front", s="locked", c={"id": "C2", "user_id": None})).by == ""


@pytest.mark.parametrize(
    ("event_type", "by"),
    [("alexa_smart_home", "voice"), ("google_assistant_command", "voice"), ("automation_triggered", "remote")],
)
def test_the_context_of_an_assistant_or_an_automation_is_recognised(event_type: str, by: str) -> None:
    on = watch()

    assert fire(on, event_type, {}, context="C7") == []
    assert only(change(on, "lock.front", s="unlocked", c={"id": "C7", "user_id": USER})).by == by


def test_contexts_are_remembered_within_bounds() -> None:
    on = watch()
    for number in range(CONTEXTS + 1):
        fire(on, "alexa_smart_home", {}, context=f"A{number}")

    assert only(change(on, "lock.front", s="unlocked", c={"id": "A0", "user_id": USER})).by == "remote"
    assert only(change(on, "lock.front", s="locked", c={"id": "A256", "user_id": USER})).by == "voice"


@pytest.mark.parametrize(
    ("told", "by", "slot"),
    [
        ("Keypad", "code", 0),
        ("Manual", "manual", 0),
        ("RFID", "tag", 0),
        ("Auto", "auto", 0),
        ("code slot 7", "code", 7),
        ("User #12", "code", 12),
        ("user 2000", "code", 0),
        ("Ana Moreau", "", 0),
        (42, "", 0),
    ],
)
def test_changed_by_is_a_way_or_a_slot_and_never_a_name(told: Any, by: str, slot: int) -> None:
    event = only(change(watch(), "lock.front", s="unlocked", a={"changed_by": told}))

    assert (event.by, event.slot) == (by, slot)
    assert "Ana" not in repr(event)


def test_moving_is_no_event_and_back_where_it_was_is_none_either() -> None:
    on = watch()

    assert change(on, "lock.front", s="unlocking") == change(on, "lock.front", s="locked") == []


def test_every_jam_is_told() -> None:
    on = watch()
    told = [change(on, "lock.gate", s=state) for state in ("locking", "jammed", "locking", "jammed")]

    assert [only(one).kind for one in told if one] == ["jammed", "jammed"]


def test_an_open_latch_is_unlocked_once() -> None:
    on = watch()

    assert only(change(on, "lock.front", s="unlocked")).kind == "unlocked"
    assert change(on, "lock.front", s="open") == []


def test_out_of_reach_and_back_tells_what_moved_meanwhile_and_since_when() -> None:
    on = watch()
    offline = only(change(on, "lock.front", at=10, s="unavailable"))
    online, moved = change(on, "lock.front", at=50, s="unlocked")

    assert (offline.kind, online.kind if isinstance(online, Event) else "") == ("offline", "online")
    assert isinstance(moved, Event)
    assert (moved.kind, moved.resync, moved.since, moved.at) == ("unlocked", True, 10, 50)


def test_out_of_reach_and_back_as_it_was_is_no_turn_of_the_bolt() -> None:
    on = watch()
    change(on, "lock.front", s="unavailable")

    assert only(change(on, "lock.front", s="locked")).kind == "online"


def test_an_entity_that_is_removed_and_made_anew_was_out_of_reach() -> None:
    on = watch()
    removed = list(on.changed(message(r=["lock.front"]), 5))
    back = list(on.changed(message(a={"lock.front": {"s": "locked"}}), 6))

    assert (only(removed).kind, only(back).kind) == ("offline", "online")


def test_a_state_that_home_assistant_does_not_know_is_learned_anew() -> None:
    on = watch()
    (unknown,) = change(on, "lock.front", s="unknown")
    (known,) = change(on, "lock.front", s="locked")

    assert isinstance(unknown, State)
    assert isinstance(known, State)
    assert (unknown.bolt, known.bolt) == ("unknown", "thrown")


def test_the_sensors_of_its_device_are_heard() -> None:
    on = watch()
    opened = only(change(on, "binary_sensor.front_door", s="on", lc=3.0))

    assert (opened.kind, opened.about, opened.told) == ("door_opened", FRONT, 3_000_000)
    assert only(change(on, "binary_sensor.front_door", s="off")).kind == "door_closed"
    assert only(change(on, "binary_sensor.front_cover", s="on")).kind == "tamper"
    assert change(on, "binary_sensor.front_cover", s="off") == []
    assert only(change(on, "sensor.front_battery", s="12.6")).value == 12
    assert change(on, "sensor.front_battery", s="unavailable") == change(on, "sensor.front_battery", s="12") == []
    assert change(on, "sensor.front_battery", s="250") == change(on, "sensor.front_battery", s="nan") == []


def test_a_door_sensor_that_falls_silent_makes_the_door_unknown_and_its_return_is_no_event() -> None:
    on = watch()
    (lost,), (back,) = (
        change(on, "binary_sensor.front_door", s="unavailable"),
        change(on, "binary_sensor.front_door", s="off"),
    )

    assert isinstance(lost, State)
    assert isinstance(back, State)
    assert (lost.door, back.door) == ("unknown", "closed")


@pytest.mark.parametrize("first", ["state", "notification"])
def test_a_notification_and_the_new_state_are_one_event_whichever_comes_first(first: str) -> None:
    on, keypad = watch(tells_who=True), notification(6, 6, userId=3)
    if first == "state":
        assert change(on, "lock.front", s="unlocked", lc=2.0) == []
        event = only(fire(on, "zwave_js_notification", keypad, at=101))
        assert list(on.late(on.holding[0])) == []
    else:
        event = only(fire(on, "zwave_js_notification", keypad))
        assert change(on, "lock.front", s="unlocked", lc=2.0) == []

    assert (event.kind, event.by, event.slot, event.at) == ("unlocked", "code", 3, 100)
    assert '"userId":3' in event.raw


def test_a_change_that_nobody_explains_is_told_without_who() -> None:
    on = watch(tells_who=True)
    change(on, "lock.front", s="unlocked")
    (held,) = on.holding

    event = only(list(on.late(held)))
    assert (event.kind, event.by, event.at) == ("unlocked", "", 100)
    assert list(on.late(held)) == []


def test_a_change_that_waits_is_told_before_the_next_one() -> None:
    on = watch(tells_who=True)
    change(on, "lock.front", at=10, s="unlocked")
    first, second = change(on, "lock.front", at=20, s="locked", c={"id": "C1", "user_id": USER})

    assert isinstance(first, Event)
    assert isinstance(second, Event)
    assert (first.kind, first.at, second.kind, second.by) == ("unlocked", 10, "locked", "remote")


def test_who_may_come_as_an_attribute_a_moment_later() -> None:
    on = watch(tells_who=True)
    change(on, "lock.front", s="unlocked")

    assert only(change(on, "lock.front", a={"changed_by": "Biometric"})).by == "biometric"


def test_a_remote_command_is_not_told_twice() -> None:
    on = watch(tells_who=True)
    change(on, "lock.front", s="unlocked", c={"id": "C1", "user_id": USER})

    assert fire(on, "zwave_js_notification", notification(6, 4), at=100 + SAME - 1) == []
    assert only(fire(on, "zwave_js_notification", notification(6, 4), at=101 + SAME)).by == "remote"


@pytest.mark.parametrize(
    ("type_", "event", "kind", "by"),
    [
        (6, 1, "locked", "manual"),
        (6, 9, "locked", "auto"),
        (6, 11, "jammed", ""),
        (6, 13, "code_removed", ""),
        (6, 14, "code_added", ""),
        (6, 16, "keypad_disabled", ""),
        (7, 4, "wrong_code", "code"),
    ],
)
def test_z_wave_notifications_are_understood(type_: int, event: int, kind: str, by: str) -> None:
    on = watch(tells_who=True)
    change(on, "lock.front", s="unlocked", c={"id": "C1", "user_id": USER})
    told = only(fire(on, "zwave_js_notification", notification(type_, event, userId=4)))

    assert (told.kind, told.by, told.slot) == (kind, by, 4)


def test_events_of_zha_are_understood() -> None:
    on = watch(tells_who=True)
    args = {"source": "Keypad", "operation": "Unlock", "code_slot": 2}
    said = {"device_id": "dev1", "command": "operation_event_notification", "args": args}
    told = only(fire(on, "zha_event", said))
    wrong = {**said, "args": {**args, "operation": "UnlockFailureInvalidPINOrID", "code_slot": 65536}}
    failed = only(fire(on, "zha_event", wrong))

    assert (told.kind, told.by, told.slot) == ("unlocked", "code", 2)
    assert (failed.kind, failed.by, failed.slot) == ("wrong_code", "code", 0)


def test_events_of_other_devices_and_of_other_kinds_are_nothing() -> None:
    on = watch(tells_who=True)
    stranger = {**notification(6, 6), "device_id": "dev2"}

    assert fire(on, "zwave_js_notification", stranger) == fire(on, "zwave_js_notification", notification(9, 1)) == []
    assert fire(on, "zha_event", {"device_id": "dev1", "command": "checkin", "args": {}}) == []
    assert fire(on, "call_service", {"service": "unlock"}) == []


def test_what_is_kept_of_a_message_holds_no_name_no_code_and_no_whole_account() -> None:
    on = watch(tells_who=True)
    heard = change(
        on, "lock.front", s="unlocked", a={"code": "4711", "friendly_name": "Ana's"}, c={"id": "C1", "user_id": USER}
    )
    heard += fire(on, "zwave_js_notification", {**notification(6, 14, userId=2, userCode="4711"), "label": "Ana"})

    assert len(heard) == 2
    assert not [secret for secret in ("4711", "Ana", USER) if secret in repr(heard)]


TEXT = st.sampled_from(
    ["locked", "unlocked", "jammed", "locking", "unavailable", "unknown", "", "on", "off", "55", "é\0"]
)
CONTEXT = st.one_of(
    st.none(),
    st.text(max_size=3),
    st.dictionaries(
        st.sampled_from(["id", "user_id", "parent_id", "x"]), st.one_of(st.none(), st.text(), st.integers())
    ),
)
ENTITY = st.sampled_from(["lock.front", "lock.gate", *SENSORS.values(), "light.a"])
JSON: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-9, 70000), st.floats(allow_nan=False), st.text(max_size=5)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)),
    max_leaves=8,
)
REPORTED = st.fixed_dictionaries(
    {},
    optional={
        "s": TEXT,
        "a": st.dictionaries(st.sampled_from(["changed_by", "x"]), JSON),
        "c": CONTEXT,
        "lc": st.floats(),
    },
)
NOTIFIED = st.fixed_dictionaries(
    {},
    optional={
        "device_id": st.sampled_from(["dev1", "dev2"]),
        "type": st.sampled_from([6, 7, "6", None]),
        "event": st.integers(0, 22),
        "parameters": st.one_of(JSON, st.dictionaries(st.just("userId"), JSON)),
        "command": st.just("operation_event_notification"),
        "args": st.one_of(JSON, st.dictionaries(st.sampled_from(["source", "operation", "code_slot"]), JSON)),
    },
)
STEP = st.one_of(
    st.tuples(st.just("a"), ENTITY, REPORTED),
    st.tuples(st.just("c"), ENTITY, st.fixed_dictionaries({"+": REPORTED})),
    st.tuples(st.just("r"), ENTITY, st.none()),
    st.tuples(st.sampled_from(["zwave_js_notification", "zha_event", "alexa_smart_home"]), ENTITY, NOTIFIED),
    st.tuples(st.just("late"), ENTITY, st.none()),
)


@given(st.lists(STEP, max_size=25))
def test_whatever_comes_is_understood_or_passed_by(steps: list[tuple[str, str, Any]]) -> None:
    on, heard = watch(tells_who=True), []
    for number, (what, entity_id, body) in enumerate(steps, 100):
        if what == "late":
            heard += [one for event in on.holding for one in on.late(event)]
        elif what in ("a", "c"):
            changes = msgspec.convert({what: {entity_id: body}}, Changes)
            heard += on.changed(changes, number)
        elif what == "r":
            heard += on.changed(Changes(r=[entity_id]), number)
        else:
            heard += fire(on, what, body, at=number)

    for one in heard:
        assert one.about in (FRONT, GATE)
        if isinstance(one, Event):
            assert one.kind in KINDS
            assert 0 <= one.slot <= 1000
            assert one.source == "ha"
            json.loads(one.raw)
        assert msgspec.json.decode(msgspec.json.encode(one), type=type(one)) == one
    assert len(on.holding) <= len(steps)
