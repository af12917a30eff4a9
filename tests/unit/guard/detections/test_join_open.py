"""Hubs that stay open for new devices."""

from __future__ import annotations

from tests.unit.guard.detections.play import Player, at, event, home

ID = "join-open"
HUB = "hub:zigbee2mqtt:coordinator"
HOME = home(names={HUB: "Zigbee2MQTT"})


def test_joining_that_stays_open_for_five_minutes_is_told_and_over_when_it_is_closed() -> None:
    player = Player(ID, HOME)
    player.hear(event(at(0), "join_opened", HUB), event(at(200), "join_opened", HUB))
    player.restart()
    (noticed,) = player.wait(at(301))
    assert noticed.what == "Zigbee2MQTT has let new devices join for 5 minutes; close it if you add none."
    (over,) = player.hear(event(at(400), "join_closed", HUB))
    assert over.over


def test_joining_that_is_closed_in_time_is_not_told() -> None:
    player = Player(ID, HOME)
    player.hear(event(at(0), "join_opened", HUB), event(at(254), "join_closed", HUB))
    assert player.wait(at(5000)) == []


def test_the_owner_says_how_long_is_too_long() -> None:
    player = Player(ID, HOME, after_s=60)
    player.hear(event(at(0), "join_opened", HUB))
    assert len(player.wait(at(61))) == 1
