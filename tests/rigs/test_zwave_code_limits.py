"""Limits that a Z-Wave lock holds codes to by itself: no code works outside them, not even while it is being set."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from nightlatch.model.command import Limit, Outcome, WeekDay, YearDay
from rigs.zwave.rig import ZwaveRig
from tests.rigs.test_zwave_codes import (
    HOME_CONNECT,
    NEWEST,
    PINS,
    ZONE,
    fault,
    house,
    hub,
    memory,
    only,
    opens,
    rig,
)
from tests.rigs.zwave import SCHLAGE, YALE

__all__ = ["house", "rig"]
pytestmark = pytest.mark.rig

BOTH = (YALE, HOME_CONNECT)
NEVER = "2001-01-01T03:00"
WEEKEND = WeekDay((5, 6), 10 * 60, 12 * 60)
OFFICE = WeekDay((0, 1, 2, 3, 4), 9 * 60, 24 * 60)


def us(local: str) -> int:
    return int(datetime.fromisoformat(local).replace(tzinfo=ZoneInfo(ZONE)).timestamp()) * 1_000_000


STAY = YearDay(us("2026-11-23T15:00"), us("2026-11-25T11:00"))
NEXT_STAY = YearDay(us("2026-12-23T15:00"), us("2026-12-25T11:00"))


def schedules(rig: ZwaveRig, node: int, slot: int) -> dict[str, object]:
    """What the lock itself keeps of schedules for a slot in use."""
    return next((held["schedules"] for held in rig.do("memory", node=node) if held["slot"] == slot), {})


def until_sent(rig: ZwaveRig, node: int, frames: int, setting: asyncio.Task[Outcome]) -> None:
    """Returns once so many frames were sent to a lock, or the command has ended."""
    while not setting.done() and rig.do("sent", node=node)["frames"] < frames:
        time.sleep(0.002)


@asynccontextmanager
async def somebody_trying(rig: ZwaveRig, node: int, *pins: str) -> AsyncIterator[list[str]]:
    """Somebody types the codes all the time, at a time outside all limits: the codes that opened."""
    opened: list[str] = []
    done = asyncio.Event()

    async def try_them() -> None:
        while not done.is_set():
            for pin in pins:
                if await asyncio.to_thread(opens, rig, node, pin, NEVER):
                    opened.append(pin)

    task = asyncio.create_task(try_them())
    try:
        yield opened
    finally:
        done.set()
        await task


@pytest.mark.parametrize("node", BOTH)
@pytest.mark.parametrize(
    ("limits", "inside", "outside"),
    [
        (
            (STAY,),
            ("2026-11-23T15:00", "2026-11-24T03:00", "2026-11-25T10:59"),
            ("2026-11-23T14:59", "2026-11-25T11:00", "2025-11-24T03:00"),
        ),
        ((OFFICE,), ("2026-11-23T09:00", "2026-11-27T23:58"), ("2026-11-23T08:59", "2026-11-28T10:00")),
        ((WEEKEND,), ("2026-11-28T10:00", "2026-11-29T11:59"), ("2026-11-28T12:00", "2026-11-27T10:00")),
    ],
    ids=["dates", "week", "weekend"],
)
async def test_a_code_opens_within_its_limits_only_and_the_lock_shows_them(
    rig: ZwaveRig, node: int, limits: tuple[Limit, ...], inside: tuple[str, ...], outside: tuple[str, ...]
) -> None:
    async with hub(rig) as house:
        outcome = await house.set(node, 3, PINS[0], *limits)
        assert (outcome.ending, outcome.what) == ("evidence", "the code was read back")
        assert only(outcome).limits == limits
        assert [opens(rig, node, PINS[0], at) for at in inside] == [True] * len(inside)
        assert [opens(rig, node, PINS[0], at) for at in outside] == [False] * len(outside)
        again = await house.set(node, 3, PINS[0], *limits)
        assert again.ending == "evidence"
        sent = rig.do("sent", node=node)["commands"]
        assert not [name for name in sent if name.endswith("Set")]  # it was as wanted already
        assert (await house.clear(node, 3)).ending == "evidence"
        assert memory(rig, node) == {}
        assert (await house.set(node, 3, PINS[1])).ending == "evidence"
        assert opens(rig, node, PINS[1], NEVER)  # the next code in the slot is not held to the old limits


@pytest.mark.parametrize("node", BOTH)
async def test_between_the_commands_no_code_works_outside_its_limits(rig: ZwaveRig, node: int) -> None:
    async with hub(rig) as house, somebody_trying(rig, node, *PINS[:2]) as opened:
        for pin, *limits in (
            (PINS[0], STAY),
            (PINS[0], NEXT_STAY),
            (PINS[1], OFFICE),
            (PINS[0], WEEKEND),
            (PINS[1], STAY),
        ):
            # What is typed in that moment may cost a message, as on a real radio: then it is done again.
            outcomes = [await house.set(node, 3, pin, *limits, counted=False)]
            while outcomes[-1].ending == "unknown" and len(outcomes) < 4:
                outcomes.append(await house.set(node, 3, pin, *limits, counted=False))
            assert outcomes[-1].ending == "evidence", outcomes
        with fault(rig, node, "refuseSchedules"):
            await house.set(node, 3, PINS[0], NEXT_STAY)
        await house.clear(node, 3)
    assert not opened


@pytest.mark.parametrize("node", BOTH)
async def test_old_schedules_in_a_slot_do_not_widen_the_new_ones(rig: ZwaveRig, node: int) -> None:
    async with hub(rig) as house:
        for limits in ((OFFICE,), (STAY,), (WEEKEND,), (NEXT_STAY,)):
            assert (await house.set(node, 3, PINS[0], *limits)).ending == "evidence"
            kinds = set(schedules(rig, node, 3)) - {"binds"}
            assert len(kinds) == 1, kinds


@pytest.mark.parametrize("node", BOTH)
async def test_a_code_whose_schedules_the_lock_does_not_keep_is_taken_off_again(rig: ZwaveRig, node: int) -> None:
    async with hub(rig) as house:
        with fault(rig, node, "refuseSchedules"):
            outcome = await house.set(node, 3, PINS[0], STAY)
            assert (outcome.ending, outcome.why) == ("refused", "limits"), outcome
            assert memory(rig, node) == {}
        with fault(rig, node, "forgetSchedules"):
            outcome = await house.set(node, 3, PINS[0], STAY)
            assert (outcome.ending, outcome.why) == ("refused", "limits"), outcome
            assert "taken off again" in outcome.what
            assert memory(rig, node) == {}


async def test_a_link_that_breaks_between_code_and_schedules_leaves_no_code_that_opens(rig: ZwaveRig) -> None:
    async with hub(rig) as house:
        for frames in range(0, 40, 3):
            rig.do("forget_codes", node=HOME_CONNECT)
            rig.do("drop", node=HOME_CONNECT)
            setting = asyncio.create_task(house.set(HOME_CONNECT, 3, PINS[0], STAY, counted=False))
            await asyncio.to_thread(until_sent, rig, HOME_CONNECT, frames, setting)
            await asyncio.to_thread(rig.do, "silent", node=HOME_CONNECT, value=True)
            outcome = await setting
            assert not opens(rig, HOME_CONNECT, PINS[0], NEVER), (frames, outcome)
            rig.do("silent", node=HOME_CONNECT, value=False)
            if outcome.ending == "evidence":
                break
    assert outcome.ending == "evidence"


@pytest.mark.parametrize(
    ("node", "limits"),
    [
        (SCHLAGE, (STAY,)),
        (NEWEST, (STAY,)),
        (YALE, (STAY, NEXT_STAY)),
        (YALE, (WEEKEND, OFFICE)),
        (YALE, (STAY, OFFICE)),
        (HOME_CONNECT, (OFFICE, WEEKEND, WeekDay((0,), 0, 60))),
        (HOME_CONNECT, (YearDay(STAY.ends, STAY.begins),)),
    ],
)
async def test_limits_that_the_lock_cannot_keep_are_refused_before_anything_is_written(
    rig: ZwaveRig, node: int, limits: tuple[Limit, ...]
) -> None:
    async with hub(rig) as house:
        outcome = await house.set(node, 3, PINS[0], *limits)
        assert (outcome.ending, outcome.why) == ("refused", "limits")
        assert not [name for name in rig.do("sent", node=node)["commands"] if name.endswith("Set")]
    assert memory(rig, node) == {}


@pytest.fixture
def wrong_clock(rig: ZwaveRig) -> Iterator[ZwaveRig]:
    """Yale's clock shows UTC, as after an hour without batteries; it is right again afterwards."""
    rig.do("clock", node=YALE, offset=0)
    yield rig
    at_home = datetime.now(ZoneInfo(ZONE)).utcoffset() or timedelta(0)
    rig.do("clock", node=YALE, offset=round(at_home.total_seconds() / 60))


async def test_a_clock_that_is_wrong_is_set_before_a_schedule_is_trusted(wrong_clock: ZwaveRig) -> None:
    async with hub(wrong_clock) as house:
        assert (await house.set(YALE, 3, PINS[0], STAY)).ending == "evidence"
    assert wrong_clock.state(YALE)["clockOffset"] > 0


async def test_schedules_of_a_lock_whose_clock_stays_wrong_are_not_used(wrong_clock: ZwaveRig) -> None:
    async with hub(wrong_clock) as house:
        with fault(wrong_clock, YALE, "refuseClock"):
            outcome = await house.set(YALE, 3, PINS[0], STAY, counted=False)
    assert (outcome.ending, outcome.why) == ("refused", "limits")
    assert "the lock's clock shows" in outcome.what
    assert memory(wrong_clock, YALE) == {}
