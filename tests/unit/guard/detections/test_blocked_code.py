"""Codes that are granted and cannot be put on their lock."""

from __future__ import annotations

from nightlatch.model.event import Event
from nightlatch.model.finding import Severity
from tests.unit.guard.detections.play import Player, at, event

ID = "blocked-code"


def ledger(when: int, value: str, detail: str = "") -> Event:
    return event(when, "ledger", value=value, name="c1", person="ana", detail=detail)


def test_it_says_why_and_whose() -> None:
    (noticed,) = Player(ID).hear(ledger(at(0), "blocked", "the lock is full"))
    assert noticed.what == "Front door: a code that is granted cannot be put on the lock. The lock is full."
    assert (noticed.severity, noticed.person, noticed.key) == (Severity.MEDIUM, "ana", "lock:front/c1")


def test_another_try_does_not_end_it_and_being_on_the_lock_or_not_wanted_does() -> None:
    for value, words in (("present", "is on the lock"), ("absent", "is not wanted any more")):
        player = Player(ID)
        player.hear(ledger(at(0), "blocked"))
        player.restart()
        assert player.hear(ledger(at(1), "planned"), ledger(at(2), "setting")) == []
        (over,) = player.hear(ledger(at(3), value))
        assert over.over
        assert words in over.what


def test_what_was_never_blocked_is_in_order() -> None:
    assert Player(ID).hear(ledger(at(0), "present"), ledger(at(1), "absent")) == []
