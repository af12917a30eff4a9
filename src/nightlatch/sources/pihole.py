"""Pi-hole's long-term database, pihole-FTL.db: the tables of version 5 and the linked ones since version 6."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime

from nightlatch.errors import ReadError
from nightlatch.reading.files import MIB
from nightlatch.sources._dnslog import MAX_DEVICES, Contacts, DnsLog

MAX_ROWS = 1_000_000
"""How many look-ups, the newest, are looked at."""
MAX_STEPS = 1_500_000_000
"""Steps of SQLite's virtual machine for all questions together: 20 s, on a slow machine 90 s."""
_STEPS_A_CALL = 1_000_000
_MAX_VALUE = 1 * MIB

# Blocked by a list, a pattern or upstream: https://docs.pi-hole.net/database/query-database/#supported-status-types
_BLOCKED = "1, 4, 5, 6, 7, 8, 9, 10, 11, 15, 16, 18"
# `queries` is a table up to version 5 and a view of the same columns since.
_NEWEST = f"(SELECT client, domain, timestamp, status FROM queries ORDER BY id DESC LIMIT {MAX_ROWS})"  # noqa: S608
_CLIENTS = f"SELECT DISTINCT client FROM {_NEWEST} LIMIT {MAX_DEVICES + 1}"  # noqa: S608
_HIDDEN = f"SELECT 1 FROM {_NEWEST} WHERE domain = 'hidden' OR client = '0.0.0.0' LIMIT 1"  # noqa: S608
_VENDORS = f"""
    SELECT client, domain, count(*), max(timestamp) FROM {_NEWEST}
    WHERE status NOT IN ({_BLOCKED}) AND is_vendors(domain) GROUP BY client, domain
"""  # noqa: S608
_MACS = """
    SELECT ip, hwaddr FROM network_addresses JOIN network ON network.id = network_addresses.network_id LIMIT 10000
"""
_MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}")


class PiHole(DnsLog, kind="pihole"):
    """Reads Pi-hole's database, changing nothing. Only names of vendors in the catalogue are told, never any other."""

    def fill(self, contacts: Contacts) -> None:
        """Count, inside SQLite, the look-ups that Pi-hole did not block."""
        with self._opened(contacts) as database:
            tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master")}
            if "queries" not in tables:
                raise ReadError(
                    "is an SQLite database, but not Pi-hole's",
                    where=str(self.settings.path),
                    todo="Give /etc/pihole/pihole-FTL.db or a copy of it.",
                )
            for (client,) in database.execute(_CLIENTS):
                contacts.add(str(client), None)
            contacts.hides_names = database.execute(_HIDDEN).fetchone() is not None
            for client, domain, times, newest in database.execute(_VENDORS):
                place = f"queries (client {client})"
                contacts.add(str(client), contacts.host(str(domain)), _moment(newest), place, times)
            if {"network", "network_addresses"} <= tables:
                for address, mac in database.execute(_MACS):
                    if isinstance(mac, str) and _MAC.fullmatch(mac.lower()):
                        contacts.macs[str(address)] = mac.lower()

    @contextmanager
    def _opened(self, contacts: Contacts) -> Iterator[sqlite3.Connection]:
        """The database, read-only, as one unchanging file: no -wal or -shm file is made or read beside it."""
        where = str(self.settings.path)
        left = MAX_STEPS

        def spent() -> bool:
            nonlocal left
            left -= _STEPS_A_CALL
            return left < 0

        try:
            uri = f"{self.settings.path.absolute().as_uri()}?mode=ro&immutable=1"
            with closing(sqlite3.connect(uri, uri=True)) as database:
                database.text_factory = lambda raw: raw.decode(errors="replace")
                database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _MAX_VALUE)
                database.set_progress_handler(spent, _STEPS_A_CALL)
                database.create_function(
                    "is_vendors", 1, lambda name: isinstance(name, str) and contacts.host(name) is not None
                )
                database.execute("PRAGMA trusted_schema = OFF")
                database.execute("PRAGMA temp_store = MEMORY")
                yield database
        except (sqlite3.Error, UnicodeDecodeError) as error:
            # UnicodeDecodeError: SQLite's own message quotes a damaged schema.
            name = getattr(error, "sqlite_errorname", type(error).__name__)
            if name == "SQLITE_INTERRUPT":
                raise ReadError(
                    "takes too long to read", where=where, todo="Is it really Pi-hole's database?"
                ) from None
            raise ReadError(f"is not a readable SQLite database ({name})", where=where) from None


def _moment(seconds: object) -> datetime | None:
    try:
        return datetime.fromtimestamp(seconds, UTC) if isinstance(seconds, (int, float)) else None
    except (OverflowError, OSError, ValueError):
        return None
