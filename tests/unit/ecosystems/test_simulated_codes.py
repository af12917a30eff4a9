"""Codes on the simulated locks: what the keypad takes, what is read back, and what goes wrong in between."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from nightlatch.ecosystems._simulated import faults
from nightlatch.ecosystems._simulated.house import SECOND, Ear
from nightlatch.ecosystems._simulated.lock import KEYPAD, Kept
from nightlatch.ecosystems._simulated.plan import CodeRules, Plan
from nightlatch.ecosystems.simulated import Simulated
from nightlatch.model.command import ClearCode, CloseJoin, Outcome, ReadCodes, SetCode, Slot, WeekDay, YearDay
from nightlatch.model.event import micros
from nightlatch.model.evidence import Ref
from nightlatch.plugs import Context
from nightlatch.secrets import Fingerprinter, Secret

FRONT = Ref("lock", "simulated:front")
CODE, OTHER = Secret("471109"), Secret("820436")
MONDAY = micros(datetime(2026, 11, 23, 9, 0, tzinfo=UTC))


class Home:
    """A simulated home whose clock the test moves; nobody comes and goes."""

    def __init__(self, rules: CodeRules | None = None, **settings: Any) -> None:
        self.at = MONDAY
        plan = Plan(**{"people": 0, "answer_s": 0.0, "codes": rules or CodeRules(), **settings})
        context = Context("simulated", "simulated", datetime.now(UTC), Fingerprinter(), lambda: self.at)
        self.plug = Simulated(plan, context)
        self.house = self.plug.house
        self.front = self.house.locks["front"]

    async def command(self, *commands: Any) -> list[Outcome]:
        async with self.plug.connect() as link:
            return [await link.command(command) for command in commands]

    def types(self, code: Secret, *, at: int | None = None) -> int:
        """By which slot this code opens the front door, which is locked first."""
        if at is not None:
            self.at = at
            self.house.advance(at)
        self.front.thrown = True
        return self.house.type_code(self.front, code)


def test_each_person_has_a_pin_of_their_own_that_opens_every_door_by_their_slot() -> None:
    home = Home(people=3, doors=("front", "garden"), seed=7)
    pins = home.house.pins
    assert len({pin.reveal() for pin in pins}) == 3
    for door in ("front", "garden"):
        assert [home.house.type_code(home.house.locks[door], pin) for pin in pins] == [1, 2, 3]
    assert Home(people=3, seed=7).house.pins == pins
    assert Home(people=3, seed=8).house.pins != pins


async def test_a_code_that_was_set_is_read_back_and_opens_until_it_is_cleared() -> None:
    home = Home()
    was_set, read = await home.command(SetCode(FRONT, 4, CODE), ReadCodes(FRONT, (4, 5)))
    there = Slot(4, "used", "value", CODE, limits=())
    assert (was_set.ending, was_set.slots, was_set.sent) == ("evidence", (there,), 2)
    assert (read.slots, read.rules, read.sent) == ((there, Slot(5, "empty", "value", limits=())), home.front.rules, 2)
    assert (home.types(CODE), home.types(OTHER)) == (4, 0)
    (cleared,) = await home.command(ClearCode(FRONT, 4))
    assert (cleared.ending, cleared.slots[0].status, home.types(CODE)) == ("evidence", "empty", 0)
    assert home.house.messages == {"front": 6}


async def test_a_lock_that_gives_no_codes_back_tells_only_that_there_is_one() -> None:
    home = Home(CodeRules(gives_codes=False))
    (was_set,) = await home.command(SetCode(FRONT, 4, CODE))
    assert was_set.slots == (Slot(4, "used", "presence", limits=()),)


async def test_a_lock_that_lists_its_codes_does_so_for_one_message_with_its_master_code() -> None:
    home = Home(CodeRules(reads_each=False, master=True), people=2)
    (listed,) = await home.command(ReadCodes(FRONT))
    assert [(slot.slot, slot.form) for slot in listed.slots] == [(1, "pin"), (2, "pin"), (251, "master")]
    assert (listed.sent, home.front.rules.reads_each, home.front.rules.master) == (1, False, True)
    (each,) = await Home(people=2).command(ReadCodes(FRONT))
    assert (each.slots, each.rules is not None) == ((), True)


@pytest.mark.parametrize(
    ("command", "why"),
    [
        (SetCode(FRONT, 0, CODE), "slot"),
        (SetCode(FRONT, 31, CODE), "slot"),
        (ClearCode(FRONT, 31), "slot"),
        (SetCode(FRONT, 3, Secret("123")), "invalid"),
        (SetCode(FRONT, 3, Secret("123456789")), "invalid"),
        (SetCode(FRONT, 3, Secret("12a4")), "invalid"),
        (SetCode(FRONT, 3, CODE, (YearDay(1, 2),)), "limits"),
        (SetCode(FRONT, 3, CODE, (WeekDay((0,), 0, 60),)), "limits"),
    ],
)
async def test_what_the_lock_cannot_keep_is_refused_before_anything_is_sent(command: Any, why: str) -> None:
    home = Home()
    (outcome,) = await home.command(command)
    assert (outcome.ending, outcome.why, outcome.sent) == ("refused", why, 0)
    assert (home.front.codes, home.house.messages) == ({}, {})


async def test_a_code_that_another_slot_has_and_a_slot_with_a_tag_are_refused_by_the_lock() -> None:
    home = Home()
    home.front.put(9, Kept(None, form="tag"), told=True)
    outcomes = await home.command(SetCode(FRONT, 1, CODE), SetCode(FRONT, 2, CODE), SetCode(FRONT, 9, OTHER))
    assert [outcome.why for outcome in outcomes] == ["", "duplicate", "slot"]
    again = await home.command(SetCode(FRONT, 1, CODE))
    assert again[0].ending == "evidence"
    free = Home(CodeRules(duplicates=True))
    assert [one.why for one in await free.command(SetCode(FRONT, 1, CODE), SetCode(FRONT, 2, CODE))] == ["", ""]


async def test_the_lock_itself_holds_a_code_to_its_days() -> None:
    home = Home(CodeRules(year_days=2, week_days=7))
    hour = 3600 * SECOND
    dates = (YearDay(MONDAY + hour, MONDAY + 2 * hour), YearDay(MONDAY + 4 * hour, MONDAY + 5 * hour))
    berlin = (WeekDay((0, 2), 10 * 60, 12 * 60),)  # 09:00 to 11:00 in UTC
    year, week, both, many = await home.command(
        SetCode(FRONT, 1, CODE, dates),
        SetCode(FRONT, 2, OTHER, berlin, "Europe/Berlin"),
        SetCode(FRONT, 3, Secret("300003"), (*dates, *berlin)),
        SetCode(FRONT, 3, Secret("300003"), (*dates, YearDay(0, 1))),
    )
    assert (year.ending, year.slots[0].limits, week.ending) == ("evidence", dates, "evidence")
    assert (both.why, many.why) == ("limits", "limits")
    assert [home.types(CODE, at=MONDAY + each * hour // 2) for each in range(11)] == [0, 0, 1, 1, 0, 0, 0, 0, 1, 1, 0]
    tuesday = MONDAY + 24 * hour
    assert [home.types(OTHER, at=tuesday + each * hour) for each in (0, 23, 24, 25, 26)] == [0, 0, 2, 2, 0]


async def test_what_the_lock_tells_of_its_codes_is_heard_and_of_their_use() -> None:
    home = Home()
    ear = home.house.listen(lambda: None)
    await home.command(SetCode(FRONT, 4, CODE), SetCode(FRONT, 4, OTHER))
    home.types(OTHER)
    home.types(CODE)
    await home.command(ClearCode(FRONT, 4))
    told = [(event.kind, event.slot) for event in ear.heard]
    assert told == [("code_added", 4), ("code_changed", 4), ("unlocked", 4), ("wrong_code", 0), ("code_removed", 4)]


async def test_a_lock_that_reports_nothing_is_found_out_only_by_reading_it() -> None:
    home = Home(CodeRules(reports_changes=False, reports_use=False))
    ear = home.house.listen(lambda: None)
    home.house.order(faults.ForeignCode(lock="front", slot=7))
    foreign = home.front.codes[7].code
    assert foreign is not None
    assert (home.types(foreign), [(one.kind, one.slot) for one in ear.heard]) == (7, [("unlocked", 0)])
    assert home.front.state().codes == {}
    (read,) = await home.command(ReadCodes(FRONT, (7,)))
    assert (read.slots[0].status, list(home.front.state().codes or {})) == ("used", [7])


@pytest.mark.parametrize("reported", [True, False])
def test_codes_come_and_go_at_the_keypad_with_and_without_a_report(reported: bool) -> None:
    home = Home(people=2)
    ear: Ear = home.house.listen(lambda: None)
    home.house.order(faults.ForeignCode(lock="front", slot=7, reported=reported))
    home.house.order(faults.CodeDeleted(lock="front", slot=1, reported=reported))
    assert sorted(home.front.codes) == [2, 7]
    home.house.order(faults.CodesLost(lock="front", reported=reported))
    told = [(event.kind, event.slot) for event in ear.heard]
    every = [("code_added", 7), ("code_removed", 1), ("code_removed", 2), ("code_removed", 7)]
    assert (home.front.codes, told) == ({}, every if reported else [])
    assert list(home.front.state().codes or {}) == ([] if reported else [1, 2])


@pytest.mark.parametrize(
    ("fault", "ending", "why", "there"),
    [
        (faults.Dead(lock="front", seconds=60), "unknown", "", False),
        (faults.Refuse(lock="front"), "refused", "", False),
        (faults.Refuse(lock="front", why="full"), "refused", "full", False),
        (faults.Unheeded(lock="front"), "refused", "unheeded", False),
        (faults.Dropped(lock="front"), "unknown", "", False),
        (faults.Dropped(lock="front", done=True), "unknown", "", True),
        (faults.HubSilent(seconds=60), "unknown", "", False),
    ],
)
async def test_setting_a_code_ends_as_it_went(fault: Any, ending: str, why: str, there: bool) -> None:
    home = Home()
    home.house.order(fault)
    (outcome,) = await home.command(SetCode(FRONT, 4, CODE))
    assert (outcome.ending, outcome.why, 4 in home.front.codes) == (ending, why, there)
    assert home.house.messages["front"] == outcome.sent > 0


@pytest.mark.parametrize(
    ("fault", "ending", "why", "there"),
    [
        (faults.Refuse(lock="front"), "refused", "", True),
        (faults.Refuse(lock="front", why="full"), "evidence", "", False),
        (faults.Unheeded(lock="front"), "refused", "unheeded", True),
        (faults.Dropped(lock="front"), "unknown", "", True),
        (faults.Dropped(lock="front", done=True), "unknown", "", False),
    ],
)
async def test_clearing_a_code_ends_as_it_went(fault: Any, ending: str, why: str, there: bool) -> None:
    home = Home(people=1)
    home.house.order(fault)
    (outcome,) = await home.command(ClearCode(FRONT, 1))
    assert (outcome.ending, outcome.why, 1 in home.front.codes) == (ending, why, there)


async def test_a_read_that_the_link_drops_is_unknown_and_a_refusal_waits_for_a_change() -> None:
    home = Home()
    home.house.order(faults.Refuse(lock="front"))
    home.house.order(faults.Dropped(lock="front", done=True))
    dropped, read, was_set = await home.command(ReadCodes(FRONT, (1,)), ReadCodes(FRONT, (1,)), SetCode(FRONT, 1, CODE))
    assert [one.ending for one in (dropped, read, was_set)] == ["unknown", "evidence", "refused"]


def test_a_code_still_opens_a_lock_whose_radio_is_dead_and_none_a_keypad_that_is_off() -> None:
    home = Home(people=1)
    home.house.order(faults.Dead(lock="front", seconds=60))
    assert home.types(home.house.pins[0]) == 1
    home.house.order(faults.KeypadDisabled(lock="front"))
    assert home.types(home.house.pins[0]) == 0


async def test_somebody_whose_code_is_gone_does_not_get_in() -> None:
    home = Home(people=1, seed=7, pace=720.0)
    ear = home.house.listen(lambda: None)
    await home.command(ClearCode(FRONT, 1))
    home.front.relock_s = 3
    for _ in range(1200):
        home.at += SECOND // 10
        home.house.advance(home.at)
    kinds = [event.kind for event in ear.heard if event.by == "code" or event.kind in ("wrong_code", "door_forced")]
    assert set(kinds) == {"wrong_code"}


async def test_a_lock_can_tell_who_put_a_code_there() -> None:
    home = Home(CodeRules(tells_creators=True))
    home.house.order(faults.ForeignCode(lock="front", slot=7))
    ours, theirs = await home.command(SetCode(FRONT, 1, CODE), ReadCodes(FRONT, (7,)))
    assert (ours.slots[0].foreign, theirs.slots[0].foreign, theirs.slots[0].creator) == (False, True, KEYPAD)


async def test_the_hub_stops_letting_new_devices_in() -> None:
    home = Home()
    ear = home.house.listen(lambda: None)
    home.house.order(faults.JoinOpened(seconds=600))
    closed, other = await home.command(
        CloseJoin(Ref("hub", "simulated:controller")), CloseJoin(Ref("hub", "simulated:another"))
    )
    assert (closed.ending, other.ending, home.house.join_open) == ("evidence", "refused", False)
    assert [event.kind for event in ear.heard] == ["join_opened", "join_closed"]


async def test_no_event_state_or_outcome_holds_a_code() -> None:
    home = Home(people=2)
    ear = home.house.listen(lambda: None)
    outcomes = await home.command(SetCode(FRONT, 4, CODE), ReadCodes(FRONT, (1, 2, 4)), ClearCode(FRONT, 1))
    told = repr((list(ear.heard), home.front.state(), outcomes, home.front.codes))
    assert not any(code.reveal() in told for code in (CODE, *home.house.pins))


@pytest.mark.parametrize(
    ("settings", "what"),
    [
        ({"codes": {"slots": 0}}, "from 1 to 250"),
        ({"codes": {"shortest": 6, "longest": 5}}, "longest not below"),
        ({"codes": {"year_days": -1}}, "not be below 0"),
        ({"codes_at": {"cellar": {}}}, "none of the doors"),
    ],
)
def test_rules_that_cannot_be_are_refused(settings: dict[str, Any], what: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=what):
        msgspec.convert(settings, Plan)
