"""Auto-lock against a simulated home: it locks, holds, retries, gives up, and goes on after being killed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC

import pytest

from nightlatch.ecosystems._simulated import faults
from nightlatch.ecosystems.simulated import Simulated
from nightlatch.errors import StoreError, UsageError
from nightlatch.guard.autolock.driver import AutoLock
from nightlatch.guard.autolock.settings import Rule
from nightlatch.guard.detections.interface import Noticed
from nightlatch.guard.household import Household
from nightlatch.guard.listening import Listener
from nightlatch.plugs import wall
from tests.unit.guard.autolock.test_lockout import LOCKED_IN, home
from tests.unit.guard.simulating import Kept, listening, simulated, until

SECOND = 1_000_000
HOUSEHOLD = Household(names={"lock:front": "Front door lock"})


def rule(**more: object) -> Rule:
    settings: dict[str, object] = {
        "after": SECOND // 4,
        "night_after": SECOND // 4,
        "retry_after": SECOND // 10,
        "retries": 2,
    }
    return Rule("lock:front", UTC, **(settings | more))  # type: ignore[arg-type]


class Running:
    """What a test looks at."""

    def __init__(self, autolock: AutoLock, listener: Listener) -> None:
        self.autolock = autolock
        self.listener = listener
        self.kept = b""
        self.noticed: list[Noticed] = []


@asynccontextmanager
async def running(
    plug: Simulated, intake: Kept, rule_: Rule | None = None, *, memory: bytes = b"", snapshot: bytes = b""
) -> AsyncIterator[Running]:
    async with listening(plug, intake=intake, snapshot=snapshot, since=intake.events[:]) as listener:
        noticed: list[Noticed] = []
        kept: list[bytes] = [memory]
        autolock = AutoLock(
            [rule_ or rule()],
            listener,
            intake,
            clock=wall,
            notice=noticed.extend,
            household=HOUSEHOLD,
            keep=kept.append,
            snapshot=memory,
        )
        seen = Running(autolock, listener)
        seen.noticed = noticed
        task = asyncio.create_task(autolock.run())
        try:
            await until(lambda: listener.states.get("lock:front"))
            yield seen
        finally:
            seen.kept = kept[-1]
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def test_an_unlocked_closed_door_is_locked_by_evidence() -> None:
    plug, intake = simulated(), Kept()
    async with running(plug, intake) as now:
        plug.house.unlock(plug.house.locks["front"], "thumb")
        await until(lambda: plug.house.locks["front"].thrown)
        await until(lambda: intake.of("outcome"))
        assert now.listener.states["lock:front"].secured(wall()).answer is True
    told = [(event.kind, event.name, event.value) for event in intake.of("autolock", "command", "outcome")]
    assert told == [("autolock", "locks", ""), ("command", "lock", ""), ("outcome", "lock", "evidence")]


async def test_an_open_door_is_never_locked_and_a_shut_one_is() -> None:
    plug, intake = simulated(), Kept()
    async with running(plug, intake):
        front = plug.house.locks["front"]
        plug.house.unlock(front, "thumb")
        plug.house.open_door(front)
        await asyncio.sleep(0.5)
        assert not front.thrown
        plug.house.close_door(front)
        await until(lambda: front.thrown)
    assert plug.house.into_open == []


async def test_a_door_opened_while_the_command_is_written_down_is_not_locked() -> None:
    plug, intake = simulated(), Kept()
    front = plug.house.locks["front"]
    accept = intake.accept

    async def slow(event: object) -> asyncio.Future[int]:
        if getattr(event, "kind", "") == "command" and not front.open:
            plug.house.open_door(front)
            await asyncio.sleep(0.05)
        return await accept(event)  # type: ignore[arg-type]

    intake.accept = slow  # type: ignore[method-assign]
    async with running(plug, intake):
        plug.house.unlock(front, "thumb")
        await until(lambda: intake.of("outcome"))
    assert not front.thrown
    assert plug.house.into_open == []
    assert intake.of("outcome")[0].detail == "not sent: the door is open"


async def test_a_jam_is_tried_again_and_then_told() -> None:
    plug, intake = simulated(), Kept()
    async with running(plug, intake) as now:
        plug.house.order(faults.Jam(lock="front", times=10))
        plug.house.unlock(plug.house.locks["front"], "thumb")
        await until(lambda: now.noticed)
        assert len(intake.of("command")) == 3
        assert now.noticed[0].what == "Front door lock could not be locked in 3 attempts. The bolt is jammed."
        assert now.autolock.view()[0].phase == "gave_up"
        await asyncio.sleep(0.3)
        assert len(intake.of("command")) == 3


async def test_one_jam_less_than_the_limit_ends_locked() -> None:
    plug, intake = simulated(), Kept()
    async with running(plug, intake) as now:
        plug.house.order(faults.Jam(lock="front", times=2))
        plug.house.unlock(plug.house.locks["front"], "thumb")
        await until(lambda: plug.house.locks["front"].thrown)
        assert now.noticed == []


async def test_killed_in_the_middle_of_the_delay_it_locks_when_it_would_have() -> None:
    plug, intake = simulated(), Kept()
    slow = rule(after=SECOND, night_after=SECOND)
    async with running(plug, intake, slow) as now:
        snapshot = now.listener.snapshot()
        plug.house.unlock(plug.house.locks["front"], "thumb")
        await until(lambda: intake.of("unlocked"))
        begun = intake.of("unlocked")[0].at
        await asyncio.sleep(0.6)
        memory = now.autolock.snapshot()
    async with running(simulated(plug.house), intake, slow, memory=memory, snapshot=snapshot):
        await until(lambda: plug.house.locks["front"].thrown)
        locked = wall()
    assert SECOND <= locked - begun < SECOND + SECOND // 3, "the delay began anew"


async def test_a_pause_survives_a_restart_and_ends_when_the_owner_ends_it() -> None:
    plug, intake = simulated(), Kept()
    async with running(plug, intake) as now:
        await now.autolock.pause("lock:front", wall() + 3600 * SECOND)
        plug.house.unlock(plug.house.locks["front"], "thumb")
        await asyncio.sleep(0.4)
        assert not plug.house.locks["front"].thrown
    async with running(simulated(plug.house), intake, memory=now.kept) as again:
        assert again.autolock.view()[0].phase == "paused"
        await asyncio.sleep(0.3)
        assert not plug.house.locks["front"].thrown
        await again.autolock.resume("lock:front")
        await until(lambda: plug.house.locks["front"].thrown)
    assert [event.name for event in intake.of("autolock")] == ["paused", "resumed", "locks"]


async def test_a_pause_without_an_end_in_sight_and_a_door_without_a_rule_are_refused() -> None:
    async with running(simulated(), Kept()) as now:
        with pytest.raises(UsageError, match="within seven days"):
            await now.autolock.pause("lock:front", wall() + 8 * 86_400 * SECOND)
        with pytest.raises(UsageError) as error:
            await now.autolock.pause("lock:frnt", wall() + SECOND)
        assert 'Did you mean "front"?' in str(error.value)


async def test_the_lock_s_own_relock_is_set_once_and_drift_is_told_and_not_fought() -> None:
    plug, intake = simulated(), Kept()
    own = rule(after=180 * SECOND, night_after=180 * SECOND, prefer="lock")
    async with running(plug, intake, own) as now:
        front = plug.house.locks["front"]
        await until(lambda: front.relock_s == 180)
        front.relock_s = 20
        plug.house.tell(front.about, "parameter_changed", name="auto_relock_s", value=20)
        await until(lambda: now.noticed)
        assert [one.key for one in now.noticed] == ["drift"]
        await asyncio.sleep(0.1)
        assert len(intake.of("command")) == 1
        assert front.relock_s == 20


async def test_while_it_is_paused_the_lock_s_own_relock_is_off() -> None:
    plug, intake = simulated(), Kept()
    own = rule(after=180 * SECOND, night_after=180 * SECOND, prefer="lock")
    async with running(plug, intake, own) as now:
        front = plug.house.locks["front"]
        await until(lambda: front.relock_s == 180)
        await now.autolock.pause("lock:front", wall() + 3600 * SECOND)
        await until(lambda: front.relock_s == 0)
        await now.autolock.resume("lock:front")
        await until(lambda: front.relock_s == 180)
        assert now.noticed == []


async def test_without_its_hub_nothing_is_sent() -> None:
    plug, intake = simulated(), Kept()
    async with running(plug, intake) as now:
        plug.house.unlock(plug.house.locks["front"], "thumb")
        await until(lambda: intake.of("unlocked"))
        plug.house.order(faults.HubLost(seconds=0.6))
        await asyncio.sleep(0.4)
        assert intake.of("command") == []
        assert now.autolock.view()[0].why == "where the bolt is: its hub is not connected"
        await until(lambda: plug.house.locks["front"].thrown)


async def test_before_a_door_locks_that_nobody_outside_could_open_again_it_warns_once() -> None:
    plug, intake = simulated(), Kept()
    long = rule(after=3600 * SECOND, night_after=3600 * SECOND)
    async with running(plug, intake, long) as now:
        now.autolock.home = home(LOCKED_IN | {("lock:front", "emergency_power"): '"none"'})
        front = plug.house.locks["front"]
        plug.house.order(faults.Battery(lock="front", percent=3))
        plug.house.unlock(front, "code", 1)
        plug.house.open_door(front)
        plug.house.close_door(front)
        await until(lambda: now.noticed)
        assert not front.thrown, "the warning comes before the bolt"
        (warning,) = now.noticed
        assert (warning.key, warning.severity) == ("lockout", "high")
        assert warning.what.startswith(
            "Once Front door lock is locked, nobody who is outside gets in: "
            "no way in for a resident outside is left with the lock's battery flat; known by: "
        )
        plug.house.lock(front, "thumb")
        await until(lambda: now.autolock.view()[0].phase == "locked")
        await asyncio.sleep(0.05)
        assert [(one.key, one.over) for one in now.noticed] == [("lockout", False), ("lockout", True)]
        assert "somebody is inside" in now.autolock.view()[0].way_in_why


async def test_a_damaged_memory_and_a_full_disk_keep_no_door_unlocked() -> None:
    plug, intake = simulated(), Kept()

    def full(_: bytes) -> None:
        raise StoreError("the disk is full")

    async with running(plug, intake, memory=b"{broken") as now:
        now.autolock._keep = full
        plug.house.order(faults.Jam(lock="front"))
        plug.house.unlock(plug.house.locks["front"], "thumb")
        await until(lambda: plug.house.locks["front"].thrown)
