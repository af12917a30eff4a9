"""What a grant means, told before it is kept: its words and next times, what a lock ends by itself, what gets wider."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple

from nightlatch.access.limits import hub_down
from nightlatch.access.register import Register, live
from nightlatch.access.schedules import following, preview, words
from nightlatch.configuration.read import Configuration
from nightlatch.model.access import Grant
from nightlatch.model.command import Rules
from nightlatch.store.access import AccessRecords
from nightlatch.store.audits import Audits
from nightlatch.text import listed

SHOWN = 5
Standing = Literal["open", "later", "ended", "used", "over"]
"""`open` now, `later`, `ended` before its time, `used` up, or `over`."""


def meaning(grant: Grant, register: Register, now: int, most: int = SHOWN) -> list[str]:
    """The next times of a grant, a line each."""
    told = preview(grant, register.zone, now, most + 1)
    if not told:
        return ["  never from now on"]
    return [f"  {one}" for one in told[:most]] + (["  and so on"] if len(told) > most else [])


class Able(NamedTuple):
    """What is known of what locks can do: as they told, and whether their models can hold codes to times."""

    rules: Mapping[str, Rules]
    schedules: Mapping[str, bool]


def able(configuration: Configuration, records: AccessRecords) -> Able:
    """What the ledger and the last audit know of the locks."""
    audit = Audits(records.engine).latest(str(configuration.path))
    things = audit.things if audit is not None else ()
    facts = ((thing.subject, fact) for thing in things if thing.kind == "lock" for fact in thing.facts)
    return Able(records.rules(), {lock: bool(fact.value) for lock, fact in facts if fact.fact == "can_schedule"})


def hubs_down(grant: Grant, register: Register, known: Able, now: int) -> dict[str, str]:
    """What happens at each lock when its hub is down at the end."""
    found = {
        lock: hub_down([grant], known.rules.get(lock), register.zone, now, schedules=known.schedules.get(lock))
        for lock in register.locks_of(grant.doors)
    }
    return {lock: told for lock, told in found.items() if told}


def together(told: Mapping[str, str], register: Register) -> list[str]:
    """What is said of locks, those of which the same is said together."""
    by_words: dict[str, list[str]] = {}
    for lock, said in told.items():
        by_words.setdefault(said, []).append(register.name(lock))
    return [f"{listed(locks)}: {said}" for said, locks in by_words.items()]


def head(grant: Grant, register: Register) -> str:
    """Whom, what and when in a line."""
    where = listed([register.name(door) for door in grant.doors])
    return f"{register.whom(grant.to)} may open {where}: {words(grant, register.zone)}."


def plan(grant: Grant, wider: Sequence[str], register: Register, known: Able, now: int) -> list[str]:
    """All that is shown before a grant is kept."""
    return [
        head(grant, register),
        *meaning(grant, register, now),
        *together(hubs_down(grant, register, known, now), register),
        *(f"Wider: {one}" for one in wider),
    ]


def state(grant: Grant, register: Register, now: int) -> Standing:
    """How a grant stands."""
    if grant.ended and grant.ended <= now:
        return "ended"
    if grant.uses and grant.used >= grant.uses:
        return "used"
    span = following(grant, register.zone, now)
    if span is None:
        return "over"
    return "open" if span[0] <= now else "later"


def joining(name: str, groups: Iterable[str], register: Register, now: int) -> list[str]:
    """What somebody can open by joining groups, in sentences."""
    to = {f"group:{one}" for one in groups}
    return [
        f"{name} can then open {listed([register.name(door) for door in one.doors])}: "
        f"{words(one, register.zone)} ({one.to}, grant {one.id})."
        for one in register.grants.values()
        if one.to in to and live(one, now)
    ]
