"""The past, told again with other thresholds."""

from __future__ import annotations

import pytest

from nightlatch.errors import UsageError
from nightlatch.guard.detections.registry import defaults
from nightlatch.guard.engine import Engine
from nightlatch.guard.replay import changed, compare, replay
from tests.unit.guard.detections.play import at, event, home

WRONG = [event(at(number), "wrong_code") for number in range(4)]


def test_it_tells_what_was_told_while_it_happened() -> None:
    events = [*WRONG, event(at(100), "tamper"), event(at(200), "door_opened")]
    live = Engine(defaults(), home())
    told = live.feed(events) + live.advance(at(5000))
    (found,) = replay(events, home(), [defaults()], since=0, until=at(5000))
    assert list(found.noticed) == told
    assert found.events == 6


def test_a_changed_threshold_shows_what_is_added_and_what_is_gone() -> None:
    sides = [defaults(), changed(defaults(), ["repeated-wrong-codes.count=4", "long-open-door.after_s=60"])]
    events = [*WRONG, event(at(100), "door_opened"), event(at(200), "door_closed")]
    before, after = replay(events, home(), sides, since=0, until=at(5000))
    added, gone = compare(before.noticed, after.noticed)
    assert [(one.detection, one.over) for one in added] == [
        ("repeated-wrong-codes", False),
        ("long-open-door", False),
        ("long-open-door", True),
    ]
    assert [one.what for one in gone] == ["Front door: 3 wrong codes within 2 seconds."]


def test_what_lies_before_is_judged_by_and_not_told() -> None:
    (found,) = replay(WRONG, home(), [defaults()], since=at(2), until=at(5000))
    assert [one.what for one in found.noticed if not one.over] == ["Front door: 3 wrong codes within 2 seconds."]
    assert found.events == 2
    (later,) = replay(WRONG, home(), [defaults()], since=at(3), until=at(5000))
    assert [one.over for one in later.noticed] == [True]


def test_what_lies_after_is_not_heard() -> None:
    (found,) = replay(WRONG, home(), [defaults()], since=0, until=at(2))
    assert (found.events, found.noticed) == (2, ())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("repeated-wrong-codes.count", "'repeated-wrong-codes.count' changes no threshold. Write --set"),
        ("count=3", "'count=3' changes no threshold"),
        ("repeated-wrong-code.count=3", 'Did you mean "repeated-wrong-codes"?'),
        ("repeated-wrong-codes.cuont=3", 'Did you mean "count"?'),
        ("tamper.count=3", "tamper has no threshold 'count'. It has: on."),
        ("repeated-wrong-codes.count=many", "--set repeated-wrong-codes: count: expected a whole number, got text"),
        ("repeated-wrong-codes.count=1", "--set repeated-wrong-codes: count: expected a whole number >= 2"),
        ("battery-low.empty_percent=40", "--set battery-low: empty_percent lies above low_percent"),
    ],
)
def test_a_change_that_cannot_be_is_said_in_words(text: str, words: str) -> None:
    with pytest.raises(UsageError) as error:
        changed(defaults(), [text])
    assert words in str(error.value)


def test_a_detection_can_be_switched_off_and_a_fraction_set() -> None:
    chosen = {one.id: limits for one, limits in changed(defaults(), ["tamper.on=false", "battery-falling.times=2.5"])}
    assert chosen["tamper"].on is False
    assert chosen["battery-falling"].times == 2.5
