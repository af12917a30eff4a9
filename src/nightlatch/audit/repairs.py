"""What Nightlatch can put right by itself: the fixes of open findings that carry their commands."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import msgspec

from nightlatch.guard.commanding import naming
from nightlatch.model.command import Command
from nightlatch.model.finding import SEVERITY_WEIGHT, Finding, Severity, Verdict
from nightlatch.model.home import Home
from nightlatch.model.labels import label
from nightlatch.model.thing import Thing


class Repair(msgspec.Struct, frozen=True):
    """A fix that can be done at once, and the findings that it closes."""

    subject: str
    """The thing's key, as "lock:front"."""
    name: str
    """What people call it."""
    severity: Severity
    """Of the worst of its findings."""
    summary: str
    does: tuple[Command, ...]
    closes: tuple[str, ...]
    """As practice/check."""

    @property
    def id(self) -> str:
        """What tells it from others, from one audit to the next: what it does."""
        return hashlib.sha256(msgspec.json.encode(self.does)).hexdigest()[:16]


def words(command: Command) -> str:
    """A command in words: "set auto_relock_s to 30"."""
    name, value, slot = naming(command)
    return f"{name.replace('_', ' ', 1)}{f' to {value}' if value != '' else ''}{f' {slot}' if slot else ''}"


def repairs(home: Home, findings: Iterable[Finding]) -> list[Repair]:
    """Each thing to do once, the worst first. What the owner waived is left as it is."""
    found: dict[tuple[Command, ...], Repair] = {}
    for finding in findings:
        fix = finding.fix
        if fix is None or not fix.does or finding.verdict is not Verdict.FAIL or finding.waived:
            continue
        check = f"{finding.practice}/{finding.check}"
        other = found.get(fix.does)
        found[fix.does] = Repair(
            str(finding.subject),
            _name(home, finding),
            finding.severity
            if other is None
            else max(finding.severity, other.severity, key=SEVERITY_WEIGHT.__getitem__),
            fix.summary,
            fix.does,
            (check,) if other is None else (*other.closes, check),
        )
    return sorted(found.values(), key=lambda one: -SEVERITY_WEIGHT[one.severity])


def _name(home: Home, finding: Finding) -> str:
    kinds: list[type[Thing]] = [kind for kind in Thing.__subclasses__() if kind.kind == finding.subject.kind]
    thing = home.get(kinds[0], finding.subject.key) if kinds else None
    return label(thing, home) if thing is not None else finding.subject.key
