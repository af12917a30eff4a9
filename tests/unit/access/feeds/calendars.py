"""Calendars as booking sites give them."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from nightlatch.model.access import Feed
from tests.unit.access.schedules.oracle import at

BERLIN = ZoneInfo("Europe/Berlin")
NOW = at(BERLIN, 2026, 11, 22, 16, 30)
FEED = Feed("f1", ("door:front",), "Cabin")
AIRBNB = "-//Airbnb Inc//Hosting Calendar 1.0//EN"


def calendar(*entries: str, product: str = "-//Somebody//Calendar//EN") -> bytes:
    head = ("BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:{product}")
    return ("\r\n".join((*head, *entries, "END:VCALENDAR")) + "\r\n").encode()


def entry(begin: str, end: str, summary: str = "Reserved", uid: str = "1@x", more: str = "") -> str:
    lines = ["BEGIN:VEVENT", f"DTSTART;VALUE=DATE:{begin}", f"DTEND;VALUE=DATE:{end}", f"SUMMARY:{summary}"]
    if uid:
        lines.append(f"UID:{uid}")
    if more:
        lines.append(more)
    return "\r\n".join([*lines, "END:VEVENT"])


def timed(begin: str, end: str, uid: str = "1@x", more: str = "") -> str:
    lines = ["BEGIN:VEVENT", f"DTSTART{begin}", f"DTEND{end}", "SUMMARY:Ana Weiss", f"UID:{uid}"]
    return "\r\n".join([*lines, *([more] if more else []), "END:VEVENT"])
