"""Repeated wrong codes at one door."""

from __future__ import annotations

from nightlatch.model.event import Event
from nightlatch.model.finding import Severity
from tests.unit.guard.detections.play import Player, at, event, home

ID = "repeated-wrong-codes"


def wrong(seconds: float, about: str = "lock:front") -> Event:
    return event(at(seconds), "wrong_code", about)


def test_three_wrong_codes_in_five_minutes_are_told_once() -> None:
    (noticed,) = Player(ID).hear(wrong(0), wrong(100), wrong(299))
    assert noticed.what == "Front door: 3 wrong codes within 4 minutes."
    assert noticed.severity is Severity.HIGH
    assert (noticed.about, noticed.at) == ("door:front", at(299))


def test_three_wrong_codes_over_a_longer_time_are_slips() -> None:
    assert Player(ID).hear(wrong(0), wrong(200), wrong(301)) == []


def test_the_window_slides_so_that_the_first_slip_does_not_hide_what_follows() -> None:
    assert len(Player(ID).hear(wrong(0), wrong(200), wrong(301), wrong(302))) == 1


def test_two_doors_are_counted_apart_and_two_locks_of_a_door_together() -> None:
    assert Player(ID).hear(wrong(0), wrong(1), wrong(2, "lock:back")) == []
    both = home(door_of={"lock:front": "door:front", "lock:back": "door:front"})
    assert len(Player(ID, both).hear(wrong(0), wrong(1), wrong(2, "lock:back"))) == 1


def test_it_is_told_again_each_time_the_number_has_doubled() -> None:
    told = Player(ID).hear(*(wrong(second) for second in range(25)))
    assert [one.what.partition(": ")[2] for one in told] == [
        "3 wrong codes within 2 seconds.",
        "6 wrong codes within 5 seconds.",
        "12 wrong codes within 11 seconds.",
        "24 wrong codes within 23 seconds.",
    ]
    assert {one.key for one in told} == {"door:front"}


def test_it_is_over_when_nobody_tries_for_five_minutes() -> None:
    player = Player(ID)
    player.hear(wrong(0), wrong(1), wrong(2), wrong(200))
    assert player.wait(at(499)) == []
    (over,) = player.wait(at(501))
    assert over.over
    assert over.at == at(500)
    assert over.what == "Front door: no more wrong codes, after 4."


def test_thresholds_move_number_and_window() -> None:
    assert len(Player(ID, count=2, within_s=10).hear(wrong(0), wrong(9))) == 1
    assert Player(ID, count=2, within_s=10).hear(wrong(0), wrong(11)) == []


def test_a_restart_forgets_no_wrong_code() -> None:
    player = Player(ID)
    player.hear(wrong(0), wrong(1))
    player.restart()
    assert len(player.hear(wrong(2))) == 1
    player.restart()
    assert player.hear(wrong(3)) == []
    assert len(player.wait(at(1000))) == 1
