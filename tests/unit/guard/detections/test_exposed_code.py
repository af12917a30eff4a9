"""Codes that should be gone, and are not proven gone."""

from __future__ import annotations

from nightlatch.model.event import Event
from nightlatch.model.finding import Severity
from tests.unit.guard.detections.play import MINUTE, Player, at, berlin, event, holder, home

ID = "exposed-code"


def ledger(when: int, value: str, **more: object) -> Event:
    return event(when, "ledger", slot=3, value=value, name="c1", person="ana", **more)  # type: ignore[arg-type]


def test_an_exposed_code_is_told_with_its_last_evidence_and_what_to_do_by_hand() -> None:
    household = home(by_hand=lambda lock, slot: f"Remove code {slot} of {lock} at the keypad.")
    (noticed,) = Player(ID, household).hear(ledger(at(0), "exposed", since=berlin("2026-11-22T11:30")))
    assert noticed.what == (
        "Front door: the code in slot 3 should be gone, and may still open it; last read on 2026-11-22 at 11:30. "
        "Remove code 3 of lock:front at the keypad."
    )
    assert (noticed.severity, noticed.person, noticed.key) == (Severity.HIGH, "ana", "lock:front/3")


def test_it_becomes_critical_when_it_lasts_after_a_restart_too() -> None:
    player = Player(ID, home(holders={("lock:front", 3): holder()}), critical_after_min=10)
    player.hear(ledger(at(0), "exposed"))
    player.restart()
    assert player.wait(at(0) + 10 * MINUTE - 1) == []
    (noticed,) = player.wait(at(0) + 10 * MINUTE)
    assert noticed.what == "Front door: for 10 minutes the code in slot 3 should be gone, and may still open it."
    assert (noticed.severity, noticed.person, noticed.key) == (Severity.CRITICAL, "ana", "lock:front/3")


def test_it_is_over_when_it_is_proven_gone_or_granted_again_and_nothing_is_waited_for() -> None:
    for value, words in (("absent", "is proven gone"), ("changing", "is granted again")):
        player = Player(ID, critical_after_min=10)
        player.hear(ledger(at(0), "exposed"))
        (over,) = player.hear(ledger(at(60), value))
        assert over.over
        assert words in over.what
        assert player.wait(at(3600)) == []


def test_a_removal_within_its_deadline_is_in_order() -> None:
    assert Player(ID).hear(ledger(at(0), "removing"), ledger(at(9), "absent")) == []
