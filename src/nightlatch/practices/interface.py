"""What a practice is made of: its metadata, its checks, its thresholds, and the judgements they return.

A practice module holds one `practice = Practice(...)` and functions decorated with
`@practice.check(...)`. A check is a pure function of one thing and its home:

    @practice.check("off", per=Router, title="UPnP is off", needs=(Router.upnp,),
                    settled_by="a router backup")
    def off(router: Router, home: Home) -> Judgement:
        if router.upnp is None:
            return unknown()
        if not router.upnp.value:
            return passes(router.upnp, because="UPnP is off.")
        return fails(router.upnp, because="UPnP is on.", fix=router_fixes.disable_upnp)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

import msgspec

from nightlatch.model.evidence import Fact, as_set
from nightlatch.model.finding import SEVERITY_WEIGHT, Fix, Section, Severity, Verdict
from nightlatch.model.home import Home
from nightlatch.model.thing import Field, Thing

__all__ = [
    "Check",
    "FixMaker",
    "Judgement",
    "Practice",
    "Threshold",
    "as_set",
    "fails",
    "not_applicable",
    "passes",
    "unknown",
]

ThingT = TypeVar("ThingT", bound=Thing)

# An enum's member costs more to look up than the rest of a judgement to make.
_PASS, _FAIL, _UNKNOWN, _NOT_APPLICABLE = Verdict.PASS, Verdict.FAIL, Verdict.UNKNOWN, Verdict.NOT_APPLICABLE

FixMaker = Callable[[Any, Home], Fix]
"""Makes the next step for a failing thing: `(thing, home) -> Fix`."""


class Judgement(msgspec.Struct, frozen=True, gc=False):
    """What a check says of one thing. Made by `passes`, `fails`, `unknown` and `not_applicable`."""

    verdict: Verdict
    because: str = ""
    evidence: tuple[Fact[Any] | None, ...] = ()
    severity: Severity | None = None
    fix: Fix | FixMaker | None = None


def passes(*evidence: Fact[Any] | None, because: str, advice: Fix | FixMaker | None = None) -> Judgement:
    """Proven good by this evidence. `advice` is what would be better still."""
    return Judgement(_PASS, because, evidence, None, advice)


def fails(
    *evidence: Fact[Any] | None, because: str, fix: Fix | FixMaker, severity: Severity | None = None
) -> Judgement:
    """Proven bad by this evidence. `severity` overrides the check's own; `fix` is required."""
    return Judgement(_FAIL, because, evidence, severity, fix)


def unknown(*evidence: Fact[Any] | None, because: str = "", fix: Fix | FixMaker | None = None) -> Judgement:
    """Could not be checked. Without `because`, the reason is worked out from the check's `needs`.

    `evidence` is what is known but does not suffice.
    """
    return Judgement(_UNKNOWN, because, evidence, None, fix)


def not_applicable(*evidence: Fact[Any] | None, because: str) -> Judgement:
    """The thing does not have what the check is about; the evidence shows it."""
    return Judgement(_NOT_APPLICABLE, because, evidence)


class Check(Generic[ThingT]):
    """One test within a practice."""

    def __init__(
        self,
        practice: Practice,
        id: str,  # noqa: A002  # the design's word
        judge: Callable[[ThingT, Home], Judgement],
        *,
        per: type[ThingT],
        title: str,
        severity: Severity,
        needs: tuple[Field[Any], ...],
        settled_by: str,
        absent: Callable[[Home], Judgement] | None,
        advice: FixMaker | None,
    ) -> None:
        self.practice = practice
        self.id = id
        self.judge = judge
        self.per = per
        self.title = title
        self.severity = severity
        self.weight = SEVERITY_WEIGHT[severity]
        self.needs = needs
        self.settled_by = settled_by
        self.absent = absent
        self.advice = advice

    def __repr__(self) -> str:
        return f"<Check {self.practice.id}/{self.id}>"


class Threshold:
    """A number that a check compares with and that a profile may change."""

    def __init__(self, practice: str, id: str, default: float, *, unit: str, doc: str, stricter: str) -> None:  # noqa: A002
        self.path = f"{practice}.{id}"
        self.default = default
        self.unit = unit
        self.doc = doc
        self.stricter = stricter
        """Which way is stricter: "lower" or "higher"."""

    def of(self, home: Home) -> float:
        """The value that holds for this home's profile."""
        return home.limits.get(self.path, self.default)

    def loosened(self, home: Home) -> bool:
        """The profile made it easier to pass."""
        value = self.of(home)
        return value > self.default if self.stricter == "lower" else value < self.default


class Practice:
    """One of the 25 best practices."""

    def __init__(
        self,
        id: str,  # noqa: A002  # the design's word
        *,
        number: int,
        section: Section,
        severity: Severity,
        title: str,
        why: str,
        standards: tuple[str, ...] = (),
    ) -> None:
        self.id = id
        self.number = number
        """Its place in the guide, 1 to 25."""
        self.section = section
        self.severity = severity
        self.title = title
        """What to do, in the imperative."""
        self.why = why
        """What can happen otherwise, in a sentence or three."""
        self.standards = standards
        """The closest clauses of public standards that it supports."""
        self.checks: list[Check[Any]] = []
        self.thresholds: list[Threshold] = []

    def __repr__(self) -> str:
        return f"<Practice {self.id}>"

    def threshold(self, id: str, default: float, *, unit: str, doc: str, stricter: str = "lower") -> Threshold:  # noqa: A002
        """Declare a number that profiles may change; read it with `.of(home)`."""
        made = Threshold(self.id, id, default, unit=unit, doc=doc, stricter=stricter)
        self.thresholds.append(made)
        return made

    def check(
        self,
        id: str,  # noqa: A002  # the design's word
        *,
        per: type[ThingT],
        title: str,
        settled_by: str,
        needs: tuple[Field[Any], ...] = (),
        severity: Severity | None = None,
        absent: Callable[[Home], Judgement] | None = None,
        advice: FixMaker | None = None,
    ) -> Callable[[Callable[[ThingT, Home], Judgement]], Callable[[ThingT, Home], Judgement]]:
        """Add a check, run once for every thing of class `per`.

        `title` is a statement that is true when it passes; `needs` are the fields it reads;
        `settled_by` says what settles it when they are missing (a file, a permission, a question);
        `severity` defaults to the practice's; `absent` judges a home that has no such thing
        (without it, that is unknown). `advice` makes it pass where nobody knows yet whether it does:
        what to do with a lock before or after buying it.
        """

        def add(judge: Callable[[ThingT, Home], Judgement]) -> Callable[[ThingT, Home], Judgement]:
            self.checks.append(
                Check(
                    self,
                    id,
                    judge,
                    per=per,
                    title=title,
                    severity=severity or self.severity,
                    needs=needs,
                    settled_by=settled_by,
                    absent=absent,
                    advice=advice,
                )
            )
            return judge

        return add
