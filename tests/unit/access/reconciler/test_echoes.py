"""What a lock tells of our own writes is not taken for somebody else's change, and nothing else is taken for it."""

from __future__ import annotations

import pytest

from nightlatch.access.reconciler.chooser import Act
from nightlatch.access.reconciler.echoes import ECHO_S, Echoes
from nightlatch.ecosystems._simulated import faults
from nightlatch.model.command import Command, Outcome, ReadCodes
from nightlatch.model.event import Event
from tests.unit.access.reconciler.homes import FRONT, Home


def test_the_report_of_a_write_is_taken_once_and_only_when_it_fits() -> None:
    echoes = Echoes()
    echoes.write(3, Act.SET)
    assert not echoes.take(3, "code_removed", 0.0)
    assert not echoes.take(4, "code_added", 0.0)
    echoes.ended(3, 10.0, refused=False)
    assert echoes.take(3, "code_changed", 10.0 + ECHO_S)
    assert not echoes.take(3, "code_added", 11.0)
    echoes.write(3, Act.CLEAR)
    assert echoes.take(3, "code_removed", 12.0)
    echoes.ended(3, 13.0, refused=False)
    assert not echoes.take(3, "code_removed", 14.0)


@pytest.mark.parametrize(("refused", "at"), [(True, 11.0), (False, 10.1 + ECHO_S)])
def test_the_report_of_what_was_refused_or_is_long_over_is_somebody_elses(refused: bool, at: float) -> None:
    echoes = Echoes()
    echoes.write(3, Act.SET)
    echoes.ended(3, 10.0, refused=refused)
    assert not echoes.take(3, "code_added", at)


async def test_a_code_that_is_deleted_at_the_keypad_as_soon_as_it_was_set_is_put_back() -> None:
    home = Home()
    home.want("ana")
    await home.pump()
    await home.passes(2)
    home.house.order(faults.CodeDeleted(lock="front", slot=1))
    await home.pump()
    told = [event.value for event in home.events if event.kind == "ledger"]
    assert told == ["planned", "setting", "present", "planned", "setting", "present"]
    assert home.on_lock("ana") == [1]


async def test_a_code_that_is_put_into_a_slot_as_soon_as_it_was_cleared_is_found() -> None:
    home = Home()
    home.want("ana")
    await home.pump()
    home.unwant("ana")
    await home.pump()
    home.house.order(faults.ForeignCode(lock="front", slot=1))
    await home.pump()
    assert home.disk.ledger[FRONT, "", 1].state == "foreign"


class Quick(Home):
    """Somebody at the keypad is quicker than the answer to a read."""

    deletes = False

    async def command(self, command: Command) -> Outcome:
        outcome = await super().command(command)
        if self.deletes and isinstance(command, ReadCodes):
            self.deletes = False
            self.house.order(faults.CodeDeleted(lock="front", slot=1))
            self.hear()
        return outcome


async def test_what_was_read_before_the_lock_told_of_a_change_is_read_again() -> None:
    home = Quick()
    home.want("ana")
    await home.pump()
    home.deletes = True
    home.reconciler.heard(Event(home.at, "code_changed", FRONT, slot=1))
    await home.pump()
    assert (home.state("ana"), home.on_lock("ana")) == ("present", [1])


async def test_a_change_of_which_the_lock_does_not_tell_the_slot_may_be_in_one_that_was_empty() -> None:
    home = Home()
    home.want("ana")
    home.want("ben")
    await home.pump()
    home.unwant("ben")
    await home.pump()
    home.move(1)
    home.house.order(faults.ForeignCode(lock="front", slot=2, reported=False))
    home.reconciler.heard(Event(home.at, "code_added", FRONT))
    home.want("cem")
    stranger = home.front.codes[2]
    await home.pump()
    assert home.front.codes[2] is stranger
    assert home.on_lock("cem") == [3]
