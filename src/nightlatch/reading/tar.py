"""The headers of a tar archive, read one block at a time: what a hostile one can cost is bounded.

The standard library reads an extended header of any stated size into memory and follows chains of
them by recursion; this reader does neither. It knows ustar, pax (POSIX.1-2001) and GNU long names;
sparse files, which other programs never put into a configuration's backup, are refused.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from typing import IO, Protocol

import msgspec

from nightlatch.errors import ReadError

BLOCK = 512
MAX_EXTENDED = 65_536
MAX_CHAIN = 8
_CHUNK = 256 * 1024
_PAX = re.compile(rb"(\d{1,6}) ([^=\n]{1,256})=")
_SPARSE = b"S"


class Header(msgspec.Struct, frozen=True):
    """One member: its name, its size in bytes, and whether it is a regular file."""

    name: str
    size: int
    regular: bool


class Bytes(Protocol):
    """What unfolded bytes are read from."""

    def read(self, size: int, /) -> bytes:
        """Up to `size` bytes."""
        ...


class Stream:
    """The unfolded bytes of an archive, in order, no more than `limit` of them."""

    def __init__(self, raw: IO[bytes], *, limit: int, where: str) -> None:
        self.where = where
        self.limit = limit
        self.left = limit
        begin = raw.read(2)
        if not begin:
            raise ReadError("is empty", where=where)
        packed = begin == b"\x1f\x8b"
        raw.seek(0)
        self.file: Bytes = gzip.GzipFile(fileobj=raw) if packed else raw

    def read(self, size: int) -> bytes:
        """Exactly `size` bytes; ReadError when the archive ends before."""
        self._spend(size)
        parts = []
        while size:
            part = self.file.read(min(size, _CHUNK))
            if not part:
                raise ReadError("is truncated", where=self.where)
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    def skip(self, size: int) -> None:
        """Pass over `size` bytes."""
        self._spend(size)
        while size:
            part = self.file.read(min(size, _CHUNK))
            if not part:
                raise ReadError("is truncated", where=self.where)
            size -= len(part)

    def _spend(self, size: int) -> None:
        if size > self.left:
            raise ReadError(f"unfolds to more than {self.limit // 1024 // 1024} MiB", where=self.where)
        self.left -= size


def headers(stream: Stream) -> Iterator[Header]:
    """Every member's header. Whoever takes one must read or skip its padded content before the next."""
    name, size, chain = "", -1, 0
    while True:
        block = stream.read(BLOCK)
        if not block.strip(b"\0"):
            return
        _verify(block, stream.where)
        kind = block[156:157]
        stated = _number(block[124:136], stream.where)
        if kind in b"xgLK":
            chain += 1
            if chain > MAX_CHAIN or stated > MAX_EXTENDED:
                raise ReadError("has extended headers that are too long or too many", where=stream.where)
            content = stream.read(padded(stated))[:stated]
            if kind == b"L":
                name = content.rstrip(b"\0").decode("utf-8", "replace")
            elif kind == b"x":
                name, size = _pax(content, name, size, stream.where)
            continue
        if kind == _SPARSE:
            raise ReadError("holds a sparse file, which is not read", where=stream.where)
        found = name or _name(block)
        # Links, devices, folders and pipes have no content, whatever size they state.
        content_size = 0 if kind in b"123456" else size if size >= 0 else stated
        yield Header(found.removeprefix("./"), content_size, kind in b"\x0007" and not found.endswith("/"))
        name, size, chain = "", -1, 0


def padded(size: int) -> int:
    """A size rounded up to whole blocks."""
    return -(-size // BLOCK) * BLOCK


def _verify(block: bytes, where: str) -> None:
    stated = block[148:156].strip(b" \0")
    unsigned = sum(block) - sum(block[148:156]) + 8 * 32
    if not re.fullmatch(rb"[0-7]{1,7}", stated) or int(stated, 8) != unsigned:
        raise ReadError("is not a tar archive, plain or gzipped, or it is damaged", where=where)


def _number(field: bytes, where: str) -> int:
    if field[0] == 0x80:
        return int.from_bytes(field[1:], "big")
    text = field.strip(b" \0")
    if not re.fullmatch(rb"[0-7]*", text):
        raise ReadError("is not a readable tar archive: a member's size is not a number", where=where)
    return int(text or b"0", 8)


def _name(block: bytes) -> str:
    name = block[:100].partition(b"\0")[0]
    prefix = block[345:500].partition(b"\0")[0] if block[257:263] == b"ustar\0" else b""
    return (prefix + b"/" + name if prefix else name).decode("utf-8", "replace")


def _pax(content: bytes, name: str, size: int, where: str) -> tuple[str, int]:
    at = 0
    while at < len(content):
        match = _PAX.match(content, at)
        length = int(match[1]) if match is not None else 0
        if match is None or at + length > len(content) or at + length < match.end():
            raise ReadError("has a damaged pax header", where=where)
        value = content[match.end() : at + length].removesuffix(b"\n")
        if match[2].startswith(b"GNU.sparse"):
            raise ReadError("holds a sparse file, which is not read", where=where)
        if match[2] == b"path":
            name = value.decode("utf-8", "replace")
        elif match[2] == b"size" and re.fullmatch(rb"\d{1,18}", value):
            size = int(value)
        at += length
    return name, size
