"""One audit from beginning to end: collect, merge, judge, score."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from types import MappingProxyType

import msgspec

from nightlatch.audit import collect as collecting
from nightlatch.audit.document import document
from nightlatch.audit.infer import infer
from nightlatch.audit.judge import judge
from nightlatch.audit.merge import merge
from nightlatch.audit.named import shown
from nightlatch.audit.own import missing, own_sources
from nightlatch.audit.profiles import Profile, load
from nightlatch.audit.repairs import Repair, repairs
from nightlatch.audit.waivers import read_waivers, resolved, waive
from nightlatch.catalogue import Catalogue
from nightlatch.catalogue.claims import catalogued
from nightlatch.catalogue.imports import KINDS, Imported, read, together
from nightlatch.configuration.plugs import make
from nightlatch.configuration.read import Configuration
from nightlatch.errors import ReadError
from nightlatch.model.document import Audit
from nightlatch.model.evidence import Item
from nightlatch.model.finding import Finding
from nightlatch.model.home import Home, SourceState
from nightlatch.plugs import Plug
from nightlatch.secrets import Fingerprinter
from nightlatch.sources.declared import Declared
from nightlatch.sources.interface import Context

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
    return audited(configuration, now=now, env=env, profile=profile, only=only, done=done).audit


class Audited(msgspec.Struct, frozen=True):
    """A judged home, its document, and what Nightlatch can put right of it by itself."""

    home: Home
    audit: Audit
    repairs: Sequence[Repair] = ()


def audited(
    configuration: Configuration,
    *,
    now: datetime,
    env: Mapping[str, str],
    profile: str = "",
    only: frozenset[str] = frozenset(),
    done: Done = lambda _: None,
    running: Mapping[str, Plug] = MappingProxyType({}),
) -> Audited:
    """The home, and its audit. `running` are plugs of a service, by their ids: see `gather`."""
    chosen = load(profile or configuration.tables.home.profile, configuration.base)
    home, findings = judged(configuration, chosen, now=now, env=env, only=only, done=done, running=running)
    return Audited(home, document(home, findings, chosen), repairs(home, findings))


def judged(
    configuration: Configuration,
    chosen: Profile,
    *,
    now: datetime,
    env: Mapping[str, str],
    only: frozenset[str] = frozenset(),
    done: Done = lambda _: None,
    running: Mapping[str, Plug] = MappingProxyType({}),
) -> tuple[Home, list[Finding]]:
    """The home, and every finding of a profile's practices, waivers included. `running`: see `gather`."""
    waivers = read_waivers(configuration)
    asked = gather(configuration, now=now, env=env, only=only, limits=chosen.thresholds, done=done, running=running)
    home = asyncio.run(asked)
    today = now.astimezone(configuration.zone).date()
    return home, waive(judge(home, chosen.chosen()), resolved(waivers, home), today)


async def gather(
    configuration: Configuration,
    *,
    now: datetime,
    env: Mapping[str, str],
    only: frozenset[str] = frozenset(),
    limits: Mapping[str, float] | None = None,
    done: Done = lambda _: None,
    running: Mapping[str, Plug] = MappingProxyType({}),
) -> Home:
    """The home as every source tells it, with what the catalogue knows and what follows.

    A source that runs already (`running`, by id) is asked through a twin of it (`Plug.anew`).
    """
    plugs = [
        running[plug.context.id].anew(plug.context) if isinstance(plug, Plug) and plug.context.id in running else plug
        for plug in make(configuration, now=now, env=env, only=only)
    ]
    declared = Declared(configuration, Context("declared", "declared", now, Fingerprinter()))
    kept = own_sources(configuration, now=now, env=env, only=only)
    own, *others = await collecting.collect([declared, *kept, *plugs], done=done)
    collected = [shown(own, others), *others]
    catalogue, imported = knowledge(configuration)
    items: list[Item] = [item for one in collected for item in one.items]
    states = [*(one.state for one in collected), *imported]
    home = merge(items, now=now, sources=states, limits=limits)
    # What the catalogue knows needs the model's identity, and what follows may need that in turn.
    items += catalogued(home, catalogue)
    home = merge(items, now=now, sources=states, limits=limits)
    items += [*infer(home), *missing(kept, home)]
    return merge(items, now=now, sources=states, limits=limits)


def knowledge(configuration: Configuration) -> tuple[Catalogue, list[SourceState]]:
    """The catalogue with the owner's newer records, and how reading each of those fared."""
    imported: list[Imported] = []
    states: list[SourceState] = []
    for reference in configuration.tables.catalogue.imports:
        kind, colon, path = reference.partition(":")
        if not colon or kind not in KINDS:
            raise configuration.error(
                f"{reference!r} is not kind:path",
                "catalogue",
                "imports",
                todo=f'Write "kind:path"; kinds: {", ".join(sorted(KINDS))}.',
            )
        name = f"catalogue {reference}"
        try:
            one = read(kind, configuration.base / Path(path).expanduser())
        except ReadError as error:
            states.append(SourceState("catalogue", name, "failed", 0, f"{error.where}: {error.what}", error.todo))
        else:
            imported.append(one)
            number = len(one.models) + len(one.vulnerabilities) + len(one.firmware)
            states.append(SourceState("catalogue", name, "ok", number))
    return together(imported), states
