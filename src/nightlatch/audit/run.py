"""One audit from beginning to end: collect, merge, judge, score."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from nightlatch.audit import collect as collecting
from nightlatch.audit.document import document
from nightlatch.audit.infer import infer
from nightlatch.audit.judge import judge
from nightlatch.audit.merge import merge
from nightlatch.audit.profiles import load
from nightlatch.audit.waivers import waive
from nightlatch.catalogue.claims import catalogued
from nightlatch.configuration.plugs import make
from nightlatch.configuration.read import Configuration
from nightlatch.errors import ConfigurationError
from nightlatch.model.document import Audit
from nightlatch.model.evidence import Item
from nightlatch.model.finding import Waiver
from nightlatch.model.home import Home, SourceState
from nightlatch.practices.registry import practices
from nightlatch.secrets import Fingerprinter
from nightlatch.sources.declared import Declared
from nightlatch.sources.interface import Context
from nightlatch.text import suggest

Done = Callable[[SourceState], None]


def audit(
    configuration: Configuration,
    *,
    now: datetime,
    env: Mapping[str, str],
    profile: str = "",
    only: frozenset[str] = frozenset(),
    done: Done = lambda _: None,
) -> Audit:
    """Ask every source, judge the home for `now` and return the document.

    `only` asks only the sources with these ids or kinds; `done` is told of each source as it ends.
    """
    chosen = load(profile or configuration.tables.home.profile, configuration.base)
    waivers = read_waivers(configuration)
    home = asyncio.run(gather(configuration, now=now, env=env, only=only, limits=chosen.thresholds, done=done))
    findings = waive(judge(home, chosen.chosen()), waivers, now.astimezone(configuration.zone).date())
    return document(home, findings, chosen)


async def gather(
    configuration: Configuration,
    *,
    now: datetime,
    env: Mapping[str, str],
    only: frozenset[str] = frozenset(),
    limits: Mapping[str, float] | None = None,
    done: Done = lambda _: None,
) -> Home:
    """The home as every source tells it, with what the catalogue knows and what follows."""
    plugs = make(configuration, now=now, env=env, only=only)
    declared = Declared(configuration, Context("declared", "declared", now, Fingerprinter()))
    collected = await collecting.collect([declared, *plugs], done=done)
    items: list[Item] = [item for one in collected for item in one.items]
    states = [one.state for one in collected]
    home = merge(items, now=now, sources=states, limits=limits)
    for more in (catalogued, infer):
        # What the catalogue knows needs the model's identity, and what follows may need that in turn.
        items += more(home)
        home = merge(items, now=now, sources=states, limits=limits)
    return home


def read_waivers(configuration: Configuration) -> list[Waiver]:
    """The owner's waivers; ConfigurationError at the line of one that names nothing."""
    known = {practice.id: practice for practice in practices()}
    waivers = []
    for number, table in enumerate(configuration.tables.waivers):
        practice = known.get(table.practice)
        if practice is None:
            raise _wrong(configuration, number, "practice", table.practice, known)
        checks = {check.id for check in practice.checks}
        if table.check and table.check not in checks:
            raise _wrong(configuration, number, "check", table.check, checks)
        if not table.reason.strip():
            raise configuration.error("a waiver needs a reason", "waivers", number, "reason")
        waivers.append(Waiver(table.practice, table.subject, table.reason, table.until, table.check))
    return waivers


def _wrong(configuration: Configuration, number: int, key: str, word: str, known: Iterable[str]) -> ConfigurationError:
    return configuration.error(f"there is no {key} {word!r}", "waivers", number, key, todo=suggest(word, known))
