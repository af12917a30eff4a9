"""Bolts thrown into open doors."""

from __future__ import annotations

import pytest

from nightlatch.model.event import By
from tests.unit.guard.detections.play import Player, at, event

ID = "locked-while-open"


@pytest.mark.parametrize("by", ["auto", "schedule", "remote"])
def test_a_lock_that_locks_itself_into_an_open_door_is_told(by: By) -> None:
    player = Player(ID)
    assert player.hear(event(at(0), "door_opened"), event(at(60), "locked", by=by)) == []
    (noticed,) = player.wait(at(100))
    assert noticed.what == "Front door stands open though the lock threw its bolt: it is not secured."
    assert noticed.at == at(75)


@pytest.mark.parametrize("by", ["thumb", "key", "code", ""])
def test_a_person_who_throws_the_bolt_of_an_open_door_means_it(by: By) -> None:
    player = Player(ID)
    player.hear(event(at(0), "door_opened"), event(at(60), "locked", by=by))
    assert player.wait(at(1000)) == []


def test_a_closing_that_is_heard_a_little_late_explains_it() -> None:
    player = Player(ID)
    player.hear(event(at(0), "door_opened"), event(at(60), "locked", by="auto"), event(at(70), "door_closed"))
    assert player.wait(at(1000)) == []


@pytest.mark.parametrize(
    ("kind", "words"), [("unlocked", "is no longer locked while open"), ("door_closed", "is closed now")]
)
def test_it_is_over_when_the_bolt_is_back_or_the_door_is_closed(kind: str, words: str) -> None:
    player = Player(ID)
    player.hear(event(at(0), "door_opened"), event(at(60), "locked", by="auto"))
    player.wait(at(100))
    player.restart()
    (over,) = player.hear(event(at(200), kind))  # type: ignore[arg-type]
    assert (over.over, over.what) == (True, f"Front door {words}.")


def test_a_closed_door_may_lock_itself() -> None:
    player = Player(ID)
    player.hear(event(at(0), "door_opened"), event(at(5), "door_closed"), event(at(60), "locked", by="auto"))
    assert player.wait(at(1000)) == []
