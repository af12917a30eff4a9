"""What a grant would mean, as it is shown before it is kept, and told to programs."""

from __future__ import annotations

import hashlib

import msgspec

from nightlatch.access import giving
from nightlatch.access.giving import Able, Standing
from nightlatch.access.register import Register
from nightlatch.access.schedules import preview, widening, words
from nightlatch.access.schedules.wall import MINUTE
from nightlatch.model.access import Always, Grant, Person

SHOWN = 5


class Meaning(msgspec.Struct, frozen=True):
    """What a grant means."""

    sentence: str
    """Whom, what and when."""
    openings: tuple[str, ...]
    """The next times, at most five."""
    more: bool
    """Whether more follow."""
    hub_down: tuple[str, ...]
    """What happens at each lock when its hub is down at the end."""
    wider: tuple[str, ...]
    """What it allows that was not allowed before."""


class GrantRow(msgspec.Struct, frozen=True):
    """A grant as lists show it."""

    id: str
    to: str
    whom: str
    """What people call whom it is to."""
    person: str
    """Their id; nothing where it is to a group."""
    doors: tuple[str, ...]
    door_names: tuple[str, ...]
    words: str
    """When, in words."""
    standing: Standing
    """`open` now, `later`, `ended` before its time, `used` up, `over`."""
    always: bool
    reason: str
    by: str
    feed: str
    starts: int
    ends: int
    uses: int
    used: int
    made: int


def meaning(grant: Grant, before: Grant | None, register: Register, able: Able, now: int) -> Meaning:
    """What a grant means, and what of it is wider than `before`."""
    now -= now % MINUTE  # nobody reads seconds
    times = preview(grant, register.zone, now, SHOWN + 1)
    return Meaning(
        giving.head(grant, register),
        times[:SHOWN],
        len(times) > SHOWN,
        tuple(giving.together(giving.hubs_down(grant, register, able, now), register)),
        widening(before, grant, register.zone, now, whom=register.whom, named=register.name),
    )


def row(grant: Grant, register: Register, now: int) -> GrantRow:
    """A grant as lists show it."""
    kind, _, name = grant.to.partition(":")
    return GrantRow(
        grant.id,
        grant.to,
        register.whom(grant.to),
        name if kind == "person" else "",
        grant.doors,
        tuple(register.name(door) for door in grant.doors),
        words(grant, register.zone),
        giving.state(grant, register, now),
        isinstance(grant.schedule, Always) and not grant.ends,
        grant.reason,
        grant.by,
        grant.feed,
        grant.starts,
        grant.ends,
        grant.uses,
        grant.used,
        grant.made,
    )


def mark_of(one: Grant | Person) -> str:
    """What tells a grant or a person from itself after a change; uses that were counted meanwhile are no change."""
    told = msgspec.json.encode(msgspec.structs.replace(one, used=0) if isinstance(one, Grant) else one)
    return hashlib.sha256(told).hexdigest()[:20]
