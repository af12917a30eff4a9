"""The ten checks in Cedar, run by cedarpy.

Its documentation's advice is followed: the policies are parsed once into a PolicySet, a home's things
become one Entities handle, and all of a home's questions are one batch. Cedar answers allow or
deny and which policies said so; verdict, severity and evidence come from those policies' @id.
"""

from __future__ import annotations

from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import cedarpy
import msgspec

from benchmarks.engines.same import CHECKS, READ, Verdict, checks
from nightlatch.model.evidence import Fact, Grade, Ref
from nightlatch.model.home import Home
from nightlatch.model.hub import Hub
from nightlatch.model.lock import Lock
from nightlatch.model.thing import Thing

_GRADED = frozenset((Lock.security, Lock.battery_percent, Lock.battery_low))
"""Fields of which the checks read the grade too."""


class CedarFinding(NamedTuple):
    """What can be told from Cedar's answer, with the facts attached."""

    check: str
    subject: Ref
    verdict: str
    severity: str
    evidence: tuple[Fact[Any], ...]


class Asked(NamedTuple):
    """The questions of one home: `things` says which thing each is about."""

    entities: cedarpy.Entities
    requests: list[dict[str, Any]]
    things: list[tuple[str, Thing]]
    home: Home


class Cedar:
    """The policies, parsed."""

    def __init__(self) -> None:
        self._policies = cedarpy.PolicySet.from_str(Path(__file__).with_name("checks.cedar").read_text())
        self._severities = {name: check.severity.value for name, check in zip(CHECKS, checks(), strict=True)}

    def evaluate(self, asked: Asked) -> list[CedarFinding]:
        """The findings of questions that were made before."""
        answers = cedarpy.is_authorized_batch(asked.requests, self._policies, asked.entities)
        return [
            self._finding(check, thing, asked.home, answer)
            for (check, thing), answer in zip(asked.things, answers, strict=True)
        ]

    def judge(self, home: Home) -> list[CedarFinding]:
        """Everything: the home's facts as entities, the questions, the answers."""
        return self.evaluate(ask(home))

    def _finding(self, check: str, thing: Thing, home: Home, answer: cedarpy.AuthzResult) -> CedarFinding:
        diagnostics = answer.diagnostics
        if diagnostics.errors:
            raise RuntimeError(f"{check} of {thing!r}: {diagnostics.errors}")
        for identity in diagnostics.id_annotations_by_reason.values():
            verdict, severity, names = _parsed(identity)
            facts = [fact for name in names if (fact := _named(name, thing, home)) is not None]
            return CedarFinding(check, thing.ref, verdict, severity or self._severities[check], tuple(facts))
        return CedarFinding(check, thing.ref, "unknown", self._severities[check], ())


@cache
def _parsed(identity: str) -> tuple[str, str, tuple[str, ...]]:
    """A policy's @id, as "fail high;security,hub.network_key": verdict, severity and names of facts."""
    verdict, _, names = identity.partition(";")
    verdict, _, severity = verdict.partition(" ")
    return verdict, severity, tuple(names.split(","))


def _named(name: str, thing: Thing, home: Home) -> Fact[Any] | None:
    if name == "home.needs":
        return home.needs
    if name == "hub.network_key":
        hub = home.follow(thing.fact("hub"), Hub)
        return hub.network_key if hub is not None else None
    fact = thing.fact(name.removesuffix("!"))
    return None if fact is not None and name.endswith("!") and fact.grade is Grade.CATALOGUED else fact


def ask(home: Home) -> Asked:
    """A home's entities and questions."""
    entities = [_entity(thing, home) for kind in READ for thing in home.all(kind)]
    things = [(name, thing) for name, check in zip(CHECKS, checks(), strict=True) for thing in home.all(check.per)]
    requests = [
        {
            "principal": {"type": "home", "id": "home"},
            "action": {"type": "Action", "id": check},
            "resource": {"type": thing.kind, "id": thing.ref.key},
        }
        for check, thing in things
    ]
    return Asked(cedarpy.Entities.from_json_str(msgspec.json.encode(entities).decode()), requests, things, home)


def _entity(thing: Thing, home: Home) -> dict[str, Any]:
    known = thing.__dict__
    attributes = {}
    for field in READ[type(thing)]:
        if field.name in known:
            fact = known[field.name]
            value = _value(fact.value)
            attributes[field.name] = {"value": value, "grade": fact.grade} if field in _GRADED else value
    if isinstance(thing, Home):
        attributes |= {"today": home.today.toordinal(), "second": int(home.at.timestamp())}
    return {"uid": {"type": thing.kind, "id": thing.ref.key}, "attrs": attributes, "parents": []}


def _value(value: Any) -> Any:
    if isinstance(value, Ref):
        return {"__entity": {"type": value.kind, "id": value.key}}
    if isinstance(value, datetime):
        return int(value.timestamp())
    return value.toordinal() if isinstance(value, date) else value


def verdict_of(finding: CedarFinding) -> Verdict:
    """A finding as it is compared."""
    return Verdict(
        finding.check,
        str(finding.subject),
        finding.verdict,
        finding.severity if finding.verdict == "fail" else "",
        frozenset((str(fact.about), fact.name) for fact in finding.evidence),
    )
