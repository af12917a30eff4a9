"""A small home whose register is changed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nightlatch.access.registrar import Registrar
from nightlatch.access.vault import Vault
from nightlatch.configuration.read import Configuration, parse
from nightlatch.journal.journal import Journal
from nightlatch.model.access import Grant
from nightlatch.model.event import Event
from nightlatch.store.access import AccessRecords
from nightlatch.store.database import connect

NOW = 1_800_000_000_000_000
HOUR = 3_600_000_000
HOME = """
[home]
name = "Birch Lane"
timezone = "Europe/Berlin"

[[doors]]
id = "front"
name = "Front door"

[[doors]]
id = "gate"

[[locks]]
id = "front"
name = "Front lock"
door = "front"

[[locks]]
id = "shed"
name = "Garden shed"

[[people]]
id = "rosa"
name = "Rosa Lund"
role = "resident"
groups = ["family"]
credentials = ["front/3"]
"""


def home(folder: Path, more: str = "") -> Configuration:
    return parse(HOME + more, folder / "nightlatch.toml")


@contextmanager
def registrar(folder: Path, more: str = "") -> Iterator[Registrar]:
    engine = connect(folder)
    journal = Journal.open(folder)
    try:
        records = AccessRecords(engine)
        configuration = home(folder, more)
        yield Registrar(configuration, records, Vault.open(folder, records, configuration, {}), journal)
    finally:
        journal.close()
        engine.dispose()


def events(folder: Path) -> list[Event]:
    journal = Journal.open(folder, read_only=True)
    try:
        return [entry.event for entry in journal.entries() if entry.event is not None]
    finally:
        journal.close()


def grant(to: str = "ana", *doors: str) -> Grant:
    return Grant("", to, doors or ("front",), by="Rosa")
