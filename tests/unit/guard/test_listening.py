"""Listening: nothing is lost, nothing is invented, what may have been missed is said, and nobody waits for another."""

from __future__ import annotations

import asyncio
from random import Random

import pytest

from nightlatch.ecosystems._simulated import faults
from nightlatch.errors import SourceError, StoreError
from nightlatch.guard.backoff import Backoff
from nightlatch.guard.listening import Listener
from nightlatch.guard.waiting import Waiting
from nightlatch.model.command import LockDoor
from nightlatch.model.event import Event, State
from nightlatch.model.evidence import Ref
from nightlatch.plugs import Settings, wall
from tests.unit.guard.simulating import Kept, listening, simulated, until
from tests.unit.guard.telling import Told, event, state

FRONT = "lock:front"


class Addressed(Settings, frozen=True):
    """Settings with a URL."""

    url: str


# What a hub tells


async def test_events_come_by_the_owner_s_names_with_their_source() -> None:
    plug, intake = simulated(), Kept()
    async with listening(plug, intake=intake) as listener:
        await until(lambda: FRONT in listener.states)
        plug.house.order(faults.WrongCodes(lock="front", times=1))
        await until(lambda: intake.of("wrong_code"))
    (wrong,) = intake.of("wrong_code")
    assert (wrong.about, wrong.source) == (FRONT, "simulated")
    assert intake.of("connected")[0].about == "hub:hub"


async def test_after_the_machine_stood_still_nothing_is_fresh_until_the_locks_are_asked_anew() -> None:
    plug, intake, now = Told("z", "zwavejs", state(FRONT)), Kept(), [wall()]
    async with listening(plug, intake=intake, clock=lambda: now[0]) as listener:
        await until(lambda: FRONT in listener.states and listener.states[FRONT].connected)
        heard = now[0]
        now[0] += 3_600_000_000
        listener.slept()
        # At once, before any reader of a connection has its turn.
        assert listener.states[FRONT].secured(now[0]).answer is None
        await until(lambda: intake.of("gap"))
        await until(lambda: listener.states[FRONT].connected)
    (gap,) = intake.of("gap")
    assert (gap.since, gap.at) == (heard, now[0])
    assert intake.of("disconnected")[0].detail == "this machine stood still, and begins to listen anew"


async def test_a_defect_in_a_command_is_an_unknown_end_and_ends_nothing_else() -> None:
    plug, intake = Told("z", "zwavejs", state(FRONT)), Kept()
    plug.answer = KeyError("1234")
    async with listening(plug, intake=intake) as listener:
        await until(lambda: FRONT in listener.states)
        outcome = await listener.command(LockDoor(Ref("lock", "front")))
    assert (outcome.ending, outcome.what) == (
        "unknown",
        "it broke on the command (KeyError). This is a defect: please report it.",
    )


async def test_nothing_is_locked_while_what_a_hub_tells_cannot_be_taken_in() -> None:
    class Stuck(Kept):
        async def accept(self, event: Event) -> asyncio.Future[int]:
            if event.kind == "battery":
                await asyncio.Event().wait()
            return await super().accept(event)

    plug = Told("z", "zwavejs", state(FRONT))
    async with listening(plug, intake=Stuck(), waiting=Waiting(wall, per_lane=2)) as listener:
        await until(lambda: FRONT in listener.states)
        for percent in range(4):
            plug.said.put_nowait(event("battery", FRONT, value=percent))
        await until(lambda: listener.waiting == 2)
        outcome = await listener.command(LockDoor(Ref("lock", "front")))
    assert outcome.ending == "unknown"
    assert "the journal does not keep up" in outcome.what
    assert plug.commands == []


async def test_a_thing_that_nobody_named_keeps_its_hub_s_name() -> None:
    plug, intake = simulated(doors=("attic",)), Kept()
    async with listening(plug, intake=intake) as listener:
        await until(lambda: "lock:simulated:attic" in listener.states)


async def test_the_first_states_are_no_events() -> None:
    plug, intake = simulated(), Kept()
    async with listening(plug, intake=intake) as listener:
        await until(lambda: len(listener.states) == 2)
    assert intake.kinds() == ["connected"]


async def test_a_door_s_own_sensor_tells_of_the_lock_that_is_fitted_to_it() -> None:
    plug, intake = Told("z", "zigbee2mqtt", state(FRONT, door=None)), Kept()
    async with listening(plug, intake=intake) as listener:
        plug.said.put_nowait(event("door_opened", "door:front"))
        await until(lambda: listener.states.get(FRONT) and listener.states[FRONT].door == "open")
    assert intake.of("door_opened")[0].about == "door:front"


async def test_what_a_hub_only_assumes_of_a_lock_secures_nothing() -> None:
    plug, intake = Told("h", "homeassistant", state(FRONT, bolt="retracted")), Kept()
    async with listening(plug, intake=intake) as listener:
        plug.said.put_nowait(event("locked", FRONT))
        plug.said.put_nowait(state(FRONT, at=0, door_at=wall()))
        await until(lambda: listener.states.get(FRONT) and listener.states[FRONT].bolt_at == 0)
        secured = listener.states[FRONT].secured(wall())
    assert (secured.answer, secured.reason) == (None, "where the bolt is: the hub only remembers it")
    assert [one.kind for one in intake.events if one.about == FRONT] == ["locked"]


@pytest.mark.parametrize(
    ("urls", "told"),
    [
        (("wss://hub.lan:1", "ws://hub.lan:1"), [("none", "tls")]),
        (("wss://hub.lan:1", "ws://127.0.0.1:1", "ws://hub.lan:1"), [("none", "tls")]),
        (("mqtt://hub.lan", "mqtts://hub.lan"), [("tls", "none")]),
        (("ws://hub.lan:1", "ws://hub.lan:1"), []),
        (("ws://localhost:1", "ws://hub.lan:1"), []),
    ],
)
async def test_a_hub_that_is_reached_without_tls_any_more_is_told_also_over_restarts(
    urls: tuple[str, ...], told: list[tuple[str, str]]
) -> None:
    snapshot, intake = b"", Kept()
    for url in urls:
        plug = Told("z", "zwavejs", state(FRONT))
        plug.settings = Addressed(url=url)
        async with listening(plug, intake=intake, snapshot=snapshot) as listener:
            await until(lambda listener=listener: FRONT in listener.states and listener.connected["z"])
            await until(lambda listener=listener: not listener.waiting)
            snapshot = listener.snapshot()
    assert [(one.value, one.name) for one in intake.of("security_changed")] == told


# Losing a hub and finding it again


async def test_a_reconnect_tells_the_gap_and_what_changed_in_it() -> None:
    plug, intake = simulated(), Kept()
    house = plug.house
    async with listening(plug, intake=intake) as listener:
        await until(lambda: len(listener.states) == 2)
        before = wall()
        house.order(faults.HubLost(seconds=0.2))
        front = house.locks["front"]
        house.unlock(front, "thumb")
        house.open_door(front)
        house.order(faults.ForeignCode(lock="garden", slot=9))
        house.order(faults.Downgrade(lock="garden"))
        await until(lambda: intake.of("gap"))
        await until(lambda: listener.states["lock:garden"].security == "none")
    assert intake.kinds()[:4] == ["connected", "disconnected", "connected", "gap"]
    (gap,) = intake.of("gap")
    assert gap.since <= before + 100_000
    assert gap.about == "hub:hub"
    found = {(e.kind, e.about, e.slot, e.value) for e in intake.events if e.resync}
    assert found == {
        ("unlocked", FRONT, 0, ""),
        ("door_opened", FRONT, 0, ""),
        ("code_added", "lock:garden", 9, ""),
        ("security_changed", "lock:garden", 0, "none"),
    }
    assert {e.since for e in intake.events if e.resync} == {gap.since}


async def test_what_changed_unheard_is_told_since_the_loss_also_behind_what_was_heard_sooner() -> None:
    plug, intake = Told("z", "zwavejs", state(FRONT)), Kept()
    async with listening(plug, intake=intake) as listener:
        await until(lambda: FRONT in listener.states)
        plug.states = [State(FRONT), event("wrong_code", FRONT), state(FRONT, bolt="retracted")]
        plug.said.put_nowait(SourceError("is gone"))
        await until(lambda: intake.of("unlocked"))
    (gap,), (unlocked,) = intake.of("gap"), intake.of("unlocked")
    assert (unlocked.resync, unlocked.since) == (True, gap.since)


async def test_what_a_link_found_out_late_without_knowing_since_when_is_told_since_the_loss() -> None:
    plug, intake = Told("m", "matter", state(FRONT)), Kept()
    async with listening(plug, intake=intake) as listener:
        await until(lambda: FRONT in listener.states)
        plug.states = [state(FRONT), event("unlocked", FRONT, resync=True)]
        plug.said.put_nowait(SourceError("is gone"))
        await until(lambda: intake.of("unlocked"))
    (gap,), (unlocked,) = intake.of("gap"), intake.of("unlocked")
    assert (unlocked.resync, unlocked.since) == (True, gap.since)


async def test_a_reconnect_to_an_unchanged_home_invents_nothing() -> None:
    plug, intake = simulated(), Kept()
    async with listening(plug, intake=intake) as listener:
        await until(lambda: len(listener.states) == 2)
        plug.house.unlock(plug.house.locks["front"], "thumb")
        plug.house.order(faults.ForeignCode(lock="front"))
        await until(lambda: intake.of("code_added"))
        for _ in range(3):
            plug.house.order(faults.HubLost(seconds=0.03))
            gaps = len(intake.of("gap"))
            await until(lambda gaps=gaps: len(intake.of("gap")) > gaps)
        await until(lambda: listener.states[FRONT].connected)
    assert [e.kind for e in intake.events if e.resync] == []


async def test_a_restart_of_nightlatch_tells_its_own_gap_and_what_changed() -> None:
    plug, intake = simulated(), Kept()
    async with listening(plug, intake=intake) as listener:
        await until(lambda: len(listener.states) == 2)
        snapshot = listener.snapshot()
        plug.house.unlock(plug.house.locks["garden"], "thumb")
        await until(lambda: intake.of("unlocked"))
    stopped = intake.events[-1].at
    plug.house.unlock(plug.house.locks["front"], "thumb")
    again = Kept()
    async with listening(simulated(plug.house), intake=again, snapshot=snapshot, since=intake.events) as listener:
        await until(lambda: again.of("unlocked"))
    assert again.kinds() == ["connected", "gap", "unlocked"]
    assert again.of("gap")[0].since == stopped
    assert (again.events[2].about, again.events[2].resync) == (FRONT, True)


async def test_a_restart_without_a_change_invents_nothing_though_digests_are_another_run_s() -> None:
    plug, intake = simulated(people=2), Kept()
    async with listening(plug, intake=intake) as listener:
        await until(lambda: len(listener.states) == 2)
        snapshot = listener.snapshot()
    lock = plug.house.locks["front"]
    lock.listed = {slot: f"another-{slot}" for slot in lock.listed}
    again = Kept()
    async with listening(simulated(plug.house), intake=again, snapshot=snapshot) as listener:
        await until(lambda: listener.states[FRONT].connected)
    assert again.kinds() == ["connected", "gap"]


async def test_what_was_heard_and_not_written_when_nightlatch_was_killed_is_found_out_again() -> None:
    plug, intake = simulated(), Kept()
    keep = intake.accept

    async def full(one: Event) -> asyncio.Future[int]:
        """A disk that takes nothing more once the door is unlocked."""
        if one.kind == "unlocked":
            return asyncio.get_running_loop().create_future()
        return await keep(one)

    intake.accept = full  # type: ignore[method-assign]
    async with listening(plug, intake=intake) as listener:
        await until(lambda: len(listener.states) == 2)
        before = wall()
        plug.house.unlock(plug.house.locks["front"], "thumb")
        await until(lambda: listener.states[FRONT].bolt == "retracted")
        await asyncio.sleep(0.01)
        snapshot = listener.snapshot()
    again = Kept()
    async with listening(simulated(plug.house), intake=again, snapshot=snapshot):
        await until(lambda: again.of("unlocked"))
    assert before - 1000 <= again.of("gap")[0].since <= before + 100_000
    assert again.of("unlocked")[0].resync


async def test_a_damaged_memory_is_told_apart_from_none() -> None:
    async with listening(simulated(), intake=Kept()) as listener:
        with pytest.raises(StoreError, match="is damaged"):
            listener.restore(b"{", [])


async def test_a_hub_that_says_nothing_is_found_out_and_the_gap_covers_its_silence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("nightlatch.ecosystems.simulated.SILENCE_S", 0.2)
    plug, intake = simulated(), Kept()
    async with listening(plug, intake=intake) as listener:
        await until(lambda: len(listener.states) == 2)
        silent = wall()
        plug.house.order(faults.HubSilent(seconds=0.6))
        plug.house.unlock(plug.house.locks["front"], "thumb")
        await until(lambda: intake.of("unlocked"))
    assert "silent" in intake.of("disconnected")[0].detail
    assert intake.of("gap")[-1].since <= silent
    assert intake.of("unlocked")[0].resync


async def test_an_outage_is_told_once_however_often_it_is_tried_again() -> None:
    plug, intake = Told("z", "zwavejs"), Kept()
    plug.up = False
    async with listening(plug, intake=intake):
        await until(lambda: plug.refused > 4)
    assert intake.kinds() == ["disconnected"]
    assert intake.events[0].detail == "zwavejs: nobody answers."


async def test_a_defect_in_one_ecosystem_ends_no_other() -> None:
    broken, plug, intake = Told("z", "zwavejs"), simulated(), Kept()
    broken.said.put_nowait(KeyError("a secret of the peer"))
    async with listening(broken, plug, intake=intake):
        await until(lambda: intake.of("disconnected"))
        plug.house.order(faults.WrongCodes(lock="front", times=1))
        await until(lambda: intake.of("wrong_code"))
    (told,) = intake.of("disconnected")
    assert told.detail == "broke on what it heard (KeyError). This is a defect: please report it."


def test_waits_double_up_to_a_cap_and_are_spread_by_chance() -> None:
    backoff = Backoff(first_s=1, cap_s=60)
    assert [backoff.wait(attempt, 1.0) for attempt in (0, 1, 2, 5, 6, 500)] == [1, 2, 4, 32, 60, 60]
    assert backoff.wait(3, 0.0) == 4


async def test_a_flapping_hub_is_tried_less_and_less_often() -> None:
    plug, intake = Told("z", "zwavejs"), Kept()
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)
        plug.said.put_nowait(SourceError("broke"))
        await asyncio.sleep(0)

    plug.said.put_nowait(SourceError("broke"))
    listener = Listener([plug], intake, clock=wall, chance=Random(1), sleep=sleep, backoff=Backoff())
    task = asyncio.create_task(listener.run())
    await until(lambda: len(waits) > 8)
    task.cancel()
    assert waits[8] > 25 > waits[1]
