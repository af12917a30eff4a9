"""Files inside tar and zip archives, read in memory: nothing is ever unpacked to disk."""

from __future__ import annotations

import gzip
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from nightlatch.errors import ReadError
from nightlatch.reading.files import MIB, open_file
from nightlatch.reading.tar import Stream, headers, padded

MAX_MEMBERS = 20_000
MAX_MEMBER = 16 * MIB
MAX_TOTAL = 256 * MIB
MAX_UNFOLDED = 512 * MIB
"""How much a compressed archive may unfold to while its members are skipped over."""
MAX_DIRECTORY = 8 * MIB
"""How long the directory of a zip may be: it is read whole before a member can be."""


def tar_members(path: Path, wanted: Callable[[str], bool]) -> Iterator[tuple[str, bytes]]:
    """(name, bytes) of the wanted regular files of a tar, plain or gzipped.

    Names are relative, without `./`; absolute ones, ones with `..`, links and devices are skipped.
    Raises ReadError for a damaged archive, more than 20,000 members, a wanted member over 16 MiB, or
    more than 512 MiB unfolded.
    """
    total = 0
    try:
        with open_file(path) as raw:
            stream = Stream(raw, limit=MAX_UNFOLDED, where=str(path))
            for number, member in enumerate(headers(stream)):
                if number >= MAX_MEMBERS:
                    raise ReadError(f"holds more than {MAX_MEMBERS} members", where=str(path))
                if not (member.regular and _inside(member.name) and wanted(member.name)):
                    stream.skip(padded(member.size))
                    continue
                total = _admit(path, member.name, member.size, total)
                yield member.name, stream.read(padded(member.size))[: member.size]
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise ReadError(f"is truncated or damaged: {error}", where=str(path)) from None
    except OSError as error:
        raise ReadError(f"cannot be read: {error.strerror or error}", where=str(path)) from None


def zip_members(path: Path, wanted: Callable[[str], bool]) -> Iterator[tuple[str, bytes]]:
    """(name, bytes) of the wanted files of a zip, under the bounds of `tar_members`."""
    total = 0
    try:
        with open_file(path) as file, zipfile.ZipFile(_checked(file, path)) as archive:
            infos = archive.infolist()
            if len(infos) > MAX_MEMBERS:
                raise ReadError(f"holds more than {MAX_MEMBERS} members", where=str(path))
            for info in infos:
                if info.is_dir() or not _inside(info.filename) or not wanted(info.filename):
                    continue
                total = _admit(path, info.filename, info.file_size, total)
                with archive.open(info) as member:
                    yield info.filename, _exactly(member, info.file_size, f"{path} ({info.filename})")
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        raise ReadError(f"is not a readable zip archive: {error}", where=str(path)) from None
    except OSError as error:
        raise ReadError(f"cannot be read: {error.strerror or error}", where=str(path)) from None


def _checked(file: IO[bytes], path: Path) -> IO[bytes]:
    """A zip whose directory zipfile may read at once. Source: PKWARE APPNOTE 6.3.10, 4.3.14 to 4.3.16."""
    end = file.seek(0, 2)
    start = max(0, end - 65_557 - 20)
    file.seek(start)
    tail = file.read()
    at = tail.rfind(b"PK\5\6")
    if at < 0 or len(tail) < at + 22:
        raise ReadError("is not a readable zip archive: its directory is missing", where=str(path))
    entries, length = struct.unpack_from("<HI", tail, at + 10)
    if at >= 20 and tail[at - 20 : at - 16] == b"PK\6\7":
        (offset,) = struct.unpack_from("<Q", tail, at - 12)
        if offset + 56 > end:
            raise ReadError("is not a readable zip archive: its directory is missing", where=str(path))
        file.seek(offset)
        entries, length = struct.unpack_from("<QQ", file.read(56), 32)
    if entries > MAX_MEMBERS or length > MAX_DIRECTORY:
        raise ReadError(f"holds more than {MAX_MEMBERS} members", where=str(path))
    return file


def _inside(name: str) -> bool:
    return not name.startswith(("/", "\\")) and ".." not in name.replace("\\", "/").split("/")


def _admit(path: Path, name: str, size: int, total: int) -> int:
    if size > MAX_MEMBER:
        raise ReadError(f"is larger than {MAX_MEMBER // MIB} MiB", where=f"{path} ({name})")
    if total + size > MAX_TOTAL:
        raise ReadError(f"holds more than {MAX_TOTAL // MIB} MiB", where=str(path))
    return total + size


def _exactly(file: IO[bytes], size: int, where: str) -> bytes:
    # A member may lie about its size; one byte more than stated tells.
    data = file.read(size + 1)
    if len(data) != size:
        raise ReadError("is truncated or longer than its archive says", where=where)
    return data
