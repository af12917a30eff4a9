"""What to do about each practice with a lock that nobody has fitted yet, and for whom that holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import StrEnum

import msgspec

from nightlatch.audit.judge import run
from nightlatch.model.finding import Finding, Fix, Verdict
from nightlatch.model.home import Home
from nightlatch.model.hub import Hub
from nightlatch.model.kinds import KINDS
from nightlatch.model.labels import label
from nightlatch.model.lock import Lock
from nightlatch.practices.registry import practices


class Scope(StrEnum):
    """For whom advice holds."""

    MODEL = "model"
    """It follows from what is known of this model or of its protocol."""
    HUB = "hub"
    """It is for the hub that such a lock is commanded by."""
    NETWORK = "network"
    """It is for the owner's own router, in its own commands."""
    ANY = "any"
    """It is true for any lock."""


class Advice(msgspec.Struct, frozen=True):
    """The next steps about one thing, and for whom they hold. `about` names a part of the owner's network."""

    check: str
    about: str
    summary: str
    steps: tuple[str, ...]
    scope: Scope


Advised = dict[str, tuple[tuple[Advice, ...], tuple[int, ...]]]
"""By practice: its advice, and the numbers of practices that gave the same before."""

_NETWORK = frozenset(("router", "wifi", "zone"))
_OF_ONE_HUB = frozenset(
    (
        Hub.network_key,
        Hub.mqtt_off_host,
        Hub.mqtt_anonymous,
        Hub.mqtt_acl,
        Hub.trusted_networks,
        Hub.frontend_sign_in,
        Hub.voice_exposed,
    )
)
"""What only some hubs have: where the hub is not known, nothing of it is advised."""
_ON_THE_NETWORK = frozenset(("segregated-network", "wifi-security", "router-firmware", "upnp"))


def is_of_network(finding: Finding) -> bool:
    """Whether a finding is about a home's network, not about what may be connected to it one day."""
    of_zones = finding.practice in _ON_THE_NETWORK and finding.subject.kind == "home" and bool(finding.evidence)
    return finding.subject.kind in _NETWORK or of_zones


def advise(home: Home, plain: Home, lock: Lock, alone: Home | None) -> Advised:
    """What to do in a supposed home; `plain` is that of a lock of which nothing is known.

    `alone` is the owner's network without the lock, where it is known.
    Advice that is the same in both, the lock's name aside, is true for any lock. The same advice is
    given once, with the first practice that it serves.
    """
    anonymous = _anonymous(lock)
    common = {_plainly(fix, anonymous) for _, _, fix in _fixes(plain)}
    fixes = list(_fixes(home))
    if alone is not None:
        fixes += [one for one in _fixes(alone) if one[1].subject.kind == "home" and is_of_network(one[1])]
    given: dict[Fix, int] = {}
    advised: Advised = {}
    numbers = {practice.id: practice.number for practice in practices()}
    for id, number in numbers.items():  # noqa: A001  # the design's word
        made: list[Advice] = []
        see: list[int] = []
        for practice, finding, fix in fixes:
            if practice != id:
                continue
            if fix in given:
                if given[fix] != number:
                    see.append(given[fix])
                continue
            given[fix] = number
            if _plainly(fix, anonymous) in common:
                scope = Scope.ANY
            elif alone is not None and (finding.subject.kind in _NETWORK or id in _ON_THE_NETWORK):
                scope = Scope.NETWORK
            else:
                scope = Scope.HUB if finding.subject.kind in ("hub", "home") else Scope.MODEL
            thing = home.get(KINDS[finding.subject.kind], finding.subject.key) or home
            about = label(thing, home) if finding.subject.kind in _NETWORK else ""
            made.append(Advice(finding.check, about, fix.summary, fix.steps, scope))
        advised[id] = tuple(made), tuple(dict.fromkeys(see))
    return advised


def _fixes(home: Home) -> Iterator[tuple[str, Finding, Fix]]:
    """The next steps of every check, with the practice that it belongs to, in the order of the practices."""
    hub_known = any(hub.software is not None for hub in home.all(Hub))
    for practice in practices():
        for check in practice.checks:
            if check.per is Hub and not hub_known and not _OF_ONE_HUB.isdisjoint(check.needs):
                continue
            for finding in run(check, home):
                fix = finding.fix
                if finding.verdict is Verdict.NOT_APPLICABLE:
                    continue
                if finding.verdict is Verdict.UNKNOWN:
                    thing = home.get(KINDS[finding.subject.kind], finding.subject.key) or home
                    # What is to be done at a router can be told of the home as well, where none is known.
                    about = thing.kind == check.per.kind or check.per.kind in _NETWORK
                    fix = check.advice(thing, home) if check.advice is not None and about else None
                if fix is not None:
                    yield practice.id, finding, _before_it_is_fitted(fix)


def _before_it_is_fitted(fix: Fix) -> Fix:
    # Nightlatch cannot be told about, or do anything to, a lock that is not there yet.
    return Fix(fix.summary, tuple(step for step in fix.steps if "nightlatch answer" not in step))


def _plainly(fix: Fix, write: Callable[[str], str]) -> tuple[str, ...]:
    return (write(fix.summary), *map(write, fix.steps))


def _anonymous(lock: Lock) -> Callable[[str], str]:
    """Takes the lock's make and model out of a text, so that only what they change is left different."""
    maker = lock.maker.value if lock.maker is not None else ""
    model = lock.model.value if lock.model is not None else ""

    def write(text: str) -> str:
        if maker and model:
            text = text.replace(f"{maker} {model}", "lock")
        if maker:
            text = text.replace(f"the {maker} app", "the maker's app").replace(maker, "the maker")
        return text

    return write
