"""Hubs that stay open for new devices."""

from __future__ import annotations

from nightlatch.model.finding import Severity
from tests.unit.guard.detections.play import Player, at, event, home

ID = "join-open"
HUB = "hub:zigbee2mqtt:coordinator"
HOME = home(names={HUB: "Zigbee2MQTT"})


def test_joining_that_is_opened_is_told_at_once_and_over_when_it_is_closed() -> None:
    player = Player(ID, HOME)
    (noticed,) = player.hear(event(at(0), "join_opened", HUB))
    assert (noticed.severity, noticed.what) == (
        Severity.MEDIUM,
        "Zigbee2MQTT lets new devices join; close it if you add none.",
    )
    (over,) = player.hear(event(at(254), "join_closed", HUB))
    assert over.over
    assert player.wait(at(5000)) == []


def test_joining_that_stays_open_for_five_minutes_is_told_as_worse() -> None:
    player = Player(ID, HOME)
    first = player.hear(event(at(0), "join_opened", HUB), event(at(200), "join_opened", HUB))
    player.restart()
    (noticed,) = player.wait(at(301))
    assert noticed.what == "Zigbee2MQTT has let new devices join for 5 minutes; close it if you add none."
    assert (len(first), noticed.key, noticed.severity) == (1, first[0].key, Severity.HIGH)
    (over,) = player.hear(event(at(400), "join_closed", HUB))
    assert over.over


def test_the_owner_says_how_long_is_too_long() -> None:
    player = Player(ID, HOME, after_s=60)
    player.hear(event(at(0), "join_opened", HUB))
    assert len(player.wait(at(61))) == 1
