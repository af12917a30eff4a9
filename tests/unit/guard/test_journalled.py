"""What the audit is told of the journal, each fact with its entry; and what it says when that cannot be read."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from nightlatch import sample
from nightlatch.audit.own import own_sources
from nightlatch.audit.run import gather
from nightlatch.configuration.read import Configuration, parse
from nightlatch.errors import ConfigurationError
from nightlatch.guard.journalled import JournalFacts, note_reading
from nightlatch.journal.journal import Journal
from nightlatch.model.event import Event, micros
from nightlatch.model.evidence import Grade, Ref
from nightlatch.model.home import Home
from nightlatch.service.folder import held
from tests.unit.journal.making import tamper

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
TOML = """\
[home]
timezone = "Europe/Berlin"
[[locks]]
id = "front"
[[locks]]
id = "back"
bind = ["zwavejs:7"]
[[locks]]
id = "shed"
[journal]
retention_days = 90
"""


@pytest.fixture
def configuration(tmp_path: Path) -> Configuration:
    return parse(TOML, tmp_path / "nightlatch.toml")


def home(configuration: Configuration, folder: Path) -> Home:
    return asyncio.run(gather(configuration, now=NOW, env={"NIGHTLATCH_STATE": str(folder)}))


def ago(days: float) -> int:
    return micros(NOW - timedelta(days=days))


def written(folder: Path, *events: Event) -> None:
    journal = Journal.open(folder)
    journal.append(list(events))
    journal.close()


def fact(home: Home, name: str) -> tuple[Any, str]:
    found = home.fact(name)
    assert found is not None, name
    return found.value, found.where


def test_everything_that_practice_22_asks_is_told_with_its_entry(configuration: Configuration, tmp_path: Path) -> None:
    folder = tmp_path / "state"
    written(
        folder,
        Event(ago(40), "gap", "hub:zwavejs", since=ago(41)),
        Event(ago(20), "gap", "hub:zwavejs", since=ago(21)),
        Event(ago(10), "locked", "lock:front"),
        Event(ago(9), "locked", "lock:zwavejs:7"),
        Event(ago(0.5), "verified", "home", value="intact"),
    )
    found = home(configuration, folder)
    assert fact(found, "journal_running") == (False, f"no service holds {folder}")
    assert fact(found, "journal_verified_at") == (NOW - timedelta(days=0.5), "journal.db, entry 4")
    assert fact(found, "journal_intact") == (True, "journal.db, entry 4")
    assert fact(found, "journal_gaps") == (1, "journal.db, entry 1")
    # The back door's lock is known by the hub's name for it, too.
    assert fact(found, "journal_missing_locks") == ((Ref("lock", "shed"),), "journal.db, entries from 0 on")
    assert fact(found, "journal_retention_days") == (90, "nightlatch.toml:11")
    assert found.log_read_on is None
    state = next(one for one in found.sources if one.kind == "journal")
    assert (state.status, state.id) == ("ok", "journal")
    assert found.journal_gaps is not None
    assert found.journal_gaps.grade is Grade.RECORDED
    with held(folder):
        running = home(configuration, folder).journal_running
    assert running is not None
    assert (running.value, running.grade) == (True, Grade.OBSERVED)


def test_a_failed_verification_and_a_witness_that_contradicts_are_not_intact(
    configuration: Configuration, tmp_path: Path
) -> None:
    folder = tmp_path / "state"
    written(folder, Event(ago(1), "verified", "home", value="not intact", detail="entry 3: changed"))
    assert fact(home(configuration, folder), "journal_intact") == (False, "journal.db, entry 0")
    written(folder, Event(ago(0.9), "verified", "home", value="intact"))
    assert fact(home(configuration, folder), "journal_intact") == (True, "journal.db, entry 1")
    written(folder, Event(ago(0.8), "verified", "home", value="not intact", name="usb"))
    assert fact(home(configuration, folder), "journal_intact") == (False, "journal.db, entry 2")
    written(folder, Event(ago(0.7), "verified", "home", value="intact"))
    assert fact(home(configuration, folder), "journal_intact") == (False, "journal.db, entry 2"), "usb still says so"
    written(folder, Event(ago(0.6), "verified", "home", value="intact", name="usb"))
    assert fact(home(configuration, folder), "journal_intact") == (True, "journal.db, entry 3")


def test_a_lock_that_was_only_heard_long_ago_is_not_missing(configuration: Configuration, tmp_path: Path) -> None:
    folder = tmp_path / "state"
    written(folder, *(Event(ago(200), "locked", f"lock:{lock}") for lock in ("front", "back", "shed")))
    written(folder, *(Event(ago(1), "battery", "hub:x", value=n) for n in range(600)))
    written(folder, Event(ago(1), "verified", "home", value="intact"))
    assert fact(home(configuration, folder), "journal_missing_locks")[0] == ()


def test_what_was_never_verified_stays_unknown(configuration: Configuration, tmp_path: Path) -> None:
    written(tmp_path / "state", Event(ago(1), "locked", "lock:front"))
    found = home(configuration, tmp_path / "state")
    assert found.journal_intact is None
    assert found.journal_verified_at is None


def test_the_day_of_the_last_reading_is_known(configuration: Configuration, tmp_path: Path) -> None:
    folder = tmp_path / "state"
    written(folder, Event(ago(1), "locked", "lock:front"))
    note_reading(folder, date(2026, 11, 1))
    note_reading(folder, date(2026, 11, 20))
    assert fact(home(configuration, folder), "log_read_on") == (date(2026, 11, 20), "nightlatch journal show")


def test_no_name_of_a_person_is_among_the_facts(configuration: Configuration, tmp_path: Path) -> None:
    folder = tmp_path / "state"
    written(folder, Event(ago(1), "unlocked", "lock:front", slot=3, person="zuzana", detail="Zuzana"))
    assert "zuzana" not in str(home(configuration, folder).facts()).lower()


def test_a_damaged_journal_is_a_failed_source_and_not_a_failed_home(
    configuration: Configuration, tmp_path: Path
) -> None:
    folder = tmp_path / "state"
    written(folder, *(Event(ago(1), "locked", "lock:front") for _ in range(600)))
    tamper(folder, lambda file: file.execute("DELETE FROM bundle WHERE n = 1"))
    found = home(configuration, folder)
    state = next(one for one in found.sources if one.kind == "journal")
    assert state.status == "partial"
    assert "entries 256 to 511" in state.reason
    assert found.journal_missing_locks is None
    assert found.journal_gaps is None
    assert found.journal_retention_days is not None


def test_without_a_journal_and_for_the_sample_home_there_is_no_such_source(
    configuration: Configuration, tmp_path: Path
) -> None:
    env = {"NIGHTLATCH_STATE": str(tmp_path)}
    assert own_sources(configuration, now=NOW, env=env) == []
    written(tmp_path, Event(1, "locked", "lock:front"))
    assert [type(one) for one in own_sources(configuration, now=NOW, env=env)] == [JournalFacts]
    assert own_sources(configuration, now=NOW, env=env, only=frozenset({"openwrt"})) == []
    assert own_sources(sample.configuration(NOW), now=NOW, env=env) == []


def test_it_is_always_on_and_not_configured(tmp_path: Path) -> None:
    settings = parse('[[sources]]\nkind = "journal"\n', tmp_path / "nightlatch.toml")
    with pytest.raises(ConfigurationError, match="always on"):
        home(settings, tmp_path)
