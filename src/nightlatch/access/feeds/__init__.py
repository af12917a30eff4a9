"""Calendars of stays: fetched, read, and turned into grants; their failure never revokes and never grants."""

from __future__ import annotations

from nightlatch.access.feeds.fetching import checked, host_of
from nightlatch.access.feeds.following import Feeds
from nightlatch.access.feeds.reading import Booking

__all__ = ["Booking", "Feeds", "checked", "host_of"]
