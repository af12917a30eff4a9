"""A grant on a simulated lock, from its begin until its code is proven gone."""

from __future__ import annotations

from nightlatch.ecosystems._simulated import faults
from nightlatch.model.command import ReadCodes
from tests.unit.access.reconciler.homes import FRONT, Home


async def test_a_code_is_on_the_lock_exactly_while_it_is_wanted_and_every_step_is_told() -> None:
    home = Home()
    home.want("ana", begins=60, ends=180)
    await home.passes(59)
    assert (home.state("ana"), home.on_lock("ana"), home.writes()) == ("planned", [], [])
    await home.passes(2)
    line = home.line("ana")
    assert line is not None
    assert (line.state, line.slot, line.proof, line.present) == ("present", 1, "value", True)
    assert home.on_lock("ana") == [1]
    assert home.house.type_code(home.front, home.pins.all["ana-1"]) == 1
    await home.passes(118)
    assert home.on_lock("ana") == [1]
    await home.passes(2)
    assert (home.state("ana"), home.on_lock("ana")) == ("absent", [])
    told = [str(event.value) for event in home.events if event.kind == "ledger"]
    assert told == ["planned", "setting", "present", "removing", "absent"]
    await home.passes(3600)
    assert len(home.writes()) == 2


async def test_a_start_only_reads_and_a_second_one_sends_nothing_at_all() -> None:
    home = Home()
    for person in ("ana", "ben", "cem"):
        home.want(person)
    await home.pump()
    assert [home.state(person) for person in ("ana", "ben", "cem")] == ["present"] * 3
    before = len(home.sent)
    home.start(background=False)
    await home.pump()
    assert len(home.sent) == before
    home.start()
    await home.passes(7200)
    assert home.writes(home.sent[before:]) == []
    assert len(home.reads()) > 0


async def test_a_revocation_at_a_dead_lock_is_exposed_at_its_deadline_and_done_first_when_the_lock_is_back() -> None:
    home = Home()
    home.want("ana", ends=60)
    await home.passes(30)
    home.house.order(faults.Dead("front", 6 * 3600.0))
    home.want("ben", begins=40)
    await home.passes(100)
    assert home.state("ana") == "removing"
    await home.passes(60)
    assert (home.state("ana"), home.on_lock("ana")) == ("exposed", [1])
    before = len(home.sent)
    await home.passes(5 * 3600)
    assert len(home.sent) - before < 40
    await home.passes(3600)
    assert (home.state("ana"), home.on_lock("ana"), home.state("ben")) == ("absent", [], "present")


async def test_one_dead_lock_delays_no_other() -> None:
    home = Home(doors=("front", "garden"))
    home.house.order(faults.Dead("front", 3600.0))
    home.want("ana")
    home.want("ana", lock="lock:garden")
    await home.pump()
    assert (home.state("ana"), home.state("ana", "lock:garden")) == ("planned", "present")


async def test_a_slot_with_somebody_elses_code_is_told_as_foreign_and_passed_by() -> None:
    home = Home(people=2)
    home.want("ana")
    await home.pump()
    assert home.on_lock("ana") == [3]
    assert {key[2] for key, line in home.disk.ledger.items() if line.state == "foreign"} == {1, 2}
    assert home.sent[0] == ReadCodes(home.sent[0].about)
    assert str(home.sent[0].about) == FRONT
