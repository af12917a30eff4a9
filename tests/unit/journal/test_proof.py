import base64
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightlatch.errors import JournalError, NightlatchError, ReadError
from nightlatch.journal.journal import Journal
from nightlatch.journal.notes import Signer
from nightlatch.journal.proof import check, prove
from tests.unit.journal.making import AT, filled


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> Journal:
    return filled(tmp_path_factory.mktemp("proof"), 700)


def test_a_proof_holds_without_the_journal_and_tells_what_happened(journal: Journal) -> None:
    for index in (0, 255, 256, 300, 699):
        found = check(prove(journal, index), journal.verifiers)
        assert (found.index, found.checkpoint.size) == (index, 700)
        assert f'"at":{AT + index}'.encode() in found.leaf
    told = check(prove(journal, 3), journal.verifiers).told
    assert told == "2026-05-28T20:26:40.000+00:00 unlocked lock:front by code slot 4"


def test_a_proof_outlives_a_change_of_keys(tmp_path: Path) -> None:
    journal = filled(tmp_path, 10)
    former = prove(journal, 3)
    journal.rotate(AT)
    assert check(former, journal.verifiers).index == 3
    assert check(prove(journal, 3), journal.verifiers).checkpoint.size == 11
    journal.close()


def test_another_key_does_not_vouch_for_it(journal: Journal) -> None:
    with pytest.raises(JournalError, match="signature"):
        check(prove(journal, 3), [Signer(journal.verifiers[0].name, b"o" * 32).verifier])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("index 300\n", "index 301\n"),
        ("\n700\n", "\n701\n"),
        ("index 300\n", "index 300\n" + base64.b64encode(bytes(32)).decode() + "\n"),
    ],
)
def test_a_changed_proof_does_not_hold(journal: Journal, old: str, new: str) -> None:
    proof = prove(journal, 300)
    assert old in proof
    with pytest.raises(JournalError):
        check(proof.replace(old, new), journal.verifiers)


def test_a_changed_entry_does_not_hold(journal: Journal) -> None:
    lines = prove(journal, 301).split("\n")
    lines[2] = base64.b64encode(base64.b64decode(lines[2]).replace(b"battery", b"offline")).decode()
    with pytest.raises(JournalError, match="is not number 301"):
        check("\n".join(lines), journal.verifiers)


def test_there_is_no_proof_of_what_is_not_there(journal: Journal, tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="there is no entry 700"):
        prove(journal, 700)
    dropped = filled(tmp_path, 300)
    dropped.drop_contents(10, at=AT, days=1)
    with pytest.raises(JournalError, match="dropped by retention"):
        prove(dropped, 9)
    dropped.close()


@given(st.data())
def test_a_damaged_proof_is_refused_with_a_reason_or_shows_the_same(journal: Journal, data: st.DataObject) -> None:
    proof = prove(journal, 123)
    start = data.draw(st.integers(0, len(proof)))
    stop = data.draw(st.integers(start, min(len(proof), start + 5)))
    damaged = proof[:start] + data.draw(st.text(max_size=5)) + proof[stop:]
    try:
        found = check(damaged, journal.verifiers, where="proof.txt")
    except NightlatchError as error:
        assert error.where == "proof.txt"
        return
    assert found.leaf == check(proof, journal.verifiers).leaf and found.index == 123


@pytest.mark.parametrize("text", ["", "nightlatch.proof/1\n", "x" * 300_000])
def test_what_is_no_proof_is_refused(text: str) -> None:
    with pytest.raises(ReadError):
        check(text, [])
