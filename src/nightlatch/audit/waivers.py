"""Waivers: the owner accepts a finding, for a reason and until a day; then it counts again by itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

import msgspec

from nightlatch.configuration.edit import Editor, edit, set_waiver
from nightlatch.configuration.read import Configuration
from nightlatch.configuration.tables import WaiverTable
from nightlatch.errors import ConfigurationError, UsageError
from nightlatch.model.finding import Finding, Verdict, Waiver
from nightlatch.model.home import Home
from nightlatch.model.kinds import KINDS
from nightlatch.model.people import Vendor
from nightlatch.practices.registry import practices
from nightlatch.text import listed, suggest

LONGEST = 500
"""Signs of a waiver's reason."""


def read_waivers(configuration: Configuration) -> list[Waiver]:
    """The owner's waivers; ConfigurationError at the line of one that names nothing."""
    return [read_waiver(table, number, configuration) for number, table in enumerate(configuration.tables.waivers)]


def read_waiver(table: WaiverTable, number: int, configuration: Configuration) -> Waiver:
    """One waiver, the file's `number`th; ConfigurationError when it could never cover a finding."""

    def wrong(what: str, key: str, word: str = "", known: Iterable[str] = ()) -> ConfigurationError:
        return configuration.error(what, "waivers", number, key, todo=suggest(word, known))

    known = {practice.id: practice for practice in practices()}
    practice = known.get(table.practice)
    if practice is None:
        raise wrong(f"there is no practice {table.practice!r}", "practice", table.practice, known)
    checks = [check for check in practice.checks if table.check in ("", check.id)]
    if not checks:
        ids = [check.id for check in practice.checks]
        raise wrong(f"{practice.id} has no check {table.check!r}", "check", table.check, ids)
    if not table.reason.strip():
        raise wrong("a waiver needs a reason", "reason")
    kind, _, key = table.subject.partition(":")
    judged = dict.fromkeys(check.per.kind for check in checks)
    if table.subject != "home" and (kind not in judged or not key):
        words = listed(f"{kind}:ID" for kind in judged if kind != "home")
        terms = f"home or {words}" if words else "home"
        raise wrong(f"{practice.id} is judged for {terms}, not for {table.subject!r}", "subject")
    ids = configuration.ids(kind)
    if key and ":" not in key and kind != Vendor.kind and key not in ids:
        raise wrong(f"there is no {kind} {key!r}", "subject", key, ids)
    return Waiver(table.practice, table.subject, table.reason, table.until, table.check)


def accept(configuration: Configuration, table: WaiverTable, today: date) -> None:
    """Write a waiver into the configuration's file; UsageError for one that cannot be."""
    if table.until < today:
        raise UsageError(f"{table.until} is over")
    if len(table.reason) > LONGEST or not table.reason.isprintable():
        raise UsageError(f"a reason has at most {LONGEST} signs, all of them printable")
    try:
        read_waiver(table, len(configuration.tables.waivers), configuration)
    except ConfigurationError as error:
        # The place in the file does not exist yet: what is wrong was just given.
        raise UsageError(error.what, todo=error.todo) from None
    set_waiver(configuration, table.practice, table.subject, reason=table.reason, until=table.until, check=table.check)


def take_back(configuration: Configuration, practice: str, subject: str, check: str) -> None:
    """Take one waiver out of the configuration's file; UsageError where there is none."""

    def without(editor: Editor) -> None:
        wanted = (practice, subject, check)
        tables = [
            (one.get("practice"), one.get("subject", "home"), one.get("check", "")) for one in editor.tables("waivers")
        ]
        if wanted not in tables:
            raise UsageError(f"there is no waiver of {practice} for {subject}")
        for place in reversed(range(len(tables))):
            if tables[place] == wanted:
                editor.remove("waivers", place)

    edit(configuration.path, without)


def resolved(waivers: Iterable[Waiver], home: Home) -> list[Waiver]:
    """The waivers with their subjects named as the home names them: the owner may write any of a thing's keys."""
    found = []
    for waiver in waivers:
        kind, _, key = waiver.subject.partition(":")
        things = home.all(KINDS[kind]) if key else ()
        named = next((str(thing.ref) for thing in things if key in thing.keys), waiver.subject)
        found.append(msgspec.structs.replace(waiver, subject=named))
    return found


def waive(findings: Iterable[Finding], waivers: Sequence[Waiver], today: date) -> list[Finding]:
    """The findings, each failing or unknown one with the waiver that covers it, marked when it has ended.

    A waiver for "home" covers every subject of its practice. `until` is the last day it holds.
    """
    if not waivers:
        return list(findings)
    return [_waived(finding, waivers, today) for finding in findings]


def _waived(finding: Finding, waivers: Sequence[Waiver], today: date) -> Finding:
    if finding.verdict not in (Verdict.FAIL, Verdict.UNKNOWN):
        return finding
    covering = [waiver for waiver in waivers if covers(waiver, finding)]
    if not covering:
        return finding
    # The one that ends last decides: an older, ended one beside it is of no interest.
    latest = max(covering, key=lambda waiver: waiver.until)
    return msgspec.structs.replace(finding, waiver=msgspec.structs.replace(latest, expired=latest.until < today))


def covers(waiver: Waiver, finding: Finding) -> bool:
    """Whether a waiver is about this finding, whatever its end."""
    return (
        waiver.practice == finding.practice
        and waiver.check in ("", finding.check)
        and waiver.subject in ("home", str(finding.subject))
    )
