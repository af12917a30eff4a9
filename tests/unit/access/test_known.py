"""What is known of the digits of each lock's codes outlives the audit that found it, and not the lock."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from nightlatch.access.known import last_known, learnt
from nightlatch.configuration.read import Configuration, parse
from nightlatch.model.document import Audit, Evidence, HomeDocument, ThingDocument
from nightlatch.model.evidence import Grade
from nightlatch.store.access import AccessRecords
from nightlatch.store.audits import Audits
from nightlatch.store.database import connect

AT = datetime(2026, 11, 22, tzinfo=UTC)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[sa.Engine]:
    engine = connect(tmp_path)
    yield engine
    engine.dispose()


def home(bind: str = "zwavejs:3") -> Configuration:
    return parse(f'[home]\nname = "Elm"\n[[locks]]\nid = "front"\nbind = ["{bind}"]\n', Path("nightlatch.toml"))


def audit(**digits: int) -> Audit:
    facts = tuple(
        Evidence("lock:front", name, "", value, Grade.OBSERVED, "zwavejs", AT) for name, value in digits.items()
    )
    return Audit(
        version="0",
        home=HomeDocument("Elm", "UTC"),
        at=AT,
        profile="full",
        score=1.0,
        coverage=1.0,
        worst=None,
        sections=(),
        sources=(),
        findings=(),
        things=(ThingDocument("lock:front", "lock", "Front", (), facts),),
    )


def test_what_an_audit_does_not_tell_is_as_it_was(engine: sa.Engine) -> None:
    records = AccessRecords(engine)
    assert learnt(home(), records, audit(code_length_min=4, code_length_max=4)) == {"lock:front": (4, 4)}
    assert learnt(home(), records, audit()) == {"lock:front": (4, 4)}
    assert learnt(home(), records, audit(code_length_max=8)) == {"lock:front": (4, 8)}
    assert last_known(home(), AccessRecords(engine)) == {"lock:front": (4, 8)}


def test_what_was_found_of_a_lock_does_not_hold_for_the_one_in_its_place(engine: sa.Engine) -> None:
    records = AccessRecords(engine)
    learnt(home(), records, audit(code_length_min=4, code_length_max=4))
    assert last_known(home("zwavejs:9"), records) == {}


def test_the_last_audit_counts_and_one_that_is_damaged_takes_nothing_away(
    engine: sa.Engine, caplog: pytest.LogCaptureFixture
) -> None:
    records = AccessRecords(engine)
    Audits(engine).add(str(home().path), audit(code_length_min=6, code_length_max=6))
    assert last_known(home(), records) == {"lock:front": (6, 6)}
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE audits SET document = x'00'")
    assert last_known(home(), records) == {"lock:front": (6, 6)}
    assert "damaged" in caplog.text
