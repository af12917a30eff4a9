from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightlatch.emergency.answers import Answer
from nightlatch.emergency.failures import ACCOUNT, BATTERY, FAILURES, HUB, INTERNET, JAM, KEYPAD, PHONE, POWER_CUT
from nightlatch.emergency.outlook import lets_in, outlook
from nightlatch.model.door import Door
from nightlatch.model.home import Home
from nightlatch.model.hub import Hub
from nightlatch.model.lock import Lock
from nightlatch.model.people import Account, Credential
from nightlatch.model.router import Router
from nightlatch.model.thing import Thing
from tests.unit.practices.builder import home, make

PLACES = range(len(FAILURES))
ORDER = {False: 0, None: 1, True: 2}
"""From worst to best for who stands outside."""


def shut(name: str, **facts: Any) -> tuple[Door, Lock]:
    """An exterior door that nothing is known to open."""
    door = make(Door, name, exterior=True, other_way_in=False, backup_key="none")
    return door, make(Lock, name, door=door, can_cylinder=False, can_keypad=False, opens_by_phone=False, **facts)


def way_in(elm: Home, door: str, failure: int) -> Answer:
    return next(one for one in outlook(elm).doors if one.subject.key == door).after(failure).way_in


def test_a_door_that_nothing_opens_is_shut_after_a_jam_a_lost_phone_or_a_failed_hub() -> None:
    elm = home(*shut("front"))
    for failure in (JAM, PHONE, HUB, ACCOUNT):
        assert way_in(elm, "front", failure) is False


def test_another_way_in_survives_everything() -> None:
    door = make(Door, "front", exterior=True, other_way_in=True)
    elm = home(door, make(Lock, "front", door=door))
    assert [way_in(elm, "front", place) for place in PLACES] == [True] * len(PLACES)


def test_a_second_door_with_a_code_saves_the_first_from_its_own_battery_keypad_and_jam() -> None:
    back = make(Door, "back", exterior=True, other_way_in=False, backup_key="none")
    lock = make(Lock, "back", door=back, can_keypad=True, can_cylinder=False, emergency_power="none")
    code = make(Credential, "c", lock=lock, form="pin", enabled=True, role="resident")
    elm = home(*shut("front"), back, lock, code)
    for failure in (BATTERY, KEYPAD, JAM, INTERNET, PHONE, HUB):
        assert way_in(elm, "front", failure) is True
    assert way_in(elm, "back", BATTERY) is None, "a hub that opens the front door is not known, nor excluded"


def test_the_door_of_one_flat_is_no_way_into_another() -> None:
    def flat(name: str, dwelling: str | None) -> tuple[Door, Lock]:
        told = {} if dwelling is None else {"dwelling": dwelling}
        door = make(Door, name, exterior=True, other_way_in=False, backup_key="trusted_person", **told)
        return door, make(Lock, name, door=door, can_cylinder=True, can_keypad=False, opens_by_phone=False)

    assert way_in(home(*flat("one", None), *flat("two", None)), "one", JAM) is True
    assert way_in(home(*flat("one", "A"), *flat("two", "B")), "one", JAM) is None
    assert way_in(home(*flat("one", "A"), *flat("two", "A"), *flat("three", "B")), "one", JAM) is True


def test_doors_on_one_hub_fail_together_and_doors_on_two_do_not() -> None:
    one, two = make(Hub, "one", needed_to_enter=True), make(Hub, "two", needed_to_enter=True)
    apart = home(*shut("front", hub=one), *shut("back", hub=two), one, two)
    together = home(*shut("front", hub=one), *shut("back", hub=one), one, two)
    assert way_in(apart, "front", HUB) is True
    assert way_in(apart, "back", HUB) is True
    assert way_in(together, "front", HUB) is False
    assert way_in(together, "back", HUB) is False


def test_a_lost_phone_is_lost_for_every_door() -> None:
    one, two = make(Hub, "one", needed_to_enter=True), make(Hub, "two", needed_to_enter=True)
    elm = home(*shut("front", hub=one), *shut("back", hub=two), one, two)
    assert way_in(elm, "front", PHONE) is False


def test_a_plain_door_with_a_key_saves_the_smart_one_but_is_not_judged_itself() -> None:
    elm = home(*shut("front"), make(Door, "cellar", exterior=True, backup_key="trusted_person"))
    found = outlook(elm)
    assert [one.subject.key for one in found.doors] == ["front"]
    assert all(way_in(elm, "front", place) for place in PLACES)


def test_an_interior_door_saves_nobody() -> None:
    elm = home(*shut("front"), make(Door, "office", exterior=False, backup_key="trusted_person"))
    assert way_in(elm, "front", JAM) is False


def test_a_door_that_may_lead_inside_only_is_no_proof() -> None:
    elm = home(*shut("front"), make(Door, "cellar", backup_key="trusted_person"))
    assert way_in(elm, "front", JAM) is None


def test_both_locks_of_a_door_must_open() -> None:
    door = make(Door, "front", exterior=True, other_way_in=False, backup_key="key_safe")
    keyed = make(Lock, "bolt", door=door, can_cylinder=True)
    keyless = make(Lock, "latch", door=door, can_cylinder=False, can_keypad=False, opens_by_phone=False)
    assert way_in(home(door, keyed), "front", HUB) is True
    assert way_in(home(door, keyed, keyless), "front", HUB) is False


def test_a_lock_of_no_known_door_is_its_own_subject() -> None:
    lock = make(Lock, "zwavejs:3", can_cylinder=False)
    found = outlook(home(lock))
    assert found.by_subject[lock.ref].subject == lock.ref
    assert found.by_subject[lock.ref].exterior is None


def test_a_home_without_doors_proves_nothing() -> None:
    assert [outlook(home()).after(place) for place in PLACES] == [None] * len(PLACES)


def test_a_door_of_unknown_side_is_no_proof_of_being_locked_out() -> None:
    door, lock = shut("front")
    inside = make(Door, "front", other_way_in=False, backup_key="none")
    assert outlook(home(door, lock)).after(JAM) is False
    assert outlook(home(inside, lock)).after(JAM) is None


@pytest.mark.parametrize(
    ("facts", "hub", "expected"),
    [
        ({"on_flat_battery": "unlocks"}, {}, {BATTERY: True}),
        ({"on_flat_battery": "stays_locked"}, {}, {BATTERY: False}),
        ({}, {}, {BATTERY: None, HUB: None, POWER_CUT: None, INTERNET: None, JAM: None, PHONE: False}),
        ({"auto_lock_by": "lock"}, {}, {HUB: False, POWER_CUT: False, INTERNET: False}),
        ({"auto_lock_by": "hub", "auto_relock_s": 30}, {}, {HUB: False}),
        ({"auto_lock_by": "hub", "path": "local"}, {"on_ups": True}, {HUB: True, POWER_CUT: False, INTERNET: False}),
        ({"auto_lock_by": "hub", "path": "cloud"}, {"on_ups": False}, {HUB: True, POWER_CUT: True, INTERNET: True}),
        ({"auto_lock_by": "hub"}, {}, {HUB: True, POWER_CUT: None, INTERNET: None}),
        ({"auto_lock_by": "nobody"}, {}, {HUB: False}),
    ],
)
def test_who_is_let_in_by_a_failure(facts: dict[str, Any], hub: dict[str, Any], expected: dict[int, Answer]) -> None:
    made = make(Hub, "z2m", **hub)
    lock = make(Lock, "front", hub=made, **facts)
    elm = home(made, lock)
    assert {failure: lets_in(lock, failure, elm).opens for failure in expected} == expected


def test_people_inside_can_leave_or_that_is_not_known() -> None:
    front = make(Door, "front", exterior=True, egress_without_power=False)
    (found,) = outlook(home(front, make(Lock, "front", door=front))).doors
    assert found.leave is front.egress_without_power


MAYBE = st.sampled_from([True, False, None])


def told(**facts: Any) -> dict[str, Any]:
    return {name: value for name, value in facts.items() if value is not None}


@st.composite
def some_homes(draw: st.DrawFn) -> list[Thing]:
    """Up to four doors with locks of which this and that is known, sharing hubs, a router and accounts."""
    hubs = [make(Hub, f"h{number}", **told(on_ups=draw(MAYBE), needed_to_enter=draw(MAYBE))) for number in range(2)]
    things: list[Thing] = [*hubs, make(Router, "r", **told(on_ups=draw(MAYBE)))]
    for number in range(draw(st.integers(1, 4))):
        door = make(
            Door,
            f"d{number}",
            **told(
                exterior=draw(MAYBE),
                other_way_in=draw(MAYBE),
                backup_key=draw(st.sampled_from(["trusted_person", "inside_only", "none", None])),
            ),
        )
        things.append(door)
        for which in range(draw(st.integers(0, 2))):
            lock = make(
                Lock,
                f"l{number}{which}",
                **told(
                    door=door if draw(st.booleans()) else None,
                    hub=draw(st.sampled_from([*hubs, None])),
                    can_cylinder=draw(MAYBE),
                    can_keypad=draw(MAYBE),
                    codes_read=draw(MAYBE),
                    opens_by_phone=draw(MAYBE),
                    path=draw(st.sampled_from(["local", "cloud", None])),
                    emergency_power=draw(st.sampled_from(["9V", "none", None])),
                    on_flat_battery=draw(st.sampled_from(["unlocks", "stays_locked", None])),
                ),
            )
            things.append(lock)
            if draw(st.booleans()):
                form = draw(st.sampled_from(["pin", "tag", "app", None]))
                role = draw(st.sampled_from(["resident", "guest", None]))
                things.append(
                    make(Credential, f"c{number}{which}", lock=lock, **told(form=form, role=role, enabled=draw(MAYBE)))
                )
    return things


def outcomes(things: list[Thing]) -> dict[tuple[str, int], Answer]:
    return {
        (str(one.subject), place): one.after(place).way_in for one in outlook(home(*things)).doors for place in PLACES
    }


@given(some_homes(), st.data())
def test_adding_a_way_in_never_makes_a_door_worse(things: list[Thing], data: st.DataObject) -> None:
    locks = [thing for thing in things if isinstance(thing, Lock)]
    hubs = [thing for thing in things if isinstance(thing, Hub)]
    more: list[Thing] = [
        make(Door, "extra", exterior=True, backup_key="key_safe"),
        make(Account, "extra", hub=data.draw(st.sampled_from(hubs)), opens_door=True),
    ]
    for form in ("pin", "tag", "app"):
        if locks:
            lock = data.draw(st.sampled_from(locks))
            more.append(make(Credential, "extra", lock=lock, form=form, enabled=True, role="resident"))
    before = outcomes(things)
    now = outcomes([*things, data.draw(st.sampled_from(more))])
    for key, answer in before.items():
        assert ORDER[now[key]] >= ORDER[answer], key


@given(some_homes(), st.data())
def test_learning_of_a_way_in_never_makes_a_door_worse(things: list[Thing], data: st.DataObject) -> None:
    number = data.draw(st.integers(0, len(things) - 1))
    thing = things[number]
    facts = thing.facts()
    better: dict[type[Thing], list[dict[str, Any]]] = {
        Door: [{"other_way_in": True}, {"backup_key": "key_safe"}, {"exterior": True}],
        Lock: [{"opens_by_phone": True}, {"emergency_power": "USB-C"}, {"path": "local"}, {"can_cylinder": True}],
        Hub: [{"on_ups": True}, {"needed_to_enter": True}],
        Router: [{"on_ups": True}],
    }
    if type(thing) not in better:
        return
    change = data.draw(st.sampled_from(better[type(thing)]))
    if change == {"exterior": True} and thing.fact("exterior") is not None:
        return
    improved = type(thing)(thing.ref.key, facts | make(type(thing), thing.ref.key, **change).facts())
    before = outcomes(things)
    now = outcomes([*things[:number], improved, *things[number + 1 :]])
    for key, answer in before.items():
        assert ORDER[now[key]] >= ORDER[answer], (key, change)


@given(some_homes())
def test_without_any_evidence_no_way_in_is_proven(things: list[Thing]) -> None:
    bare = [type(thing)(thing.ref.key) for thing in things]
    assert True not in outcomes(bare).values()


@given(some_homes())
def test_every_answer_is_explained(things: list[Thing]) -> None:
    for one in outlook(home(*things)).doors:
        for place in PLACES:
            found = one.after(place)
            assert bool(found.left) is (found.way_in is True)
            assert bool(found.doubts) is (found.way_in is None)
            assert all(found.doubts)
            if found.way_in is True and found.left[0].text != "another exterior door":
                assert found.evidence


@given(some_homes())
def test_the_order_of_the_doors_changes_nothing(things: list[Thing]) -> None:
    assert outcomes(things) == outcomes(things[::-1])
