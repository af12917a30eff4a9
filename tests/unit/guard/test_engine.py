"""The engine gives the same notices however the stream is cut, and whatever the clock does."""

from __future__ import annotations

import time
from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nightlatch.errors import StoreError
from nightlatch.guard.detections import interface
from nightlatch.guard.detections.interface import Noticed
from nightlatch.guard.detections.registry import defaults
from nightlatch.guard.engine import Engine
from nightlatch.model.event import KINDS, Event
from tests.unit.guard.detections.play import HOUR, MINUTE, Player, at, event, holder, home

HOUSEHOLD = home(
    holders={("lock:front", 1): holder("ana", windows=((0, 1440),)), ("lock:back", 2): holder("ana", ends=at(5000))},
    remote=False,
    voice=False,
)
BYS = ("", "code", "tag", "thumb", "remote", "voice", "auto")
VALUES = ("", 5, 20, 33, 90, "s0", "s2_access_control", "tls", "none", "failed", "not intact")


HERE = ("lock:front", "lock:back", "door:front", "hub:zwavejs:controller", "home")
STRANGERS = tuple(f"lock:{number}" for number in range(40))


@st.composite
def streams(
    draw: st.DrawFn, back: int = 0, abouts: tuple[str, ...] = HERE, only: frozenset[str] = KINDS
) -> list[Event]:
    """Events of every kind, some minutes apart; now and then the clock is set back by up to `back` µs.

    Only then are there clock steps, whose `since` may say anything.
    """
    now, found = at(), []
    kinds = sorted(only if back else only - {"clock_step"})
    for _ in range(draw(st.integers(1, 60))):
        now += draw(st.sampled_from((0, 1000, 5_000_000, 90_000_000, 400_000_000, 4_000_000_000, 90_000_000_000)))
        if back and draw(st.integers(0, 9)) == 0:
            now -= draw(st.integers(1, back))
        found.append(
            Event(
                now,
                draw(st.sampled_from(kinds)),  # type: ignore[arg-type]
                draw(st.sampled_from(abouts)),
                source=draw(st.sampled_from(("zwavejs", "zigbee2mqtt"))),
                by=draw(st.sampled_from(BYS)),  # type: ignore[arg-type]
                slot=draw(st.integers(0, 3)),
                value=draw(st.sampled_from(VALUES)),
                since=draw(st.sampled_from((0, now - 100_000_000, now - HOUR))),
                resync=draw(st.integers(0, 9)) == 0,
            )
        )
    return found


def engine() -> Engine:
    return Engine(defaults(), HOUSEHOLD)


def noticed(events: list[Event], cuts: set[int] = frozenset(), waits: bool = False) -> list[Noticed]:  # type: ignore[assignment]
    """What the events raise, with a restart at each cut; with `waits`, time is told between the events too."""
    running, found = engine(), []
    for number, one in enumerate(events):
        if number in cuts:
            snapshot = running.snapshot()
            running = engine()
            running.restore(snapshot)
        found += running.feed([one])
        if waits and number + 1 < len(events):
            after = events[number + 1]
            until = after.since if after.kind == "clock_step" else after.at
            found += running.advance((one.at + max(one.at, until)) // 2)
    return found + running.advance(events[-1].at + 30 * 24 * HOUR)


@settings(max_examples=200)
@given(streams(back=2 * HOUR), st.sets(st.integers(0, 60)))
def test_restarts_anywhere_change_no_notice(events: list[Event], cuts: set[int]) -> None:
    assert noticed(events, cuts) == noticed(events)


@settings(max_examples=100)
@given(streams(abouts=(*HERE, *STRANGERS)), st.sets(st.integers(0, 60)))
def test_restarts_change_no_notice_while_strangers_drive_each_other_out(events: list[Event], cuts: set[int]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(interface, "MOST", 1)
        assert noticed(events, cuts) == noticed(events)


@settings(max_examples=100)
@given(streams())
def test_being_told_the_time_between_events_changes_no_notice(events: list[Event]) -> None:
    assert noticed(events, waits=True) == noticed(events)


@given(streams())
def test_events_in_one_batch_raise_what_they_raise_one_by_one(events: list[Event]) -> None:
    running = engine()
    assert running.feed(events) + running.advance(events[-1].at + 30 * 24 * HOUR) == noticed(events)


TIMED = frozenset(("door_opened", "door_closed", "offline", "online", "wrong_code"))


@settings(max_examples=200)
@given(
    streams(abouts=("lock:front",), only=TIMED),
    st.lists(st.tuples(st.integers(0, 20), st.integers(-2 * HOUR, 2 * HOUR)), min_size=1, max_size=4),
)
def test_a_clock_that_is_set_and_told_of_changes_no_notice_but_its_time(
    events: list[Event], steps: list[tuple[int, int]]
) -> None:
    wall, off = [], 0
    for number, one in enumerate(events):
        for step in (by for place, by in steps if place % len(events) == number and by):
            off += step
            wall.append(event(one.at + off, "clock_step", "home", since=one.at + off - step))
        since = one.since + off if one.since else 0
        wall.append(msgspec.structs.replace(one, at=one.at + off, since=since))

    def what(told: list[Noticed]) -> list[tuple[str, str, bool]]:
        timeless = (
            one for one in told if one.detection in ("offline", "long-open-door", "jam", "repeated-wrong-codes")
        )
        return [(one.detection, one.about, one.over) for one in timeless]

    assert what(noticed(wall)) == what(noticed(events))
    assert what(noticed(wall, waits=True)) == what(noticed(events))


def wrong(when: int) -> Event:
    return event(when, "wrong_code")


@pytest.mark.parametrize("told", [False, True])
def test_a_clock_set_back_an_hour_neither_loses_nor_repeats_nor_delays_anything(told: bool) -> None:
    player = Player("repeated-wrong-codes")
    assert player.hear(wrong(at(0)), wrong(at(10))) == []
    step = [event(at(11) - HOUR, "clock_step", "home", since=at(11))] if told else []
    (raised,) = player.hear(*step, wrong(at(20) - HOUR))
    assert raised.at == at(20) - HOUR
    assert player.hear(wrong(at(30) - HOUR)) == []
    assert player.wait(at(325) - HOUR) == []
    (over,) = player.wait(at(331) - HOUR)
    assert over.over
    assert at(319) - HOUR <= over.at <= at(331) - HOUR
    assert player.wait(at(0) + HOUR) == []


def test_a_clock_set_forward_an_hour_and_told_does_not_age_what_was_heard() -> None:
    player = Player("repeated-wrong-codes")
    player.hear(wrong(at(0)), wrong(at(10)))
    assert len(player.hear(event(at(11) + HOUR, "clock_step", "home", since=at(11)), wrong(at(20) + HOUR))) == 1


def test_a_clock_that_was_wrong_for_years_does_not_stop_the_engine() -> None:
    player = Player("repeated-wrong-codes")
    player.hear(wrong(at(days=36500)))
    assert len(player.hear(wrong(at(0)), wrong(at(1)), wrong(at(2)))) == 1
    assert len(player.wait(at(400))) == 1


def test_events_some_seconds_out_of_order_do_not_move_the_clock() -> None:
    player = Player("long-open-door")
    events = [event(at(0), "door_opened")]
    events += [event(at(second + 5 * (second % 2)), "online") for second in range(590)]
    assert player.hear_all(events) == []
    (raised,) = player.wait(at(601))
    assert raised.at == at(600)


def test_equal_due_times_fire_in_the_order_of_names() -> None:
    player = Player("long-open-door")
    player.hear(event(at(0), "door_opened", "door:b"), event(at(0), "door_opened", "door:a"))
    assert [one.about for one in player.wait(at(0) + 11 * MINUTE)] == ["door:a", "door:b"]


@pytest.mark.parametrize(
    "damaged",
    [
        b"",
        b"{}",
        b"[1]",
        b'{"now":1,"shift":0,"dues":[],"states":{},"version":9}',
        b'{"now":1,"shift":0,"dues":[],"states":{"battery-low":[1]}}',
        b'{"now":1,"shift":0,"dues":[],"states":{"repeated-wrong-codes":{"a":1}}}',
        b'{"now":1,"shift":0,"dues":[],"states":{"unusual-hour":[["lock:a",1,0,1,[1]]]}}',
        b'{"now":1,"shift":0,"dues":[],"states":{"unusual-hour":[["lock:a",1,0,1,[70000,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]]]}}',
    ],
)
def test_a_damaged_snapshot_is_one_clear_error(damaged: bytes) -> None:
    with pytest.raises(StoreError, match="what the detections remembered cannot be read"):
        engine().restore(damaged)


@given(streams())
def test_a_snapshot_names_no_person(events: list[Event]) -> None:
    running = engine()
    running.feed([msgspec.structs.replace(one, person="ana") for one in events])
    assert b"ana" not in running.snapshot()


FLOODS: dict[str, Callable[[int], Event]] = {
    "wrong codes": lambda number: Event(at(number / 1000), "wrong_code", f"lock:{number}"),
    "locks that fall silent": lambda number: Event(at(number / 1000), "offline", f"lock:{number}", source=f"s{number}"),
    "hubs": lambda number: Event(at(number / 1000), "disconnected", f"hub:{number}", source=f"s{number}"),
    "open doors": lambda number: Event(at(number / 1000), "door_opened", f"door:{number}"),
    "batteries": lambda number: Event(at(number / 1000), "battery", f"lock:{number}", value=3),
    "slots of one lock": lambda number: Event(at(number / 1000), "unlocked", "lock:front", by="code", slot=number + 9),
    "removed codes": lambda number: Event(at(number / 1000), "code_removed", "lock:front", slot=number + 9),
    "one door, open and closed": lambda number: Event(
        at(number / 1000), "door_closed" if number % 2 else "door_opened", "door:front"
    ),
    "channels": lambda number: Event(at(number / 1000), "delivery", "home", name=f"c{number}", value="failed"),
}


@pytest.mark.parametrize("flood", FLOODS)
def test_what_is_remembered_stays_bounded_under_a_flood_and_never_drives_out_the_household(
    flood: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(interface, "MOST", 100)
    running = engine()
    running.feed([event(at(-1), "wrong_code"), event(at(-1), "wrong_code"), event(at(-1), "door_opened", "lock:back")])
    running.feed(FLOODS[flood](number) for number in range(3000))
    before = len(running.snapshot())
    running.feed(FLOODS[flood](number) for number in range(3000, 20_000))
    assert len(running.snapshot()) < before * 1.2
    told = running.feed([event(at(21), "wrong_code")]) + running.advance(at(601))
    names = {(one.detection, one.about) for one in told}
    assert names >= {("repeated-wrong-codes", "door:front"), ("long-open-door", "door:back")}


def test_locks_that_a_flood_drove_out_of_a_group_do_not_keep_its_case_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interface, "MOST", 10)
    player = Player("offline", home(locks=("lock:a",), door_of={}))
    player.hear(*(Event(at(0), "offline", about, source="z") for about in ("lock:x", "lock:y", "lock:a")))
    assert len(player.wait(at(901))) == 1
    player.hear(*(Event(at(902), "offline", f"lock:{number}", source=f"s{number}") for number in range(20)))
    (over,) = player.hear(Event(at(903), "online", "lock:a", source="z"))
    assert over.over


def test_ten_thousand_locks_with_five_codes_each_cost_no_more_per_event_than_a_hundred() -> None:
    def took(locks: int) -> float:
        holders = {(f"lock:{lock}", slot): holder(f"p{lock}-{slot}") for lock in range(locks) for slot in range(1, 6)}
        running = Engine(defaults(), home(locks=tuple(f"lock:{lock}" for lock in range(locks)), holders=holders))
        events = [
            Event(at(number / 1000), "unlocked", f"lock:{number % locks}", by="code", slot=number // locks % 5 + 1)
            for number in range(50_000)
        ]
        begin = time.perf_counter()
        running.feed(events)
        return time.perf_counter() - begin

    assert took(10_000) < 10 * took(100)
