"""When one door is locked, when it is not, and what is said of it."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from nightlatch.guard.autolock.machine import OVERDUE, Machine, Memory, Phase
from nightlatch.guard.autolock.settings import Rule
from nightlatch.guard.standing import FRESH, SECOND, Standing
from nightlatch.model.command import Outcome
from nightlatch.model.event import micros

NOON = micros(datetime(2026, 11, 22, 12, 0, tzinfo=UTC))
BERLIN = ZoneInfo("Europe/Berlin")
JAM = Outcome("refused", "the bolt jammed")


def rule(**more: object) -> Rule:
    settings: dict[str, object] = {"after": 180 * SECOND, "night_after": 30 * SECOND, "night": (22 * 60, 6 * 60)}
    return Rule("lock:front", BERLIN, **(settings | more))  # type: ignore[arg-type]


def unlocked(since: int = NOON, **more: object) -> Standing:
    fields: dict[str, object] = {
        "connected": True,
        "heard": since,
        "bolt": "retracted",
        "bolt_at": since,
        "bolt_since": since,
        "door": "closed",
        "door_at": since,
        "door_since": since,
    }
    return Standing("lock:front", "simulated", **(fields | more))  # type: ignore[arg-type]


def test_a_closed_door_is_locked_once_the_delay_has_passed() -> None:
    machine = Machine(rule())
    before = machine.look(unlocked(), NOON + 179 * SECOND)
    assert (before.phase, before.lock, before.due) == (Phase.WAITING, False, NOON + 180 * SECOND)
    assert machine.look(unlocked(), NOON + 180 * SECOND).lock


def test_the_delay_begins_when_the_door_closes() -> None:
    standing = unlocked(door_since=NOON + 100 * SECOND)
    assert not Machine(rule()).look(standing, NOON + 279 * SECOND).lock
    assert Machine(rule()).look(standing, NOON + 280 * SECOND).lock


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"door": "open"}, "the door is open"),
        ({"door": "unknown"}, "does not say"),
        ({"door": None}, "nothing tells"),
        ({"door_at": 0}, "only remembers"),
        ({"bolt_at": 0}, "only remembers"),
        ({"bolt": "unknown"}, "never reported"),
        ({"connected": False}, "not connected"),
        ({"reachable": False}, "not reachable"),
        ({"door_at": NOON - FRESH}, "more than a day ago"),
    ],
)
def test_a_door_is_not_locked_while_anything_of_it_is_not_freshly_known(change: dict[str, object], why: str) -> None:
    step = Machine(rule()).look(unlocked(**change), NOON + 3600 * SECOND)
    assert not step.lock
    assert why in step.why


def test_a_lock_without_a_sensor_is_locked_only_if_the_owner_said_so() -> None:
    standing = unlocked(door=None)
    assert not Machine(rule()).look(standing, NOON + 3600 * SECOND).lock
    assert Machine(rule(without_sensor=True)).look(standing, NOON + 3600 * SECOND).lock
    assert not Machine(rule(without_sensor=True)).look(unlocked(door="unknown"), NOON + 3600 * SECOND).lock


def test_at_night_the_night_s_delay_counts_from_its_first_minute() -> None:
    evening = micros(datetime(2026, 11, 22, 20, 59, tzinfo=UTC))  # 21:59 in Berlin
    machine = Machine(rule())
    assert not machine.look(unlocked(evening), evening + 59 * SECOND).lock
    assert machine.look(unlocked(evening), evening + 60 * SECOND).lock


@pytest.mark.parametrize(
    ("utc", "night"),
    [
        (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), True),  # 02:30 summer time
        (datetime(2026, 10, 25, 1, 30, tzinfo=UTC), True),  # 02:30 again, winter time
        (datetime(2026, 10, 25, 2, 30, tzinfo=UTC), False),  # 03:30
        (datetime(2026, 3, 29, 0, 59, tzinfo=UTC), False),  # 01:59, a minute before 03:00
        (datetime(2026, 3, 29, 1, 1, tzinfo=UTC), False),  # 03:01: two o'clock was left out
    ],
)
def test_hours_are_those_of_the_clock_on_the_wall_on_nights_when_it_is_changed(utc: datetime, night: bool) -> None:
    at = micros(utc)
    machine = Machine(rule(night=(120, 180)))
    assert machine.delay(unlocked(at), at) == (30 if night else 180) * SECOND


def test_it_stays_unlocked_in_its_open_hours_and_locks_when_they_end() -> None:
    machine = Machine(rule(hold_open=((13 * 60, 14 * 60),)))  # noon UTC is 13:00 in Berlin
    assert machine.look(unlocked(), NOON + 3599 * SECOND).phase is Phase.HELD
    assert machine.look(unlocked(), NOON + 3600 * SECOND).lock


def test_a_pause_keeps_it_unlocked_until_its_end() -> None:
    machine = Machine(rule(), Memory(paused_until=NOON + 7200 * SECOND))
    assert machine.look(unlocked(), NOON + 7199 * SECOND).phase is Phase.PAUSED
    assert machine.look(unlocked(), NOON + 7200 * SECOND).lock


def test_after_a_jam_it_tries_again_so_often_and_then_gives_up_with_one_alert() -> None:
    machine, standing = Machine(rule(retries=2, retry_after=20 * SECOND)), unlocked()
    now = NOON + 180 * SECOND
    for attempt in range(3):
        assert machine.look(standing, now).lock, attempt
        machine.tried(JAM, now)
        standing = unlocked(bolt="jammed", bolt_since=now)
        assert not machine.look(standing, now + 19 * SECOND).lock
        now += 20 * SECOND
    step = machine.look(standing, now)
    assert (step.phase, step.lock) == (Phase.GAVE_UP, False)
    (alert,) = machine.notices(standing, step, now, "Front door lock")
    assert (alert.key, alert.severity, alert.over) == ("gave_up", "high", False)
    assert alert.what == "Front door lock could not be locked in 3 attempts. The bolt is jammed."
    assert machine.notices(standing, step, now, "Front door lock") == []
    assert not machine.look(standing, now + 86_000 * SECOND).lock


def test_a_bolt_that_springs_back_is_not_tried_for_ever() -> None:
    machine, now = Machine(rule(retries=1)), NOON + 180 * SECOND
    for _ in range(2):
        machine.tried(JAM, now)
    assert not machine.look(unlocked(now + SECOND, door_since=NOON), now + 3600 * SECOND).lock


def test_somebody_at_the_door_ends_giving_up_and_the_alert() -> None:
    machine, now = Machine(rule(retries=0)), NOON + 180 * SECOND
    machine.tried(JAM, now)
    standing = unlocked(bolt="jammed")
    assert [one.key for one in machine.notices(standing, machine.look(standing, now), now, "x")] == ["gave_up"]
    step = machine.look(unlocked(door="open"), now + SECOND)
    assert [(one.key, one.over) for one in machine.notices(standing, step, now, "x")] == [("gave_up", True)]
    closed = unlocked(door_since=now + 10 * SECOND)
    assert machine.look(closed, now + 190 * SECOND).lock


def test_a_door_that_was_opened_and_closed_unseen_between_two_looks_gets_its_whole_delay_again() -> None:
    machine = Machine(rule(retries=0))
    machine.tried(JAM, NOON + 180 * SECOND)
    used = unlocked(door_since=NOON + 200 * SECOND)
    step = machine.look(used, NOON + 379 * SECOND)
    assert (step.phase, step.due) == (Phase.WAITING, NOON + 380 * SECOND)
    assert machine.look(used, NOON + 380 * SECOND).lock


def test_an_unknown_end_is_an_attempt_and_not_a_success() -> None:
    machine, now = Machine(rule(retries=0)), NOON + 180 * SECOND
    machine.tried(Outcome("unknown", "acknowledged, and nothing was reported"), now)
    assert machine.look(unlocked(), now).phase is Phase.GAVE_UP


def test_a_door_that_should_have_locked_and_cannot_be_known_raises_one_alert() -> None:
    machine, standing = Machine(rule()), unlocked(connected=False)
    late = NOON + 180 * SECOND + OVERDUE
    step = machine.look(standing, late - SECOND)
    assert (machine.notices(standing, step, late - SECOND, "x"), step.wake) == ([], late)
    (alert,) = machine.notices(standing, machine.look(standing, late), late, "Front door lock")
    assert alert.what == (
        "Front door lock should have locked itself and did not: where the bolt is: its hub is not connected."
    )


def test_a_lock_of_which_nothing_is_ever_heard_raises_an_alert_too() -> None:
    machine, never = Machine(rule()), Standing("lock:front")
    assert machine.notices(never, machine.look(never, NOON), NOON, "x") == []
    late = NOON + 180 * SECOND + OVERDUE
    (alert,) = machine.notices(never, machine.look(never, late), late, "Front door lock")
    assert alert.what.startswith("Front door lock cannot lock itself: nothing was ever heard of it.")


def test_an_hour_that_the_clock_is_set_back_does_not_keep_the_door_unlocked_for_an_hour() -> None:
    machine, standing, hour = Machine(rule()), unlocked(), 3600 * SECOND
    assert not machine.look(standing, NOON + 10 * SECOND - hour).lock
    assert not machine.look(standing, NOON + 189 * SECOND - hour).lock
    assert machine.look(standing, NOON + 190 * SECOND - hour).lock


def test_the_delay_goes_on_after_a_restart_where_it_was() -> None:
    assert Machine(rule(), Memory()).look(unlocked(), NOON + 180 * SECOND).lock


def test_a_lock_that_locks_by_itself_gets_a_little_longer_before_nightlatch_does() -> None:
    machine = Machine(rule(prefer="lock"))
    standing = unlocked(own_sensor=True, relock_s=180)
    assert machine.own_relock(standing) == ""
    assert not machine.look(standing, NOON + 199 * SECOND).lock
    assert machine.look(standing, NOON + 200 * SECOND).lock


def test_a_lock_s_own_relock_is_not_used_where_it_could_lock_an_open_door() -> None:
    machine = Machine(rule(prefer="lock"))
    assert "no door sensor of its own" in machine.own_relock(unlocked(relock_s=0))
    assert "tells of no auto-relock" in machine.own_relock(unlocked(own_sensor=True))
    assert machine.own_relock(unlocked(own_sensor=True, relock_s=0)) == ""


def test_a_relock_time_that_somebody_changed_is_told_and_nightlatch_locks_in_its_place() -> None:
    machine = Machine(rule(prefer="lock"), Memory(relock_s=180))
    standing = unlocked(own_sensor=True, relock_s=30)
    step = machine.look(standing, NOON + 180 * SECOND)
    (alert,) = machine.notices(standing, step, NOON, "Front door lock")
    assert (alert.key, alert.what) == (
        "drift",
        "Front door lock was set to lock itself after 180 s, and now says 30 s.",
    )
    assert step.lock
    assert [one.over for one in machine.notices(unlocked(own_sensor=True, relock_s=180), step, NOON, "x")] == [True]
