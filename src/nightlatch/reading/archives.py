"""Files inside tar and zip archives, read in memory: nothing is ever unpacked to disk."""

from __future__ import annotations

import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from nightlatch.errors import ReadError
from nightlatch.reading.files import MIB

MAX_MEMBERS = 20_000
MAX_MEMBER = 16 * MIB
MAX_TOTAL = 256 * MIB
MAX_RATIO_BYTES = 1024 * MIB
"""How much a compressed archive may unfold to while its members are skipped over."""


def tar_members(path: Path, wanted: Callable[[str], bool]) -> Iterator[tuple[str, bytes]]:
    """(name, bytes) of the wanted regular files of a tar, plain or compressed.

    Names are relative, without `./`; absolute ones, ones with `..`, links and devices are skipped.
    Raises ReadError for a damaged archive, more than 20,000 members, a wanted member over 16 MiB, or
    more than 1 GiB unfolded.
    """
    total = 0
    try:
        with path.open("rb") as raw, tarfile.open(fileobj=raw, mode="r|*") as archive:
            for number, member in enumerate(archive):
                if number >= MAX_MEMBERS:
                    raise ReadError(f"holds more than {MAX_MEMBERS} members", where=str(path))
                if archive.offset > MAX_RATIO_BYTES or member.size > MAX_RATIO_BYTES:
                    raise ReadError(
                        f"unfolds to more than {MAX_RATIO_BYTES // MIB} MiB", where=f"{path} ({member.name[:200]})"
                    )
                name = member.name.removeprefix("./")
                if not member.isreg() or not _inside(name) or not wanted(name):
                    continue
                total = _admit(path, name, member.size, total)
                file = archive.extractfile(member)
                if file is not None:
                    yield name, _exactly(file, member.size, f"{path} ({name})")
    except (tarfile.TarError, zlib.error, EOFError, ValueError) as error:
        raise ReadError(f"is not a readable tar archive: {error}", where=str(path)) from None
    except OSError as error:
        raise ReadError(f"cannot be read: {error.strerror or error}", where=str(path)) from None


def zip_members(path: Path, wanted: Callable[[str], bool]) -> Iterator[tuple[str, bytes]]:
    """(name, bytes) of the wanted files of a zip, under the bounds of `tar_members`."""
    total = 0
    try:
        with zipfile.ZipFile(path) as archive:
            infos = archive.infolist()
            if len(infos) > MAX_MEMBERS:
                raise ReadError(f"holds more than {MAX_MEMBERS} members", where=str(path))
            for info in infos:
                if info.is_dir() or not _inside(info.filename) or not wanted(info.filename):
                    continue
                total = _admit(path, info.filename, info.file_size, total)
                with archive.open(info) as file:
                    yield info.filename, _exactly(file, info.file_size, f"{path} ({info.filename})")
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        raise ReadError(f"is not a readable zip archive: {error}", where=str(path)) from None
    except OSError as error:
        raise ReadError(f"cannot be read: {error.strerror or error}", where=str(path)) from None


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
