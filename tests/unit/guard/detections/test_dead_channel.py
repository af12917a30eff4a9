"""Alert channels that deliver nothing."""

from __future__ import annotations

from nightlatch.model.event import Event
from tests.unit.guard.detections.play import Player, at

ID = "dead-channel"


def delivery(seconds: float, value: str, channel: str = "phone") -> Event:
    return Event(at(seconds), "delivery", "home", name=channel, value=value)


def test_a_channel_that_fails_for_ten_minutes_is_told_even_if_nobody_tries_again() -> None:
    player = Player(ID)
    player.hear(delivery(0, "failed"))
    player.restart()
    (noticed,) = player.wait(at(700))
    assert noticed.what == "The alert channel phone has delivered nothing for 10 minutes."
    assert noticed.at == at(600)


def test_failures_in_between_do_not_put_it_off() -> None:
    player = Player(ID)
    player.hear(delivery(0, "failed"), delivery(300, "failed"), delivery(599, "failed"))
    assert len(player.wait(at(601))) == 1


def test_a_message_that_comes_through_in_time_ends_the_wait_of_its_channel_only() -> None:
    player = Player(ID)
    player.hear(delivery(0, "failed"), delivery(0, "failed", "mail"), delivery(300, "delivered"))
    assert [one.key for one in player.wait(at(5000))] == ["mail"]


def test_it_is_over_with_the_next_message_that_comes_through() -> None:
    player = Player(ID)
    player.hear(delivery(0, "failed"))
    player.wait(at(700))
    (over,) = player.hear(delivery(800, "delivered"))
    assert (over.over, over.what) == (True, "The alert channel phone delivers again.")
