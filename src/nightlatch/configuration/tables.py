"""The tables of `nightlatch.toml`."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec

from nightlatch.configuration.guarding import (
    AccessTable,
    AlertsTable,
    AutoLockTable,
    EntitiesTable,
    JournalTable,
    ServiceTable,
)


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Unknown keys are errors."""


class HomeTable(_Table, frozen=True):
    """`[home]`."""

    name: str = "Home"
    timezone: str = "UTC"
    profile: str = "full"


class ThingTable(_Table, frozen=True):
    """`[[hubs]]`, `[[routers]]`, `[[zones]]`, `[[wifis]]`, `[[people]]`, `[[accounts]]`, `[[vendors]]`.

    `bind` lists the keys by which sources know the thing.
    """

    id: str
    name: str = ""
    bind: list[str] = []


class DoorTable(ThingTable, frozen=True):
    """`[[doors]]`."""

    exterior: bool | None = None


class LockTable(ThingTable, frozen=True):
    """`[[locks]]`. `model` is only needed where no source tells it."""

    door: str = ""
    model: str = ""


class PersonTable(ThingTable, frozen=True):
    """`[[people]]`."""

    role: str = ""
    credentials: list[str] = []
    """Codes that are theirs, each as LOCK/SLOT: "front/3"."""
    groups: list[str] = []
    """What they belong to, as "family": who may open what is granted to groups too."""


class AnswerTable(_Table, frozen=True):
    """`[[answers]]`: what the owner said of a thing on a day."""

    about: str
    fact: str
    value: Any
    on: date


class WaiverTable(_Table, frozen=True):
    """`[[waivers]]`: a finding that the owner accepts. Reason and end are required."""

    practice: str
    reason: str
    until: date
    subject: str = "home"
    check: str = ""


class CatalogueTable(_Table, frozen=True):
    """`[catalogue]`: files with newer vulnerability records that the owner keeps."""

    imports: list[str] = []


class Tables(_Table, frozen=True):
    """The whole file. `sources` stay raw: each kind has settings of its own."""

    home: HomeTable = HomeTable()
    doors: list[DoorTable] = []
    locks: list[LockTable] = []
    hubs: list[ThingTable] = []
    routers: list[ThingTable] = []
    zones: list[ThingTable] = []
    wifis: list[ThingTable] = []
    people: list[PersonTable] = []
    accounts: list[ThingTable] = []
    vendors: list[ThingTable] = []
    sources: list[dict[str, Any]] = []
    answers: list[AnswerTable] = []
    waivers: list[WaiverTable] = []
    catalogue: CatalogueTable = CatalogueTable()
    journal: JournalTable = JournalTable()
    detections: dict[str, dict[str, Any]] = {}
    """`[detections.ID]`: thresholds, each detection's own."""
    alerts: AlertsTable = AlertsTable()
    autolock: list[AutoLockTable] = []
    access: AccessTable = AccessTable()
    entities: EntitiesTable | None = None
    service: ServiceTable = ServiceTable()


THING_TABLES = {
    "doors": "door",
    "locks": "lock",
    "hubs": "hub",
    "routers": "router",
    "zones": "zone",
    "wifis": "wifi",
    "people": "person",
    "accounts": "account",
    "vendors": "vendor",
}
"""Each table that declares things, and their kind."""
