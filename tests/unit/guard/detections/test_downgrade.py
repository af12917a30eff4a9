"""Links that become weaker."""

from __future__ import annotations

from nightlatch.model.event import Event
from nightlatch.model.finding import Severity
from tests.unit.guard.detections.play import Player, at, event

ID = "downgrade"


def changed(seconds: float, to: str, about: str = "lock:front", before: str = "") -> Event:
    return event(at(seconds), "security_changed", about, value=to, name=before)


def test_a_weaker_class_than_before_is_told_with_both() -> None:
    player = Player(ID)
    assert player.hear(changed(0, "s2_access_control")) == []
    player.restart()
    (noticed,) = player.hear(changed(1, "s0"))
    assert noticed.what == "Front door: the link became weaker, S0 instead of S2 Access Control."
    assert noticed.severity is Severity.HIGH


def test_what_the_event_itself_says_of_before_counts() -> None:
    (noticed,) = Player(ID).hear(changed(0, "s2_authenticated", before="s2_access_control"))
    assert "S2 Authenticated instead of S2 Access Control" in noticed.what


def test_a_weak_link_is_told_even_if_nothing_is_known_of_before() -> None:
    (noticed,) = Player(ID).hear(changed(0, "none"))
    assert noticed.what == "Front door: the link became weaker, no encryption."


def test_a_hub_without_tls_is_told() -> None:
    (noticed,) = Player(ID).hear(changed(0, "tls", "hub:mqtt"), changed(1, "none", "hub:mqtt"))
    assert noticed.what == "mqtt: the link became weaker, no encryption instead of TLS."


def test_it_is_over_when_the_link_is_as_strong_as_before() -> None:
    player = Player(ID)
    player.hear(changed(0, "s2_access_control"), changed(1, "s0"))
    assert player.hear(changed(2, "s2_authenticated")) == []
    (over,) = player.hear(changed(3, "s2_access_control"))
    assert over.over


def test_a_stronger_link_is_no_alarm() -> None:
    assert Player(ID).hear(changed(0, "zigbee"), changed(1, "tls"), changed(2, "matter")) == []


def test_a_class_that_nobody_knows_is_passed_by() -> None:
    assert Player(ID).hear(changed(0, "quantum"), event(at(1), "security_changed", value=3)) == []
