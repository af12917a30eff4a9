"""Builds homes in a line or two: `home(make(Lock, "front", security="s0"), needs=("remote",))`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar

from nightlatch.model.evidence import Fact, Gap, Grade, Ref
from nightlatch.model.finding import Fix, Severity, Verdict
from nightlatch.model.home import Home, SourceState
from nightlatch.model.thing import Thing
from nightlatch.practices.interface import Check, Judgement, Practice

ThingT = TypeVar("ThingT", bound=Thing)

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
"""The instant that these homes are judged for."""


def ago(days: int) -> date:
    """The day that many days before NOW; negative for days to come."""
    return (NOW - timedelta(days=days)).date()


def ref(thing: Thing | type[Thing], key: str = "") -> Ref:
    """`ref(a_hub)` or `ref(Hub, "z2m")`."""
    return thing.ref if isinstance(thing, Thing) else Ref(thing.kind, key)


def make(kind: type[ThingT], key: str, **values: Any) -> ThingT:
    """A thing with facts: a bare value is observed, `(value, Grade.DECLARED)` says its grade.

    A Thing as a value stands for its Ref.
    """
    return kind(key, _facts(kind, key, values))


def home(
    *things: Thing,
    limits: Mapping[str, float] | None = None,
    sources: tuple[SourceState, ...] = (),
    gaps: Mapping[str, tuple[Gap, ...]] | None = None,
    **values: Any,
) -> Home:
    """A home with these things, and with facts of its own."""
    return Home(NOW, things, facts=_facts(Home, "home", values), limits=limits, sources=sources, gaps=gaps)


def _facts(kind: type[Thing], key: str, values: Mapping[str, Any]) -> dict[str, Fact[Any]]:
    facts = {}
    for name, given in values.items():
        if name not in kind.fields:
            raise KeyError(f"{kind.kind} has no field {name}")
        value, grade = given, Grade.OBSERVED
        if isinstance(given, tuple) and len(given) == 2 and isinstance(given[1], Grade):
            value, grade = given
        if isinstance(value, Thing):
            value = value.ref
        elif isinstance(value, tuple):
            value = tuple(item.ref if isinstance(item, Thing) else item for item in value)
        facts[name] = Fact(Ref(kind.kind, key), name, value, grade, "test", NOW, f"test:{name}")
    return facts


def check_of(practice: Practice, name: str) -> Check[Any]:
    """The check of a practice with this id."""
    (found,) = [check for check in practice.checks if check.id == name]
    return found


def judge(practice: Practice, check: str, thing: Thing, in_home: Home | None = None) -> Judgement:
    """What a check says of a thing in a home (a home that holds only the thing, when left out)."""
    in_home = in_home or (thing if isinstance(thing, Home) else home(thing))
    return check_of(practice, check).judge(thing, in_home)


def verdict(practice: Practice, check: str, thing: Thing, in_home: Home | None = None) -> str:
    """`pass`, `unknown`, `not_applicable`, or `fail SEVERITY` with the severity that holds."""
    found = judge(practice, check, thing, in_home)
    if found.verdict is not Verdict.FAIL:
        return found.verdict.value
    return f"fail {(found.severity or check_of(practice, check).severity).value}"


def fix_of(practice: Practice, check: str, thing: Thing, in_home: Home | None = None) -> Fix:
    """The next step of a failing check, made."""
    in_home = in_home or (thing if isinstance(thing, Home) else home(thing))
    fix = judge(practice, check, thing, in_home).fix
    assert fix is not None
    return fix if isinstance(fix, Fix) else fix(thing, in_home)


__all__ = ["NOW", "Grade", "Severity", "ago", "check_of", "fix_of", "home", "judge", "make", "ref", "verdict"]
