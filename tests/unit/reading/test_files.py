from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightlatch.errors import ReadError
from nightlatch.reading.files import decode, modified, read_bytes, read_text


def test_utf8_with_and_without_a_mark_and_utf16_are_read() -> None:
    assert decode("Tür".encode(), where="f") == "Tür"
    assert decode(b"\xef\xbb\xbfT", where="f") == "T"
    assert decode("Tür".encode("utf-16"), where="f") == "Tür"


def test_another_encoding_is_told_with_its_line() -> None:
    with pytest.raises(ReadError, match=r"^f:2: is not UTF-8 text"):
        decode("a\nTür".encode("latin-1"), where="f")


def test_bytes_that_are_no_text_are_told_with_their_line() -> None:
    with pytest.raises(ReadError, match=r"^f:2: holds NUL bytes"):
        decode(b"a\nb\0", where="f")


def test_a_file_over_the_limit_is_refused_without_reading_it_whole(tmp_path: Path) -> None:
    path = tmp_path / "f"
    with path.open("wb") as file:
        file.truncate(50 * 1024**3)
    with pytest.raises(ReadError, match="larger than 1 MiB"):
        read_bytes(path, limit=1024 * 1024)


def test_an_empty_file_is_empty_text(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.touch()
    assert read_text(path) == ""


def test_what_is_no_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="is a folder"):
        read_bytes(tmp_path)
    with pytest.raises(ReadError, match="does not exist"):
        read_bytes(tmp_path / "none")
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(ReadError, match="not a file"):
        read_bytes(pipe)


def test_the_time_of_change_is_utc(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.touch()
    os.utime(path, (1_790_000_000, 1_790_000_000))
    assert modified(path) == datetime.fromtimestamp(1_790_000_000, UTC)
    with pytest.raises(ReadError, match="does not exist"):
        modified(tmp_path / "none")


@given(st.binary(max_size=200))
def test_any_bytes_give_text_or_a_clear_error(data: bytes) -> None:
    try:
        assert "\0" not in decode(data, where="f")
    except ReadError as error:
        assert error.where.startswith("f")
