"""How locks stand by what is on disk."""

from __future__ import annotations

from nightlatch.guard.standing import Standing
from nightlatch.guard.unwritten import Unwritten

LOCK = "lock:front"
A, B, C = (Standing(LOCK, battery=number) for number in (1, 2, 3))


def test_a_standing_follows_the_disk_event_by_event() -> None:
    unwritten = Unwritten()
    unwritten.add(LOCK, 10, A, B)
    unwritten.add(LOCK, 11, B, C)
    assert unwritten.on_disk({LOCK: C}) == [A]
    assert unwritten.since(99) == 10
    unwritten.written(LOCK)
    assert unwritten.on_disk({LOCK: C}) == [B]
    unwritten.written(LOCK)
    assert unwritten.on_disk({LOCK: C}) == [C]
    assert unwritten.since(99) == 99


def test_what_an_event_changed_that_is_dropped_is_known_with_the_one_before() -> None:
    unwritten = Unwritten()
    unwritten.add(LOCK, 10, A, B)
    unwritten.add(LOCK, 11, B, C)
    unwritten.dropped(LOCK)
    assert unwritten.on_disk({LOCK: C}) == [A]
    unwritten.written(LOCK)
    assert unwritten.on_disk({LOCK: C}) == [C]


def test_a_dropped_event_alone_leaves_nothing_to_wait_for() -> None:
    unwritten = Unwritten()
    unwritten.add(LOCK, 10, A, B)
    unwritten.dropped(LOCK)
    assert unwritten.on_disk({LOCK: B}) == [B]


def test_a_lock_that_nobody_knew_before_its_first_event_is_not_remembered_until_it_is_on_disk() -> None:
    unwritten = Unwritten()
    unwritten.add(LOCK, 10, None, A)
    assert unwritten.on_disk({LOCK: A}) == []
