import sqlite3
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import msgspec
import pytest
import sqlalchemy as sa

from nightlatch.errors import StoreError
from nightlatch.model.access import Credential, Dates, Entry, Feed, Grant, Person, Recurring, Weekly
from nightlatch.model.command import Rules, WeekDay, YearDay
from nightlatch.store.access import AccessRecords, key
from nightlatch.store.database import connect

ANA = Person("ana", "Ana Silva", "service", ("cleaners", "friends"))
BEN = Person("ben", "Ben")
WEEKLY = Grant(
    "g1",
    "person:ana",
    ("door:front", "lock:shed"),
    Weekly(((540, 720), (6_000, 6_100))),
    1,
    2,
    3,
    4,
    "cleans",
    "Cleo",
    5,
    6,
    "f",
    "b",
)
CODE = Credential("c1", "ana", 6, 7, 8, True)
STAYS = Feed("f1", ("*",), "Flat", 900, 660, 1, 2, "it is empty")


@pytest.fixture
def records(tmp_path: Path) -> Iterator[AccessRecords]:
    engine = connect(tmp_path)
    yield AccessRecords(engine)
    engine.dispose()


def line(lock: str, credential: str = "", slot: int = 1, **more: object) -> Entry:
    return msgspec.structs.replace(Entry(f"lock:{lock}", credential, slot, "present"), **more)


def test_every_record_comes_back_as_it_was_put(records: AccessRecords) -> None:
    dates = Grant("g2", "group:family", ("*",), Dates(((date(2026, 12, 1), date(2026, 12, 5)),), 60, 120))
    recurring = Grant("g3", "person:ben", ("*",), Recurring("FREQ=DAILY;COUNT=3", "2026-12-01T09:00", 60))

    records.put(BEN, ANA, WEEKLY, dates, recurring, CODE, STAYS)

    assert records.people() == [ANA, BEN]
    assert records.grants() == [WEEKLY, dates, recurring]
    assert records.credentials() == [CODE]
    assert records.feeds() == [STAYS]
    assert records.everything() == ([ANA, BEN], [WEEKLY, dates, recurring], [CODE], [STAYS])


def test_a_record_takes_the_place_of_the_one_with_its_id(records: AccessRecords) -> None:
    records.put(ANA, WEEKLY)

    records.put(msgspec.structs.replace(ANA, name="Ana"), msgspec.structs.replace(WEEKLY, ended=9))

    assert [one.name for one in records.people()] == ["Ana"]
    assert [one.ended for one in records.grants()] == [9]


def test_a_change_is_made_whole_or_not_at_all(records: AccessRecords) -> None:
    records.put(ANA, WEEKLY)

    with pytest.raises(StoreError):
        records.change(put=[BEN], remove=[ANA], seal={"credential:c1": None})  # type: ignore[dict-item]

    assert records.people() == [ANA]


def test_what_is_sealed_comes_and_goes_with_its_record(records: AccessRecords) -> None:
    records.change(put=[CODE], seal={"credential:c1": b"\x00sealed"})
    assert records.sealed("credential:c1") == b"\x00sealed"
    assert records.all_sealed() == {"credential:c1": b"\x00sealed"}

    records.change(remove=[CODE], unseal=["credential:c1"])

    assert records.credentials() == []
    assert records.sealed("credential:c1") is None


def test_a_line_of_the_ledger_comes_back_with_all_it_holds(records: AccessRecords) -> None:
    full = Entry(
        lock="lock:front",
        credential="c1",
        slot=4,
        state="exposed",
        since=1,
        proof="presence",
        seen=2,
        present=False,
        limits=(YearDay(1, 2), WeekDay((0, 6), 1, 2)),
        due=3,
        tries=4,
        unheeded=1,
        after=5,
        reason="it does not answer",
        form="tag",
        name="A tag",
        creator="another controller",
        kept=True,
        declared=True,
        person="ana",
        used=6,
    )
    unseen = line("shed", "c1", 0, present=None, state="planned")

    records.put_entries([unseen, full])

    assert records.entries() == [full, unseen]
    assert records.entries(["lock:shed"]) == [unseen]
    assert records.entries(["lock:none"]) == []


def test_foreign_lines_of_one_lock_are_told_apart_by_slot(records: AccessRecords) -> None:
    mine, one, other = line("front", "c1", 3), line("front", "", 5, state="foreign"), line("front", "", 6)
    records.put_entries([mine, one, other])

    moved = msgspec.structs.replace(mine, slot=9)
    records.put_entries([moved], gone=[key(one)])

    assert records.entries() == [other, moved]
    assert key(moved) == key(mine)


def test_the_lines_of_a_person_are_those_of_their_codes_and_those_said_to_be_theirs(records: AccessRecords) -> None:
    records.put(CODE)
    records.put_entries([line("a", "c1"), line("b", "c2"), line("c", "", 7, person="ana"), line("d", "c3")])

    assert [one.lock for one in records.entries_of("ana")] == ["lock:a", "lock:c"]


def test_a_code_that_was_only_said_to_be_somebody_s_stays_when_they_are_erased_and_is_nobody_s(
    records: AccessRecords,
) -> None:
    records.put(ANA, CODE)
    theirs = line("front", CODE.id, 1, person="ana")
    said = line("front", slot=5, state="foreign", person="ana", name="Ana's tag", kept=True, declared=True)
    records.put_entries([theirs, said])
    with records.writing() as connection:
        records.forget_within(connection, "ana")
    assert records.entries() == [line("front", slot=5, state="foreign")]
    assert records.people() == []


def test_the_rules_of_a_lock_are_kept_as_it_told_them_last(records: AccessRecords) -> None:
    records.put_rules("lock:front", Rules(30, 4, 8, gives_codes=True))
    records.put_rules("lock:front", Rules(20, 6, 6))

    assert records.rules() == {"lock:front": Rules(20, 6, 6)}


def test_the_version_tells_of_changes_by_whoever_and_of_the_ledger_nothing(
    tmp_path: Path, records: AccessRecords
) -> None:
    before = records.version()
    records.put_entries([line("front", "c1")])
    records.put_rules("lock:front", Rules(20))
    assert records.version() == before

    records.put(ANA)
    after = records.version()
    assert after != before
    other = connect(tmp_path)
    AccessRecords(other).remove(ANA)
    other.dispose()

    assert records.version() != after


def test_a_damaged_record_is_told_with_the_file_it_is_in(tmp_path: Path, records: AccessRecords) -> None:
    records.put(ANA)
    with sqlite3.connect(tmp_path / "nightlatch.db") as other:
        other.execute("UPDATE access_people SET groups = '[4'")
    other.close()

    with pytest.raises(StoreError, match=r"nightlatch\.db.*damaged"):
        records.people()


def test_the_columns_are_the_fields(records: AccessRecords) -> None:
    inspected = sa.inspect(records.engine)

    def columns(table: str) -> list[str]:
        return [column["name"] for column in inspected.get_columns(table)]

    assert columns("access_people") == list(Person.__struct_fields__)
    assert columns("access_grants") == list(Grant.__struct_fields__)
    assert columns("access_credentials") == list(Credential.__struct_fields__)
    assert columns("access_feeds") == list(Feed.__struct_fields__)
    assert set(columns("access_ledger")) == {"place", *Entry.__struct_fields__}
