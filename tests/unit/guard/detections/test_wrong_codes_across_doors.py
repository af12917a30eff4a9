"""Wrong codes at several doors."""

from __future__ import annotations

from nightlatch.model.event import Event
from nightlatch.model.finding import Severity
from tests.unit.guard.detections.play import Player, at, event

ID = "wrong-codes-across-doors"


def wrong(seconds: float, about: str = "lock:front") -> Event:
    return event(at(seconds), "wrong_code", about)


def test_two_at_each_of_two_doors_within_a_quarter_of_an_hour_are_told_once() -> None:
    player = Player(ID)
    (noticed,) = player.hear(wrong(0), wrong(1), wrong(400, "lock:back"), wrong(460, "lock:back"))
    assert noticed.what == "4 wrong codes at 2 doors within 7 minutes."
    assert (noticed.about, noticed.severity) == ("home", Severity.HIGH)
    assert player.hear(wrong(500), wrong(501, "lock:back")) == []


def test_any_number_at_one_door_is_not_its_case() -> None:
    assert Player(ID).hear_all(wrong(second) for second in range(50)) == []


def test_a_door_that_was_left_alone_for_a_quarter_of_an_hour_does_not_count() -> None:
    player = Player(ID)
    assert player.hear(wrong(0), *(wrong(second, "lock:back") for second in range(901, 910))) == []


def test_it_is_over_when_no_door_has_a_wrong_code_for_a_quarter_of_an_hour() -> None:
    player = Player(ID)
    player.hear(wrong(0), wrong(1), wrong(2, "lock:back"), wrong(3, "lock:back"))
    player.restart()
    (over,) = player.wait(at(5000))
    assert (over.over, over.at) == (True, at(903))


def test_thresholds_move_number_and_doors() -> None:
    three = [wrong(number, f"lock:{number}") for number in range(3)]
    assert len(Player(ID, count=3, doors=3).hear(*three)) == 1
    assert Player(ID, count=3, doors=4).hear(*three) == []
