"""Taking a person out of the database: nothing is left of the name, and what can be kept is kept."""

from __future__ import annotations

import sqlite3
import zlib
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from nightlatch.errors import StoreError
from nightlatch.model.access import Decision, Retired
from nightlatch.model.document import Audit, Evidence, HomeDocument, ThingDocument
from nightlatch.model.evidence import Grade
from nightlatch.store import database
from nightlatch.store.access import AccessRecords
from nightlatch.store.audits import Audits
from nightlatch.store.database import connect
from nightlatch.store.scrubbing import ERASED, WRITTEN, Scrubbed, Words, names_of, scrub
from nightlatch.store.snapshots import Snapshot, Snapshots

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def audit(name: str = "Zuzana Quist", subject: str = "person:zuzana") -> Audit:
    told = Evidence(subject, "name", "their name", name, Grade.DECLARED, "declared", NOW, "nightlatch.toml:9")
    other = Evidence(subject, "name", "their name", "Zuzka", Grade.OBSERVED, "homeassistant", NOW, "auth/list")
    return Audit(
        version="0",
        home=HomeDocument("Elm", "UTC"),
        at=NOW,
        profile="full",
        score=1.0,
        coverage=0.5,
        worst=None,
        sections=(),
        sources=(),
        findings=(),
        things=(ThingDocument(subject, "person", name, ("zuzana", "homeassistant:77ab"), (told, other)),),
    )


def everything(folder: Path) -> bytes:
    """Every byte of every file, and what is compressed within."""
    found = b"".join(path.read_bytes() for path in sorted(folder.iterdir()))
    with sqlite3.connect(folder / "nightlatch.db") as database:
        for (document,) in database.execute("SELECT document FROM audits"):
            found += zlib.decompress(document)
    return found.lower()


def test_names_are_found_as_whole_words_in_any_case() -> None:
    words = Words(["ana", "Ana Silva"])
    assert words.out_of("ANA's code; banana; ana_1; person:ana; Ana Silva") == (
        f"{ERASED}'s code; banana; {ERASED}_1; person:{ERASED}; {ERASED}"
    )
    assert words.within(b'{"person":"ana"}')
    assert not words.within("Banana")
    assert not Words([""]).within("")


@given(st.text(min_size=1), st.text(), st.text())
def test_no_text_is_left_that_holds_a_name(name: str, before: str, after: str) -> None:
    words = Words([name])
    if not words.within(ERASED):
        assert not words.within(words.out_of(f"{before} {name} {after}"))


def test_every_name_of_a_person_is_learned_from_the_audits(tmp_path: Path) -> None:
    with Audits.open(tmp_path) as audits:
        audits.add("a", audit())
        audits.add("a", audit("Bob", "person:bob"))
    engine = connect(tmp_path)
    found = names_of(engine, "person:zuzana")
    engine.dispose()
    assert found == {"Zuzana Quist", "zuzana", "homeassistant:77ab", "Zuzka"}


def test_no_byte_of_the_files_holds_the_name_afterwards_and_the_audits_can_still_be_read(tmp_path: Path) -> None:
    with Audits.open(tmp_path) as audits:
        for _ in range(5):
            audits.add("a", audit())
        audits.add("a", audit("Bob", "person:bob"))
    engine = connect(tmp_path)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE notes (id INTEGER PRIMARY KEY, text VARCHAR, about VARCHAR UNIQUE)")
        for about in ("zuzana", "Zuzana", "front"):
            connection.exec_driver_sql("INSERT INTO notes (text, about) VALUES ('Zuzka came', ?)", (about,))
        # A row that is gone, whose page still holds it.
        connection.exec_driver_sql("PRAGMA secure_delete=OFF")
        connection.exec_driver_sql("INSERT INTO notes (text, about) VALUES ('zuzana ' || hex(zeroblob(9000)), 'x')")
        connection.exec_driver_sql("DELETE FROM notes WHERE about = 'x'")
    Snapshots(engine).put("engine", Snapshot(3, b'{"last":"zuzana"}'))
    Snapshots(engine).put("autolock", Snapshot(3, b'{"last":"front"}'))
    words = Words({"zuzana", *names_of(engine, "person:zuzana")})
    assert b"zuz" in everything(tmp_path)
    # Six audits and two notes are changed; the note whose key became another's, and the snapshot, go.
    assert scrub(engine, words) == Scrubbed(changed=8, dropped=2)
    with engine.connect() as connection:
        left = connection.exec_driver_sql("SELECT about FROM notes").scalars().all()
    assert sorted(left) == [ERASED, "front"]
    assert Snapshots(engine).get("engine") is None
    assert Snapshots(engine).get("autolock") == Snapshot(3, b'{"last":"front"}')
    engine.dispose()
    assert b"zuz" not in everything(tmp_path)
    assert b"77ab" not in everything(tmp_path)
    with Audits.open(tmp_path) as audits:
        found = audits.latest("a")
        assert found is not None
        assert found.things[0].label == "Bob"


def test_an_audit_that_cannot_be_kept_without_the_name_goes(tmp_path: Path) -> None:
    with Audits.open(tmp_path) as audits:
        audits.add("a", audit())
    engine = connect(tmp_path)
    # "declared" is a grade: without it, no fact can be read.
    assert scrub(engine, Words(["declared"])) == Scrubbed(dropped=1)
    with engine.begin() as connection:
        connection.execute(
            sa.text("INSERT INTO audits (configuration, at, document) VALUES ('a', '', :document)"),
            {"document": b"no audit, but of zuzana"},
        )
    assert scrub(engine, Words(["zuzana"])) == Scrubbed(dropped=1)
    engine.dispose()


def test_a_reader_that_does_not_end_is_told_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "BUSY_MS", 50)
    with Audits.open(tmp_path) as audits:
        audits.add("a", audit())
    engine = connect(tmp_path)
    reader = sqlite3.connect(tmp_path / "nightlatch.db")
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM audits").fetchall()
    with pytest.raises(StoreError, match="somebody is reading it"):
        scrub(engine, Words(["zuzana"]))
    reader.close()
    assert scrub(engine, Words(["zuzana"])) == Scrubbed()
    engine.dispose()
    assert b"zuzana" not in everything(tmp_path)


def test_what_was_changed_is_json_again(tmp_path: Path) -> None:
    quoted = 'Zuz "the cat" Quist'
    with Audits.open(tmp_path) as audits:
        audits.add("a", audit(quoted))
    engine = connect(tmp_path)
    assert scrub(engine, Words([quoted])) == Scrubbed(changed=1)
    engine.dispose()
    with Audits.open(tmp_path) as audits:
        found = audits.latest("a")
    assert found is not None
    assert found.things[0].label == ERASED
    assert msgspec.json.encode(found)


def test_a_word_of_somebody_erased_changes_no_id_of_access(tmp_path: Path) -> None:
    engine = connect(tmp_path)
    records = AccessRecords(engine)
    decided = Decision("d1", "lock:front", 3, "keep", 1, "", "front cleaner", "ben", 1)
    records.put(decided, Retired("lock:front", 1))
    scrub(engine, Words(["front"]))
    assert records.decisions() == [msgspec.structs.replace(decided, name=f"{ERASED} cleaner")]
    assert list(records.retired()) == ["lock:front"]
    tables = sa.inspect(engine).get_table_names()
    engine.dispose()
    assert {one for one in tables if one.startswith(("access_", "user"))} == WRITTEN.keys()
