"""Makes the configured sources and ecosystems, their settings checked and their secrets resolved."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime

from nightlatch import plugs
from nightlatch.configuration.read import Configuration
from nightlatch.configuration.settings import settings
from nightlatch.errors import SecretError, UsageError
from nightlatch.model.home import SourceState
from nightlatch.secrets import Fingerprinter
from nightlatch.text import listed, suggest

OWN = frozenset(("declared", "alerts", "journal"))
"""Sources that are always on: what the owner wrote, and what Nightlatch itself keeps."""
Made = plugs.Plug | SourceState


def make(
    configuration: Configuration, *, now: datetime, env: Mapping[str, str], only: frozenset[str] = frozenset()
) -> list[Made]:
    """Every configured plug, in the file's order.

    A plug whose secret cannot be had becomes a failed SourceState, so that the audit goes on without
    it. ConfigurationError for an unknown kind or setting. `only` keeps those with these ids or kinds;
    UsageError when one of them is none.
    """
    tables = configuration.tables.sources
    kinds = Counter(str(table["kind"]) for table in tables)
    fingerprint = Fingerprinter()
    made: list[Made] = []
    seen: set[str] = set()
    for number, table in enumerate(tables):
        kind = str(table["kind"])
        id_ = str(table.get("id") or (kind if kinds[kind] == 1 else f"{kind}-{number + 1}"))
        if id_ in seen:
            raise configuration.error(f"two sources have the id {id_!r}", "sources", number)
        seen.add(id_)
        if kind in OWN:
            raise configuration.error("this source is always on and is not configured", "sources", number, "kind")
        plug = plugs.find(kind, configuration.where("sources", number, "kind"))
        if only and not only & {id_, kind}:
            continue
        prefix = kind if kinds[kind] == 1 else f"{kind}:{id_}"
        try:
            chosen: plugs.Settings = settings(configuration, ("sources", number), table, plug.Settings, env)
        except SecretError as error:
            gives = frozenset(field.path for field in plug.gives)
            made.append(SourceState(kind, id_, "failed", 0, f"{error.where}: {error.what}", error.todo, gives))
            continue
        made.append(plug(chosen, plugs.Context(id_, prefix, now, fingerprint)))
    known = {*OWN, *seen, *kinds}
    for name in sorted(only - known):
        raise UsageError(
            f"no source {name!r} is configured", todo=suggest(name, known) or f"Configured: {listed(sorted(known))}."
        )
    return made
