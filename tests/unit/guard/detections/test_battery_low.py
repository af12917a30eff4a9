"""Low batteries."""

from __future__ import annotations

from nightlatch.model.event import Event
from nightlatch.model.finding import Severity
from tests.unit.guard.detections.play import Noticed, Player, at, event

ID = "battery-low"


def heard(player: Player, *charges: int | str) -> list[Noticed]:
    return player.hear(*(event(at(number), "battery", value=charge) for number, charge in enumerate(charges)))


def test_below_thirty_it_is_told_and_below_fifteen_again_as_high() -> None:
    told = heard(Player(ID), 90, 30, 29, 28, 15, 14, 13)
    assert [(one.what, one.severity) for one in told] == [
        ("Front door: the lock's battery is at 29 %.", Severity.MEDIUM),
        ("Front door: the lock's battery is at 14 %.", Severity.HIGH),
    ]


def test_a_battery_that_is_nearly_empty_at_once_is_told_once_as_high() -> None:
    (noticed,) = heard(Player(ID), 5, 5)
    assert noticed.severity is Severity.HIGH


def test_a_charge_that_wavers_around_the_threshold_is_told_once() -> None:
    assert len(heard(Player(ID), 29, 31, 29, 34, 29, 30)) == 1
    assert len(heard(Player(ID), 14, 16, 14, 19, 14)) == 1


def test_a_new_battery_ends_it() -> None:
    player = Player(ID)
    heard(player, 14)
    player.restart()
    (over,) = heard(player, 35)
    assert (over.over, over.what) == (True, "Front door: the lock's battery is at 35 % again.")
    assert len(heard(player, 29)) == 1


def test_after_twenty_percent_nearly_empty_is_told_anew() -> None:
    assert [one.severity for one in heard(Player(ID), 14, 20, 14)] == [Severity.HIGH, Severity.HIGH]


def test_thresholds_are_the_owners() -> None:
    assert len(heard(Player(ID, low_percent=50, empty_percent=40), 49, 39)) == 2


def test_what_is_no_charge_is_passed_by() -> None:
    assert heard(Player(ID), "low", "", -1, 10**400) == []
    assert Player(ID).hear(Event(at(0), "battery", "lock:front")) == []
