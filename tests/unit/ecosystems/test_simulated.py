"""The simulated home: the same seed gives the same days, and every fault can be ordered."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import Any, get_args

import msgspec
import pytest

from nightlatch.ecosystems._simulated import faults
from nightlatch.ecosystems._simulated.day import visits
from nightlatch.ecosystems._simulated.house import SECOND, Ear, House
from nightlatch.ecosystems._simulated.plan import Plan
from nightlatch.ecosystems.simulated import Simulated
from nightlatch.errors import SourceError
from nightlatch.model.command import LockDoor, Outcome, SetParameter, UnlockDoor
from nightlatch.model.evidence import Claim, Ref
from nightlatch.model.lock import Lock
from nightlatch.plugs import Context
from nightlatch.secrets import Fingerprinter

BEGIN = 1_790_000_000 * SECOND
FRONT = "lock:simulated:front"


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.at = BEGIN

    def __call__(self) -> int:
        return self.at


def house(**settings: Any) -> tuple[House, Clock, Ear]:
    clock = Clock()
    made = House(Plan(**({"people": 0, "doors": ("front", "garden")} | settings)), clock)
    return made, clock, made.listen(lambda: None)


def go(made: House, clock: Clock, seconds: float, step: float = 1.0) -> None:
    """Let time pass as a connection does: step by step."""
    until = clock.at + int(seconds * SECOND)
    while clock.at < until:
        clock.at = min(until, clock.at + int(step * SECOND))
        made.advance(clock.at)


def kinds(ear: Ear) -> list[str]:
    found = [event.kind for event in ear.heard]
    ear.heard.clear()
    return found


def plug(**settings: Any) -> Simulated:
    context = Context("simulated", "simulated", datetime.now(UTC), Fingerprinter())
    return Simulated(Plan(**({"people": 0, "answer_s": 0.0, "doors": ("front", "garden")} | settings)), context)


def test_the_same_seed_gives_the_same_days_and_another_gives_others() -> None:
    days = []
    for seed in (7, 7, 8):
        made, clock, ear = house(seed=seed, people=4, pace=720.0)
        go(made, clock, 120)
        days.append([msgspec.json.encode(event) for event in ear.heard])
    assert days[0] == days[1]
    assert days[0] != days[2]


def test_a_busy_day_passes_within_two_minutes() -> None:
    made, clock, ear = house(seed=7, people=4, pace=720.0)
    go(made, clock, 120)
    told = Counter(event.kind for event in ear.heard)
    assert told["door_opened"] >= 12
    assert told["door_opened"] == told["door_closed"]
    assert told["unlocked"] >= 3
    assert {event.slot for event in ear.heard if event.by == "code"} <= {1, 2, 3, 4}


def test_people_leave_before_they_come_back() -> None:
    for person in range(3):
        ways = [visit.coming for visit in visits(7, 2, 3, 2) if visit.person == person]
        assert ways == [False, True] * (len(ways) // 2)
        assert ways


def test_nobody_goes_through_a_locked_door() -> None:
    made, clock, ear = house(seed=7, people=4, pace=720.0)
    go(made, clock, 300)
    assert "door_forced" not in kinds(ear)


def test_a_lock_locks_itself_when_it_is_set_to_and_never_an_open_door() -> None:
    made, clock, ear = house()
    front = made.locks["front"]
    front.relock_s = 10
    made.unlock(front, "thumb")
    made.open_door(front)
    go(made, clock, 60)
    assert not front.thrown
    made.close_door(front)
    go(made, clock, 9)
    assert not front.thrown
    go(made, clock, 1)
    assert front.thrown
    assert made.into_open == []
    assert ear.heard[-1].by == "auto"


def test_batteries_drain_as_bolts_move() -> None:
    made, _, ear = house()
    front = made.locks["front"]
    before = front.charge
    for _ in range(60):
        made.unlock(front, "thumb")
        made.lock(front, "thumb")
    assert front.charge < before - 2
    assert [event.value for event in ear.heard if event.kind == "battery"][-1] == round(front.charge)


FAULTS: dict[type, tuple[dict[str, Any], list[str]]] = {
    faults.Dead: ({"seconds": 5}, ["offline", "online"]),
    faults.WrongCodes: ({"times": 3}, ["wrong_code"] * 3),
    faults.KeypadDisabled: ({"seconds": 5}, ["keypad_disabled", "keypad_enabled"]),
    faults.CoverTamper: ({}, ["tamper"]),
    faults.ForcedDoor: ({}, ["door_forced", "door_closed"]),
    faults.LeftOpen: ({"seconds": 5}, ["unlocked", "door_opened", "door_closed"]),
    faults.ForeignCode: ({}, ["code_added"]),
    faults.Battery: ({"percent": 5}, ["battery"]),
    faults.Downgrade: ({}, ["security_changed"]),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_at_a_lock_tells_what_a_hub_would(fault: type) -> None:
    made, clock, ear = house()
    settings, told = FAULTS[fault]
    made.order(fault(lock="front", **settings))
    go(made, clock, 20)
    assert {event.about for event in ear.heard} == {FRONT}
    assert kinds(ear) == told


def test_the_hub_lets_new_devices_in_and_stops() -> None:
    made, clock, ear = house()
    made.order(faults.JoinOpened(seconds=5))
    assert made.join_open
    go(made, clock, 6)
    assert [(event.kind, event.about) for event in ear.heard] == [
        ("join_opened", "hub:simulated:controller"),
        ("join_closed", "hub:simulated:controller"),
    ]


def test_a_lost_hub_breaks_connections_and_what_happens_meanwhile_is_heard_by_nobody() -> None:
    made, clock, ear = house()
    made.order(faults.HubLost(seconds=5))
    assert ear.broken
    made.unlock(made.locks["front"], "thumb")
    assert kinds(ear) == []
    go(made, clock, 5)
    assert made.up


def test_a_flood_pours_as_much_as_was_ordered() -> None:
    made, clock, ear = house(locks=98)
    made.order(faults.Flood(per_second=1000, seconds=3))
    go(made, clock, 5, step=0.01)
    assert abs(len(ear.heard) - 3000) <= 20
    assert [event.value for event in ear.heard] == list(range(len(ear.heard)))
    assert len({event.about for event in ear.heard}) == 100


def test_every_fault_can_stand_in_the_settings() -> None:
    for fault in get_args(faults.Fault):
        made = fault(
            **{
                field.name: {"lock": "front"}.get(field.name, 1)
                for field in msgspec.structs.fields(fault)
                if field.required
            }
        )
        raw = msgspec.to_builtins(made) | {"at": "18:30"}
        assert msgspec.convert(raw, faults.Fault) == msgspec.structs.replace(made, at="18:30")


def test_faults_of_the_settings_happen_at_their_time_of_the_first_day() -> None:
    made, clock, ear = house(pace=60.0, starts="06:00", faults=(faults.CoverTamper(lock="front", at="06:30"),))
    go(made, clock, 29)
    assert kinds(ear) == []
    go(made, clock, 2)
    assert kinds(ear) == ["tamper"]
    go(made, clock, 1500)
    assert kinds(ear) == []


@pytest.mark.parametrize(
    ("settings", "what"),
    [
        ({"pace": 0}, "pace must be above 0"),
        ({"starts": "6:00"}, "no time of day"),
        ({"locks": 50_001}, "from 0 to 50000"),
        ({"doors": [], "people": 1}, "people need a door"),
        ({"faults": [{"kind": "jam", "lock": "cellar", "at": "06:30"}]}, "none of the doors"),
        ({"faults": [{"kind": "jam", "lock": "front"}]}, "no time of day"),
    ],
)
def test_settings_that_cannot_be_are_refused(settings: dict[str, Any], what: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=what):
        msgspec.convert(settings, Plan)


# The plug


async def test_it_gives_facts_as_a_hub_does() -> None:
    made = plug(people=2)
    made.house.order(faults.Dead(lock="garden", seconds=60))
    items = [item async for item in made.collect()]
    told = {(str(item.about), item.fact): item.value for item in items if isinstance(item, Claim)}
    assert told[FRONT, "bolt"] == "thrown"
    assert told["credential:simulated:front/2", "slot"] == 2
    assert told["lock:simulated:garden", "reachable"] is False
    assert ("lock:simulated:garden", "bolt") not in told
    assert {type(made).gives[0].kind, Lock.bolt.path} <= {"hub", *(field.path for field in made.gives)}


async def test_a_lost_hub_gives_nothing() -> None:
    made = plug()
    made.house.order(faults.HubLost(seconds=60))
    with pytest.raises(SourceError, match="does not answer"):
        _ = [item async for item in made.collect()]
    with pytest.raises(SourceError, match="cannot be reached"):
        async with made.connect():
            pass


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        (None, ("evidence", "bolt thrown")),
        (faults.Jam(lock="front"), ("refused", "the bolt jammed")),
        (faults.Refuse(lock="front"), ("refused", "the lock said no")),
        (faults.Unheeded(lock="front"), ("unknown", "acknowledged, and nothing was reported")),
        (faults.Dead(lock="front", seconds=60), ("unknown", "no answer within 10 s")),
    ],
)
async def test_a_command_ends_as_it_went(fault: Any, outcome: tuple[str, str]) -> None:
    made = plug()
    front = made.house.locks["front"]
    made.house.unlock(front, "thumb")
    if fault is not None:
        made.house.order(fault)
    async with made.connect() as link:
        ended = await link.command(LockDoor(Ref("lock", "simulated:front")))
        assert (ended.ending, ended.what) == outcome
        assert front.thrown is (fault is None)


async def test_settings_and_unlocking_work_and_other_settings_do_not() -> None:
    made = plug()
    front = Ref("lock", "simulated:front")
    async with made.connect() as link:
        assert (await link.command(UnlockDoor(front))).ending == "evidence"
        assert (await link.command(SetParameter(front, "auto_relock_s", 30))).ending == "evidence"
        assert made.house.locks["front"].relock_s == 30
        assert (await link.command(SetParameter(front, "wrong_code_limit", 5))).ending == "refused"
        nowhere = await link.command(LockDoor(Ref("lock", "simulated:cellar")))
        assert nowhere == Outcome("refused", "the hub knows no such lock", where="the simulated home")


async def test_a_bolt_that_is_thrown_into_an_open_door_is_counted() -> None:
    made = plug()
    front = made.house.locks["front"]
    made.house.unlock(front, "thumb")
    made.house.open_door(front)
    async with made.connect() as link:
        await link.command(LockDoor(Ref("lock", "simulated:front")))
    assert [where for _, where in made.house.into_open] == ["front"]
