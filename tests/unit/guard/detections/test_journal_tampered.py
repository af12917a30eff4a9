"""A journal that is not what was written."""

from __future__ import annotations

from nightlatch.model.event import INTACT, NOT_INTACT
from nightlatch.model.finding import Severity
from tests.unit.guard.detections.play import Player, at, event


def test_a_failed_verification_is_critical_until_one_finds_all_in_order() -> None:
    player = Player("journal-tampered")
    (noticed,) = player.hear(event(at(0), "verified", "home", value=NOT_INTACT))
    assert noticed.what == (
        "The journal is not what was written: it was changed, cut off or damaged."
        " Run nightlatch journal verify --full to see where."
    )
    assert noticed.severity is Severity.CRITICAL
    (over,) = player.hear(event(at(1), "verified", "home", value=INTACT))
    assert (over.over, over.key) == (True, noticed.key)


def test_a_witness_that_agrees_does_not_speak_for_another() -> None:
    player = Player("journal-tampered")
    (noticed,) = player.hear(event(at(0), "verified", "home", value=NOT_INTACT, name="usb"))
    assert player.hear(event(at(1), "verified", "home", value=INTACT, name="broker")) == []
    assert player.hear(event(at(2), "verified", "home", value=INTACT)) == []
    (over,) = player.hear(event(at(3), "verified", "home", value=INTACT, name="usb"))
    assert over.key == noticed.key == "usb"


def test_a_verification_that_found_all_in_order_is_not_told() -> None:
    assert Player("journal-tampered").hear(event(at(0), "verified", "home", value=INTACT)) == []
