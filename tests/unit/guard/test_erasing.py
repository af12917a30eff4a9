"""Erasing a person: no byte of the state folder names them, the journal verifies, and what is left is said."""

from __future__ import annotations

import contextlib
import re
import shutil
import sqlite3
import subprocess
import sys
import time
import zlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from nightlatch.configuration.read import Configuration, parse
from nightlatch.errors import JournalError, UsageError
from nightlatch.guard.alerts.desk import Desk
from nightlatch.guard.alerts.rules import read_rules
from nightlatch.guard.detections.interface import Noticed
from nightlatch.guard.detections.registry import configured
from nightlatch.guard.engine import Engine
from nightlatch.guard.erasing import Erased, erase
from nightlatch.guard.household import Holder, Household
from nightlatch.journal import notes, storage
from nightlatch.journal.journal import Journal
from nightlatch.journal.selecting import Wanted, every
from nightlatch.journal.verify import verify
from nightlatch.model.access import OPENS, Credential, Entry, Grant, LedgerState, Person
from nightlatch.model.document import Audit, Evidence, HomeDocument, ThingDocument
from nightlatch.model.event import Event, micros
from nightlatch.model.evidence import Grade
from nightlatch.model.finding import Severity
from nightlatch.store.access import AccessRecords
from nightlatch.store.alerts import AlertRecords
from nightlatch.store.audits import Audits
from nightlatch.store.database import connect
from nightlatch.store.scrubbing import Scrubbed
from nightlatch.store.snapshots import Snapshot, Snapshots
from nightlatch.store.users import Session, User, UserRecords

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
TOML = """\
[home]
name = "Elm"
[[doors]]
id = "front"
[[locks]]
id = "front"
door = "front"
[[people]]
id = "zuzana"
name = "Zuzana Quistgaard"
credentials = ["front/3"]
bind = ["homeassistant:77abfe"]
[[people]]
id = "bob"
name = "Bob Zimmermann"
[[alerts.channels]]
id = "phone"
url = "env:URL"
[[alerts.notices]]
channels = ["phone"]
"""
TRACES = (b"zuzana", b"quistgaard", b"zuzinka", b"77abfe")
"""Long enough that no sealed text, which is base64, holds one by chance."""


@pytest.fixture
def configuration(tmp_path: Path) -> Configuration:
    path = tmp_path / "nightlatch.toml"
    path.write_text(TOML)
    return parse(TOML, path)


@pytest.fixture
def folder(tmp_path: Path, configuration: Configuration) -> Path:
    """The state of a home in which Zuzana has lived for a while."""
    folder = tmp_path / "state"
    journal = Journal.open(folder)
    events = [event(n) for n in range(700)]
    for n in range(0, 700, 50):
        journal.append(events[n : n + 50])
    household = Household(
        names={"lock:front": "Front lock", "door:front": "Front door"},
        door_of={"lock:front": "door:front"},
        holders={("lock:front", 3): Holder("zuzana")},
        people={"zuzana": "Zuzana", "bob": "Bob"},
    )
    engine = Engine(configured(configuration), household)
    engine.feed(events)
    with Audits.open(folder) as audits:
        for _ in range(3):
            audits.add(str(configuration.path), audit())
    database = connect(folder)
    Snapshots(database).put("engine", Snapshot(700, engine.snapshot()))
    rules = read_rules(configuration, {"URL": "json://127.0.0.1:1"})
    desk = Desk(AlertRecords(database), rules, household, journal.sealer, micros(NOW))
    told = desk.take(
        [
            Noticed("repeated-wrong-codes", "lock:front", micros(NOW), Severity.HIGH, "wrong codes", "k1"),
            Noticed("first-use", "lock:front", micros(NOW), Severity.LOW, "Zuzana came late", "zuzana", "zuzana"),
        ],
        micros(NOW),
    )
    journal.append(told)
    desk.event(701, event(6), micros(NOW))
    database.dispose()
    journal.close()
    return folder


def event(n: int) -> Event:
    """Zuzana's code, at times before it was known to be hers; Bob; and what is nobody's."""
    at = micros(NOW - timedelta(days=1)) + n
    if n % 4 == 0:
        return Event(at, "battery", "lock:front", value=90)
    if n % 4 == 1:
        return Event(at, "unlocked", "lock:front", by="code", slot=4, person="bob")
    person = "zuzana" if n % 4 == 2 else ""
    raw = '{"userId":3,"userName":"Zuzinka"}'
    return Event(at, "unlocked", "lock:front", by="code", slot=3, person=person, detail="Zuzana Quistgaard", raw=raw)


def audit() -> Audit:
    told = Evidence("person:zuzana", "name", "their name", "Zuzinka", Grade.OBSERVED, "homeassistant", NOW, "auth/list")
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
        things=(ThingDocument("person:zuzana", "person", "Zuzana Quistgaard", ("zuzana",), (told,)),),
    )


def traces(folder: Path) -> list[tuple[str, bytes]]:
    """Where anything of her is found: in every byte of every file, and in what is compressed within."""
    texts = {str(file): file.read_bytes() for file in folder.rglob("*") if file.is_file()}
    with sqlite3.connect(folder / "nightlatch.db") as database:
        for number, document in database.execute("SELECT id, document FROM audits"):
            texts[f"audit {number}"] = zlib.decompress(document)
    return [(name, trace) for name, text in texts.items() for trace in TRACES if trace in text.lower()]


def test_no_file_of_the_state_folder_names_her_afterwards(folder: Path, configuration: Configuration) -> None:
    before = traces(folder)
    assert {name for name, _ in before} >= {"audit 1"}, "the audits name her until then"
    found = erase(folder, "zuzana", configuration, now=NOW)
    assert traces(folder) == []
    assert found.keys == 2, "her own, and that of the code before it was known to be hers"
    assert found.scrubbed.changed == 3
    assert found.entries == ()
    assert found.files == ()
    lines = [f"{configuration.path}:{number}" for number in (9, 10, 12)]
    assert list(found.named_in) == lines


def test_the_journal_still_verifies_and_tells_of_it_without_the_name(
    folder: Path, configuration: Configuration
) -> None:
    journal = Journal.open(folder)
    root, size = journal.checkpoint(), journal.size
    journal.close()
    found = erase(folder, "zuzana", configuration, now=NOW)
    journal = Journal.open(folder)
    assert verify(journal).sound
    assert found.entry == size
    with journal.view() as view:
        assert view.root(size) == notes.parse(root).root
    entries = list(journal.entries())
    told = entries[size].event
    assert told is not None
    assert (told.kind, told.value, told.detail, told.person) == ("erased", 2, "", "")
    erased = [entry for entry in entries if entry.erased]
    hers = [n for n in range(700) if n % 4 in (2, 3)]
    assert [entry.index for entry in erased if entry.index < 700] == hers
    for entry in erased:
        assert entry.event is not None
        assert (entry.event.person, entry.event.slot, entry.event.detail, entry.event.raw) == ("", 0, "", "")
    # That somebody came, when and how, stays; and Bob is still himself.
    assert entries[2].event is not None
    assert (entries[2].event.kind, entries[2].event.by) == ("unlocked", "code")
    assert len(list(every(journal, Wanted(person="bob")))) == 175
    journal.close()


def test_it_can_be_done_again_and_then_finds_nothing(folder: Path, configuration: Configuration) -> None:
    erase(folder, "zuzana", configuration, now=NOW)
    again = erase(folder, "zuzana", configuration, now=NOW)
    assert (again.keys, again.entry, again.scrubbed) == (0, None, Scrubbed())


def test_a_code_of_nobody_known_can_be_erased_and_another_name_be_given(
    folder: Path, configuration: Configuration
) -> None:
    only = erase(folder, "front/3", configuration, now=NOW)
    assert only.keys == 1
    journal = Journal.open(folder)
    assert {entry.index % 4 for entry in journal.entries(0, 700) if entry.erased} == {3}
    journal.close()
    assert erase(folder, "stranger", None, now=NOW).scrubbed == Scrubbed()
    assert erase(folder, "nobody", None, now=NOW).scrubbed == Scrubbed(), "a word of the audits is no person"
    assert erase(folder, "stranger", None, now=NOW, also=["Zuzana Quistgaard"]).scrubbed == Scrubbed(changed=3)


def test_someone_who_left_the_configuration_is_erased_by_what_the_audits_know(folder: Path, tmp_path: Path) -> None:
    left = parse(
        re.sub(r"(?s)\[\[people\]\]\nid = \"zuzana\".*?\n(?=\[\[people)", "", TOML), tmp_path / "nightlatch.toml"
    )
    found = erase(folder, "zuzana", left, now=NOW)
    assert traces(folder) == []
    assert found.keys == 1, "that the code was hers is known nowhere any more"


def test_an_entry_that_names_her_in_the_clear_is_told(folder: Path, configuration: Configuration) -> None:
    journal = Journal.open(folder)
    (index,) = journal.append([Event(1, "alert", "lock:front", detail="Zuzana came home")])
    journal.close()
    assert erase(folder, "zuzana", configuration, now=NOW).entries == (index,)


def test_other_files_in_the_folder_are_told_of(folder: Path, configuration: Configuration) -> None:
    (folder / "notes.txt").write_text("of mine")
    assert erase(folder, "zuzana", configuration, now=NOW).files == (str(folder / "notes.txt"),)
    (folder / "nightlatch.toml").write_text(TOML)
    within = parse(TOML, folder / "nightlatch.toml")
    found = erase(folder, "zuzana", within, now=NOW)
    assert found.files == (str(folder / "notes.txt"),), "the configuration is told of line by line"
    assert len(found.named_in) == 3


def test_a_former_state_that_was_put_aside_is_erased_too_and_a_damaged_one_is_told_of(
    folder: Path, configuration: Configuration
) -> None:
    shutil.copytree(folder, folder / "before-restore-1")
    damaged = folder / "journal-damaged-1"
    damaged.mkdir()
    (damaged / "journal.db").write_bytes(b"\0" * 5000)
    found = erase(folder, "zuzana", configuration, now=NOW)
    assert (found.keys, found.scrubbed.changed) == (4, 6)
    assert found.files == (str(damaged),)
    assert traces(folder) == []
    with contextlib.closing(sqlite3.connect(folder / "before-restore-1" / "nightlatch.db")) as database:
        for (document,) in database.execute("SELECT document FROM audits"):
            assert b"uzana" not in zlib.decompress(document)


def test_it_works_while_another_process_writes_and_that_one_learns_of_it(
    folder: Path, configuration: Configuration
) -> None:
    program = """
import sys, time
from pathlib import Path
from nightlatch.journal.journal import Journal
from nightlatch.model.event import Event
journal = Journal.open(Path(sys.argv[1]))
print("up", flush=True)
while journal.size < 100_000:
    journal.append([Event(1, "unlocked", "lock:front", by="code", slot=4, person="bob")])
    gone = sum(entry.erased for entry in journal.entries(0, 256))
    print(gone, flush=True)
    time.sleep(0.01)
"""
    with subprocess.Popen(
        [sys.executable, "-c", program, str(folder)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "up\n"
        assert other.stdout.readline() == "0\n"
        found = erase(folder, "zuzana", configuration, now=NOW)
        until = time.monotonic() + 20
        while other.stdout.readline() != "128\n":
            assert time.monotonic() < until
        other.terminate()
    assert found.keys == 2
    journal = Journal.open(folder)
    assert verify(journal).sound
    journal.close()
    assert traces(folder) == []


def test_a_reader_that_does_not_end_is_named_as_the_reason(
    folder: Path, configuration: Configuration, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage, "BUSY_MS", 50)
    reader = sqlite3.connect(folder / "journal.db")
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM bundle").fetchall()
    journal = Journal.open(folder)
    journal.append([event(2)])
    journal.close()
    with pytest.raises(JournalError, match="being read by another program"):
        erase(folder, "zuzana", configuration, now=NOW)
    reader.close()
    assert isinstance(erase(folder, "zuzana", configuration, now=NOW), Erased)
    assert traces(folder) == []


def access(folder: Path, state: LedgerState) -> AccessRecords:
    """Zuzana is granted the front door, and so are Bob and somebody with a name like hers."""
    engine = connect(folder)
    records = AccessRecords(engine)
    records.change(
        [
            Person("zuzana-maria", "Maria Quistgaard"),
            Grant("g1", "person:zuzana", ("door:front",), by="Bob"),
            Grant("g2", "person:zuzana-maria", ("door:front",), reason="stays with Zuzana Quistgaard"),
            Grant("g3", "person:bob", ("door:front",)),
            Credential("c1", "zuzana", 6),
            Credential("c2", "zuzana-maria", 6),
        ],
        seal={"credential:c1": b"one", "credential:c2": b"zuzana"},
    )
    records.put_entries([Entry("lock:front", "c1", 4, state), Entry("lock:front", "c2", 5, "present", person="bob")])
    engine.dispose()
    return AccessRecords(connect(folder))


@pytest.mark.parametrize("state", sorted(OPENS))
def test_nobody_is_erased_while_a_code_of_theirs_may_be_on_a_lock(
    folder: Path, configuration: Configuration, state: LedgerState
) -> None:
    records = access(folder, state)
    before = traces(folder)

    with pytest.raises(UsageError, match="a code of zuzana may still be on front: nothing proves it gone"):
        erase(folder, "zuzana", configuration, now=NOW)

    assert traces(folder) == before
    assert len(records.grants()) == 3


def test_her_grants_and_codes_go_and_those_of_who_is_called_alike_stay(
    folder: Path, configuration: Configuration
) -> None:
    records = access(folder, "absent")

    found = erase(folder, "zuzana", configuration, now=NOW)

    assert found.scrubbed.dropped >= 4
    assert [one.id for one in records.grants()] == ["g2", "g3"]
    assert records.grants()[0].reason == "stays with erased person"
    assert records.grants()[0].to == "person:zuzana-maria"
    assert [one.name for one in records.people()] == ["Maria Quistgaard"]
    assert [one.id for one in records.credentials()] == ["c2"]
    assert records.all_sealed() == {"credential:c2": b"zuzana"}
    assert [one.credential for one in records.entries()] == ["c2"]
    records.engine.dispose()


def test_who_was_added_by_command_is_erased_by_the_name_they_were_given(
    folder: Path, configuration: Configuration
) -> None:
    engine = connect(folder)
    AccessRecords(engine).put(Person("kit", "Ottokar Wexelberg"))
    AccessRecords(engine).put(Grant("g1", "person:bob", ("*",), reason="as Wexelberg asked"))
    engine.dispose()

    assert erase(folder, "kit", configuration, now=NOW).scrubbed == Scrubbed(1, 1)

    everything = b"".join(path.read_bytes().lower() for path in folder.rglob("*") if path.is_file())
    assert b"wexelberg" not in everything
    assert b"ottokar" not in everything


def signing_in(folder: Path, *people: User) -> None:
    """Users of the web app, each with a session."""
    engine = connect(folder)
    with UserRecords(engine).begin() as book:
        for one in people:
            book.put(one, Session(f"s-{one.id}", one.id, one.id, "", 1, 1, 0, "::1", "Firefox"))
    engine.dispose()


def test_their_way_in_goes_too_with_the_name_that_they_had_there(folder: Path, configuration: Configuration) -> None:
    rosa = User("rosa", "Rosa", "owner", "h1", 1, "$argon2id$", 1)
    signing_in(folder, rosa, User("zuzana", "Zuzinka Q", "resident", "h2", 1))
    assert traces(folder)
    erase(folder, "zuzana", configuration, now=NOW)
    assert traces(folder) == []
    engine = connect(folder)
    with UserRecords(engine).read() as book:
        assert [one.id for one in book.every(User)] == ["rosa"]
        assert [one.user for one in book.every(Session)] == ["rosa"]
    engine.dispose()


def test_the_only_owner_of_the_web_app_is_not_erased(folder: Path, configuration: Configuration) -> None:
    signing_in(folder, User("zuzana", "Zuzana", "owner", "h2", 1))
    before = traces(folder)
    with pytest.raises(UsageError, match="only owner of the web app"):
        erase(folder, "zuzana", configuration, now=NOW)
    assert traces(folder) == before
