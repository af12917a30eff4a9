"""A revocation is tried as soon as it begins and whenever its lock is heard; no lock is asked without end."""

from __future__ import annotations

from nightlatch.access.reconciler.chooser import LINK
from nightlatch.ecosystems._simulated import faults
from nightlatch.ecosystems._simulated.plan import CodeRules
from nightlatch.model.command import ClearCode
from nightlatch.model.event import Event
from tests.unit.access.reconciler.homes import FRONT, SECOND, Home


def wearied(home: Home, key: object) -> None:
    """So many attempts came to nothing that the next is an hour away."""
    waits = home.reconciler.keepers[FRONT].waits
    for _ in range(14):
        waits.failed(key, home.mono)


async def test_codes_that_a_lock_refuses_do_not_have_it_asked_again_and_again_for_each_other() -> None:
    home = Home()
    home.house.order(faults.Refuse(lock="front", times=1000, why="duplicate"))
    for person in ("ana", "ben", "cem"):
        home.want(person)
    await home.passes(3600)
    assert [home.state(person) for person in ("ana", "ben", "cem")] == ["blocked"] * 3
    assert len(home.writes()) == 3


async def test_a_slot_that_a_refused_code_gives_up_is_taken_by_one_that_found_none() -> None:
    home = Home(CodeRules(slots=1))
    home.house.order(faults.Refuse(lock="front", times=1, why="duplicate"))
    home.want("ana")
    home.want("ben")
    await home.passes(60)
    assert sorted((home.state("ana"), home.state("ben"))) == ["blocked", "present"]


async def test_a_revocation_is_tried_at_once_however_long_its_code_or_its_lock_was_to_be_left_alone() -> None:
    for key in ("ana-1", LINK):
        home = Home()
        home.want("ana")
        await home.pump()
        wearied(home, key)
        home.unwant("ana")
        await home.pump()
        assert (home.state("ana"), home.on_lock("ana")) == ("absent", [])


async def test_many_revocations_do_not_have_a_dead_lock_hammered() -> None:
    home = Home()
    people = [f"p{number}" for number in range(20)]
    for person in people:
        home.want(person)
    await home.pump()
    home.house.order(faults.Dead(lock="front", seconds=10**6))
    since = len(home.sent)
    for person in people:
        home.unwant(person)
        await home.passes(10)
    await home.passes(3600)
    assert {home.state(person) for person in people} == {"exposed"}
    assert len(home.sent) - since < 45


async def test_a_lock_that_did_not_answer_is_tried_as_soon_as_it_tells_anything() -> None:
    home = Home()
    home.want("ana")
    await home.pump()
    home.front.dead = True
    home.unwant("ana")
    await home.passes(8 * 3600)
    home.front.dead = False
    await home.pump()
    assert home.state("ana") == "exposed"
    for kind in ("command", "outcome", "offline", "ledger"):
        home.reconciler.heard(Event(home.at, kind, FRONT))
    await home.pump()
    assert home.state("ana") == "exposed"
    home.reconciler.heard(Event(home.at, "unlocked", FRONT, slot=1))
    await home.pump()
    assert home.state("ana") == "absent"


async def test_a_lock_that_is_back_too_often_is_tried_as_soon_as_that_is_allowed_again() -> None:
    home = Home()
    home.want("ana")
    await home.pump()
    home.front.dead = True
    home.unwant("ana")
    await home.passes(8 * 3600)
    for _ in range(30):
        home.reconciler.heard(Event(home.at, "online", FRONT))
        await home.pump()
    home.front.dead = False
    await home.passes(310)
    assert home.state("ana") == "absent"


async def test_a_code_that_the_owner_took_off_at_the_keypad_is_looked_for_at_once() -> None:
    home = Home()
    home.want("ana")
    await home.pump()
    home.house.order(faults.Refuse(lock="front", times=10_000))
    home.unwant("ana")
    await home.passes(8 * 3600)
    assert home.state("ana") == "exposed"
    home.house.order(faults.CodeDeleted(lock="front", slot=1))
    tried = len([one for one in home.sent if isinstance(one, ClearCode)])
    await home.pump()
    assert home.state("ana") == "absent"
    assert len([one for one in home.sent if isinstance(one, ClearCode)]) == tried


async def test_after_a_start_with_a_clock_that_was_set_back_a_revocation_is_tried_within_its_deadline() -> None:
    home = Home()
    home.want("ana")
    await home.pump()
    home.front.dead = True
    home.unwant("ana")
    await home.passes(60)
    home.front.dead = False
    home.at -= 7200 * SECOND
    home.start()
    await home.passes(130)
    assert home.state("ana") == "absent"
