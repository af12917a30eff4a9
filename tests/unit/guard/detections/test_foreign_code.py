"""Codes on a lock that nobody explained."""

from __future__ import annotations

from msgspec.structs import replace

from nightlatch.model.event import Event
from tests.unit.guard.detections.play import Player, at, event

ID = "foreign-code"


def found(slot: int, value: str = "foreign", name: str = "", about: str = "lock:front") -> Event:
    return event(at(slot), "ledger", about, slot=slot, value=value, name=name)


def test_the_codes_that_a_reading_finds_are_told_together_and_one_found_later_again() -> None:
    player = Player(ID)
    assert player.hear(found(7), found(9)) == []
    assert player.wait(at(29) - 1) == []
    (first,) = player.wait(at(29))
    assert first.what == "Front door: the lock holds 2 codes (slots 7 and 9), and no grant explains them."
    assert player.hear(found(40)) == []
    (second,) = player.wait(at(60))
    assert "3 codes (slots 7, 9 and 40)" in second.what
    assert first.key == second.key == "lock:front"


def test_one_code_is_told_as_one() -> None:
    player = Player(ID)
    player.hear(found(7))
    (noticed,) = player.wait(at(27))
    assert noticed.what == "Front door: the lock holds 1 code (slot 7), and no grant explains it."


def test_what_is_explained_at_once_is_not_told() -> None:
    player = Player(ID)
    assert player.hear(found(7), found(7, "kept"), found(8), found(8, "present", "c1")) == []
    assert player.wait(at(600)) == []


def test_many_are_counted_and_not_listed() -> None:
    player = Player(ID)
    player.hear(*(found(slot) for slot in range(1, 21)))
    (noticed,) = player.wait(at(600))
    assert "20 codes (slots 1, 2, 3, 4, 5 and 15 more)" in noticed.what


def test_it_is_over_when_each_was_kept_removed_or_explained_after_a_restart_too() -> None:
    player = Player(ID)
    player.hear(found(7), found(8), found(9))
    player.restart()
    assert len(player.wait(at(29))) == 1
    player.restart()
    assert player.hear(found(7, "kept"), found(8, "absent")) == []
    (over,) = player.hear(found(9, "present", "c1"))
    assert over.over
    assert player.hear(found(9, "absent", "c1")) == []


def test_a_foreign_code_that_is_being_removed_is_still_there() -> None:
    player = Player(ID)
    player.hear(found(7))
    player.wait(at(60))
    assert player.hear(found(7, "removing")) == []
    assert [one.over for one in player.hear(found(7, "absent"))] == [True]


def test_codes_of_the_first_reading_are_a_calm_notice_and_one_that_comes_later_is_an_alarm_beside_it() -> None:
    player = Player(ID)
    early = [replace(found(slot), resync=True) for slot in (7, 8)]
    player.hear(*early)
    (calm,) = player.wait(at(60))
    assert (calm.severity, calm.key) == ("low", "lock:front/first")
    assert "2 codes (slots 7 and 8) on the lock from before Nightlatch first read it" in calm.what
    player.hear(found(61))
    (alarm,) = player.wait(at(120))
    assert (alarm.severity, alarm.key) == ("high", "lock:front")
    (over,) = [*player.hear(found(7, "kept")), *player.hear(found(8, "kept"))]
    assert (over.over, over.key) == (True, "lock:front/first")


def test_another_code_in_the_place_of_one_that_was_there_at_first_is_an_alarm() -> None:
    player = Player(ID)
    player.hear(replace(found(7), resync=True))
    player.wait(at(60))
    (over,) = player.hear(found(7))
    assert over.over
    (alarm,) = player.wait(at(120))
    assert (alarm.severity, alarm.key) == ("high", "lock:front")


def test_other_lines_and_other_locks_are_not_its_business() -> None:
    player = Player(ID)
    player.hear(found(7))
    player.wait(at(60))
    assert player.hear(found(3, "present", "c1"), found(3, "absent", "c1"), found(7, "kept", about="lock:back")) == []
