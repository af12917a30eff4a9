"""Failed sign-ins to the web app."""

from __future__ import annotations

from nightlatch.model.event import Event
from nightlatch.model.finding import Severity
from tests.unit.guard.detections.play import Player, at

ID = "failed-sign-ins"


def act(seconds: float, name: str = "sign-in-failed") -> Event:
    return Event(at(seconds), "act", "home", name=name, person="ana", detail="from 10.0.0.9", value="password")


def test_five_failures_within_an_hour_are_told_once_and_name_nobody() -> None:
    (noticed,) = Player(ID).hear(*(act(600 * number) for number in range(6)))
    assert noticed.what == "5 failed sign-ins to the web app within 40 minutes."
    assert (noticed.severity, noticed.about, noticed.person) == (Severity.HIGH, "home", "")


def test_a_slip_now_and_then_and_other_acts_are_nothing() -> None:
    assert Player(ID).hear(*(act(1000 * number) for number in range(9))) == []
    assert Player(ID).hear(*(act(number, "sign-in") for number in range(99))) == []


def test_it_is_told_when_tries_have_to_wait() -> None:
    (noticed,) = Player(ID, count=50).hear(act(0), act(1), act(2), act(3, "locked-out"))
    assert noticed.what == "3 failed sign-ins to the web app within 3 seconds."


def test_it_is_told_again_when_their_number_has_doubled_and_is_over_after_an_hour_without() -> None:
    player = Player(ID)
    told = player.hear(*(act(number) for number in range(20)))
    assert [one.what.partition(" ")[0] for one in told] == ["5", "10", "20"]
    assert player.wait(at(3600)) == []
    (over,) = player.wait(at(3620))
    assert over.over
    assert over.what == "No more failed sign-ins, after 20."


def test_a_restart_forgets_no_failure() -> None:
    player = Player(ID)
    player.hear(*(act(number) for number in range(4)))
    player.restart()
    assert len(player.hear(act(5))) == 1
    player.restart()
    assert player.hear(act(6)) == []
    assert len(player.wait(at(9999))) == 1
