"""Witnessing for others: the newest checkpoint is remembered, and nothing is signed that does not go on from it."""

from __future__ import annotations

import shutil
import sqlite3
import stat
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from litestar import Litestar
from litestar.testing import TestClient

from nightlatch.configuration.read import parse
from nightlatch.errors import ConfigurationError, JournalError
from nightlatch.journal import notes, tree
from nightlatch.journal.cosigning import REQUEST_LIMIT, SIZE_TYPE, cosigned_at, request
from nightlatch.journal.journal import Journal
from nightlatch.journal.serving import router
from nightlatch.journal.witnessing import Reply, Witnessing, cosigned
from tests.unit.journal.making import event, filled

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    journal = filled(tmp_path / "log", 300)
    yield journal
    journal.close()


@pytest.fixture
def witness(tmp_path: Path, journal: Journal) -> Witnessing:
    folder = tmp_path / "witness"
    folder.mkdir()
    return Witnessing(folder, journal.verifiers, lambda: NOW)


def asked(journal: Journal, old: int) -> bytes:
    """The request of an honest log that was of size `old` when it asked last."""
    with journal.view() as view:
        return request(old, tree.consistency(old, view.size, view.node), view.note).encode()


def grow(journal: Journal, count: int) -> None:
    journal.append([event(number) for number in range(count)])


def test_a_journal_that_only_grows_is_cosigned_each_time(witness: Witnessing, journal: Journal) -> None:
    size = 0
    for more in (0, 1, 7, 500):
        grow(journal, more)
        reply = witness.add_now(asked(journal, size))
        assert reply.status == 200
        note = notes.parse(journal.checkpoint() + reply.text)
        assert cosigned_at(note, witness.verifier) == int(NOW.timestamp())
        size = journal.size
        assert witness.newest(note.origin) == journal.checkpoint() + reply.text
    assert witness.add_now(asked(journal, size)).status == 200  # the same again is as good


def test_who_does_not_know_the_last_size_is_told_it(witness: Witnessing, journal: Journal) -> None:
    witness.add_now(asked(journal, 0))
    grow(journal, 5)
    assert witness.add_now(asked(journal, 0)) == Reply(409, "300\n", SIZE_TYPE)
    assert witness.add_now(asked(journal, 299)) == Reply(409, "300\n", SIZE_TYPE)
    assert witness.add_now(asked(journal, 300)).status == 200


def test_a_log_that_was_rolled_back_is_not_signed(witness: Witnessing, journal: Journal, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    journal.close()
    shutil.copytree(tmp_path / "log", copy)
    journal = Journal.open(tmp_path / "log")
    grow(journal, 50)
    assert witness.add_now(asked(journal, 0)).status == 200
    journal.close()
    older = Journal.open(copy)
    assert witness.add_now(asked(older, 300)) == Reply(409, "350\n", SIZE_TYPE)
    older.close()


def test_a_fork_is_not_signed_whether_it_is_as_long_or_longer(
    witness: Witnessing, journal: Journal, tmp_path: Path
) -> None:
    journal.close()
    shutil.copytree(tmp_path / "log", tmp_path / "fork")
    one, other = Journal.open(tmp_path / "log"), Journal.open(tmp_path / "fork")
    grow(one, 3)
    other.append([event(number, value=99) for number in (1, 2, 4)])
    assert witness.add_now(asked(one, 0)).status == 200
    same = witness.add_now(asked(other, 303))
    assert (same.status, same.type) == (409, "text/plain; charset=utf-8")
    grow(other, 3)
    assert witness.add_now(asked(other, 303)).status == 422
    grow(one, 1)
    assert witness.add_now(asked(one, 303)).status == 200
    one.close()
    other.close()


def test_unknown_logs_foreign_keys_and_nonsense_are_refused(
    witness: Witnessing, journal: Journal, tmp_path: Path
) -> None:
    stranger = filled(tmp_path / "stranger", 3)
    assert witness.add_now(asked(stranger, 0)).status == 404
    forged = notes.sign(notes.parse(journal.checkpoint()).text, notes.Signer(journal.verifiers[0].name, bytes(32)))
    assert witness.add_now(request(0, [], forged).encode()).status == 403
    assert witness.add_now(request(301, [], journal.checkpoint()).encode()).status == 400
    assert witness.add_now(b"nonsense").status == 400
    assert witness.add_now(request(0, [bytes(32)], journal.checkpoint()).encode()).status == 422
    assert witness.newest(journal.verifiers[0].name) is None
    stranger.close()


def test_what_was_signed_is_remembered_after_a_restart_and_private(
    witness: Witnessing, journal: Journal, tmp_path: Path
) -> None:
    witness.add_now(asked(journal, 0))
    again = Witnessing(tmp_path / "witness", journal.verifiers, lambda: NOW)
    assert again.verifier.text == witness.verifier.text
    assert again.add_now(asked(journal, 0)) == Reply(409, "300\n", SIZE_TYPE)
    for name in ("witness.db", "witness.key"):
        assert stat.S_IMODE((tmp_path / "witness" / name).stat().st_mode) == 0o600


def test_requests_at_the_same_time_never_take_the_memory_back(witness: Witnessing, journal: Journal) -> None:
    witness.add_now(asked(journal, 0))
    bodies = []
    for _ in range(8):
        grow(journal, 10)
        bodies.append(asked(journal, 300))
    replies: list[Reply] = []
    threads = [threading.Thread(target=lambda body=body: replies.append(witness.add_now(body))) for body in bodies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # All of them go on from 300: one is signed, and for the others that is no longer the newest.
    assert sorted(reply.status for reply in replies) == [200] + [409] * 7
    newest = witness.newest(journal.verifiers[0].name)
    assert newest is not None
    assert notes.parse(newest).size > 300


def test_a_key_that_took_over_is_believed_once_it_is_configured(
    witness: Witnessing, journal: Journal, tmp_path: Path
) -> None:
    witness.add_now(asked(journal, 0))
    journal.rotate(1)
    # The checkpoint of the change bears both signatures; the next only the new one.
    assert witness.add_now(asked(journal, 300)).status == 200
    grow(journal, 1)
    assert witness.add_now(asked(journal, 301)).status == 403
    told = Witnessing(tmp_path / "witness", journal.verifiers, lambda: NOW)
    assert told.add_now(asked(journal, 301)).status == 200


def test_a_memory_that_cannot_be_written_signs_nothing(witness: Witnessing, journal: Journal, tmp_path: Path) -> None:
    database = sqlite3.connect(tmp_path / "witness" / "witness.db")
    database.execute("DROP TABLE signed")
    database.close()
    with pytest.raises(JournalError, match=r"signed"):
        witness.add_now(asked(journal, 0))
    with TestClient(Litestar([router(witness)], openapi_config=None)) as client:
        answer = client.post("/witness/add-checkpoint", content=asked(journal, 0))
    assert answer.status_code == 503
    assert str(tmp_path) not in answer.text


def test_over_http_it_answers_as_the_specification_says(witness: Witnessing, journal: Journal) -> None:
    with TestClient(Litestar([router(witness)], openapi_config=None)) as client:
        first = client.post("/witness/add-checkpoint", content=asked(journal, 0))
        assert first.status_code == 200
        assert first.text.startswith(f"— {witness.verifier.name} ")
        again = client.post("/witness/add-checkpoint", content=asked(journal, 0))
        assert (again.status_code, again.text, again.headers["content-type"]) == (409, "300\n", SIZE_TYPE)
        large = client.post("/witness/add-checkpoint", content=b"x" * (REQUEST_LIMIT + 1))
        assert large.status_code == 413
        unbounded = client.post("/witness/add-checkpoint", content=(b"x" * 1000 for _ in range(100)))
        assert unbounded.status_code == 413
        assert client.get("/witness/add-checkpoint").status_code == 405


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(body=st.binary(max_size=300))
def test_no_body_is_signed_or_breaks_it(witness: Witnessing, body: bytes) -> None:
    assert witness.add_now(body).status == 400


def test_the_keys_it_cosigns_for_are_read_from_the_configuration(
    witness: Witnessing, journal: Journal, tmp_path: Path
) -> None:
    def read(*keys: str) -> list[str]:
        listed = ", ".join(f'"{key}"' for key in keys)
        return [one.text for one in cosigned(parse(f"[journal]\ncosigns = [{listed}]\n", tmp_path / "nl.toml"))]

    key = journal.verifiers[0].text
    assert read(key) == [key]
    assert read() == []
    with pytest.raises(ConfigurationError, match=r"nl\.toml:2: .*is no public key"):
        read("what")
    with pytest.raises(ConfigurationError, match="a witness's key"):
        read(key, witness.verifier.text)
