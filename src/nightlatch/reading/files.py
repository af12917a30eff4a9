"""Text and bytes of a file, bounded."""

from __future__ import annotations

import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from nightlatch.errors import ReadError

MIB = 1024 * 1024
DEFAULT_LIMIT = 64 * MIB


def open_file(path: Path) -> BinaryIO:
    """A regular file, open for reading. A pipe or device, which may never end or never begin, is refused."""
    try:
        if not path.is_file():
            raise ReadError(
                "is a folder, not a file" if path.is_dir() else "does not exist or is not a file", where=str(path)
            )
        return path.open("rb")
    except OSError as error:
        raise ReadError(f"cannot be read: {error.strerror}", where=str(path)) from None


def read_bytes(path: Path, *, limit: int = DEFAULT_LIMIT) -> bytes:
    """The bytes of a regular file of at most `limit` bytes."""
    with open_file(path) as file:
        try:
            data = file.read(limit + 1)
        except OSError as error:
            raise ReadError(f"cannot be read: {error.strerror}", where=str(path)) from None
    if len(data) > limit:
        raise ReadError(f"is larger than {limit // MIB} MiB", where=str(path), todo="Is it the right file?")
    return data


def read_text(path: Path, *, limit: int = DEFAULT_LIMIT) -> str:
    """The text of a UTF-8 or (by its byte order mark) UTF-16 file of at most `limit` bytes."""
    return decode(read_bytes(path, limit=limit), where=str(path))


def decode(data: bytes, *, where: str) -> str:
    """The text of UTF-8 bytes, or of UTF-16 bytes that begin with a byte order mark."""
    utf16 = data[:2] in (b"\xff\xfe", b"\xfe\xff")
    try:
        text = data.decode("utf-16" if utf16 else "utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ReadError(
            f"is not {'UTF-16' if utf16 else 'UTF-8'} text (byte {error.start})", where=f"{where}:{line}"
        ) from None
    if "\0" in text:
        raise ReadError(
            "holds NUL bytes and is not text", where=f"{where}:{text.count(chr(10), 0, text.index(chr(0))) + 1}"
        )
    return text


def modified(path: Path) -> datetime:
    """When a file or folder was last changed, UTC: the time of what is recorded in it."""
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except FileNotFoundError:
        raise ReadError("does not exist", where=str(path)) from None
    except (OSError, OverflowError, ValueError) as error:
        raise ReadError(f"has no usable time of change ({type(error).__name__})", where=str(path)) from None


def readable_by_others(path: Path) -> bool:
    """Somebody besides the file's owner and root can read it: its mode, and that of every folder above it, lets them.

    Access control lists of the file system are not looked at.
    """
    try:
        mode = path.stat().st_mode
        above = [parent.stat().st_mode for parent in path.resolve().parents]
    except OSError as error:
        raise ReadError(f"its permissions cannot be read: {error.strerror}", where=str(path)) from None
    everybody = mode & stat.S_IROTH and all(one & stat.S_IXOTH for one in above)
    group = mode & stat.S_IRGRP and all(one & (stat.S_IXGRP | stat.S_IXOTH) for one in above)
    return bool(everybody or group)
