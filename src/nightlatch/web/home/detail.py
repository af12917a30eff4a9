"""One door in detail: what happened today, who can open it, how its locks are set, what audits found."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

from nightlatch.model.document import Audit, FindingDocument
from nightlatch.model.event import instant, micros
from nightlatch.model.finding import Verdict
from nightlatch.web.home.doors import DoorView, Happening, Place, door_view, history, look
from nightlatch.web.house import House
from nightlatch.web.signin.who import Who
from nightlatch.web.texts import _

SETTINGS = (
    *("maker", "model", "firmware", "security", "radio", "path"),
    *("auto_relock_s", "wrong_code_limit", "wrong_code_lockout_s", "tamper_alarm", "one_touch"),
    *("battery_type", "emergency_power", "on_flat_battery", "code_slots"),
)
"""Fields of a lock that its page shows, in this order."""
MOST_FINDINGS = 12


class Setting(msgspec.Struct, frozen=True):
    """How a lock is, or is set, and how that is known."""

    name: str
    value: str
    grade: str
    source: str
    at: int
    """µs since 1970."""
    where: str = ""


class Opener(msgspec.Struct, frozen=True):
    """A code on one of the door's locks."""

    who: str
    means: str
    state: str
    evidence: str
    slot: int
    lock: str
    until: int
    seen: int
    note: str = ""
    by_hand: str = ""


class Finding(msgspec.Struct, frozen=True):
    """What an audit found of the door or its lock."""

    title: str
    verdict: str
    severity: str
    summary: str
    fix: str
    practice: str


class DetailView(msgspec.Struct, frozen=True):
    """A door's page."""

    door: DoorView
    today: tuple[Happening, ...]
    """Newest first, as far as it is remembered."""
    openers: tuple[Opener, ...]
    """Empty for who may not read the journal."""
    settings: tuple[tuple[str, tuple[Setting, ...]], ...]
    """Of each lock, by its name."""
    findings: tuple[Finding, ...]
    audited: int
    """When they were found, µs since 1970; 0: no audit was made yet."""

    @property
    def runs(self) -> bool:
        """Whether a command goes on."""
        return any(lock.progress is not None and not lock.progress.ended for lock in self.door.locks)


async def detail_view(house: House, who: Who, place: Place) -> DetailView:
    """A door with everything that belongs to it."""
    seen = await look(house, who)
    audit = house.service.auditor.last
    midnight = instant(seen.now).astimezone(house.zone).replace(hour=0, minute=0, second=0, microsecond=0)
    openers = [one for lock in place.locks for one in seen.openers.get(lock, ())] if who.may("log") else []
    return DetailView(
        door_view(seen, place),
        tuple(history(seen, place, micros(midnight.astimezone(UTC)))),
        tuple(
            Opener(
                *(one.who, one.means, one.state, one.evidence, one.slot),
                *(house.service.household.name(one.lock), one.until, one.seen, one.note, one.by_hand),
            )
            for one in openers
        ),
        _settings(house, audit, place),
        _findings(audit, place),
        micros(audit.at) if audit is not None else 0,
    )


def _settings(house: House, audit: Audit | None, place: Place) -> tuple[tuple[str, tuple[Setting, ...]], ...]:
    things = {thing.subject: thing for thing in audit.things} if audit is not None else {}
    found = []
    for lock in place.locks:
        facts = {fact.fact: fact for fact in things[lock].facts} if lock in things else {}
        told = tuple(
            Setting(
                *(facts[name].meaning, _value(facts[name].value), facts[name].grade.value, facts[name].source),
                *(micros(facts[name].at), facts[name].where),
            )
            for name in SETTINGS
            if name in facts
        )
        found.append((house.service.household.name(lock), told))
    return tuple(found)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list | tuple):
        return ", ".join(str(one) for one in value)
    return f"{value:%Y-%m-%d}" if isinstance(value, datetime) else str(value).replace("_", " ")


def _findings(audit: Audit | None, place: Place) -> tuple[Finding, ...]:
    if audit is None:
        return ()
    about = {place.about, *place.locks}
    order = (Verdict.FAIL, Verdict.UNKNOWN)
    of = [one for one in audit.findings if one.subject in about and one.verdict in order and not one.waived]
    ranks = {id(one): place for place, one in enumerate(audit.ranked())}
    of.sort(key=lambda one: (order.index(one.verdict), ranks.get(id(one), len(ranks)), -one.weight))
    return tuple(_finding(one) for one in of[:MOST_FINDINGS])


def _finding(one: FindingDocument) -> Finding:
    fix = one.fix.summary if one.fix is not None else ""
    return Finding(one.title, one.verdict.value, one.severity.value, one.summary, fix, one.practice)
