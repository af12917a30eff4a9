"""Codes on a Matter lock through the real server: set, shown, kept to their times, taken off; others' left alone."""

from __future__ import annotations

import asyncio
import sys
import time
from base64 import b64encode
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from nightlatch.ecosystems.matter import Matter
from nightlatch.model.command import ClearCode, Command, Outcome, ReadCodes, SetCode, Slot, WeekDay, YearDay
from nightlatch.model.event import micros
from nightlatch.model.lock import Lock
from nightlatch.secrets import Secret
from rigs.matter.rig import MatterRig
from tests.unit.ecosystems.asking import context
from tests.unit.ecosystems.hearing import hearing

pytestmark = [pytest.mark.rig, pytest.mark.timeout(240)]

BERLIN = ZoneInfo("Europe/Berlin")
ONE, TWO, THREE = Secret("471109"), Secret("820436"), Secret("593717")


def say(what: str) -> None:
    """A figure for who runs this with -s."""
    sys.stdout.write(f"\n  {what}")


def plug(rig: MatterRig) -> Matter:
    return Matter(Matter.Settings(url=rig.url), context("matter"))


@pytest.fixture(autouse=True)
def _as_found(matter_rig: MatterRig) -> Iterator[None]:
    """Well, on time, locked and without codes."""
    yield
    for act in ({"act": "mood", "is": "well"}, {"act": "clock"}, {"act": "turn", "to": "locked"}):
        matter_rig.act(act)
    for user in memory(matter_rig)["users"]:
        matter_rig.server.remove_user(user["userIndex"])


def memory(rig: MatterRig) -> dict[str, Any]:
    return rig.act({"act": "memory"})


def types(rig: MatterRig, code: Secret) -> int:
    """Which user this code lets in now, by the lock's own clock; 0: nobody."""
    return int(rig.act({"act": "type", "pin": code.reveal()})["userIndex"])


def at(rig: MatterRig, instant: datetime) -> None:
    """Set the lock's clock, which shows the local time of this instant."""
    offset = instant.utcoffset()
    assert offset is not None
    ahead = instant.timestamp() - time.time()
    rig.act({"act": "clock", "ahead": ahead, "east": offset.total_seconds() / 60})


def at_home(rig: MatterRig) -> None:
    """Set the lock's clock right, in Berlin."""
    at(rig, datetime.now(BERLIN))


async def told(rig: MatterRig, *commands: Command) -> list[Outcome]:
    """Each command carried out by the lock, over one link."""
    outcomes = []
    async with hearing(plug(rig)) as ear:
        for command in commands:
            begin = time.perf_counter()
            outcome = await ear.link.command(command)
            took = (time.perf_counter() - begin) * 1000
            say(f"{type(command).__name__}: {outcome.ending}, {outcome.what}, {outcome.sent} messages, {took:.0f} ms")
            outcomes.append(outcome)
        for code in (ONE, TWO, THREE):
            assert code.reveal() not in repr((ear.all, outcomes))
    return outcomes


def ref(rig: MatterRig) -> Any:
    return plug(rig).ref(Lock, rig.server.node)


async def test_a_code_that_was_set_opens_the_door_and_one_that_was_cleared_is_gone_from_the_lock(
    matter_rig: MatterRig,
) -> None:
    lock = ref(matter_rig)
    (was_set, read) = await told(matter_rig, SetCode(lock, 4, ONE), ReadCodes(lock, (4, 5)))
    shown = Slot(
        4, "used", "presence", creator="this Matter server (vendor 0xfff1, fabric 1)", foreign=False, limits=()
    )
    assert (was_set.ending, was_set.slots) == ("evidence", (shown,))
    assert read.slots == (shown, Slot(5, "empty", "value", limits=()))
    assert (types(matter_rig, ONE), types(matter_rig, TWO)) == (4, 0)
    (changed,) = await told(matter_rig, SetCode(lock, 4, TWO))
    assert changed.ending == "evidence"
    assert (types(matter_rig, ONE), types(matter_rig, TWO)) == (0, 4)
    (cleared, again) = await told(matter_rig, ClearCode(lock, 4), ClearCode(lock, 4))
    assert (cleared.ending, cleared.slots) == ("evidence", (Slot(4, "empty", "value", limits=()),))
    assert (again.ending, again.sent) == ("evidence", 1)
    kept = memory(matter_rig)
    assert (kept["users"], kept["credentials"], types(matter_rig, TWO)) == ([], [], 0)


async def test_the_lock_s_rules_are_its_own_attributes_and_its_users_are_listed(matter_rig: MatterRig) -> None:
    lock = ref(matter_rig)
    _, _, listed = await told(matter_rig, SetCode(lock, 2, ONE), SetCode(lock, 7, TWO), ReadCodes(lock))
    rules = listed.rules
    assert rules is not None
    assert (rules.slots, rules.shortest, rules.longest, rules.year_days, rules.week_days) == (20, 4, 8, 3, 3)
    assert (rules.gives_codes, rules.reads_each, rules.days_together, rules.master) == (False, False, True, False)
    assert [(slot.slot, slot.status, slot.form) for slot in listed.slots] == [(2, "used", "pin"), (7, "used", "pin")]
    assert listed.sent == 4  # its attributes, and users 1, 2 and 7


async def test_the_lock_itself_lets_nobody_in_before_or_after_their_dates(matter_rig: MatterRig) -> None:
    lock = ref(matter_rig)
    begins, ends = (datetime(2026, 11, day, hour, tzinfo=BERLIN) for day, hour in ((27, 15), (29, 11)))
    stay = YearDay(micros(begins), micros(ends))
    at_home(matter_rig)
    (was_set,) = await told(matter_rig, SetCode(lock, 3, ONE, (stay,), "Europe/Berlin"))
    assert (was_set.ending, was_set.slots[0].limits) == ("evidence", (stay,))
    found = []
    for day, hour, minute in ((27, 14, 59), (27, 15, 0), (28, 3, 0), (29, 10, 59), (29, 11, 0)):
        at(matter_rig, datetime(2026, 11, day, hour, minute, 30, tzinfo=BERLIN))
        found.append(types(matter_rig, ONE))
    assert found == [0, 3, 3, 3, 0]
    (cleared,) = await told(matter_rig, ClearCode(lock, 3))
    assert (cleared.ending, memory(matter_rig)["yearDays"]) == ("evidence", [])


async def test_the_lock_itself_keeps_a_code_to_its_hours_of_the_week(matter_rig: MatterRig) -> None:
    lock = ref(matter_rig)
    hours = (WeekDay((0, 1, 2, 3, 4), 9 * 60, 12 * 60), WeekDay((6,), 22 * 60, 24 * 60))
    at_home(matter_rig)
    (was_set,) = await told(matter_rig, SetCode(lock, 3, ONE, hours, "Europe/Berlin"))
    assert was_set.ending == "evidence"
    found = []
    # A Monday, a Saturday, and the Sunday after it.
    for day, hour, minute in (
        (23, 8, 59),
        (23, 9, 0),
        (23, 12, 0),
        (28, 10, 0),
        (29, 10, 0),
        (29, 22, 0),
        (29, 23, 59),
    ):
        at(matter_rig, datetime(2026, 11, day, hour, minute, 30, tzinfo=BERLIN))
        found.append(types(matter_rig, ONE))
    assert found == [0, 3, 0, 0, 0, 3, 3]


async def test_a_code_expires_by_the_lock_s_own_clock_while_nobody_tells_it_anything(matter_rig: MatterRig) -> None:
    lock = ref(matter_rig)
    ends = (int(time.time()) + 4) * 1_000_000
    stay = YearDay(ends - 3600 * 1_000_000, ends)
    (was_set,) = await told(matter_rig, SetCode(lock, 3, ONE, (stay,), "UTC"))
    assert (was_set.ending, types(matter_rig, ONE)) == ("evidence", 3)
    await asyncio.sleep(max(0.0, ends / 1_000_000 - time.time()) + 0.2)
    assert types(matter_rig, ONE) == 0
    assert [user["userIndex"] for user in memory(matter_rig)["users"]] == [3]  # it is still there: the hub takes it off


@pytest.mark.parametrize(
    ("clock", "what", "days"),
    [
        ({"lost": True}, "the lock does not know the time", 0),
        ({"ahead": -3600}, "s slow", 0),
        ({"east": 60}, "the lock's local time is 3600 s ahead of the time at home", 3),
    ],
)
async def test_no_code_is_left_to_a_clock_that_is_wrong(
    matter_rig: MatterRig, clock: dict[str, Any], what: str, days: int
) -> None:
    lock = ref(matter_rig)
    now = int(time.time()) * 1_000_000
    stay = YearDay(now, now + 3600 * 1_000_000)
    matter_rig.act({"act": "clock", **clock})
    refused, read = await told(matter_rig, SetCode(lock, 3, ONE, (stay,), "UTC"), ReadCodes(lock))
    assert (refused.ending, refused.why) == ("refused", "limits")
    assert what in refused.what
    assert read.rules is not None
    assert (read.rules.year_days, read.rules.week_days) == (days, days)
    (always,) = await told(matter_rig, SetCode(lock, 3, ONE))
    assert always.ending == "evidence"


async def test_limits_that_the_lock_cannot_keep_are_refused_and_nothing_is_written(matter_rig: MatterRig) -> None:
    lock = ref(matter_rig)
    many = tuple(YearDay(day * 86_400_000_000, (day + 1) * 86_400_000_000) for day in range(20_000, 20_008, 2))
    mixed = (many[0], WeekDay((0,), 0, 60))
    outcomes = await told(matter_rig, SetCode(lock, 3, ONE, many), SetCode(lock, 3, ONE, mixed))
    assert [(outcome.ending, outcome.why, outcome.sent) for outcome in outcomes] == [("refused", "limits", 0)] * 2
    assert memory(matter_rig)["users"] == []


async def test_a_duplicate_is_refused_and_leaves_nothing_behind(matter_rig: MatterRig) -> None:
    lock = ref(matter_rig)
    _, refused = await told(matter_rig, SetCode(lock, 1, ONE), SetCode(lock, 2, ONE))
    assert (refused.ending, refused.why, refused.slots) == (
        "refused",
        "duplicate",
        (Slot(2, "empty", "value", limits=()),),
    )
    assert [user["userIndex"] for user in memory(matter_rig)["users"]] == [1]
    short, beyond = await told(matter_rig, SetCode(lock, 2, Secret("123")), SetCode(lock, 21, TWO))
    assert (short.why, beyond.why) == ("invalid", "slot")


async def test_a_full_lock_says_so(matter_rig: MatterRig) -> None:
    """Fewer PINs than users: a user finds room, and their PIN does not."""
    lock = ref(matter_rig)
    server = matter_rig.server
    for index in range(1, 20):  # user 1 holds five PINs and so on: twenty PINs, and users left
        server.add_user(index, "", str(100_000 + index * 7))
    server.lock_command("SetCredential", operationType=0, credential={"credentialType": 1, "credentialIndex": 20},
                        credentialData="OTkxMTIy", userIndex=1, userStatus=None, userType=None)  # fmt: skip
    (refused,) = await told(matter_rig, SetCode(lock, 20, ONE))
    assert (refused.ending, refused.why) == ("refused", "full")
    assert refused.slots == (Slot(20, "empty", "value", limits=()),)
    server.lock_command("ClearCredential", credential={"credentialType": 1, "credentialIndex": 20})
    server.lock_command("ClearCredential", credential={"credentialType": 1, "credentialIndex": 5})
    server.lock_command("SetCredential", operationType=0, credential={"credentialType": 1, "credentialIndex": 20},
                        credentialData="OTkxMTIy", userIndex=1, userStatus=None, userType=None)  # fmt: skip
    (found,) = await told(matter_rig, SetCode(lock, 20, ONE))
    assert (found.ending, types(matter_rig, ONE)) == ("evidence", 20)  # by PIN 5, the one that was free


@pytest.mark.parametrize(("mood", "why"), [("feigning", "unheeded"), ("stubborn", "")])
async def test_a_lock_that_does_not_do_it_is_seen_through(matter_rig: MatterRig, mood: str, why: str) -> None:
    lock = ref(matter_rig)
    await told(matter_rig, SetCode(lock, 1, ONE))
    matter_rig.act({"act": "mood", "is": mood})
    was_set, cleared = await told(matter_rig, SetCode(lock, 2, TWO), ClearCode(lock, 1))
    assert [(one.ending, one.why) for one in (was_set, cleared)] == [("refused", why)] * 2
    assert (types(matter_rig, TWO), types(matter_rig, ONE)) == (0, 1)


async def test_what_another_home_put_there_is_told_apart_and_not_touched(
    matter_rig_of_its_own: MatterRig,
) -> None:
    rig = matter_rig_of_its_own
    other = rig.pair_another_home()
    other.add_user(6, "Neighbour", THREE.reveal())
    lock = ref(rig)
    was_set, refused, listed = await told(rig, SetCode(lock, 2, ONE), SetCode(lock, 6, TWO), ReadCodes(lock))
    assert was_set.ending == "evidence"
    assert (refused.ending, refused.why, refused.slots[0].foreign) == ("refused", "slot", True)
    assert [(slot.slot, slot.foreign, slot.name) for slot in listed.slots] == [
        (2, False, ""),
        (6, True, "Neighbour"),
    ]
    assert listed.slots[1].creator == "a controller (vendor 0xfff1, fabric 2)"
    assert (types(rig, THREE), types(rig, TWO)) == (6, 0)
    (cleared,) = await told(rig, ClearCode(lock, 6))  # only when it is told to
    assert (cleared.ending, types(rig, THREE)) == ("evidence", 0)


async def test_a_lock_that_hears_nothing_leaves_a_code_unknown_until_it_is_read(
    matter_rig_of_its_own: MatterRig,
) -> None:
    rig = matter_rig_of_its_own  # its server may take minutes to find the lock again
    lock = ref(rig)
    async with hearing(plug(rig)) as ear:
        await asyncio.to_thread(rig.act, {"act": "freeze", "seconds": 40})
        await asyncio.sleep(0.2)
        begin = time.perf_counter()
        outcome = await ear.link.command(SetCode(lock, 2, ONE))
        say(f"{outcome.ending}, {outcome.what}, after {time.perf_counter() - begin:.1f} s")
        assert (outcome.ending, outcome.sent) == ("unknown", 1)
        assert time.perf_counter() - begin < 30


def test_no_file_of_lock_or_server_holds_a_code_that_went_through_them(matter_rig_of_its_own: MatterRig) -> None:
    rig = matter_rig_of_its_own
    lock = ref(rig)
    asyncio.run(told(rig, SetCode(lock, 2, ONE), SetCode(lock, 2, TWO), ClearCode(lock, 2), SetCode(lock, 3, THREE)))
    written = [
        path.read_bytes()
        for path in rig.folder.rglob("*")
        if path.is_file() and path.relative_to(rig.folder).parts[0] != "root"
    ]
    assert len(written) > 3
    for code in (ONE, TWO, THREE):
        digits = code.reveal().encode()
        assert not any(digits in one or b64encode(digits) in one for one in written)


@pytest.fixture
def matter_rig_of_its_own(tmp_path: Any) -> Iterator[MatterRig]:
    """A second home stays paired for good."""
    rig = MatterRig(tmp_path)
    try:
        yield rig
    finally:
        rig.stop()
