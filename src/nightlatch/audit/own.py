"""The sources that are Nightlatch's own state: access, alerts and the journal. Always on, where something is kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from nightlatch.configuration.read import Configuration
from nightlatch.model.evidence import Item
from nightlatch.model.home import Home
from nightlatch.sample import FOLDER as SAMPLE
from nightlatch.secrets import Fingerprinter
from nightlatch.sources.interface import Context, Source
from nightlatch.store.database import state_folder

DATABASE = "nightlatch.db"
JOURNAL = "journal.db"
"""As `nightlatch.journal.journal.FILE`, which takes long to import where there is no journal."""


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
    folder = state_folder(env)
    # The sample home is nobody's: what this machine keeps is not about it.
    if wanted("journal") and configuration.base != SAMPLE and (folder / JOURNAL).is_file():
        from nightlatch.guard.journalled import JournalFacts

        sources.append(JournalFacts(configuration, folder, Context("journal", "journal", now, Fingerprinter())))
    if wanted("access") and configuration.base != SAMPLE and (folder / DATABASE).is_file():
        from nightlatch.access.facts import AccessFacts, kept

        if kept(folder):
            context = Context("access", "access", now, Fingerprinter())
            sources.append(AccessFacts(configuration, folder, env, context))
    return sources


def missing(sources: Iterable[Source], home: Home) -> list[Item]:
    """What only follows once the home is known: which locks the journal never heard of, which codes are nobody's."""
    from nightlatch.access.facts import AccessFacts
    from nightlatch.guard.journalled import JournalFacts

    items: list[Item] = []
    for one in sources:
        if isinstance(one, JournalFacts):
            items += one.missing(home)
        elif isinstance(one, AccessFacts):
            items += one.following(home)
    return items
