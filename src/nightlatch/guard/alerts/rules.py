"""What the owner set of alerts: channels, quiet hours, notices, escalation, digest."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta, tzinfo

import msgspec

from nightlatch.configuration.guarding import ChannelTable
from nightlatch.configuration.read import Configuration
from nightlatch.errors import ConfigurationError, SecretError
from nightlatch.guard.detections.registry import detections
from nightlatch.guard.household import Household
from nightlatch.model.event import KINDS, instant, micros
from nightlatch.model.finding import SEVERITY_WEIGHT, Severity
from nightlatch.secrets import Secret, resolve
from nightlatch.text import suggest

SECOND = 1_000_000
MINUTE = 60 * SECOND
MOST_CHANNELS = 32
_UNTOLD = frozenset(("command", "outcome", "alert", "delivery"))
"""Kinds that no notice may be about: they come of alerts and commands, and would go round in a circle."""


class Channel(msgspec.Struct, frozen=True):
    """One way to reach people, and what it takes. Empty sets take everything."""

    id: str
    url: Secret | None = None
    """Its apprise URL; None when it cannot be had, for the reason in `problem`."""
    problem: str = ""
    severity: Severity = Severity.LOW
    detections: frozenset[str] = frozenset()
    doors: frozenset[str] = frozenset()
    """As "door:front"."""
    people: frozenset[str] = frozenset()
    quiet: bool = True
    kept: bool = False
    """An escalation names it: it is kept for what is escalated to it."""

    def takes(self, detection: str, severity: Severity, door: str, person: str) -> bool:
        """Whether an alert is for this channel; `door` and `person` are empty where it has none."""
        return (
            SEVERITY_WEIGHT[severity] >= SEVERITY_WEIGHT[self.severity]
            and (not self.detections or detection in self.detections)
            and (not self.doors or door in self.doors)
            and (not self.people or person in self.people)
        )


class Quiet(msgspec.Struct, frozen=True):
    """Hours of the day at home, [begin, end); the end may lie on the next day."""

    begin: time
    end: time

    def at(self, now: int, zone: tzinfo) -> bool:
        """Whether it is quiet at an instant."""
        clock = instant(now).astimezone(zone).time()
        if self.begin < self.end:
            return self.begin <= clock < self.end
        return clock >= self.begin or clock < self.end

    def ends(self, now: int, zone: tzinfo) -> int:
        """The first instant from `now` on at which it is not quiet."""
        if not self.at(now, zone):
            return now
        day = instant(now).astimezone(zone).date()
        ends = (
            micros(datetime.combine(day + timedelta(days=days), self.end.replace(fold=fold), zone).astimezone(UTC))
            for days in (0, 1)
            for fold in (0, 1)
        )
        return min((end for end in ends if end > now and not self.at(end, zone)), default=now)


class Notice(msgspec.Struct, frozen=True):
    """Something to be told of that is no alert."""

    channels: tuple[str, ...]
    kinds: frozenset[str]
    people: frozenset[str] = frozenset()
    doors: frozenset[str] = frozenset()
    quiet: bool = True


class Stage(msgspec.Struct, frozen=True):
    """A step of the escalation: `after` µs without acknowledgement, these channels are told as well."""

    after: int
    channels: tuple[str, ...]
    severity: Severity = Severity.HIGH


class Digest(msgspec.Struct, frozen=True):
    """The time of the day at home from which the day's digest is due, and where it goes."""

    at: time
    channels: tuple[str, ...]

    def last(self, now: int, zone: tzinfo) -> tuple[date, int]:
        """The newest day whose digest is due, and for how long it has been, µs."""
        local = instant(now).astimezone(zone)
        day = local.date() - timedelta(days=local.time() < self.at)
        return day, max(0, now - micros(datetime.combine(day, self.at, zone).astimezone(UTC)))


class Rules(msgspec.Struct, frozen=True):
    """All that is set. Spans are in µs."""

    channels: Mapping[str, Channel] = {}
    notices: tuple[Notice, ...] = ()
    stages: tuple[Stage, ...] = ()
    """In the order of their times."""
    quiet: Quiet | None = None
    digest: Digest | None = None
    group: int = 3 * SECOND
    again: int = 60 * MINUTE

    def is_quiet(self, now: int, zone: tzinfo) -> bool:
        """Whether patient lines wait at an instant."""
        return self.quiet is not None and self.quiet.at(now, zone)

    def quiet_ends(self, now: int, zone: tzinfo) -> int:
        """The first instant from `now` on at which patient lines go out."""
        return now if self.quiet is None else self.quiet.ends(now, zone)


def door_of(household: Household, about: str) -> str:
    """The door that a lock or door is or belongs to, as "door:front"; nothing for other things."""
    return about if about.startswith("door:") else household.door_of.get(about, "")


def read_rules(configuration: Configuration, env: Mapping[str, str]) -> Rules:
    """The rules of a configuration; ConfigurationError names the line of what cannot be.

    A channel whose secret cannot be had stays without URL: the others must go on without it.
    """
    table = configuration.tables.alerts
    reader = _Reader(configuration)
    kept = {channel for stage in table.escalation for channel in stage.channels}
    channels: dict[str, Channel] = {}
    if len(table.channels) > MOST_CHANNELS:
        raise configuration.error(f"there are more than {MOST_CHANNELS} channels", "alerts", "channels", MOST_CHANNELS)
    for number, one in enumerate(table.channels):
        if not re.fullmatch(r"[\w\-.]{1,64}", one.id):
            what = f"{one.id!r} cannot be an id: letters, digits, -, _ and . only"
            raise reader.error(what, "channels", number, "id")
        if one.id in channels:
            raise reader.error(f"two channels have the id {one.id!r}", "channels", number, "id")
        channels[one.id] = reader.channel(number, one, env, kept=one.id in kept)
    reader.channels = channels
    notices = []
    for number, notice in enumerate(table.notices):
        place = ("notices", number)
        reader.known(sorted(_UNTOLD & set(notice.kinds)), (), "kind that can be told", *place, "kinds")
        notices.append(
            Notice(
                reader.ways(notice.channels, *place),
                frozenset(reader.known(notice.kinds, KINDS, "kind of event", *place, "kinds")),
                reader.people(notice.people, *place),
                reader.doors(notice.doors, *place),
                notice.quiet,
            )
        )
    stages = []
    for number, stage in enumerate(table.escalation):
        if not 1 <= stage.after_minutes <= 7 * 24 * 60:
            raise reader.error("after_minutes: a week at most, and at least 1", "escalation", number, "after_minutes")
        stages.append(
            Stage(stage.after_minutes * MINUTE, reader.ways(stage.channels, "escalation", number), stage.severity)
        )
    digest = None
    if table.digest is not None:
        to = table.digest.channels and reader.ways(table.digest.channels, "digest")
        first = tuple(channel.id for channel in channels.values() if not channel.kept)
        digest = Digest(reader.time(table.digest.at, "digest", "at"), tuple(to) or first)
    quiet = None
    if table.quiet is not None:
        quiet = Quiet(reader.time(table.quiet.begin, "quiet", "from"), reader.time(table.quiet.until, "quiet", "until"))
        if quiet.begin == quiet.end:
            raise reader.error("quiet hours end when they begin", "quiet", "until")
    return Rules(
        channels,
        tuple(notices),
        tuple(sorted(stages, key=lambda stage: stage.after)),
        quiet,
        digest,
        group=reader.length(table.group_seconds, "group_seconds", 60, SECOND),
        again=reader.length(table.again_minutes, "again_minutes", 7 * 24 * 60, MINUTE),
    )


class _Reader:
    """Checks what the tables name against what there is."""

    def __init__(self, configuration: Configuration) -> None:
        self.configuration = configuration
        self.channels: Mapping[str, Channel] = {}

    def error(self, what: str, *place: str | int, todo: str = "") -> ConfigurationError:
        """An error at a place below `[alerts]`; TOML's own header `[alerts.quiet]` counts as one key."""
        return self.configuration.error(what, "alerts", *place, todo=todo)

    def known(self, words: Iterable[str], known: Iterable[str], what: str, *place: str | int) -> list[str]:
        """The words, each one of the known."""
        found = list(words)
        for word in found:
            if word not in known:
                raise self.error(f"there is no {what} {word!r}", *place, todo=suggest(word, known))
        return found

    def channel(self, number: int, table: ChannelTable, env: Mapping[str, str], *, kept: bool) -> Channel:
        """A channel with its URL resolved."""
        configuration, place = self.configuration, ("channels", number)
        where = configuration.where("alerts", *place, "url")
        url, problem = None, ""
        try:
            url = resolve(table.url, env=env, base=configuration.base, where=where)
        except SecretError as error:
            if not table.url.startswith(("env:", "file:", "keyring:")):
                raise  # what stands there may be the URL itself: that is no passing trouble
            problem = error.what
        return Channel(
            table.id,
            url,
            problem,
            table.severity,
            frozenset(self.known(table.detections, detections(), "detection", *place, "detections")),
            self.doors(table.doors, *place),
            self.people(table.people, *place),
            table.quiet,
            kept,
        )

    def ways(self, channels: list[str], *place: str | int) -> tuple[str, ...]:
        """Ids of channels, at least one."""
        if not channels:
            raise self.error("names no channel", *place, "channels")
        return tuple(dict.fromkeys(self.known(channels, self.channels, "channel", *place, "channels")))

    def doors(self, ids: list[str], *place: str | int) -> frozenset[str]:
        """Doors as alerts know them."""
        known = self.known(ids, self.configuration.ids("door"), "door", *place, "doors")
        return frozenset(f"door:{one}" for one in known)

    def people(self, ids: list[str], *place: str | int) -> frozenset[str]:
        """Ids of people."""
        return frozenset(self.known(ids, self.configuration.ids("person"), "person", *place, "people"))

    def time(self, text: str, *place: str | int) -> time:
        """`22:30`."""
        if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", text):
            raise self.error(f"{text!r} is no time of the day", *place, todo='Write it as "22:30".')
        return time.fromisoformat(text)

    def length(self, value: float, name: str, most: int, unit: int) -> int:
        """A span in µs."""
        if not 0 <= value <= most:
            raise self.error(f"{name} is from 0 to {most}", name)
        return int(value * unit)
