"""Instants as people at home read them."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo

from markupsafe import Markup, escape

from nightlatch.model.event import instant
from nightlatch.web.texts import _

WEEK = 7


def clock(at: int | datetime, zone: tzinfo, now: datetime) -> str:
    """An instant (µs since 1970, or a datetime) on the home's clock, as short as is clear: "13:04", "Tue 13:04"."""
    when, today = _at(at).astimezone(zone), now.astimezone(zone)
    days = (today.date() - when.date()).days
    if days == 0:
        return f"{when:%H:%M}"
    if days == 1:
        return _("yesterday %(time)s", time=f"{when:%H:%M}")
    if -WEEK < days < WEEK:
        return f"{when:%a %H:%M}" if days > 0 else f"{when:%a} {when.day} {when:%b %H:%M}"
    return f"{when.day} {when:%b %Y %H:%M}"


def moment(at: int | datetime, zone: tzinfo, now: datetime) -> Markup:
    """The same as an element that tells the whole instant to whoever asks for it."""
    when = _at(at)
    local = when.astimezone(zone)
    title = f"{local:%A} {local.day} {local:%B %Y %H:%M:%S %Z}"
    shown = escape(clock(when, zone, now))
    # Pages hold hundreds of these: put together at once, and escaped where a translation or a zone's name stands.
    return Markup(f'<time datetime="{when.isoformat(timespec="seconds")}" title="{escape(title)}">{shown}</time>')  # noqa: S704


def _at(at: int | datetime) -> datetime:
    return at if isinstance(at, datetime) else instant(at).astimezone(UTC)
