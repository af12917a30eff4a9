"""Who has leave in the demo's home beside its residents: people, grants, and a code that was adopted long ago."""

from __future__ import annotations

import os
from pathlib import Path

from nightlatch.access import ledger, schedules
from nightlatch.access.register import live
from nightlatch.access.registrar import Registrar
from nightlatch.access.vault import Vault
from nightlatch.configuration.read import Configuration
from nightlatch.journal.journal import Journal
from nightlatch.model.access import Always, Entry, Grant, Role, Schedule
from nightlatch.service.folder import prepare
from nightlatch.store.access import AccessRecords
from nightlatch.store.database import connect

SECOND = 1_000_000
STAY = 75 * SECOND
"""How long the guest stays: until the afternoon of the demo's day of 144 seconds."""
PEOPLE: tuple[tuple[str, str, Role, tuple[str, ...]], ...] = (
    ("eva", "Eva", "regular", ()),
    ("mia", "Mia", "guest", ()),
    ("noah", "Noah", "regular", ("family",)),
    ("olga", "Olga", "service", ("cleaners",)),
)
ADOPTED = ("eva", 5)
"""Whose code was on every lock before Nightlatch came, and in which slot."""


def give(configuration: Configuration, folder: Path, now: int) -> None:
    """Add the people and what they have leave to, to a state folder; where it has them already, a new stay alone."""
    prepare(folder)
    engine = connect(folder)
    try:
        journal = Journal.open(folder)
        try:
            records = AccessRecords(engine)
            vault = Vault.open(folder, records, configuration, os.environ)
            _give(Registrar(configuration, records, vault, journal), now)
        finally:
            journal.close()
    finally:
        engine.dispose()


def _give(registrar: Registrar, now: int) -> None:
    register = registrar.register()
    for id_, name, role, groups in PEOPLE:
        if id_ not in register.people:
            registrar.add_person(id_, name, role, groups, now)
    if ADOPTED[0] not in register.people:
        person, slot = ADOPTED
        for lock in register.locks:
            line = Entry(lock, "", slot, "foreign", now, "value", now, True, kept=True, person=person)
            registrar.records.put_entries([line])
            for event in ledger.events(None, line, now):
                registrar.tell(event)
    weekdays = schedules.weekly("Mon-Fri 09:00-12:00")
    granted = {grant.to for grant in register.grants.values() if live(grant, now)}
    wanted: tuple[tuple[str, tuple[str, ...], Schedule, int, str], ...] = (
        ("group:cleaners", ("door:front", "door:garden"), weekdays, 0, "cleans on weekdays"),
        ("person:mia", ("door:front",), Always(), now + STAY, "stays until the afternoon"),
        ("person:noah", ("*",), Always(), 0, "lives next door, waters the plants"),
    )
    for to, doors, schedule, ends, reason in wanted:
        if to not in granted:
            registrar.add_grant(Grant("", to, doors, schedule, ends=ends, reason=reason, by="Ana"), now)
