"""Sentences that people read."""

from __future__ import annotations

import pytest

from nightlatch.text import sentences


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
