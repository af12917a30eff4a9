"""A journal that is not what was written."""

from __future__ import annotations

from nightlatch.model.finding import Severity
from tests.unit.guard.detections.play import Player, at, event


def test_a_failed_verification_is_critical() -> None:
    (noticed,) = Player("journal-tampered").hear(event(at(0), "verified", "home", value="failed"))
    assert noticed.what == (
        "The journal is not what was written: it was changed or damaged. Run nightlatch journal verify to see where."
    )
    assert noticed.severity is Severity.CRITICAL


def test_a_verification_that_found_all_in_order_is_not_told() -> None:
    assert Player("journal-tampered").hear(event(at(0), "verified", "home", value="ok")) == []
