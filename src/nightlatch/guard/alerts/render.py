"""Words for people: a message of some lines, made when it is sent and kept nowhere."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import tzinfo
from typing import Literal

import msgspec

from nightlatch.guard.alerts.sealed import Said, of_noticed
from nightlatch.guard.detections.interface import Noticed
from nightlatch.guard.detections.registry import detections
from nightlatch.guard.household import Household
from nightlatch.model.event import By, Kind, instant
from nightlatch.model.finding import SEVERITY_WEIGHT, Severity
from nightlatch.store.alerts import AlertRow, Form
from nightlatch.text import count

MOST_LINES = 12
"""How many lines a message shows; a text of 12 short lines still fits one screen of a phone."""
MOST_LETTERS = 240

Tone = Literal["info", "success", "warning", "failure"]


class Message(msgspec.Struct, frozen=True):
    """What goes out: plain text."""

    title: str
    body: str
    tone: Tone = "info"


class Point(msgspec.Struct, frozen=True):
    """One thing to say: an alert with all that happened to it since, or a notice."""

    form: Form
    at: int
    said: Said
    alert: AlertRow | None = None
    severity: Severity = Severity.LOW


_ENDED = {"over": "Over", "closed": "Closed by hand"}
_DONE: dict[Kind, str] = {
    "locked": "locked",
    "unlocked": "unlocked",
    "jammed": "jammed",
    "wrong_code": "wrong code",
    "door_opened": "opened",
    "door_closed": "closed",
    "offline": "no longer answers",
    "online": "answers again",
}
_BY: dict[By, str] = {
    "code": "with a code",
    "tag": "with a tag",
    "biometric": "with a fingerprint",
    "key": "with the key",
    "thumb": "from inside",
    "manual": "by hand",
    "touch": "by the button outside",
    "remote": "remotely",
    "voice": "by voice",
    "auto": "by itself",
    "schedule": "by its schedule",
}


def message(points: Sequence[Point], household: Household) -> Message:
    """One message of some points, in their order."""
    worst = max((point.severity for point in points), key=SEVERITY_WEIGHT.__getitem__)
    texts = [line(point, household) for point in points]
    shown = texts[:MOST_LINES]
    if len(texts) > len(shown):
        shown.append(f"And {len(texts) - len(shown)} more: nightlatch alerts list")
    return Message(_title(points, worst, household), "\n".join(shown), _tone(points, worst))


def line(point: Point, household: Household) -> str:
    """One point as a line: the time at home, what happened, who it was, and how to acknowledge it."""
    at = clock(point.at, household.zone)
    if point.alert is None:
        return _clip(f"{at} {notice(point.said, household)}")
    alert = point.alert
    what = words(alert.detection, alert.about, point.said, household)
    times = f" ({count(alert.count, 'time')} since {clock(alert.first, household.zone)})" if alert.count > 1 else ""
    if not alert.live:
        text = f"{clock(alert.ended or alert.last, household.zone)} {_ENDED[alert.state]}: {what}{times}"
    elif point.form == "escalated":
        text = f"{at} Nobody has acknowledged this: {what}{times}"
    else:
        text = f"{at} {what}{times}"
    return f"{_clip(text)} [{alert.id}]"


def unkept(noticed: Noticed, household: Household) -> Message:
    """The message of an alert that the database does not take."""
    what = words(noticed.detection, noticed.about, of_noticed(noticed), household)
    text = _clip(f"{clock(noticed.at, household.zone)} {what}")
    todo = "Nightlatch cannot write its database: see nightlatch status."
    return Message(plain(f"{noticed.severity.capitalize()}: {label(noticed.detection)}"), f"{text}\n{todo}", "failure")


def words(detection: str, about: str, said: Said, household: Household) -> str:
    """What an alert says, with the first name of its person."""
    place = household.name(household.door_of.get(about, about))
    text = said.what or f"{place}: {label(detection)}."
    name = person(said.person, household)
    return plain(f"{text.removesuffix('.')} ({name})." if name and name not in text else text)


def notice(said: Said, household: Household) -> str:
    """A notice in words: `Front door: unlocked by Ana with a code.`."""
    if said.kind is None:
        return "Something happened that has been erased since."
    done = _DONE.get(said.kind, said.kind.replace("_", " "))
    place = household.name(household.door_of.get(said.about, said.about))
    name = person(said.person, household)
    parts = (f"{place}: {done}", f"by {name}" if name else "", _BY.get(said.by, ""))
    text = " ".join(part for part in parts if part)
    if said.resync:
        text += f" at some time since {clock(said.since, household.zone)}" if said.since else " earlier"
    return plain(f"{text}.")


def digest(
    fresh: Sequence[AlertRow], open_: Sequence[tuple[AlertRow, Said]], dead: Sequence[str], household: Household
) -> Message:
    """The day's digest: what was raised since the last one, and what is open now."""
    over = sum(not row.live for row in fresh)
    lines = [f"Since yesterday: {count(len(fresh), 'alert')}, {over} of them over." if fresh else "A quiet day."]
    lines += [
        _clip(f"{row.severity}: {words(row.detection, row.about, said, household)}") + f" [{row.id}]"
        for row, said in open_
    ]
    if len(lines) > MOST_LINES:
        lines = [*lines[:MOST_LINES], f"And {len(lines) - MOST_LINES} more: nightlatch alerts list"]
    lines += [f"The channel {channel} does not work." for channel in dead]
    head = f"Nightlatch: {count(len(open_), 'open alert')}" if open_ else "Nightlatch: nothing is open"
    return Message(head, "\n".join(lines), "warning" if open_ or dead else "info")


def person(id: str, household: Household) -> str:  # noqa: A002  # the design's word
    """What messages call a person; nothing for nobody."""
    return household.people.get(id, "somebody known") if id else ""


def label(detection: str) -> str:
    """What a detection watches for, in words."""
    found = detections().get(detection)
    return found.title if found is not None else detection.replace("-", " ")


def clock(at: int, zone: tzinfo) -> str:
    """`03:12`, at home."""
    return instant(at).astimezone(zone).strftime("%H:%M")


def plain(text: str) -> str:
    """Text on one line: names that devices gave may hold anything."""
    return re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+", " ", text).strip()


def _title(points: Sequence[Point], worst: Severity, household: Household) -> str:
    alerts = {point.alert.id: point.alert for point in points if point.alert is not None}
    live = [alert for alert in alerts.values() if alert.live]
    if len(points) == 1:
        (point,) = points
        if point.alert is None:
            return plain(household.name(household.door_of.get(point.said.about, point.said.about)) or "Nightlatch")
        head = str(worst).capitalize() if point.alert.live else "Over"
        if point.form == "escalated" and live:
            head = f"{head}, not acknowledged"
        return plain(f"{head}: {label(point.alert.detection)}")
    if not alerts:
        return f"Nightlatch: {count(len(points), 'notice')}"
    if not live:
        return f"Over: {count(len(alerts), 'alert')}"
    return f"{str(worst).capitalize()}: {count(len(live), 'alert')}"


def _tone(points: Sequence[Point], worst: Severity) -> Tone:
    alerts = [point.alert for point in points if point.alert is not None]
    if not alerts:
        return "info"
    if not any(alert.live for alert in alerts):
        return "success"
    return "failure" if worst is Severity.CRITICAL else "warning"


def _clip(text: str) -> str:
    return text if len(text) <= MOST_LETTERS else f"{text[: MOST_LETTERS - 1]}…"
