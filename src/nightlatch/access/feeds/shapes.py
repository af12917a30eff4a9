"""How calendars of booking sites tell a guest from days that are merely closed. Facts, with where they are from.

What the entry of a site's own calendar says that is not known here is taken for closed days: in doubt,
nobody is let in.
"""

from __future__ import annotations

import re

import msgspec

Pattern = re.Pattern[str]


class Shape(msgspec.Struct, frozen=True):
    """One site's entries, known by the UID's end or by the calendar's PRODID."""

    site: str
    uid: str
    product: str
    guest: Pattern
    """What the summary of a booking is, whole; its group `name`, where there is one, is the guest's."""
    source: str


SHAPES = (
    Shape(
        "Airbnb",
        "@airbnb.com",
        "airbnb",
        re.compile(r"reserved", re.IGNORECASE),
        # Summaries are "Reserved" without a name since 2019-12-01, told by Airbnb to hosts by mail:
        "https://www.uplisting.io/blog/how-the-airbnb-icalendar-ical-changes-will-affect-you-and-how-to-avoid-disruption"
        # Days closed by the owner or by booking rules are "Airbnb (Not available)":
        " https://github.com/developeregrem/fewohbee/issues/285",
    ),
    Shape(
        "Booking.com",
        "@booking.com",
        "booking.com",
        # Bookings and days that the owner closed look the same; which of them are exported is set at the site.
        re.compile(r"closed\s*[-–]\s*(?:not available|(?P<name>.+))", re.IGNORECASE),
        "https://github.com/tykeal/homeassistant-rental-control/issues/241",
    ),
    Shape(
        "Vrbo",
        "",
        "homeaway|vrbo",
        re.compile(r"reserved(?:\s*-\s*(?P<name>.+))?", re.IGNORECASE),
        'https://github.com/tykeal/homeassistant-rental-control (blocked days are "Blocked")',
    ),
)
CLOSED = re.compile(
    r"(?:airbnb \()?not available\)?|closed(?:\s*[-–]\s*not available)?|blocked|unavailable", re.IGNORECASE
)
"""In a calendar of another maker, as one that was put together of several sites'."""
UNNAMED = re.compile(r"reserved|booked|booking|reservation|busy|guest", re.IGNORECASE)
"""Summaries that say no more than that somebody comes."""


def guest(summary: str, uid: str, product: str) -> str | None:
    """The name of the guest of an entry, nothing when it is not told; None: it is no guest's."""
    clean = " ".join(summary.split())
    for shape in SHAPES:
        if (shape.uid and uid.lower().endswith(shape.uid)) or re.search(shape.product, product, re.IGNORECASE):
            match = shape.guest.fullmatch(clean)
            return None if match is None else (match.groupdict().get("name") or "")
    if CLOSED.fullmatch(clean):
        return None
    return "" if UNNAMED.fullmatch(clean) else clean.removeprefix("Reserved - ")
