from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from nightlatch.emergency.failures import FAILURES
from nightlatch.emergency.ways import Means, Way, through
from nightlatch.model.door import Door
from nightlatch.model.evidence import Grade
from nightlatch.model.hub import Hub
from nightlatch.model.lock import Lock
from nightlatch.model.people import Account, Credential
from nightlatch.model.router import Router
from nightlatch.model.thing import Thing
from tests.unit.practices.builder import NOW, home, make


def way(means: Means, lock: Lock, *things: Thing) -> Way:
    elm = home(lock, *things)
    door = elm.follow(lock.door, Door)
    return next(one for one in through(lock, door, elm) if one.means is means)


def after(one: Way) -> dict[str, bool | None]:
    return {failure.value: answer for failure, answer in zip(FAILURES, one.after, strict=True)}


@pytest.mark.parametrize(
    ("door", "lock", "stands"),
    [
        ({"backup_key": "trusted_person"}, {}, True),
        ({"backup_key": "key_safe"}, {"can_cylinder": True}, True),
        ({"backup_key": "hidden_outside"}, {}, True),
        ({"backup_key": "off_site"}, {}, True),
        ({"backup_key": "inside_only"}, {"can_cylinder": True}, False),
        ({"backup_key": "none"}, {"can_cylinder": True}, False),
        ({"backup_key": "key_safe"}, {"can_cylinder": False}, False),
        ({}, {"can_cylinder": True}, None),
        ({}, {"can_cylinder": False}, False),
        ({}, {}, None),
    ],
)
def test_a_key_opens_where_somebody_can_get_at_it(
    door: dict[str, Any], lock: dict[str, Any], stands: bool | None
) -> None:
    front = make(Door, "front", **door)
    found = way(Means.KEY, make(Lock, "front", door=front, **lock), front)
    assert found.stands is stands
    assert bool(found.missing) is (stands is None)


def test_a_key_survives_everything_but_perhaps_a_jam() -> None:
    front = make(Door, "front", backup_key="key_safe")
    found = after(way(Means.KEY, make(Lock, "front", door=front), front))
    assert found.pop("jam") is None
    assert set(found.values()) == {True}


PIN: dict[str, Any] = {"form": "pin", "enabled": True, "role": "resident"}


@pytest.mark.parametrize(
    ("code", "lock", "stands"),
    [
        (PIN, {}, True),
        (PIN, {"can_keypad": False}, False),
        (PIN | {"enabled": False}, {"codes_read": True}, False),
        (PIN | {"role": "guest"}, {"codes_read": True}, False),
        (PIN | {"role": "guest"}, {}, None),
        (PIN | {"ends": NOW}, {"codes_read": True}, False),
        (PIN | {"ends": NOW + timedelta(seconds=1)}, {}, True),
        (PIN | {"scheduled": True}, {"codes_read": True}, None),
        (PIN | {"form": "master"}, {"codes_read": True}, False),
        ({"form": "pin", "enabled": True}, {"codes_read": True}, None),
        ({"form": "pin", "role": "resident"}, {"codes_read": True}, None),
        ({"enabled": True, "role": "resident"}, {"codes_read": True}, None),
        (PIN | {"form": "fingerprint"}, {"can_keypad": False}, True),
    ],
)
def test_a_code_opens_when_it_is_a_residents_and_works_now(
    code: dict[str, Any], lock: dict[str, Any], stands: bool | None
) -> None:
    front = make(Lock, "front", **lock)
    assert way(Means.CODE, front, make(Credential, "c", lock=front, **code)).stands is stands


@pytest.mark.parametrize(
    ("lock", "stands"),
    [({"codes_read": True}, False), ({"can_keypad": False}, False), ({"can_keypad": True}, None), ({}, None)],
)
def test_without_a_code_only_a_lock_that_was_read_or_has_no_keypad_is_sure(
    lock: dict[str, Any], stands: bool | None
) -> None:
    assert way(Means.CODE, make(Lock, "front", **lock)).stands is stands


def test_a_code_on_another_lock_opens_nothing_here() -> None:
    front, back = make(Lock, "front", codes_read=True), make(Lock, "back")
    assert way(Means.CODE, front, back, make(Credential, "c", lock=back, **PIN)).stands is False


@pytest.mark.parametrize(
    ("power", "remains"), [("9V terminals", True), ("none", False), ("None", False), ("", False), (None, None)]
)
def test_a_code_survives_a_flat_battery_where_the_lock_is_powered_from_outside(
    power: str | None, remains: bool | None
) -> None:
    front = make(Lock, "front", **({} if power is None else {"emergency_power": power}))
    assert after(way(Means.CODE, front, make(Credential, "c", lock=front, **PIN)))["battery"] is remains


def test_a_code_needs_keypad_and_bolt_and_nothing_else() -> None:
    front = make(Lock, "front", emergency_power="USB-C")
    found = after(way(Means.CODE, front, make(Credential, "c", lock=front, **PIN)))
    assert {name for name, answer in found.items() if answer is False} == {"keypad", "jam"}
    assert {name for name, answer in found.items() if answer is None} == set()


def test_a_tag_may_survive_a_broken_keypad() -> None:
    front = make(Lock, "front")
    tag = make(Credential, "c", lock=front, form="tag", enabled=True, role="resident")
    assert after(way(Means.CODE, front, tag))["keypad"] is None


def test_a_phone_that_opens_directly_needs_neither_hub_nor_internet() -> None:
    found = after(way(Means.PHONE, make(Lock, "front", opens_by_phone=True, emergency_power="USB-C")))
    assert {name for name, answer in found.items() if answer} == {"battery", "power_cut", "internet", "hub", "keypad"}
    assert {name for name, answer in found.items() if answer is False} == {"phone", "jam"}


@pytest.mark.parametrize(("path", "remains"), [("local", True), ("cloud", False), (None, None)])
def test_an_app_share_needs_the_internet_unless_its_path_is_local(path: str | None, remains: bool | None) -> None:
    front = make(Lock, "front", **({} if path is None else {"path": path}))
    share = make(Credential, "c", lock=front, form="app", enabled=True, role="resident")
    assert after(way(Means.PHONE, front, share))["internet"] is remains


def test_what_the_catalogue_says_of_the_model_does_not_open_this_lock() -> None:
    front = make(Lock, "front", opens_by_phone=(True, Grade.CATALOGUED), path=("local", Grade.CATALOGUED))
    found = way(Means.PHONE, front)
    assert found.stands is None
    assert after(found)["internet"] is None


def test_a_hub_opens_for_an_account_that_is_known_to_open_the_door() -> None:
    hub = make(Hub, "ha")
    front = make(Lock, "front", hub=hub, path="local")
    account = make(Account, "ana", hub=hub, opens_door=True)
    assert way(Means.HUB, front, hub).stands is None
    assert way(Means.HUB, front, hub, account).stands is True
    assert way(Means.HUB, front, hub, make(Account, "ana", hub=hub, opens_door=False)).stands is None
    assert way(Means.HUB, front, make(Hub, "ha", needed_to_enter=True)).stands is True


def test_the_hub_takes_its_way_along_with_phone_account_and_jam() -> None:
    hub = make(Hub, "ha", needed_to_enter=True, on_ups=True)
    front = make(Lock, "front", hub=hub, iot_class="local_push", emergency_power="9V")
    found = after(way(Means.HUB, front, hub, make(Router, "r", on_ups=True)))
    assert {name for name, answer in found.items() if answer} == {"battery", "power_cut", "internet", "keypad"}
    assert {name for name, answer in found.items() if answer is False} == {"hub", "phone", "account", "jam"}


@pytest.mark.parametrize(
    ("hub_ups", "router_ups", "remains"),
    [(True, True, True), (True, False, False), (False, True, False), (True, None, None), (None, False, False)],
)
def test_a_power_cut_leaves_the_hub_only_with_both_hub_and_router_on_a_ups(
    hub_ups: bool | None, router_ups: bool | None, remains: bool | None
) -> None:
    hub = make(Hub, "ha", needed_to_enter=True, **({} if hub_ups is None else {"on_ups": hub_ups}))
    router = make(Router, "r", **({} if router_ups is None else {"on_ups": router_ups}))
    assert after(way(Means.HUB, make(Lock, "front", hub=hub), hub, router))["power_cut"] is remains


@pytest.mark.parametrize(
    ("iot_class", "remains"), [("cloud_push", False), ("local_push", True), ("assumed_state", None)]
)
def test_the_integrations_class_tells_whether_the_internet_is_needed(iot_class: str, remains: bool | None) -> None:
    hub = make(Hub, "ha", needed_to_enter=True)
    assert after(way(Means.HUB, make(Lock, "front", hub=hub, iot_class=iot_class), hub))["internet"] is remains


def test_a_lock_that_opens_when_flat_is_a_way_in_after_a_flat_battery_only() -> None:
    found = after(way(Means.OPENS, make(Lock, "front", on_flat_battery="unlocks")))
    assert [name for name, answer in found.items() if answer] == ["battery"]
