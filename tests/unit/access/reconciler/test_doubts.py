"""What is not known is read before anything is written; what was revoked stays so, whatever the clock says."""

from __future__ import annotations

import asyncio

import pytest
from msgspec.structs import replace

from nightlatch.ecosystems._simulated import faults
from nightlatch.ecosystems._simulated.plan import CodeRules
from nightlatch.model.access import Entry
from nightlatch.model.command import ClearCode, Command, Outcome, ReadCodes, Rules, SetCode, Slot, YearDay
from nightlatch.model.event import Event
from tests.unit.access.reconciler.homes import FRONT, SECOND, Crash, Home, pin


def acts(home: Home, since: int) -> list[str]:
    """What was sent, in order."""
    names = {SetCode: "set", ClearCode: "clear", ReadCodes: "read"}
    return [names[type(one)] for one in home.sent[since:]]


@pytest.mark.parametrize("moment", ["before a command", "after a command"])
async def test_a_code_whose_writing_was_cut_off_is_looked_for_before_anything_is_written(moment: str) -> None:
    home = Home()
    home.want("ana")
    home.crash = (moment, 3)
    with pytest.raises(Crash):
        await home.pump()
    assert acts(home, 0) == ["read", "read", "set"]
    assert home.state("ana") == "setting"
    home.start(background=False)
    await home.pump()
    assert acts(home, 3) == (["read"] if moment == "after a command" else ["read", "set"])
    assert (home.state("ana"), home.on_lock("ana")) == ("present", [1])


@pytest.mark.parametrize("done", [True, False])
async def test_a_write_that_nobody_answered_is_read_before_it_is_tried_again(done: bool) -> None:
    home = Home()
    home.want("ben")
    await home.pump()
    home.want("ana")
    home.house.order(faults.Dropped(lock="front", times=1, done=done))
    since = len(home.sent)
    await home.passes(10)
    assert acts(home, since)[:2] == ["set", "read"]
    assert home.on_lock("ana") == [2]
    assert home.writes(home.sent[since:]) == home.sent[since : since + 1] + ([] if done else home.sent[-1:])


async def test_a_revocation_is_not_undone_by_a_clock_that_is_set_back() -> None:
    home = Home()
    home.want("ana", ends=600)
    await home.passes(700)
    assert home.state("ana") == "absent"
    for by in (-300, -3600):
        home.at += by * SECOND
        home.reconciler.heard(Event(home.at, "clock_step", "home"))
        await home.passes(250)
        assert (home.state("ana"), home.on_lock("ana")) == ("absent", [])
    home.want("ana", ends=20_000)
    await home.passes(5_000)
    assert (home.state("ana"), home.on_lock("ana")) == ("present", [1])


async def test_a_revocation_under_way_goes_on_when_the_clock_is_set_back_and_keeps_its_deadline() -> None:
    home = Home()
    home.want("ana", ends=600)
    await home.passes(590)
    home.house.order(faults.Dead(lock="front", seconds=400))
    await home.passes(30)
    assert home.state("ana") == "removing"
    home.at -= 3600 * SECOND
    await home.passes(130)
    assert (home.state("ana"), home.on_lock("ana")) == ("exposed", [1])
    home.front.dead = False
    await home.passes(300)
    assert (home.state("ana"), home.on_lock("ana")) == ("absent", [])


async def test_a_clock_set_forward_ends_what_ends_by_then() -> None:
    home = Home()
    home.want("ana", ends=86_400)
    await home.pump()
    home.at += 90_000 * SECOND
    home.reconciler.heard(Event(home.at, "clock_step", "home"))
    await home.pump()
    assert (home.state("ana"), home.on_lock("ana")) == ("absent", [])


@pytest.mark.parametrize("lost", [faults.HubLost(seconds=60), faults.Dead(lock="front", seconds=60)])
async def test_a_slot_that_was_empty_is_read_again_after_a_time_in_which_nobody_heard_the_lock(
    lost: faults.Fault,
) -> None:
    home = Home()
    home.want("ben")
    await home.pump()
    home.want("ana", begins=30, ends=31)
    await home.passes(40)
    assert home.state("ana") == "absent"
    home.house.order(lost)
    home.house.put_code(home.front, 2, home.front.codes[1], reported=False)
    stranger = home.front.codes[2]
    await home.passes(100)
    home.want("cem")
    await home.passes(60)
    assert (home.state("cem"), home.on_lock("cem")) == ("present", [3])
    assert home.front.codes[2] is stranger


async def test_a_code_that_was_swapped_at_the_keypad_is_not_removed_with_the_grant() -> None:
    home = Home(CodeRules(reports_changes=False))
    home.want("ana")
    await home.pump()
    await home.passes(601)
    home.house.order(faults.ForeignCode(lock="front", slot=1))
    stranger = home.front.codes[1]
    home.unwant("ana")
    await home.pump()
    assert home.state("ana") == "absent"
    assert home.front.codes[1] is stranger
    assert [line.state for line in home.disk.ledger.values() if not line.credential] == ["foreign"]


async def test_a_change_at_the_keypad_is_found_at_once_where_the_lock_tells_and_within_the_budget_where_not() -> None:
    telling, silent = Home(), Home(CodeRules(reports_changes=False, slots=5))
    for home in (telling, silent):
        home.want("ana")
        await home.passes(7200)
        home.house.order(faults.CodeDeleted(lock="front", slot=1))
        home.house.order(faults.ForeignCode(lock="front", slot=4))
        await home.pump()
    assert (telling.on_lock("ana"), silent.on_lock("ana")) == ([1], [])
    assert any(not line.credential and line.slot == 4 for line in telling.disk.ledger.values())
    before = len(silent.sent)
    await silent.passes(86_400)
    assert silent.on_lock("ana") == [1]
    assert any(not line.credential and line.slot == 4 for line in silent.disk.ledger.values())
    assert len(silent.sent) - before < 24 * 6


async def test_new_times_are_written_in_the_same_slot_once_it_is_known_to_hold_our_own_code() -> None:
    home = Home(CodeRules(year_days=1))
    first = YearDay(home.at, home.at + 3600 * SECOND)
    home.want("ana", ends=3600, limits=(first,))
    await home.pump()
    home.start()
    later = YearDay(home.at, home.at + 7200 * SECOND)
    home.want("ana", ends=7200, limits=(later,))
    since = len(home.sent)
    await home.pump()
    assert acts(home, since)[:2] == ["read", "set"]
    assert (home.on_lock("ana"), home.front.codes[1].limits) == ([1], (later,))


async def test_where_a_lock_cannot_hold_a_code_to_its_times_after_all_the_hub_does_and_at_once() -> None:
    home = Home(CodeRules(year_days=1))
    await home.pump()
    home.front.keeps = CodeRules(year_days=0)  # as when its clock is found to be wrong
    home.want("ana", ends=3600, limits=(YearDay(home.at, home.at + 3600 * SECOND),))
    learnt = home.wanted.learn

    def learn(lock: str, rules: Rules, now: int) -> set[str]:
        home.want("ana", ends=3600)  # what the plan makes of it
        return learnt(lock, rules, now)

    home.wanted.learn = learn  # type: ignore[method-assign]
    await home.pump()
    assert home.wanted.known[FRONT].year_days == 0
    assert (home.state("ana"), home.on_lock("ana")) == ("present", [1])


async def test_a_lock_that_says_yes_and_does_nothing_is_asked_three_times_and_then_told_as_blocked() -> None:
    home = Home()
    home.house.order(faults.Unheeded(lock="front", times=99))
    home.want("ana")
    await home.passes(3600)
    assert home.state("ana") == "blocked"
    assert len(home.writes()) == 3
    home.house.order(faults.Unheeded(lock="front", times=0))
    await home.passes(7 * 3600)
    assert home.state("ana") == "present"


async def test_a_lock_that_refuses_to_let_go_of_a_code_is_asked_for_ever_and_ever_less_often() -> None:
    home = Home()
    home.want("ana")
    await home.pump()
    home.house.order(faults.Refuse(lock="front", times=10_000))
    home.unwant("ana")
    await home.passes(86_400)
    assert home.state("ana") == "exposed"
    assert 24 <= len([one for one in home.sent if isinstance(one, ClearCode)]) <= 70
    home.house.order(faults.Refuse(lock="front", times=0))
    await home.passes(3600)
    assert home.state("ana") == "absent"


async def test_a_full_lock_is_told_as_blocked_and_the_code_set_as_soon_as_one_leaves() -> None:
    home = Home(CodeRules(slots=2))
    for person in ("ana", "ben", "cem"):
        home.want(person)
    await home.pump()
    states = {person: home.state(person) for person in ("ana", "ben", "cem")}
    assert sorted(states.values()) == ["blocked", "present", "present"]
    (left_out,) = (person for person, state in states.items() if state == "blocked")
    line = home.line(left_out)
    assert line is not None and "full" in line.reason
    home.unwant(next(person for person, state in states.items() if state == "present"))
    await home.pump()
    assert home.state(left_out) == "present"


async def test_while_the_disk_is_full_codes_come_off_locks_and_none_is_put_there() -> None:
    home = Home()
    home.want("ana")
    await home.pump()
    home.disk.full = True
    home.unwant("ana")
    home.want("ben")
    await home.passes(60)
    assert (home.on_lock("ana"), home.on_lock("ben")) == ([], [])
    home.disk.full = False
    await home.passes(120)
    assert (home.state("ana"), home.state("ben")) == ("absent", "present")


async def test_a_defect_at_one_lock_does_not_end_the_others() -> None:
    home = Home(doors=("front", "garden"))
    home.want("ana")
    home.want("ana", lock="lock:garden")
    home.reconciler.keepers[FRONT].slots.rules = 7  # type: ignore[assignment]
    task = asyncio.create_task(home.reconciler.run())
    await asyncio.sleep(0.2)
    assert not task.done()
    task.cancel()
    assert home.state("ana", "lock:garden") == "present"
    assert pin("ana").reveal() not in repr(home.events)


async def test_what_was_cut_off_is_cleared_up_before_anybody_elses_code_is_set() -> None:
    home = Home()
    home.want("ana", begins=10)
    await home.pump()
    home.crash = ("before a command", 1)
    with pytest.raises(Crash):
        await home.passes(20)
    home.want("ben", begins=-60)
    since = len(home.sent)
    home.start(background=False)
    await home.pump()
    first = home.sent[since]
    assert isinstance(first, ReadCodes)
    assert first.slots == (1,)
    assert sorted(home.on_lock("ana") + home.on_lock("ben")) == [1, 2]


async def test_a_slot_at_which_a_lock_said_no_without_a_reason_is_read_before_it_is_written_to_again() -> None:
    home = Home()
    home.start(background=False)
    home.house.order(faults.Refuse(lock="front", times=1))
    home.want("ana")
    await home.pump()
    assert home.state("ana") == "blocked"
    assert acts(home, 0) == ["read", "read", "set", "read"]


async def test_a_code_that_was_disabled_at_the_lock_is_written_anew() -> None:
    home = Home()
    home.want("ana")
    await home.pump()
    home.front.codes[1] = replace(home.front.codes[1], enabled=False)
    home.reconciler.heard(Event(home.at, "code_changed", FRONT, slot=1))
    since = len(home.sent)
    await home.pump()
    assert acts(home, since) == ["read", "set"]
    assert (home.state("ana"), home.front.codes[1].enabled) == ("present", True)


class Liar(Home):
    """A hub that has proof of whatever it is asked for, and whose lock does nothing."""

    async def command(self, command: Command) -> Outcome:
        self.sent.append(command)
        slots = (1, 2, 3) if isinstance(command, ReadCodes) else (command.slot,)  # type: ignore[union-attr]
        told = tuple(Slot(slot, "used" if slot < 3 else "disabled", "value", pin("ana")) for slot in slots)
        return Outcome("evidence", "done", at=self.at, slots=told, rules=Rules(3, gives_codes=True))


async def test_a_hub_that_gives_proof_of_nothing_is_asked_ever_less_often() -> None:
    for state in ("removing", "changing", "setting"):
        home = Liar()
        line = Entry(FRONT, "ana-1", 3, state, since=1, seen=1, proof="value", present=True, person="ana")
        home.disk.ledger[FRONT, "ana-1", 0] = line
        home.start(background=False)
        if state != "removing":
            home.want("ana")
        await home.passes(3600)
        assert len(home.sent) < 40
        assert home.state("ana") == ("exposed" if state == "removing" else "changing")
