"""The search for hubs and routers, and the last try of each source: kept beside a house, over a start anew."""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path

import msgspec

from nightlatch.discovery import Found, discover
from nightlatch.errors import NightlatchError
from nightlatch.web.house import House
from nightlatch.web.settings import kinds
from nightlatch.web.settings.trying import Tried
from nightlatch.web.texts import _

SECONDS = 5.0
"""How long is listened for what announces itself."""
KIND_OF = {"mqtt": "zigbee2mqtt"}
"""What reads a broker that says nothing of itself."""


class Card(msgspec.Struct, frozen=True):
    """Something that was found."""

    kind: str
    """The kind of source that reads it; nothing for a router, whose backup has to be asked for."""
    title: str
    name: str
    url: str
    how: str
    added: bool
    """Whether a source of that address is configured."""


class SearchView(msgspec.Struct, frozen=True):
    """A search for hubs and routers."""

    running: bool
    at: datetime | None
    """When it ended; null: none was made."""
    cards: tuple[Card, ...]
    problem: str = ""


class Search:
    """What was found when somebody last looked."""

    def __init__(self) -> None:
        self.found: list[Found] = []
        self.at: datetime | None = None
        self.problem = ""
        self._task: asyncio.Task[None] | None = None

    def start(self, house: House) -> None:
        """Look, unless that is going on."""
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._look(house))

    @property
    def running(self) -> bool:
        """Whether it looks."""
        return self._task is not None and not self._task.done()

    async def _look(self, house: House) -> None:
        self.problem = ""
        try:
            self.found = await discover(timeout=SECONDS, loopback_only=False)
        except (NightlatchError, OSError) as error:
            self.problem = error.what if isinstance(error, NightlatchError) else _("the network cannot be looked at")
        self.at = house.today()

    def view(self, house: House) -> SearchView:
        """As a page shows it."""
        return SearchView(self.running, self.at, tuple(_card(one, house) for one in self.found), self.problem)


def _card(found: Found, house: House) -> Card:
    kind = "" if found.kind == "router" else KIND_OF.get(found.kind, found.kind)
    added = any(one.get("kind") == kind and one.get("url") == found.url for one in house.configuration.tables.sources)
    title = kinds.title(kind) if kind else _("Router")
    return Card(kind, title, found.name, found.url, _(found.how), added)


class _Kept(msgspec.Struct):
    search: Search
    results: dict[str, Tried]


_kept: dict[Path, _Kept] = {}
"""By state folder: a process runs the services of one after the other."""


def _of(house: House) -> _Kept:
    return _kept.setdefault(house.folder, _Kept(Search(), {}))


def search(house: House) -> Search:
    """The search of this home."""
    return _of(house).search


def results(house: House) -> dict[str, Tried]:
    """How trying each source went last, by id."""
    return _of(house).results
