"""One movement that is told twice becomes one event, in time and in order."""

from __future__ import annotations

import asyncio

import pytest

from nightlatch.ecosystems import _pairing
from nightlatch.ecosystems._pairing import PAIR_US, Pairing
from nightlatch.model.event import Event


def unlocked(at: int = 0, **fields: object) -> Event:
    return Event(at, "unlocked", "lock:a", **fields)  # type: ignore[arg-type]  # any field of an event


def locked(at: int = 0) -> Event:
    return Event(at, "locked", "lock:a")


def test_a_change_of_state_waits_for_its_action_and_keeps_its_own_time() -> None:
    pairing = Pairing(waits=True)
    assert pairing.state(unlocked(5)) == []
    assert pairing.action(unlocked(9, by="code", slot=3)) == [unlocked(5, by="code", slot=3)]
    assert not pairing.holding


def test_a_movement_that_was_found_out_late_stays_so_when_its_action_comes() -> None:
    pairing = Pairing(waits=True)
    pairing.state(unlocked(5, resync=True, since=2))
    assert pairing.action(unlocked(9, by="code")) == [unlocked(5, by="code", resync=True, since=2)]


def test_an_action_and_a_much_later_change_are_two_movements() -> None:
    pairing = Pairing(waits=False)
    assert pairing.action(unlocked(0)) == [unlocked(0)]
    assert pairing.state(unlocked(PAIR_US + 1)) == [unlocked(PAIR_US + 1)]


def test_the_next_movement_sends_the_one_that_waits_on_its_way() -> None:
    pairing = Pairing(waits=True)
    pairing.state(unlocked(1))
    assert pairing.state(locked(2)) == [unlocked(1)]
    assert pairing.release() == [locked(2)]


def test_nothing_overtakes_a_movement_that_waits() -> None:
    pairing = Pairing(waits=True)
    pairing.state(unlocked(1))
    battery = Event(2, "battery", "lock:a")
    assert pairing.other(battery) == []
    assert pairing.release() == [unlocked(1), battery]


def test_a_jam_never_waits() -> None:
    jam = Event(1, "jammed", "lock:a")
    assert Pairing(waits=True).state(jam) == [jam]


async def test_each_movement_has_its_whole_time_to_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_pairing, "HOLD_SECONDS", 0.1)
    pairing, told = Pairing(waits=True), list[Event]()
    pairing.state(unlocked(1))
    pairing.wait(told.extend)
    pairing.action(unlocked(1, by="code"))
    pairing.wait(told.extend)
    await asyncio.sleep(0.07)
    pairing.state(locked(2))
    pairing.wait(told.extend)
    await asyncio.sleep(0.07)  # the first one's time would be over now
    assert told == []
    await asyncio.sleep(0.07)
    assert told == [locked(2)]
