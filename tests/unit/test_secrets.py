"""A secret prints as dots wherever it goes."""

from __future__ import annotations

import copy
import json
import pickle
import traceback
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightlatch.errors import SecretError
from nightlatch.secrets import DOTS, Fingerprinter, Secret, resolve

MARK = "s3cret-MARKER-4711"


def resolved(reference: str, tmp_path: Path, env: dict[str, str] | None = None) -> Secret:
    return resolve(reference, env=env or {}, base=tmp_path, where="nightlatch.toml:7")


@pytest.mark.parametrize("show", [repr, str, "{}".format, "{:>20}".format, "%s".__mod__, lambda s: f"{s!r}"])
def test_a_secret_prints_as_dots(show: object) -> None:
    text = show(Secret(MARK))  # type: ignore[operator]
    assert MARK not in text
    assert DOTS in text


@pytest.mark.parametrize("write", [pickle.dumps, copy.deepcopy, json.dumps, msgspec.json.encode])
def test_a_secret_cannot_be_written_out(write: object) -> None:
    with pytest.raises(TypeError) as caught:
        write(Secret(MARK))  # type: ignore[operator]
    assert MARK not in "".join(traceback.format_exception(caught.value))


def test_equal_secrets_are_equal_and_hash_alike() -> None:
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert len({Secret("a"), Secret("a"), Secret("b")}) == 2
    assert Secret("a") != "a"


@given(st.text(), st.text())
def test_fingerprints_are_equal_exactly_when_the_secrets_are(one: str, other: str) -> None:
    fingerprint = Fingerprinter()
    assert (fingerprint(Secret(one)) == fingerprint(Secret(other))) == (one == other)


def test_a_fingerprint_says_nothing_in_another_run() -> None:
    assert Fingerprinter()(Secret(MARK)) != Fingerprinter()(Secret(MARK))


def test_an_environment_variable_gives_its_value(tmp_path: Path) -> None:
    assert resolved("env:TOKEN", tmp_path, {"TOKEN": MARK}).reveal() == MARK


def test_an_unset_variable_is_named(tmp_path: Path) -> None:
    with pytest.raises(SecretError, match="TOKEN is not set"):
        resolved("env:TOKEN", tmp_path)


def test_a_private_file_gives_its_text_without_the_last_newline(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text(MARK + "\n")
    path.chmod(0o600)
    assert resolved("file:token", tmp_path).reveal() == MARK


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660])
def test_a_file_that_others_can_read_is_refused_with_the_command_that_helps(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "token"
    path.write_text(MARK)
    path.chmod(mode)
    with pytest.raises(SecretError) as caught:
        resolved("file:token", tmp_path)
    assert "chmod 600" in str(caught.value)
    assert MARK not in str(caught.value)


def test_a_missing_huge_or_binary_file_is_one_clear_error(tmp_path: Path) -> None:
    for name, data in (("huge", b"x" * 70_000), ("binary", b"\xff\xfe\x00")):
        (tmp_path / name).write_bytes(data)
        (tmp_path / name).chmod(0o600)
        with pytest.raises(SecretError, match=name):
            resolved(f"file:{name}", tmp_path)
    with pytest.raises(SecretError, match="cannot be read"):
        resolved("file:nothing", tmp_path)


@pytest.mark.parametrize("pasted", [MARK, "http://user:s3cret-MARKER-4711@host", "env", ":" + MARK])
def test_a_pasted_secret_is_refused_and_not_repeated(tmp_path: Path, pasted: str) -> None:
    with pytest.raises(SecretError) as caught:
        resolved(pasted, tmp_path)
    assert MARK not in str(caught.value)
    assert "nightlatch.toml:7" in str(caught.value)
