"""What a Z-Wave JS server tells of a lock becomes events: each happening once, none with a code in it."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightlatch.catalogue import Catalogue
from nightlatch.ecosystems._zwavejs.happenings import Message, Told
from nightlatch.ecosystems._zwavejs.messages import Node
from nightlatch.ecosystems._zwavejs.story import Story
from nightlatch.model.event import Event, State
from nightlatch.model.evidence import Ref
from nightlatch.secrets import Fingerprinter
from tests.unit.ecosystems.fake_zwavejs import KWIKSET, SCHLAGE, YALE, code_values, lock

SECOND = 1_000_000
PIN, OTHER_PIN = "580391", "271604"


def value(command_class: int, property_: str | int, value: Any, **more: Any) -> dict[str, Any]:
    return {"endpoint": 0, "commandClass": command_class, "property": property_, "value": value, **more}


SENSED = (value(98, "boltStatus", "unlocked"), value(98, "currentMode", 0), value(98, "doorStatus", "closed"))


class Lock:
    """A lock that is listened to. `heard` is everything that was told of it since."""

    def __init__(
        self, *values: dict[str, Any], ids: tuple[int, int, int] = YALE, settled: bool = True, **more: Any
    ) -> None:
        node = msgspec.json.decode(json.dumps(lock(3, ids, values=values or SENSED, **more)), type=Node)
        self.unread: dict[int, bool] = {}
        self.story = Story(
            node,
            Ref("lock", "zwavejs:3"),
            "zwavejs",
            model=Catalogue().zwave(*ids),
            digest=Fingerprinter(),
            unread=self.unread,
        )
        self.story.given = self.story.settled = settled
        self.at = 1_000 * SECOND

    def tell(self, event: str, seconds: float = 0.1, **more: Any) -> list[Any]:
        """What one message of the server means, `seconds` after the last."""
        self.at += round(seconds * SECOND)
        text = json.dumps({"type": "event", "event": {"source": "node", "event": event, "nodeId": 3, **more}}).encode()
        happening = msgspec.json.decode(text, type=Message).event
        assert happening is not None
        return list(self.story.take(Told(happening, text, self.at)))

    def update(self, command_class: int, property_: str | int, new: Any, old: Any = None, **more: Any) -> list[Any]:
        seconds = more.pop("seconds", 0.1)
        ids = {"commandClass": command_class, "endpoint": 0, "property": property_, **more}
        return self.tell("value updated", seconds, args={**ids, "newValue": new, "prevValue": old})

    def notify(self, type_: int, event: int, seconds: float = 0.1, **parameters: Any) -> list[Any]:
        args = {
            "type": type_,
            "event": event,
            "eventLabel": "words",
            **({"parameters": parameters} if parameters else {}),
        }
        return self.tell("notification", seconds, endpointIndex=0, ccId=113, args=args)

    def settle(self) -> list[Event]:
        return list(self.story.settle())


def told(heard: list[Any]) -> list[tuple[Any, ...]]:
    """Kind, by and slot of each event."""
    return [(one.kind, one.by, one.slot) for one in heard]


@pytest.mark.parametrize(
    ("event", "parameters", "expected"),
    [
        (1, {}, ("locked", "manual", 0)),
        (2, {}, ("unlocked", "manual", 0)),
        (3, {}, ("locked", "remote", 0)),
        (4, {}, ("unlocked", "remote", 0)),
        (5, {"userId": 4}, ("locked", "code", 4)),
        (5, {}, ("locked", "touch", 0)),
        (6, {"userId": 4}, ("unlocked", "code", 4)),
        (9, {}, ("locked", "auto", 0)),
        (34, {"userId": 2}, ("unlocked", "code", 2)),
        (36, {"userId": 2, "credentialType": 3, "credentialSlot": 1}, ("unlocked", "tag", 2)),
        (36, {"userId": 2, "credentialType": 9}, ("unlocked", "biometric", 2)),
        (7, {}, ("jammed", "", 0)),
        (16, {}, ("keypad_disabled", "", 0)),
        (20, {}, ("wrong_code", "remote", 0)),
        (48, {"userId": 6}, ("wrong_code", "", 6)),
        (23, {}, None),
        (15, {}, None),
        (99, {}, None),
    ],
)
def test_who_operated_the_lock_is_in_the_notification(
    event: int, parameters: dict[str, Any], expected: tuple[str, str, int] | None
) -> None:
    assert told(Lock().notify(6, event, **parameters)) == ([expected] if expected else [])


@pytest.mark.parametrize(
    ("event", "kind"),
    [(1, "door_forced"), (2, "door_forced"), (3, "tamper"), (4, "wrong_code"), (9, "tamper"), (12, "tamper")],
)
def test_alarms_of_home_security_are_told_apart(event: int, kind: str) -> None:
    assert [one.kind for one in Lock().notify(7, event)] == [kind]


def test_a_notification_and_the_reports_that_follow_it_are_one_unlocking() -> None:
    door = Lock(value(98, "boltStatus", "locked"), value(98, "currentMode", 255))
    assert door.update(98, "currentMode", 0, 255) == []
    assert told(door.notify(6, 6, userId=4)) == [("unlocked", "code", 4)]
    for name, new, old in (("targetMode", 0, 255), ("currentMode", 0, 0), ("boltStatus", "unlocked", "locked")):
        assert door.update(98, name, new, old) == []
    assert (door.settle(), door.story.doubt) == ([], False)


def test_a_bolt_that_is_reported_before_its_notification_is_one_unlocking() -> None:
    door = Lock(value(98, "boltStatus", "locked"), value(98, "currentMode", 255))
    assert door.update(98, "boltStatus", "unlocked", "locked") == []
    assert told(door.notify(6, 2)) == [("unlocked", "manual", 0)]
    assert door.settle() == []


def test_a_bolt_that_nobody_explains_is_told_as_it_is() -> None:
    door = Lock()
    assert door.update(98, "boltStatus", "locked", "unlocked") == []
    [event] = door.settle()
    assert (event.kind, event.by, event.at) == ("locked", "", door.at)
    assert door.settle() == []


def test_a_bolt_that_moves_back_before_anybody_explains_is_two_moves() -> None:
    door = Lock()
    door.update(98, "boltStatus", "locked", "unlocked")
    assert told(door.update(98, "boltStatus", "unlocked", "locked")) == [("locked", "", 0)]
    assert told(door.settle()) == [("unlocked", "", 0)]


def test_a_bolt_that_moves_by_our_command_is_told_at_once_and_the_radio_notification_is_the_same() -> None:
    door = Lock()
    door.story.commanded("thrown", door.at)
    assert told(door.update(98, "boltStatus", "locked", "unlocked")) == [("locked", "remote", 0)]
    assert door.notify(6, 3) == []
    assert told(door.notify(6, 2)) == [("unlocked", "manual", 0)]


def test_the_mode_that_the_driver_assumes_moves_no_bolt_and_raises_doubt() -> None:
    door = Lock()
    assert door.update(98, "currentMode", 255, 0) == []
    assert door.story.doubt
    assert door.story.state().bolt == "retracted"
    assert door.update(98, "boltStatus", "unlocked", "unlocked") == []
    assert not door.story.doubt


def test_a_lock_without_a_bolt_sensor_is_believed_when_it_was_asked() -> None:
    door = Lock(value(98, "currentMode", 0))
    assert door.update(98, "currentMode", 255, 0) == []
    assert door.story.doubt
    assert list(door.story.read("thrown", door.at)) == []
    assert told(door.settle()) == [("locked", "", 0)]


def test_a_lock_without_a_bolt_sensor_that_cannot_be_asked_is_told_with_that_said() -> None:
    door = Lock(value(98, "currentMode", 0))
    door.update(98, "currentMode", 255, 0)
    assert list(door.story.assumed(door.at)) == []
    [event] = door.settle()
    assert (event.kind, event.detail) == ("locked", "as the hub has it; the lock was not asked")


def test_a_jam_is_told_once_and_leaves_the_bolt_where_it_was() -> None:
    door = Lock()
    door.update(98, "currentMode", 255, 0)
    heard = door.update(113, "Access Control", 11, 0, propertyKey="Lock state")
    heard += door.notify(6, 11)
    assert told(heard) == [("jammed", "", 0)]
    assert door.story.state().bolt == "jammed"
    assert told(door.update(113, "Access Control", 11, 11, propertyKey="Lock state", seconds=20)) == [("jammed", "", 0)]
    door.update(113, "Access Control", 0, 11, propertyKey="Lock state")
    assert door.story.state().bolt == "retracted"


def test_states_come_as_values_and_are_told_when_they_change() -> None:
    door = Lock()
    keypad = {"propertyKey": "Keypad state"}
    assert told(door.update(113, "Access Control", 0, 0, **keypad)) == []
    assert told(door.update(113, "Access Control", 16, 0, **keypad)) == [("keypad_disabled", "", 0)]
    assert told(door.update(113, "Access Control", 16, 16, **keypad)) == []
    assert told(door.update(113, "Access Control", 0, 16, **keypad)) == [("keypad_enabled", "", 0)]
    assert told(door.update(113, "Home Security", 3, 0, propertyKey="Cover status")) == [("tamper", "", 0)]
    assert told(door.update(113, "Home Security", 0, 3, propertyKey="Cover status")) == []


def test_the_door_is_told_once_whichever_of_its_values_says_so() -> None:
    door = Lock()
    heard = door.update(98, "doorStatus", "open", "closed")
    heard += door.update(113, "Access Control", 22, 23, propertyKey="Door state")
    heard += door.update(113, "Access Control", 23, 22, propertyKey="Door state")
    heard += door.update(98, "doorStatus", "closed", "open")
    assert told(heard) == [("door_opened", "", 0), ("door_closed", "", 0)]


def test_a_door_that_was_never_told_before_is_a_state() -> None:
    [state] = Lock(value(98, "currentMode", 0)).update(113, "Access Control", 22, None, propertyKey="Door state")
    assert isinstance(state, State)
    assert state.door == "open"


def test_the_battery_is_told_when_it_changes_and_when_the_lock_asks_for_new_ones() -> None:
    door = Lock(*SENSED, value(128, "level", 80))
    assert [one.value for one in door.update(128, "level", 79, 80)] == [79]
    assert door.update(128, "level", 79, 79) == []
    assert door.update(128, "level", 255, 79) == []
    [event] = door.update(128, "isLow", True, False)
    assert (event.kind, event.detail) == ("battery", "the lock says that its battery is low")
    [event] = door.update(113, "Power Management", 11, 0, propertyKey="Battery maintenance status")
    assert event.detail == "the lock asks for new batteries now"


def test_a_lock_that_dies_and_comes_back_is_asked_where_its_bolt_is() -> None:
    door = Lock()
    assert told(door.tell("dead", oldStatus=4)) == [("offline", "", 0)]
    assert door.tell("dead", oldStatus=3) == []
    assert door.story.dead
    assert told(door.tell("alive", oldStatus=3)) == [("online", "", 0)]
    assert door.story.doubt


def dead_since() -> tuple[Lock, int]:
    door = Lock()
    door.tell("dead", oldStatus=4)
    since = door.at
    door.tell("alive", 60, oldStatus=3)
    return door, since


def test_what_a_lock_did_while_it_was_dead_is_found_out_late_and_once() -> None:
    door, since = dead_since()
    [opened] = door.update(98, "doorStatus", "open", "closed")
    assert door.update(98, "boltStatus", "locked", "unlocked") == []
    [moved] = door.settle()
    assert [(one.kind, one.resync, one.since) for one in (opened, moved)] == [
        ("door_opened", True, since),
        ("locked", True, since),
    ]
    [closed] = door.update(98, "doorStatus", "closed", "open")
    door.update(98, "boltStatus", "unlocked", "locked")
    [moved] = door.settle()
    assert [(one.resync, one.since) for one in (closed, moved)] == [(False, 0), (False, 0)]


def test_what_a_lock_that_was_dead_answers_when_asked_is_found_out_late() -> None:
    door, since = dead_since()
    assert list(door.story.read("thrown", door.at)) == []
    [moved] = door.settle()
    assert (moved.kind, moved.resync, moved.since) == ("locked", True, since)


def test_what_a_lock_that_was_dead_reports_by_itself_was_heard_at_once() -> None:
    door, _ = dead_since()
    [event] = door.notify(6, 5, userId=3)
    assert (event.kind, event.slot, event.resync) == ("locked", 3, False)


def test_settings_are_named_as_the_model_has_them() -> None:
    door = Lock(*SENSED, *(value(112, number, now) for number, now in ((2, 0), (3, 30), (4, 5))))
    assert door.story.state().relock_s == 0
    [event] = door.update(112, 2, 255, 0, propertyName="Auto Relock")
    assert (event.name, event.value, event.detail) == ("auto_relock_s", 30, "Auto Relock")
    [event] = door.update(112, 4, 9, 5, propertyName="Wrong Code Limit")
    assert (event.name, event.value) == ("wrong_code_limit", 9)
    assert door.update(112, 4, 9, 9) == []
    [event] = door.update(112, 99, 7, 1, propertyName="Something else")
    assert (event.name, event.value, event.detail) == ("parameter 99", 7, "Something else")


def test_a_setting_that_is_one_bit_of_a_parameter_is_named_too() -> None:
    door = Lock(value(98, "currentMode", 0), value(112, 31, 1, propertyKey=2), ids=KWIKSET)
    assert [one.kind for one in door.update(112, 31, 0, 1, propertyKey=2)] == ["parameter_changed"]
    assert door.story.state().relock_s == 0


def test_a_code_that_is_set_is_one_event_and_its_digits_are_nowhere() -> None:
    door = Lock(*SENSED)
    heard = door.update(99, "userIdStatus", 1, 0, propertyKey=4)
    heard += door.update(99, "userCode", PIN, "", propertyKey=4)
    assert told(heard) == [("code_added", "", 4)]
    heard += door.update(99, "userCode", OTHER_PIN, PIN, propertyKey=4, seconds=60)
    heard += door.update(99, "userIdStatus", 2, 1, propertyKey=4)
    heard += door.update(99, "userIdStatus", 0, 2, propertyKey=4)
    heard += door.update(99, "userCode", "", OTHER_PIN, propertyKey=4)
    assert [one.kind for one in heard] == ["code_added", "code_changed", "code_changed", "code_removed"]
    for event in heard:
        for pin in (PIN, OTHER_PIN):
            assert pin not in repr(event)
            assert pin not in msgspec.json.encode(event).decode()


@pytest.mark.parametrize("notified_first", [True, False])
def test_a_code_that_the_lock_tells_of_and_the_driver_too_is_one_event(notified_first: bool) -> None:
    door = Lock()
    heard = door.notify(6, 14, userId=4) if notified_first else []
    heard += door.update(99, "userIdStatus", 1, 0, propertyKey=4)
    heard += door.update(99, "userCode", PIN, "", propertyKey=4)
    heard += door.notify(6, 14, userId=4) if not notified_first else []
    assert told(heard) == [("code_added", "", 4)]


def test_codes_deleted_at_the_keypad_stay_deleted_though_the_driver_remembers_them() -> None:
    door = Lock(*SENSED, *code_values({1: PIN, 4: OTHER_PIN}))
    digests = door.story.state().codes
    assert digests is not None
    assert sorted(digests) == [1, 4]
    assert len(set(digests.values())) == 2
    assert told(door.notify(6, 13, userId=4)) == [("code_removed", "", 4)]
    assert door.story.state().codes == {1: digests[1]}
    assert door.unread == {4: False}
    assert told(door.notify(6, 12)) == [("code_removed", "", 1)]
    assert door.update(99, "userIdStatus", 0, 1, propertyKey=1) == []
    assert door.unread == {4: False}


def test_a_new_programming_code_is_told() -> None:
    [event] = Lock().notify(6, 18)
    assert (event.kind, event.slot, event.detail) == ("code_changed", 0, "the programming code")


def test_a_lock_that_was_interviewed_again_with_less_security_is_told() -> None:
    door = Lock()
    again = lock(3, YALE, values=(*SENSED, *code_values({1: PIN})), highestSecurityClass=7)
    [event, state] = door.tell("ready", nodeState=again)
    assert (event.kind, event.value, event.detail) == ("security_changed", "s0", "it was s2_access_control")
    assert state.security == "s0"
    assert PIN not in repr((event, state))
    assert door.tell("ready", nodeState=again) == [door.story.state()]


def test_until_the_lock_has_answered_a_bolt_that_is_told_only_completes_its_state() -> None:
    door = Lock(settled=False)
    assert door.update(98, "boltStatus", "locked", "unlocked") == []
    assert door.settle() == []
    assert (door.story.state().bolt, door.story.state().at) == ("thrown", door.at)


def test_a_bolt_that_is_only_remembered_is_told_without_a_time_and_not_when_the_mode_contradicts_it() -> None:
    state = Lock().story.state()
    assert (state.bolt, state.at, state.door, state.security) == ("retracted", 0, "closed", "s2_access_control")
    assert Lock(value(98, "boltStatus", "unlocked"), value(98, "currentMode", 255)).story.state().bolt is None


def test_values_of_other_parts_of_a_node_are_not_the_locks() -> None:
    door = Lock()
    assert (
        door.tell(
            "value updated", args={"commandClass": 98, "endpoint": 1, "property": "boltStatus", "newValue": "locked"}
        )
        == []
    )


@pytest.mark.parametrize(
    "parameters",
    [
        {"userId": 4, "userCode": PIN, "userIdStatus": 1},
        {"userId": 4, "type": "Buffer", "data": [5, 8, 0, 3, 9, 1]},
        {"userId": 4, "code": int(PIN)},
        {"userId": 4, "deep": {"userCode": PIN}},
    ],
)
def test_a_code_in_the_parameters_of_a_notification_goes_nowhere(parameters: dict[str, Any]) -> None:
    [event] = Lock().notify(6, 6, **parameters)
    assert (event.slot, event.by) == (4, "code")
    raw = json.loads(event.raw)
    assert raw["event"]["args"]["parameters"]["userId"] == 4
    assert PIN not in repr(event)
    assert "[5" not in event.raw


@pytest.mark.parametrize("parameters", ["580391", [5, 8, 0, 3, 9, 1], {"type": "Buffer", "data": [5, 8]}])
def test_parameters_that_could_not_be_understood_are_left_out(parameters: Any) -> None:
    args = {"type": 6, "event": 6, "parameters": parameters}
    [event] = Lock().tell("notification", ccId=113, args=args)
    assert PIN not in event.raw
    assert "5, 8" not in event.raw
    assert "5,8" not in event.raw


def test_a_setting_that_holds_a_code_is_told_without_it() -> None:
    [event] = Lock().update(112, 77, int(PIN), 1234, propertyName="Master PIN")
    assert (event.kind, event.value) == ("parameter_changed", "")
    assert PIN not in repr(event)
    [event] = Lock().update(112, 16, 6, 4, propertyName="User Code PIN Length")
    assert event.value == 6


def test_the_message_is_kept_as_it_came_when_it_holds_no_code() -> None:
    [event] = Lock(ids=SCHLAGE).notify(7, 4)
    assert json.loads(event.raw)["event"]["args"]["event"] == 4


anything = st.recursive(
    st.none() | st.booleans() | st.integers(-300, 300) | st.text(max_size=5) | st.just(PIN),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
properties = st.sampled_from(
    ["boltStatus", "currentMode", "userCode", "userIdStatus", "level", "Access Control", 2, None]
)


@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "event": st.sampled_from(["value updated", "value added", "notification", "dead", "alive", "ready"]),
                "ccId": st.sampled_from([113, 111, -1]),
                "args": st.fixed_dictionaries(
                    {},
                    optional={
                        "commandClass": st.sampled_from([98, 99, 112, 113, 118, 128]),
                        "property": properties,
                        "propertyKey": st.sampled_from([1, 4, "Lock state", "Door state", "Keypad state", None]),
                        "newValue": anything,
                        "prevValue": anything,
                        "type": st.integers(5, 8),
                        "event": st.integers(0, 60),
                        "parameters": anything,
                    },
                ),
                "nodeState": anything,
            }
        ),
        max_size=6,
    )
)
def test_whatever_is_told_ends_in_events_without_codes(messages: list[dict[str, Any]]) -> None:
    door = Lock()
    for message in messages:
        for heard in [*door.tell(message.pop("event"), **message), *door.settle()]:
            assert PIN not in msgspec.json.encode(heard).decode()
            assert isinstance(heard, State) or heard.about == "lock:zwavejs:3"


@pytest.mark.parametrize("name", ["Master code", "PIN code: guest", "Code of user 1 (4 to 8 digits)", "Duress PINs"])
def test_a_setting_that_may_be_a_code_is_told_without_its_value(name: str) -> None:
    (event,) = Lock().update(112, 200, int(PIN), 0, propertyName=name)
    assert (event.kind, event.value) == ("parameter_changed", "")
    assert PIN not in event.raw


@pytest.mark.parametrize(
    "name", ["Wrong Code Limit", "User Code PIN Length", "Expiring PIN Lifetime", "Master PIN Unlock Mode", "Volume"]
)
def test_a_setting_about_codes_is_told_with_its_value(name: str) -> None:
    (event,) = Lock().update(112, 200, 6, 4, propertyName=name)
    assert event.value == 6
