"""One reading of a calendar, to be looked at before it is followed."""

from __future__ import annotations

from datetime import tzinfo

from nightlatch.access.feeds.fetching import fetch
from nightlatch.access.feeds.reading import Reading, read
from nightlatch.errors import NightlatchError, UsageError
from nightlatch.model.access import Feed
from nightlatch.secrets import Secret


async def tried(feed: Feed, address: Secret, zone: tzinfo, now: int) -> Reading:
    """What a calendar says right now. UsageError when it cannot be read; its address is in no error."""
    try:
        fetched = await fetch(address)
        return read(fetched.content or b"", feed, zone, now)
    except NightlatchError as error:
        raise UsageError(
            f"the calendar {error.what}" if error.where else error.what, todo="Nothing was kept."
        ) from None
