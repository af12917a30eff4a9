"""The sources that are Nightlatch's own state: what it keeps of alerts. Always on, where there is something kept."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from nightlatch.configuration.read import Configuration
from nightlatch.secrets import Fingerprinter
from nightlatch.sources.interface import Context, Source


def own_sources(
    configuration: Configuration, *, now: datetime, env: Mapping[str, str], only: frozenset[str] = frozenset()
) -> list[Source]:
    """Those of a configuration; `only` keeps the ones of these kinds."""

    def wanted(kind: str) -> bool:
        return not only or kind in only

    sources: list[Source] = []
    if configuration.tables.alerts.channels and wanted("alerts"):
        from nightlatch.guard.alerts.facts import AlertFacts

        sources.append(AlertFacts(configuration, env, Context("alerts", "alerts", now, Fingerprinter())))
    return sources
