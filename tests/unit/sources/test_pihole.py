from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nightlatch.errors import NightlatchError
from nightlatch.model.network import Device
from nightlatch.sources.pihole import PiHole
from tests.unit.sources.dnslogs import (
    LOCK,
    NAMES,
    OTHER,
    PHONE,
    assert_only_vendors,
    contacts,
    gaps,
    keys,
    last,
    log,
    refused,
    written,
)

AT = 1_772_186_403
FORWARDED, GRAVITY, STALE, SPECIAL = 2, 1, 17, 16
MAC = "aa:bb:cc:00:11:22"
Row = tuple[int, str, str]
"""Status, domain, client."""

USUAL: list[Row] = [
    (FORWARDED, "api.aaecosystem.com", LOCK),
    (STALE, "api.aaecosystem.com", LOCK),
    (FORWARDED, "api.aaecosystem.com", "fd00::7"),
    (GRAVITY, "log.aqara.com", LOCK),
    (SPECIAL, "log.aqara.com", LOCK),
    *((FORWARDED, name, PHONE) for name in NAMES),
]

NETWORK = """
CREATE TABLE network (id INTEGER PRIMARY KEY NOT NULL, hwaddr TEXT UNIQUE NOT NULL, interface TEXT NOT NULL,
    firstSeen INTEGER NOT NULL, lastQuery INTEGER NOT NULL, numQueries INTEGER NOT NULL, macVendor TEXT,
    aliasclient_id INTEGER);
CREATE TABLE network_addresses (network_id INTEGER NOT NULL, ip TEXT UNIQUE NOT NULL, lastSeen INTEGER NOT NULL,
    name TEXT, nameUpdated INTEGER);
"""


def old(database: sqlite3.Connection, rows: list[Row]) -> None:
    """The tables of version 5."""
    database.execute(
        "CREATE TABLE queries (id INTEGER PRIMARY KEY AUTOINCREMENT, timestamp INTEGER NOT NULL, type INTEGER NOT NULL,"
        " status INTEGER NOT NULL, domain TEXT NOT NULL, client TEXT NOT NULL, forward TEXT)"
    )
    database.executemany(
        "INSERT INTO queries (timestamp, type, status, domain, client) VALUES (?, 1, ?, ?, ?)",
        [(AT + number, *row) for number, row in enumerate(rows)],
    )


def new(database: sqlite3.Connection, rows: list[Row]) -> None:
    """The linked tables and the view of version 6."""
    database.executescript("""
        CREATE TABLE query_storage (id INTEGER PRIMARY KEY AUTOINCREMENT, timestamp REAL NOT NULL,
            type INTEGER NOT NULL, status INTEGER NOT NULL, domain INTEGER NOT NULL, client INTEGER NOT NULL,
            forward INTEGER, additional_info INTEGER, reply_type INTEGER, reply_time REAL, dnssec INTEGER,
            list_id INTEGER, ede INTEGER);
        CREATE TABLE domain_by_id (id INTEGER PRIMARY KEY, domain TEXT NOT NULL UNIQUE);
        CREATE TABLE client_by_id (id INTEGER PRIMARY KEY, ip TEXT NOT NULL, name TEXT, UNIQUE (ip, name));
        CREATE VIEW queries AS SELECT id, timestamp, type, status,
            CASE typeof(domain) WHEN 'integer' THEN (SELECT domain FROM domain_by_id d WHERE d.id = q.domain)
                ELSE domain END domain,
            CASE typeof(client) WHEN 'integer' THEN (SELECT ip FROM client_by_id c WHERE c.id = q.client)
                ELSE client END client
            FROM query_storage q;
    """)
    for number, (status, domain, client) in enumerate(rows):
        database.execute("INSERT OR IGNORE INTO domain_by_id (domain) VALUES (?)", (domain,))
        database.execute("INSERT OR IGNORE INTO client_by_id (ip, name) VALUES (?, '')", (client,))
        database.execute(
            "INSERT INTO query_storage (timestamp, type, status, domain, client) VALUES (?, 1, ?,"
            " (SELECT id FROM domain_by_id WHERE domain = ?), (SELECT id FROM client_by_id WHERE ip = ?))",
            (AT + number + 0.5, status, domain, client),
        )


Schema = Callable[[sqlite3.Connection, list[Row]], None]
BOTH = pytest.mark.parametrize("schema", [old, new])


def made(path: Path, rows: list[Row], schema: Schema = new, network: list[tuple[str, str]] = []) -> Path:  # noqa: B006
    """A database with its rows; `network` pairs addresses with hardware addresses."""
    file = path / "pihole-FTL.db"
    with closing(sqlite3.connect(file)) as database:
        schema(database, rows)
        database.executescript(NETWORK)
        for address, mac in network:
            database.execute("INSERT OR IGNORE INTO network VALUES (NULL, ?, 'eth0', 1, 1, 1, ?, NULL)", (mac, OTHER))
            database.execute(
                "INSERT INTO network_addresses VALUES ((SELECT id FROM network WHERE hwaddr = ?), ?, 1, ?, 1)",
                (mac, address, f"{OTHER}.lan"),
            )
        database.commit()
    return file


@BOTH
def test_look_ups_that_were_not_blocked_are_counted_per_device(tmp_path: Path, schema: Schema) -> None:
    items = list(log(PiHole, made(tmp_path, USUAL, schema)).collect())
    assert contacts(items) == {
        LOCK: {"aaecosystem.com": 2},
        "fd00::7": {"aaecosystem.com": 1},
        PHONE: {},
    }


@BOTH
def test_addresses_of_one_network_card_are_one_device(tmp_path: Path, schema: Schema) -> None:
    network = [(LOCK, MAC.upper()), ("fd00::7", MAC.upper()), (PHONE, f"ip-{PHONE}")]
    items = list(log(PiHole, made(tmp_path, USUAL, schema, network)).collect())
    assert contacts(items) == {MAC: {"aaecosystem.com": 3}, PHONE: {}}
    assert keys(items) == {
        (MAC, f"mac:{MAC}"),
        (MAC, f"ip:{LOCK}"),
        (MAC, "ip:fd00::7"),
        (PHONE, f"ip:{PHONE}"),
    }
    told = [item for item in items if getattr(item, "fact", "") == Device.address.name]
    assert {item.value for item in told} == {LOCK, PHONE}
    when = last(items, "aaecosystem.com")
    assert when is not None
    assert when.replace(microsecond=0) == datetime.fromtimestamp(AT + 2, UTC)


@BOTH
def test_no_other_name_leaves_the_source(tmp_path: Path, schema: Schema) -> None:
    items = list(log(PiHole, made(tmp_path, USUAL, schema, [(LOCK, MAC)])).collect())
    assert_only_vendors(*items)


def test_the_database_is_opened_without_leaving_a_trace_beside_it(tmp_path: Path) -> None:
    file = made(tmp_path, USUAL)
    with closing(sqlite3.connect(file)) as database:
        database.execute("PRAGMA journal_mode = WAL")
    before = file.read_bytes()
    file.chmod(0o400)
    tmp_path.chmod(0o500)
    try:
        assert contacts(log(PiHole, file).collect())[LOCK] == {"aaecosystem.com": 2}
        assert [entry.name for entry in tmp_path.iterdir()] == [file.name]
    finally:
        tmp_path.chmod(0o700)
    assert file.read_bytes() == before


def test_hidden_names_are_a_gap_and_no_proof_of_silence(tmp_path: Path) -> None:
    rows = [(FORWARDED, "hidden", LOCK), (FORWARDED, "web.nuki.io", PHONE)]
    items = list(log(PiHole, made(tmp_path, rows)).collect())
    assert contacts(items) == {PHONE: {"web.nuki.io": 1}}
    assert "privacy setting" in gaps(items)[0]


def test_hidden_clients_are_a_gap(tmp_path: Path) -> None:
    items = list(log(PiHole, made(tmp_path, [(FORWARDED, "hidden", "0.0.0.0")])).collect())
    assert contacts(items) == {}
    assert len(gaps(items)) == 2


def test_a_database_without_look_ups_says_so(tmp_path: Path) -> None:
    items = list(log(PiHole, made(tmp_path, [])).collect())
    assert gaps(items) == ["no device of the network is seen in it"]


def test_only_the_newest_look_ups_are_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from nightlatch.sources import pihole

    for name in ("_CLIENTS", "_HIDDEN", "_VENDORS"):
        monkeypatch.setattr(pihole, name, getattr(pihole, name).replace(str(pihole.MAX_ROWS), "2"))
    rows = [(FORWARDED, "web.nuki.io", LOCK)] + [(FORWARDED, "api.tedee.com", PHONE)] * 2
    assert contacts(log(PiHole, made(tmp_path, rows)).collect()) == {PHONE: {"tedee.com": 2}}


def test_a_database_made_to_run_for_ever_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nightlatch.sources.pihole.MAX_STEPS", 5_000_000)
    file = tmp_path / "pihole-FTL.db"
    with closing(sqlite3.connect(file)) as database:
        database.executescript("""
            CREATE VIEW queries AS WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n)
                SELECT id, id AS timestamp, 2 AS status, 'x' AS domain, '10.0.0.1' AS client FROM n;
        """)
    assert "takes too long" in refused(PiHole, file).what


def test_values_of_the_wrong_kind_are_passed_over(tmp_path: Path) -> None:
    file = made(tmp_path, USUAL, old)
    with closing(sqlite3.connect(file)) as database:
        database.execute("INSERT INTO queries VALUES (NULL, 'soon', 1, 2, x'ff00', 'nobody', NULL)")
        database.execute("INSERT INTO queries VALUES (NULL, 1e300, 1, 2, 'web.nuki.io', ?, NULL)", (PHONE,))
        database.execute("INSERT INTO queries VALUES (NULL, 1, 1, 2, CAST(x'ff2e6e756b692e696f' AS TEXT), 7, NULL)")
        database.commit()
    try:
        found = contacts(log(PiHole, file).collect())
    except NightlatchError as error:
        assert_only_vendors(error)
    else:
        assert found[PHONE] == {"web.nuki.io": 1}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not a database",
        b"SQLite format 3\0" + b"\xff" * 4096,
        "SQLite format 3".encode("utf-16"),
        b"\0" * 100_000,
    ],
)
def test_other_files_are_one_clear_error(tmp_path: Path, content: bytes) -> None:
    refused(PiHole, written(tmp_path / "pihole-FTL.db", content))


def test_a_database_of_something_else_is_told_apart(tmp_path: Path) -> None:
    file = tmp_path / "other.db"
    with closing(sqlite3.connect(file)) as database:
        database.execute(f"CREATE TABLE {OTHER} (id INTEGER)")
    assert "not Pi-hole's" in refused(PiHole, file).what


def test_a_truncated_database_is_one_clear_error(tmp_path: Path) -> None:
    file = made(tmp_path, USUAL * 400)
    refused(PiHole, written(file, file.read_bytes()[: 3 * 4096]))


def test_a_damaged_schema_that_sqlite_quotes_is_one_clear_error(tmp_path: Path) -> None:
    data = made(tmp_path, USUAL).read_bytes()
    refused(
        PiHole,
        written(tmp_path / "damaged.db", data.replace(b"CREATE TABLE network (", b"CREATE \xff\xfe\xfdLE network (")),
    )


def test_a_path_with_signs_that_mean_something_in_an_address_is_opened(tmp_path: Path) -> None:
    folder = tmp_path / "a?b#c%20d"
    folder.mkdir()
    assert LOCK in contacts(log(PiHole, made(folder, USUAL)).collect())


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(flips=st.lists(st.tuples(st.integers(0, 60_000), st.integers(0, 255)), min_size=1, max_size=8))
def test_a_damaged_database_is_one_clear_error_or_unharmed(tmp_path: Path, flips: list[tuple[int, int]]) -> None:
    original = tmp_path / "whole"
    if not original.exists():
        original.mkdir()
        made(original, USUAL)
    data = bytearray((original / "pihole-FTL.db").read_bytes())
    for at, value in flips:
        data[at % len(data)] = value
    try:
        list(log(PiHole, written(tmp_path / "damaged.db", bytes(data))).collect())
    except NightlatchError as error:
        assert error.where
