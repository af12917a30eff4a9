"""Locks and hubs that do not answer."""

from __future__ import annotations

from nightlatch.model.event import Event, Kind
from nightlatch.model.finding import Severity
from tests.unit.guard.detections.play import Player, at, event, home

ID = "offline"
MANY = home(
    names={"hub:zwavejs:controller": "Z-Wave JS", **{f"lock:{number}": f"Lock {number}" for number in range(9)}},
    door_of={},
)


def hub(seconds: float, kind: Kind) -> Event:
    return event(at(seconds), kind, "hub:zwavejs:controller")


def test_a_lock_that_is_away_for_a_quarter_of_an_hour_is_told_and_over_when_it_answers() -> None:
    player = Player(ID)
    player.hear(event(at(0), "offline"))
    assert player.wait(at(899)) == []
    (noticed,) = player.wait(at(901))
    assert noticed.what == "Front door: the lock has not answered for 15 minutes."
    player.restart()
    (over,) = player.hear(event(at(2000), "online"))
    assert over.over
    assert over.key == noticed.key


def test_a_lock_that_answers_in_time_is_not_told() -> None:
    player = Player(ID)
    player.hear(event(at(0), "offline"), event(at(800), "online"))
    assert player.wait(at(5000)) == []


def test_an_answering_lock_goes_on_answering() -> None:
    assert Player(ID).hear_all(event(at(second), "online") for second in range(100)) == []


def test_a_hubs_outage_is_one_case_however_many_locks_fall_silent() -> None:
    player = Player(ID, MANY)
    player.hear(hub(0, "disconnected"), *(event(at(1), "offline", f"lock:{number}") for number in range(9)))
    (noticed,) = player.wait(at(100_000))
    assert noticed.what == "Z-Wave JS has not been connected for 3 minutes: nothing is heard of its locks."
    assert (noticed.about, noticed.severity) == ("hub:zwavejs:controller", Severity.HIGH)


def test_locks_that_stay_away_after_their_hub_is_back_are_told_after_their_own_time() -> None:
    player = Player(ID, MANY)
    player.hear(hub(0, "disconnected"), event(at(1), "offline", "lock:1"))
    player.wait(at(5000))
    (over,) = player.hear(hub(5000, "connected"))
    assert over.what == "Z-Wave JS is connected again."
    assert player.wait(at(5899)) == []
    assert [one.what for one in player.wait(at(5901))] == ["Lock 1: the lock has not answered for 15 minutes."]


def test_a_hub_that_is_back_within_three_minutes_is_not_told() -> None:
    player = Player(ID, MANY)
    player.hear(hub(0, "disconnected"), hub(170, "connected"))
    assert player.wait(at(5000)) == []


def test_three_locks_of_a_hub_that_fall_silent_at_once_are_one_case() -> None:
    player = Player(ID, MANY)
    player.hear(*(event(at(number), "offline", f"lock:{number}") for number in range(7)))
    (noticed,) = player.wait(at(100_000))
    assert noticed.what == (
        "7 locks that zwavejs tells of do not answer: Lock 0, Lock 1, Lock 2, Lock 3, Lock 4 and 2 more."
    )
    player.restart()
    assert player.hear(*(event(at(200_000), "online", f"lock:{number}") for number in range(6))) == []
    (over,) = player.hear(event(at(200_001), "online", "lock:6"))
    assert (over.over, over.key) == (True, noticed.key)


def test_another_hubs_outage_hides_no_lock() -> None:
    player = Player(ID, MANY)
    player.hear(Event(at(0), "disconnected", "hub:matter", source="matter"), event(at(1), "offline", "lock:1"))
    assert {one.about for one in player.wait(at(5000))} == {"hub:matter", "lock:1"}


def test_a_witness_of_the_journal_that_does_not_answer_is_told_by_itself() -> None:
    player = Player(ID, MANY)
    player.hear(Event(at(0), "disconnected", "witness:nas"), Event(at(1), "disconnected", "witness:attic"))
    player.hear(Event(at(9), "connected", "witness:attic"))
    (noticed,) = player.wait(at(5000))
    assert noticed.what == "The journal's witness nas has not answered for 3 minutes."
    assert noticed.severity is Severity.MEDIUM
