"""Sentences that people read."""

from __future__ import annotations

import pytest

from nightlatch.text import sentences, span


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        (("the hub is off", "the hub is off"), "The hub is off."),
        (("is it on?", "look at it."), "Is it on? Look at it."),
        (("configuration.yaml:3: is not text", ""), "configuration.yaml:3: is not text."),
        (("zigbee2mqtt/front: no answer",), "zigbee2mqtt/front: no answer."),
        ((), ""),
    ],
)
def test_parts_become_sentences_and_places_stay_as_they_are_written(parts: tuple[str, ...], told: str) -> None:
    assert sentences(parts) == told


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (1, "1 second"),
        (119, "119 seconds"),
        (120, "2 minutes"),
        (7199, "119 minutes"),
        (7200, "2 hours"),
        (172_799, "47 hours"),
        (172_800, "2 days"),
    ],
)
def test_a_length_of_time_is_told_in_the_largest_unit_that_says_enough(seconds: int, told: str) -> None:
    assert span(seconds * 1_000_000) == told
