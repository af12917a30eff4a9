from base64 import b64decode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightlatch.errors import JournalError, NightlatchError, ReadError
from nightlatch.journal import notes
from nightlatch.journal.notes import Signer, Verifier

SIGNER = Signer("nightlatch/test", bytes(range(32)))
NOTE = notes.sign(notes.checkpoint_text("nightlatch/test", 42, b"r" * 32), SIGNER)


def test_gos_example_key_has_the_hash_that_its_documentation_gives() -> None:
    # golang.org/x/mod/sumdb/note, the example of NewVerifier.
    text = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    verifier = Verifier.parse(text)
    assert verifier.text == text
    signed = (
        "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
        "\n— PeterNeumann "
        "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
    )
    body, _, line = signed.rpartition("\n\n")
    data = b64decode(line.split(" ")[2])
    assert data[:4] == verifier.id
    assert verifier.holds(data[4:], f"{body}\n".encode())


def test_a_signed_checkpoint_is_read_as_it_was_signed() -> None:
    found = notes.verified(NOTE, [SIGNER.verifier])
    assert (found.origin, found.size, found.root) == ("nightlatch/test", 42, b"r" * 32)
    assert NOTE.startswith("nightlatch/test\n42\ncnJycnJycnJycnJycnJycnJycnJycnJycnJycnJycnI=\n\n— nightlatch/test ")


def test_signatures_of_others_are_passed_over() -> None:
    witness = Signer("witness.example/w", b"w" * 32)
    both = notes.sign(notes.checkpoint_text("nightlatch/test", 42, b"r" * 32), witness, SIGNER)
    assert notes.verified(both, [SIGNER.verifier]).signed_by([witness.verifier]) is witness.verifier


def test_a_key_of_another_name_does_not_vouch_for_an_origin() -> None:
    other = Signer("nightlatch/other", bytes(range(32)))
    note = notes.sign(notes.checkpoint_text("nightlatch/test", 42, b"r" * 32), other)
    with pytest.raises(JournalError, match="does not bear the journal's signature"):
        notes.verified(note, [other.verifier, SIGNER.verifier])


@given(st.integers(0, len(NOTE) - 1), st.characters())
def test_no_changed_note_is_taken_for_the_signed_one(place: int, character: str) -> None:
    changed = NOTE[:place] + character + NOTE[place + 1 :]
    if changed == NOTE:
        return
    try:
        found = notes.verified(changed, [SIGNER.verifier])
    except NightlatchError:
        return
    assert found.text == notes.parse(NOTE).text


@given(st.text(max_size=200) | st.text(alphabet="— \n0123456789abcAB+/=", max_size=200))
def test_any_text_is_read_or_refused_with_a_reason(text: str) -> None:
    try:
        notes.parse(text, where="there")
    except ReadError as error:
        assert error.where == "there" and error.what.startswith("is no signed checkpoint")


@pytest.mark.parametrize("size", ["-1", "007", "1.5", "", "9" * 30, "٣"])
def test_a_size_must_be_a_plain_number(size: str) -> None:
    with pytest.raises(ReadError, match="line 2"):
        notes.parse(NOTE.replace("\n42\n", f"\n{size}\n"))


def test_a_note_that_is_too_large_is_refused() -> None:
    with pytest.raises(ReadError, match="larger than"):
        notes.parse(NOTE + "x" * 70_000)
    many = NOTE + NOTE.split("\n\n")[1] * 40
    with pytest.raises(ReadError, match="more than 32"):
        notes.parse(many)


@pytest.mark.parametrize("text", ["", "a+b", "a b+00000000+AAAA", "name+zz+" + "A" * 44, "name+00000000+" + "A" * 44])
def test_what_is_no_public_key_is_refused(text: str) -> None:
    with pytest.raises(ReadError, match="public key"):
        Verifier.parse(text, where="key")


def test_a_public_key_with_a_changed_hash_is_refused() -> None:
    name, hashed, key = SIGNER.verifier.text.split("+", 2)
    with pytest.raises(ReadError, match="hash does not match"):
        Verifier.parse(f"{name}+{'0' * len(hashed)}+{key}")
