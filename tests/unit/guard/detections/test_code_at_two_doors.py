"""One person at two doors at once."""

from __future__ import annotations

from nightlatch.model.event import Event
from tests.unit.guard.detections.play import Player, at, event, holder, home

ID = "code-at-two-doors"
HOME = home(
    holders={
        ("lock:front", 3): holder("ana"),
        ("lock:front", 4): holder("ana"),
        ("lock:back", 7): holder("ana"),
        ("lock:back", 8): holder("ben"),
        ("lock:back", 9): holder(""),
    }
)


def used(seconds: float, about: str, slot: int) -> Event:
    return event(at(seconds), "unlocked", about, by="code", slot=slot)


def test_two_doors_within_five_seconds_by_the_same_persons_codes_are_told() -> None:
    (noticed,) = Player(ID, HOME).hear(used(0, "lock:front", 3), used(4, "lock:back", 7))
    assert noticed.what == (
        "Back door was unlocked with the code in slot 7 4 s after Front door was with the same person's."
    )
    assert noticed.person == "ana"


def test_a_walk_from_door_to_door_takes_longer() -> None:
    assert Player(ID, HOME).hear(used(0, "lock:front", 3), used(6, "lock:back", 7)) == []


def test_two_people_may_come_home_at_once() -> None:
    assert Player(ID, HOME).hear(used(0, "lock:front", 3), used(1, "lock:back", 8), used(2, "lock:back", 9)) == []


def test_the_same_door_twice_is_no_case() -> None:
    assert Player(ID, HOME).hear(used(0, "lock:front", 3), used(1, "lock:front", 4)) == []


def test_a_restart_between_the_doors_changes_nothing_and_keeps_no_person() -> None:
    player = Player(ID, HOME)
    player.hear(used(0, "lock:front", 3))
    assert b"ana" not in player.restart()
    assert len(player.hear(used(4, "lock:back", 7))) == 1
