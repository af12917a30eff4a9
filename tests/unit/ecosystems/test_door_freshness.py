"""A door's state that a hub only remembers is told apart from one that its sensor has just reported."""

from __future__ import annotations

from typing import Any

import pytest

from nightlatch.model.event import State
from tests.unit.ecosystems.test_zigbee2mqtt_watch import CLOSED, message, watch
from tests.unit.ecosystems.test_zwavejs_events import SENSED, Lock, value

SHUT, OPENED = 23, 22


def notified(state: int) -> dict[str, Any]:
    return value(113, "Access Control", state, propertyKey="Door state")


def test_a_z_wave_door_that_is_part_of_the_bolt_s_report_is_as_fresh_as_the_bolt() -> None:
    state = Lock(*SENSED).story.state()
    assert (state.door, state.door_at, state.at) == ("closed", 0, 0)  # the driver remembers both


def test_a_z_wave_door_known_from_a_past_notification_is_only_remembered_until_the_next() -> None:
    lock = Lock(value(98, "currentMode", 255), notified(SHUT))
    assert (lock.story.state().door, lock.story.state().door_at) == ("closed", 0)
    lock.update(113, "Access Control", OPENED, SHUT, propertyKey="Door state")
    state = lock.story.state()
    assert state.door == "open"
    assert state.door_at


@pytest.mark.parametrize("values", [(), (value(98, "currentMode", 0),)])
def test_a_z_wave_lock_without_a_sensor_tells_nothing_of_a_door(values: tuple[dict[str, Any], ...]) -> None:
    state = Lock(*(values or (value(98, "boltStatus", "locked"),))).story.state()
    assert (state.door, state.door_at) == (None, None)
    assert isinstance(state, State)


def test_a_zigbee_door_is_only_remembered_until_it_is_told_to_have_changed() -> None:
    lock = watch()
    lock.take(message(CLOSED | {"door_state": "closed"}, at=7))
    assert (lock.state.door, lock.state.door_at) == ("closed", 0)
    lock.take(message(CLOSED | {"door_state": "open"}, at=8))
    assert (lock.state.door, lock.state.door_at) == ("open", 8)
    lock.take(message(CLOSED | {"door_state": "open"}, at=9))
    assert lock.state.door_at == 8


def test_a_zigbee_lock_without_a_sensor_tells_nothing_of_a_door() -> None:
    lock = watch()
    lock.take(message(CLOSED, at=7))
    assert (lock.state.door, lock.state.door_at) == (None, None)
