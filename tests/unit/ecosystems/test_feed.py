"""What waits between a link's own task and whoever hears it."""

from __future__ import annotations

import pytest

from nightlatch.ecosystems import _feed
from nightlatch.ecosystems._feed import Feed, opening
from nightlatch.ecosystems.interface import Heard
from nightlatch.errors import SourceError
from nightlatch.model.event import Event, State

GONE = SourceError("the hub is gone")


def event(number: int) -> Event:
    return Event(number, "locked", "lock:a")


async def taken(feed: Feed) -> tuple[list[Heard], str]:
    """Everything until the end, and what ended it."""
    found: list[Heard] = []
    with pytest.raises(SourceError) as raised:
        async for heard in feed.take():
            found.append(heard)
    return found, raised.value.what


async def test_what_was_heard_before_the_end_is_still_told_in_order() -> None:
    feed = Feed("hub")
    feed.put(event(1), event(2))
    feed.fail(GONE)
    feed.put(event(3))
    assert await taken(feed) == ([event(1), event(2)], "the hub is gone")


async def test_the_first_reason_counts() -> None:
    feed = Feed("hub")
    feed.fail(GONE)
    feed.fail(SourceError("another"))
    assert feed.error is GONE


async def test_more_than_may_wait_ends_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_feed, "MOST", 3)
    feed = Feed("hub")
    feed.put(*map(event, range(4)))
    found, reason = await taken(feed)
    assert (len(found), reason) == (4, "more than 3 events wait to be taken")


def test_events_from_before_stand_between_an_empty_state_and_the_present_one() -> None:
    a, b = State("lock:a", 5, "thrown", security="zigbee"), State("lock:b", 5, "thrown")
    told = list(opening([a, b], [event(1)]))
    assert told == [State("lock:a", security="zigbee"), b, event(1), a]


def test_without_such_events_the_states_are_all() -> None:
    a = State("lock:a", 5, "thrown")
    assert list(opening([a], [])) == [a]
