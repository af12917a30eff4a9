"""Events that wait: in order, fair, bounded, and counted when they are dropped."""

from __future__ import annotations

import asyncio
from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as st

from nightlatch.guard.waiting import AHEAD, Waiting
from nightlatch.model.event import Event


def event(about: str, number: int) -> Event:
    return Event(number, "battery", about, value=number)


@given(st.lists(st.tuples(st.integers(0, 2), st.sampled_from(("a", "b", "c"))), max_size=300))
async def test_nothing_is_lost_and_each_thing_s_events_keep_their_order(told: list[tuple[int, str]]) -> None:
    waiting = Waiting(lambda: 0)
    lanes = [waiting.lane(str(number)) for number in range(3)]
    for number, (lane, thing) in enumerate(told):
        assert waiting.add(lanes[lane], event(f"{lane}{thing}", number))
    taken = [await waiting.take() for _ in told]
    assert len(waiting) == 0
    by_thing: dict[str, list[int]] = defaultdict(list)
    for one in taken:
        by_thing[one.about].append(one.at)
    assert sorted(one.at for one in taken) == list(range(len(told)))
    assert all(order == sorted(order) for order in by_thing.values())


async def test_few_events_keep_the_order_in_which_they_came() -> None:
    waiting = Waiting(lambda: 0)
    lane = waiting.lane("hub")
    for number in range(AHEAD):
        waiting.add(lane, event("abc"[number % 3], number))
    assert [(await waiting.take()).at for _ in range(AHEAD)] == list(range(AHEAD))


async def test_ecosystems_take_turns() -> None:
    waiting = Waiting(lambda: 0)
    flooding, quiet = waiting.lane("flooding"), waiting.lane("quiet")
    for number in range(1000):
        waiting.add(flooding, event(str(number), number))
    waiting.add(quiet, event("door", 5000))
    assert 5000 in [(await waiting.take()).at for _ in range(2)]


async def test_a_full_lane_makes_only_its_own_peer_wait() -> None:
    waiting = Waiting(lambda: 0, per_lane=10)
    full, other = waiting.lane("full"), waiting.lane("other")
    for number in range(10):
        waiting.add(full, event(str(number), number))
    waits = asyncio.create_task(full.room())
    await other.room()
    await asyncio.sleep(0)
    assert not waits.done()
    await waiting.take()
    await asyncio.wait_for(waits, 1)


async def test_what_is_dropped_is_counted_and_told_after_what_was_kept() -> None:
    waiting = Waiting(lambda: 77, per_thing=10)
    lane = waiting.lane("hub")
    kept = [waiting.add(lane, event("lock:a", number)) for number in range(AHEAD + 15)]
    assert kept.count(False) == 5
    taken = [await waiting.take() for _ in range(AHEAD + 11)]
    assert [one.at for one in taken[:-1]] == list(range(AHEAD + 10))
    gap = taken[-1]
    assert (gap.kind, gap.about, gap.value, gap.since, gap.at, gap.source) == (
        "gap",
        "lock:a",
        5,
        AHEAD + 10,
        77,
        "hub",
    )
    assert len(waiting) == 0
