"""Cosignatures and witness requests: as the specification says, and no foreign text breaks the reading of them."""

from __future__ import annotations

import base64
import hashlib
import re
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from nightlatch.errors import JournalError, ReadError
from nightlatch.journal import notes
from nightlatch.journal.cosigning import (
    REQUEST_LIMIT,
    Cosigner,
    cosigned_at,
    read_cosignature,
    read_request,
    read_size,
    request,
)
from nightlatch.journal.notes import Signer, Verifier

LOG = Signer("example.com/behind-the-sofa", bytes(range(32)))
WITNESS = Cosigner(Signer("witness.example.com/w1", bytes(range(32, 64))))
NOTE = notes.sign(notes.checkpoint_text("example.com/behind-the-sofa", 20852163, b"\n" * 32), LOG)
EXAMPLE = (
    "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
    "— example.com/behind-the-sofa "
    "Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
    "— witness.example.com/w1 "
    "jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n"
)
"""The example of C2SP tlog-cosignature."""


def test_the_specifications_example_is_read() -> None:
    found = notes.parse(EXAMPLE)
    assert (found.origin, found.size) == ("example.com/behind-the-sofa", 20852163)
    cosignature = found.signatures[1]
    assert cosignature.key.hex() == "8d66cf3f"
    # 8 bytes of time before the 64 of the signature; the specification's text says 1679315147.
    assert int.from_bytes(cosignature.data[:8], "big") == 1679315147
    assert len(cosignature.data) == 8 + 64


def test_a_cosignature_is_what_the_specification_describes() -> None:
    """Checked by hand: key id, time, and the signed message, with nothing of the code under test."""
    line = WITNESS.line(notes.parse(NOTE), 1679315147)
    dash, name, encoded = line.removesuffix("\n").split(" ")
    data = base64.b64decode(encoded)
    public = WITNESS.verifier.public
    assert (dash, name) == ("—", "witness.example.com/w1")
    assert data[:4] == hashlib.sha256(b"witness.example.com/w1\n\x04" + public).digest()[:4]
    assert int.from_bytes(data[4:12], "big") == 1679315147
    body = NOTE[: NOTE.index("\n\n") + 1]
    message = f"cosignature/v1\ntime 1679315147\n{body}".encode()
    Ed25519PublicKey.from_public_bytes(public).verify(data[12:], message)


def test_a_cosignature_holds_for_its_checkpoint_its_time_and_its_key_alone() -> None:
    line = WITNESS.line(notes.parse(NOTE), 1679315147)
    assert cosigned_at(notes.parse(NOTE + line), WITNESS.verifier) == 1679315147
    other = Cosigner(Signer("witness.example.com/w1", bytes(32)))
    assert cosigned_at(notes.parse(NOTE + line), other.verifier) is None
    changed = notes.sign(notes.checkpoint_text(LOG.verifier.name, 20852164, b"\n" * 32), LOG)
    assert cosigned_at(notes.parse(changed + line), WITNESS.verifier) is None
    head, encoded = line.rsplit(" ", 1)
    data = bytearray(base64.b64decode(encoded))
    data[11] ^= 1  # the time
    assert cosigned_at(notes.parse(f"{NOTE}{head} {base64.b64encode(data).decode()}\n"), WITNESS.verifier) is None


def test_the_logs_own_signature_is_no_cosignature_although_the_key_may_be_the_same() -> None:
    same = Cosigner(LOG)
    assert cosigned_at(notes.parse(NOTE), same.verifier) is None
    assert same.verifier.id != LOG.verifier.id
    assert "PRIVATE" not in repr(same)


def test_the_witness_key_is_made_once_private_and_kept(tmp_path: Path) -> None:
    made = Cosigner.of(tmp_path).verifier.text
    assert Cosigner.of(tmp_path).verifier.text == made
    file = tmp_path / "witness.key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    file.chmod(0o644)
    with pytest.raises(JournalError, match="can be read by other users"):
        Cosigner.of(tmp_path)
    file.chmod(0o600)
    file.write_text("PRIVATE+KEY+x\n")
    with pytest.raises(JournalError, match="is no key") as caught:
        Cosigner.of(tmp_path)
    assert "move it away" in caught.value.todo


def test_a_request_is_read_as_it_was_written() -> None:
    proof = [hashlib.sha256(bytes([number])).digest() for number in range(63)]
    found = read_request(request(20852014, proof, NOTE).encode())
    assert (found.old, list(found.proof), found.note) == (20852014, proof, NOTE)
    assert found.checkpoint.size == 20852163
    assert read_request(request(0, [], NOTE).encode()).proof == ()


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "does not begin"),
        (b"\xff\xfe", "not UTF-8"),
        (b"x" * (REQUEST_LIMIT + 1), "larger than"),
        (f"old 01\n\n{NOTE}".encode(), "does not begin"),
        (f"old -1\n\n{NOTE}".encode(), "does not begin"),
        (f"new 1\n\n{NOTE}".encode(), "does not begin"),
        (f"old 1\nAAAA\n\n{NOTE}".encode(), "no SHA-256 hash"),
        (f"old 1\n{'A' * 43}B\n\n{NOTE}".encode(), "no SHA-256 hash"),
        (request(1, [bytes(32)] * 64, NOTE).encode(), "more than 63"),
        (b"old 1\n\nnonsense", "no signed checkpoint"),
    ],
)
def test_what_is_no_request_is_refused_with_its_reason(body: bytes, why: str) -> None:
    with pytest.raises(ReadError, match=why):
        read_request(body)


@given(st.binary(max_size=400) | st.text(max_size=400).map(str.encode))
def test_no_bytes_break_the_reading_of_a_request(body: bytes) -> None:
    with pytest.raises(ReadError):
        read_request(body)


@given(st.data())
def test_no_change_of_a_request_breaks_its_reading(data: st.DataObject) -> None:
    body = bytearray(request(20852014, [bytes(32)] * 3, NOTE).encode())
    for _ in range(data.draw(st.integers(1, 5))):
        place = data.draw(st.integers(0, len(body) - 1))
        body[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    try:
        found = read_request(bytes(body))
    except ReadError:
        return
    # What was still a request may not pass for the log's word, unless its signed part was left alone.
    assert found.checkpoint.signed_by([LOG.verifier]) is None or found.checkpoint.text in NOTE


@given(st.text(max_size=300))
def test_no_answer_of_a_witness_breaks_its_reading(answer: str) -> None:
    for text in (answer, f"— witness.example.com/w1 {answer}\n"):
        with pytest.raises(ReadError):
            read_cosignature(NOTE, text, WITNESS.verifier, "witness")


@given(st.integers(0, 2**62) | st.text(max_size=30))
def test_a_witness_tells_a_size_or_what_it_tells_is_refused(said: int | str) -> None:
    if isinstance(said, int):
        assert read_size(f"{said}\n", "witness") == said
    elif not re.fullmatch(r"(0|[1-9][0-9]*)\n?", said):
        with pytest.raises(ReadError):
            read_size(said, "witness")


def test_of_several_cosignatures_the_one_of_the_configured_key_counts() -> None:
    other = Cosigner(Signer("witness.example.com/w1", bytes(32)))
    checkpoint = notes.parse(NOTE)
    mine, theirs = WITNESS.line(checkpoint, 5), other.line(checkpoint, 5)
    assert read_cosignature(NOTE, theirs + mine, WITNESS.verifier, "witness") == mine


def test_a_public_witness_key_is_told_from_a_journals() -> None:
    assert Verifier.parse(WITNESS.verifier.text).algorithm == b"\x04"
    assert Verifier.parse(LOG.verifier.text).algorithm == b"\x01"
