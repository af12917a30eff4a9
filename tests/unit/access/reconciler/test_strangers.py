"""Codes that no grant explains: what the owner says of one holds for that code, and for no other."""

from __future__ import annotations

from nightlatch.access.reconciler import Reconciler
from nightlatch.access.reconciler.owner import Owner
from nightlatch.ecosystems._simulated import faults
from nightlatch.ecosystems._simulated.lock import Kept
from nightlatch.model.access import Decision, Entry
from nightlatch.secrets import Secret
from tests.unit.access.reconciler.homes import FRONT, Home

SOMEBODYS, ANOTHER = Secret("482917"), Secret("610385")


class Said(Owner):
    """An owner whose word a test sets."""

    def __init__(self) -> None:
        self.decided: dict[tuple[str, int], Decision] = {}
        self.people: dict[tuple[str, int], str] = {}
        self.given_up: set[str] = set()
        self.read: set[str] = set()
        self.taken: list[str] = []

    def decision(self, lock: str, slot: int) -> Decision | None:
        return self.decided.get((lock, slot))

    def done(self, decision: Decision) -> None:
        self.decided.pop((decision.lock, decision.slot), None)

    def explained(self, lock: str, slot: int) -> str:
        return self.people.get((lock, slot), "")

    def leaves(self, lock: str) -> bool:
        return lock in self.given_up

    async def take(self, line: Entry, decision: Decision, code: Secret) -> str:
        del line, decision
        self.taken.append(code.reveal())
        return "ana-1"

    def surveyed(self, lock: str) -> bool:
        return lock in self.read

    def survey_ended(self, lock: str) -> None:
        self.read.add(lock)


class Owned(Home):
    """A home whose owner says what becomes of foreign codes."""

    said: Said

    def put(self, slot: int, code: Secret) -> None:
        """Somebody types a code in at the lock."""
        self.front.put(slot, Kept(code), told=False)

    def foreign(self, slot: int = 3) -> Entry | None:
        return self.disk.ledger.get((FRONT, "", slot))

    def decide(self, does: str, line: Entry, **more: str) -> None:
        made = Decision(f"{FRONT}/{line.slot}", FRONT, line.slot, does, line.since, line.mark, **more)  # type: ignore[arg-type]
        self.said.decided[FRONT, line.slot] = made
        self.reconciler.said((FRONT,))


def home() -> Owned:
    found = Owned()
    found.said = Said()
    found.reconciler = Reconciler(
        found.wanted,  # type: ignore[arg-type]  # it stands for the plan
        found.records,
        found.pins,
        found.command,
        clock=lambda: found.at,
        monotonic=lambda: found.mono,
        tell=found.tell,
        locks=(FRONT,),
        owner=found.said,
        background=False,
    )
    return found


async def found(where: Owned) -> Entry:
    where.put(3, SOMEBODYS)
    where.reconciler.survey((FRONT,))
    await where.pump()
    await where.passes(1)
    line = where.foreign()
    assert line is not None
    assert line.state == "foreign"
    return line


async def test_a_survey_reads_every_slot_and_writes_nothing() -> None:
    house = home()
    line = await found(house)
    assert house.writes() == []
    assert (line.proof, line.kept, line.person) == ("value", False, "")
    assert FRONT in house.said.read
    reads = len(house.reads())
    await house.pump()
    assert len(house.reads()) == reads


async def test_what_the_first_reading_finds_is_told_as_found_late_and_what_comes_later_is_not() -> None:
    house = home()
    await found(house)
    house.put(5, ANOTHER)
    house.reconciler.survey((FRONT,))
    await house.passes(1)
    told = {event.slot: event.resync for event in house.events if event.kind == "ledger" and event.value == "foreign"}
    assert told == {3: True, 5: False}


async def test_a_code_that_is_kept_stays_and_has_its_name() -> None:
    house = home()
    house.decide("keep", await found(house), name="Cleaner")
    await house.pump()
    line = house.foreign()
    assert line is not None
    assert (line.kept, line.name, house.writes(), house.said.decided) == (True, "Cleaner", [], {})


async def test_a_code_that_is_removed_is_proven_gone_in_the_locks_own_memory() -> None:
    house = home()
    house.decide("remove", await found(house))
    await house.passes(1)
    assert 3 not in house.front.codes
    assert house.foreign() is None
    states = [str(event.value) for event in house.events if event.kind == "ledger"]
    assert states == ["foreign", "removing", "absent"]


async def test_a_decision_about_one_code_does_nothing_to_another_that_came_into_its_slot() -> None:
    house = home()
    line = await found(house)
    house.put(3, ANOTHER)
    house.decide("remove", line)
    await house.passes(2)
    assert house.front.codes[3].code == ANOTHER
    assert house.writes() == []
    now = house.foreign()
    assert now is not None and now.state == "foreign" and now.since != line.since
    assert house.said.decided == {}


async def test_the_configuration_explains_a_slot() -> None:
    house = home()
    house.said.people[FRONT, 3] = "ben"
    house.put(3, SOMEBODYS)
    house.reconciler.survey((FRONT,))
    await house.pump()
    line = house.foreign()
    assert line is not None and (line.kept, line.person) == (True, "ben")


async def test_a_code_that_is_taken_over_is_read_first_and_is_the_persons_line_from_then_on() -> None:
    house = home()
    line = await found(house)
    house.pins.all["ana-1"] = SOMEBODYS
    house.want("ana")
    house.wanted.all[FRONT].clear()
    house.decide("take", line, person="ana")
    house.want("ana")
    await house.passes(1)
    assert house.said.taken in ([SOMEBODYS.reveal()], [])
    taken = house.line("ana")
    assert taken is not None
    assert (taken.state, taken.slot, taken.person, house.foreign(), house.writes()) == ("present", 3, "ana", None, [])


async def test_a_lock_that_is_given_up_with_all_that_is_on_it_loses_kept_codes_too() -> None:
    house = home()
    house.decide("keep", await found(house), name="Cleaner")
    await house.pump()
    house.said.given_up.add(FRONT)
    house.reconciler.said((FRONT,))
    await house.passes(1)
    assert house.front.codes == {}
    assert house.foreign() is None


async def test_a_decision_waits_for_a_dead_lock_and_is_done_when_it_is_back() -> None:
    house = home()
    line = await found(house)
    house.house.order(faults.Dead("front", 3600.0))
    await house.passes(1)
    house.decide("remove", line)
    await house.passes(300)
    exposed = house.foreign()
    assert exposed is not None and exposed.state == "exposed"
    assert 3 in house.front.codes
    await house.passes(4 * 3600)
    assert 3 not in house.front.codes
    assert house.foreign() is None


async def test_a_slot_that_the_configuration_explains_no_longer_is_foreign_again() -> None:
    house = home()
    house.said.people[FRONT, 3] = "ben"
    house.put(3, SOMEBODYS)
    house.reconciler.survey((FRONT,))
    await house.pump()
    for person, kept in (("cleo", True), ("", False), ("ben", True)):
        house.said.people[FRONT, 3] = person
        house.reconciler.said((FRONT,))
        await house.pump()
        line = house.foreign()
        assert line is not None and (line.state, line.kept, line.person) == ("foreign", kept, person)
    assert house.writes() == []
    told = [(event.value, event.person) for event in house.events if event.kind == "ledger"]
    assert told == [("foreign", ""), ("kept", "ben"), ("kept", "cleo"), ("foreign", ""), ("kept", "ben")]


async def test_what_the_owner_decided_of_a_code_stays_whatever_the_configuration_says() -> None:
    house = home()
    house.decide("keep", await found(house), person="ana")
    for person in ("ben", ""):
        house.said.people[FRONT, 3] = person
        house.reconciler.said((FRONT,))
        await house.pump()
        line = house.foreign()
        assert line is not None and (line.kept, line.person) == (True, "ana")
