"""Merges what many sources say into one home: who is who, which evidence wins, what contradicts it.

Identity: keys that a `Same` joins name one thing (union-find, near-linear). A serial number or address
that one source tells of two things joins nothing: a maker gave it twice, and two locks must not become
one. Precedence: the better grade wins, then the newer claim, then the source named first. What lost with
another value is kept on the winner as a contradiction. A claim from the future, as of a file whose clock
was wrong, counts as made now, with low confidence, and wins over no other claim of its grade.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from nightlatch.audit.printable import clean
from nightlatch.errors import ConfigurationError
from nightlatch.model.evidence import GRADE_RANK, Claim, Fact, Gap, Grade, Item, Ref, Same
from nightlatch.model.home import Home, SourceState
from nightlatch.model.kinds import KINDS
from nightlatch.model.thing import Field, Thing

SKEW = timedelta(minutes=10)
"""How far a hub's clock may be ahead of ours before it is called wrong."""
GIVEN = ("serial:", "mac:", "ip:")
"""How keys begin that a maker or a router gave: they may be given twice."""


class Identities:
    """Which keys name one thing. The first key seen of a thing, owner's before all others, is its id."""

    def __init__(self) -> None:
        self._parent: dict[Ref, Ref] = {}
        self._order: dict[Ref, int] = {}

    def add(self, ref: Ref) -> None:
        """Make a key known."""
        if ref not in self._parent:
            self._parent[ref] = ref
            self._order[ref] = len(self._order)

    def find(self, ref: Ref) -> Ref:
        """The id under which the thing with this key stands; the key itself when it was never seen."""
        parent = self._parent
        if ref not in parent:
            return ref
        root = ref
        while parent[root] != root:
            root = parent[root]
        while parent[ref] != root:
            parent[ref], ref = root, parent[ref]
        return root

    def join(self, one: Ref, other: Ref) -> None:
        """Two keys name one thing; ConfigurationError when both are the owner's own ids."""
        self.add(one)
        self.add(other)
        a, b = self.find(one), self.find(other)
        if a == b:
            return
        # The owner's ids have no colon: two of them joined would make one thing out of two.
        if ":" not in a.key and ":" not in b.key:
            raise ConfigurationError(
                f"{a} and {b} are bound to the same thing ({other})", todo='Change "bind" of one of them.'
            )
        if (":" in a.key, self._order[a]) > (":" in b.key, self._order[b]):
            a, b = b, a
        self._parent[b] = a

    def groups(self) -> dict[Ref, list[str]]:
        """Every thing's id with all its keys, in the order the ids were first seen."""
        found: dict[Ref, list[str]] = {}
        for ref in self._parent:
            found.setdefault(self.find(ref), []).append(ref.key)
        return dict(sorted(found.items(), key=lambda item: self._order[item[0]]))


def merge(
    items: Iterable[Item],
    *,
    now: datetime,
    sources: Sequence[SourceState] = (),
    limits: Mapping[str, float] | None = None,
) -> Home:
    """One home out of what every source said, judged for `now`.

    `items` are stamped (`source`, `grade` and `at` set) and come in the order of the sources, the
    owner's declarations first.
    """
    identities = Identities()
    claims: list[Claim] = []
    gaps: list[Gap] = []
    given: dict[Ref, list[Same]] = {}
    for item in map(clean, items):
        if isinstance(item, Claim):
            identities.add(item.about)
            claims.append(item)
        elif isinstance(item, Same):
            key = Ref(item.about.kind, item.key)
            identities.add(item.about)
            if item.key.startswith(GIVEN):
                given.setdefault(key, []).append(item)
            else:
                identities.join(item.about, key)
        else:
            gaps.append(item)
    # Which are told twice is looked at before any of them joins anything.
    joining = [(key, sames) for key, sames in given.items() if not _told_twice(sames, identities)]
    for key, sames in joining:
        for same in sames:
            identities.join(same.about, key)

    groups = identities.groups()
    by_thing: dict[Ref, dict[str, list[Fact[Any]]]] = {ref: {} for ref in groups}
    for claim in claims:
        fact = _fact(claim, identities, now)
        by_thing[fact.about].setdefault(fact.name, []).append(fact)

    things: list[Thing] = []
    home_facts: dict[str, Fact[Any]] = {}
    home_stale: dict[str, Fact[Any]] = {}
    gaps_of = _gaps(gaps, identities)
    for ref, told in by_thing.items():
        kind = KINDS[ref.kind]
        facts, stale = _decide(told, kind, now)
        if kind is Home:
            home_facts, home_stale = facts, stale
            continue
        things.append(kind(ref.key, facts, keys=tuple(sorted(groups[ref])), gaps=gaps_of(ref), stale=stale))
    return Home(
        now,
        things,
        facts=home_facts,
        gaps=gaps_of(Ref("home", "home")),
        stale=home_stale,
        sources=sources,
        limits=limits,
    )


def _told_twice(told: Sequence[Same], identities: Identities) -> bool:
    """Whether one source tells the same number of two things."""
    by_source: dict[str, set[Ref]] = {}
    for same in told:
        if same.source:
            by_source.setdefault(same.source, set()).add(identities.find(same.about))
    return any(len(things) > 1 for things in by_source.values())


def _fact(claim: Claim, identities: Identities, now: datetime) -> Fact[Any]:
    if claim.at is None or claim.grade is None:
        raise TypeError(f"a claim of {claim.about} was not stamped")
    value = claim.value
    if isinstance(value, Ref):
        value = identities.find(value)
    elif isinstance(value, tuple) and value and isinstance(value[0], Ref):
        value = tuple(dict.fromkeys(identities.find(ref) for ref in value))
    where, confidence = claim.where, claim.confidence
    if claim.at > now + SKEW:
        where = f"{where} (dated {claim.at:%Y-%m-%d}, which lies ahead: a clock was wrong)".lstrip()
        confidence = "low"
    return Fact(
        identities.find(claim.about),
        claim.fact,
        value,
        claim.grade,
        claim.source,
        min(claim.at, now),
        where,
        confidence,
    )


def _decide(
    told: Mapping[str, list[Fact[Any]]], kind: type[Thing], now: datetime
) -> tuple[dict[str, Fact[Any]], dict[str, Fact[Any]]]:
    """Per field: the fact that wins, with its contradictions; and the answers that went stale."""
    facts: dict[str, Fact[Any]] = {}
    stale: dict[str, Fact[Any]] = {}
    for name, all_told in told.items():
        field = kind.fields[name]
        fresh = []
        for fact in all_told:
            if is_stale(fact, field, now):
                if name not in stale or fact.at > stale[name].at:
                    stale[name] = fact
            else:
                fresh.append(fact)
        if not fresh:
            continue
        # sorted() is stable: among equals the source named first wins.
        fresh.sort(key=lambda fact: (GRADE_RANK[fact.grade], fact.confidence != "low", fact.at), reverse=True)
        best = fresh[0]
        others = tuple(_distinct(fact for fact in fresh[1:] if _differ(fact.value, best.value)))
        facts[name] = _with_others(best, others) if others else best
        stale.pop(name, None)
    return facts, stale


def is_stale(fact: Fact[Any], field: Field[Any], now: datetime) -> bool:
    """Whether an answer is too old to count.

    A day on which something was done stays true however long ago the owner said so; the practice
    that reads it knows how old it may be.
    """
    return fact.grade is Grade.DECLARED and not isinstance(fact.value, date) and now - fact.at > field.stale_after


def _differ(one: Any, other: Any) -> bool:
    """Whether two values contradict each other. Lists are sets here: their order says nothing."""
    if isinstance(one, tuple) and isinstance(other, tuple):
        return set(map(repr, one)) != set(map(repr, other))
    return bool(one != other)


def _distinct(facts: Iterable[Fact[Any]]) -> list[Fact[Any]]:
    seen: dict[tuple[str, str], Fact[Any]] = {}
    for fact in facts:
        seen.setdefault((fact.source, repr(fact.value)), fact)
    return list(seen.values())


def _with_others(fact: Fact[Any], others: tuple[Fact[Any], ...]) -> Fact[Any]:
    return Fact(
        fact.about, fact.name, fact.value, fact.grade, fact.source, fact.at, fact.where, fact.confidence, others
    )


def _gaps(gaps: Iterable[Gap], identities: Identities) -> Callable[[Ref], dict[str, tuple[Gap, ...]]]:
    """What sources could not tell, by field name, of one thing: its own gaps and those of its kind."""
    index: dict[Ref | str, dict[str, tuple[Gap, ...]]] = {}
    for gap in gaps:
        for path in gap.facts:
            kind, _, name = path.partition(".")
            about = kind if gap.about is None else identities.find(gap.about)
            if isinstance(about, str) or about.kind == kind:
                told = index.setdefault(about, {})
                told[name] = (*told.get(name, ()), gap)

    def of(ref: Ref) -> dict[str, tuple[Gap, ...]]:
        own, shared = index.get(ref, {}), index.get(ref.kind, {})
        return {name: (*own.get(name, ()), *shared.get(name, ())) for name in own.keys() | shared.keys()}

    return of
