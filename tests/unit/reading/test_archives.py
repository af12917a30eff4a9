from __future__ import annotations

import gzip
import io
import os
import struct
import tarfile
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightlatch.errors import NightlatchError, ReadError
from nightlatch.reading import archives
from nightlatch.reading.archives import tar_members, zip_members


def everything(_: str) -> bool:
    return True


def tar_of(
    path: Path, *members: tuple[tarfile.TarInfo, bytes], form: int = tarfile.PAX_FORMAT, mode: str = "w:gz"
) -> Path:
    with tarfile.open(path, mode, format=form) as archive:  # type: ignore[call-overload]
        for info, data in members:
            info.size = info.size or len(data)
            archive.addfile(info, io.BytesIO(data))
    return path


def header(name: bytes, size: int, kind: bytes = b"0") -> bytes:
    """A ustar header with a valid checksum, whatever it says."""
    field = b"%011o\0" % size if size < 8**11 else b"\x80" + size.to_bytes(11, "big")
    block = bytearray(
        name.ljust(100, b"\0") + b"0000644\0" + b"0000000\0" * 2 + field + b"%011o\0" % 0 + b" " * 8 + kind
    )
    block += b"\0" * 100 + b"ustar\x0000"
    block += b"\0" * (512 - len(block))
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


@pytest.mark.parametrize("form", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT, tarfile.USTAR_FORMAT])
@pytest.mark.parametrize("mode", ["w", "w:gz"])
def test_members_come_out_as_they_went_in(tmp_path: Path, form: int, mode: str) -> None:
    long = "etc/" + "deep/" * 30 + "file"
    contents = {"./etc/config/network": b"config", "etc/empty": b"", long: b"x" * 1000}
    members = [(tarfile.TarInfo(name), data) for name, data in contents.items()]
    path = tar_of(tmp_path / "a", *members, form=form, mode=mode)
    found = dict(tar_members(path, everything))
    assert found == {name.removeprefix("./"): data for name, data in contents.items()}


def test_names_beyond_ascii_come_out_of_pax_headers(tmp_path: Path) -> None:
    path = tar_of(tmp_path / "a", (tarfile.TarInfo("etc/küche"), b"x"))
    assert list(tar_members(path, everything)) == [("etc/küche", b"x")]


def test_only_wanted_members_are_read(tmp_path: Path) -> None:
    path = tar_of(tmp_path / "a", (tarfile.TarInfo("a"), b"1"), (tarfile.TarInfo("b"), b"2"))
    assert list(tar_members(path, lambda name: name == "b")) == [("b", b"2")]


def test_paths_that_lead_out_are_skipped(tmp_path: Path) -> None:
    members = [(tarfile.TarInfo(name), b"x") for name in ("../out", "/etc/passwd", "a/../../b", "..\\c", "kept")]
    path = tar_of(tmp_path / "a", *members)
    assert [name for name, _ in tar_members(path, everything)] == ["kept"]


def test_links_devices_and_folders_are_skipped(tmp_path: Path) -> None:
    kinds = (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE)
    members = []
    for number, kind in enumerate(kinds):
        info = tarfile.TarInfo(f"odd{number}")
        info.type, info.linkname = kind, "/etc/shadow"
        members.append((info, b""))
    path = tar_of(tmp_path / "a", *members, (tarfile.TarInfo("kept"), b"x"))
    assert list(tar_members(path, everything)) == [("kept", b"x")]


def test_a_link_that_states_a_size_does_not_shift_what_follows(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(header(b"link", 4096, b"2") + header(b"kept", 1) + b"x".ljust(512, b"\0") + bytes(1024))
    assert list(tar_members(path, everything)) == [("kept", b"x")]


@pytest.mark.parametrize("size", [10 * 1024**3, 10**20])
def test_a_member_of_ten_gigabytes_is_refused_at_once(tmp_path: Path, size: int) -> None:
    path = tmp_path / "a"
    path.write_bytes(gzip.compress(header(b"etc/config/network", size) + b"x" * 512))
    with pytest.raises(ReadError, match="larger than 16 MiB"):
        list(tar_members(path, everything))
    with pytest.raises(ReadError, match="unfolds to more than 512 MiB"):
        list(tar_members(path, lambda _: False))


def test_a_size_larger_than_the_content_is_a_truncation(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(header(b"f", 5000) + b"x" * 512)
    with pytest.raises(ReadError, match="truncated"):
        list(tar_members(path, everything))


def test_a_million_members_end_at_the_bound_in_time(tmp_path: Path) -> None:
    path = tmp_path / "a"
    with gzip.open(path, "wb", compresslevel=1) as file:
        block = header(b"f", 0) * 10_000
        for _ in range(100):
            file.write(block)
    began = time.monotonic()
    with pytest.raises(ReadError, match="more than 20000 members"):
        list(tar_members(path, lambda _: False))
    assert time.monotonic() - began < 10


@pytest.mark.parametrize("kind", [b"x", b"g", b"L", b"K"])
def test_a_giant_extended_header_is_refused_before_it_is_read(tmp_path: Path, kind: bytes) -> None:
    path = tmp_path / "a"
    path.write_bytes(gzip.compress(header(b"pax", 4 * 1024**3, kind) + bytes(10 * 1024 * 1024)))
    with pytest.raises(ReadError, match="too long or too many"):
        list(tar_members(path, everything))


def test_a_chain_of_extended_headers_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes((header(b"pax", 0, b"x")) * 5000)
    with pytest.raises(ReadError, match="too long or too many"):
        list(tar_members(path, everything))


def test_sparse_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(header(b"f", 512, b"S") + bytes(512 * 8))
    with pytest.raises(ReadError, match="sparse"):
        list(tar_members(path, everything))
    info = tarfile.TarInfo("f")
    info.pax_headers = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0"}
    with pytest.raises(ReadError, match="sparse"):
        list(tar_members(tar_of(path, (info, b"1\n")), everything))


@pytest.mark.parametrize("record", [b"99 path=x\n", b"0 path=x\n", b"no record", b"3 path=x\n"])
def test_a_damaged_pax_header_is_told(tmp_path: Path, record: bytes) -> None:
    path = tmp_path / "a"
    path.write_bytes(header(b"pax", len(record), b"x") + record.ljust(512, b"\0"))
    with pytest.raises(ReadError, match="damaged pax header"):
        list(tar_members(path, everything))


def test_a_truncated_gzip_is_told(tmp_path: Path) -> None:
    whole = tar_of(
        tmp_path / "a", *[(tarfile.TarInfo(f"f{n}"), bytes(range(256)) * 20) for n in range(20)]
    ).read_bytes()
    path = tmp_path / "b"
    for end in (3, 20, len(whole) // 2, len(whole) * 2 // 3):
        path.write_bytes(whole[:end])
        with pytest.raises(ReadError, match=r"truncated|damaged") as caught:
            list(tar_members(path, everything))
        assert str(path) in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"hello", b"\x1f\x8b", b"PK\x03\x04", bytes(100)])
def test_what_is_no_tar_is_told(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a"
    path.write_bytes(content)
    with pytest.raises(ReadError):
        list(tar_members(path, everything))


def test_a_missing_archive_is_told(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="does not exist"):
        list(tar_members(tmp_path / "none", everything))


@given(st.binary(max_size=3000), st.integers(0, 511), st.sampled_from([b"0", b"x", b"L", b"g", b"S", b"5", b"1"]))
def test_any_bytes_give_members_or_one_clear_error(
    tmp_path_factory: pytest.TempPathFactory, noise: bytes, cut: int, kind: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "fuzz.tar"
    for content in (
        noise,
        header(b"f", len(noise), kind) + noise,
        header(b"f", cut, kind)[:cut] + noise,
        gzip.compress(noise, mtime=0)[:cut],
    ):
        path.write_bytes(content)
        try:
            list(tar_members(path, everything))
        except NightlatchError as error:
            assert str(path) in str(error)


def test_zip_members_come_out_as_they_went_in(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("export.data", b"{}" * 100)
        archive.writestr("../out", b"x")
        archive.writestr("folder/", b"")
    assert list(zip_members(path, everything)) == [("export.data", b"{}" * 100)]


def test_a_zip_of_a_million_entries_is_refused_before_its_directory_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(bytes(1000) + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, 60_000_000, 0, 0))
    with pytest.raises(ReadError, match="more than 20000"):
        list(zip_members(path, everything))
    record = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, 1_000_000, 1_000_000, 60_000_000, 0)
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, 0, 1)
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    path.write_bytes(record + locator + end)
    with pytest.raises(ReadError, match="more than 20000"):
        list(zip_members(path, everything))


def test_a_zip_member_that_lies_about_its_size_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb", bytes(5_000_000))
    data = bytearray(path.read_bytes())
    directory = data.rindex(b"PK\1\2")
    data[directory + 24 : directory + 28] = struct.pack("<I", 100)
    path.write_bytes(data)
    with pytest.raises(ReadError, match=r"truncated|damaged|readable"):
        list(zip_members(path, everything))


def test_a_large_zip_member_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb", bytes(archives.MAX_MEMBER + 1))
    with pytest.raises(ReadError, match="larger than 16 MiB"):
        list(zip_members(path, everything))


def test_an_encrypted_zip_member_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("secret", b"x")
    data = bytearray(path.read_bytes())
    data[6] |= 1
    data[data.rindex(b"PK\1\2") + 8] |= 1
    path.write_bytes(data)
    with pytest.raises(ReadError, match="not a readable zip"):
        list(zip_members(path, everything))


@given(st.binary(min_size=1, max_size=2000))
def test_any_bytes_as_a_zip_give_one_clear_error(tmp_path_factory: pytest.TempPathFactory, noise: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "fuzz.zip"
    for content in (noise, noise + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 1, 1, len(noise), 0, 0)):
        path.write_bytes(content)
        with pytest.raises(ReadError):
            list(zip_members(path, everything))


@pytest.mark.parametrize("members", [tar_members, zip_members])
def test_a_pipe_or_device_is_refused_at_once(tmp_path: Path, members: Callable[..., Iterator[object]]) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/zero")):
        with pytest.raises(ReadError, match="is not a file"):
            list(members(path, everything))


def test_an_empty_archive_is_told(tmp_path: Path) -> None:
    (tmp_path / "none.tar").touch()
    with pytest.raises(ReadError, match="is empty"):
        list(tar_members(tmp_path / "none.tar", everything))
