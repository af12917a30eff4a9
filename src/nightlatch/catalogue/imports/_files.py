"""What importers share: the documents behind a path, within bounds, and what they yield."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from nightlatch.catalogue.structs import FirmwareRelease, LockModel, Vulnerability
from nightlatch.errors import ReadError
from nightlatch.reading.archives import MAX_MEMBER, MAX_MEMBERS, MAX_TOTAL, tar_members, zip_members
from nightlatch.reading.files import MIB, read_bytes

MOST_RECORDS = 200_000
LONGEST_TEXT = 2_000
MOST_PRODUCTS = 500


class Imported(msgspec.Struct, frozen=True):
    """What an import gave, for `Catalogue(models=..., vulnerabilities=..., firmware=...)`.

    `skipped` counts records left out on purpose: rejected ones, other devices than locks.
    """

    models: tuple[LockModel, ...] = ()
    vulnerabilities: tuple[Vulnerability, ...] = ()
    firmware: tuple[FirmwareRelease, ...] = ()
    skipped: int = 0


def documents(
    path: Path, wanted: Callable[[str], bool] = lambda name: name.endswith(".json")
) -> Iterator[tuple[str, bytes]]:
    """(place, bytes) of the one file, or of the wanted files of a folder, tar or zip.

    Raises ReadError when there are none, or past 20,000 files, 16 MiB in a member, 256 MiB in all.
    """
    if path.is_dir():
        found = _folder(path, wanted)
    elif path.name.endswith(".zip"):
        found = zip_members(path, wanted)
    elif path.name.endswith((".tgz", ".tar", ".tar.gz")):
        found = tar_members(path, wanted)
    else:
        yield str(path), read_bytes(path)
        return
    empty = True
    for name, data in found:
        empty = False
        yield f"{path} ({name})", data
    if empty:
        raise ReadError("holds no file of this kind", where=str(path), todo="Is it the right folder or archive?")


def _folder(root: Path, wanted: Callable[[str], bool]) -> Iterator[tuple[str, bytes]]:
    number = total = 0
    try:
        for folder, below, names in os.walk(root, followlinks=False, onerror=_raise):
            below.sort()
            for name in sorted(names):
                number += 1
                if number > MAX_MEMBERS:
                    raise ReadError(f"holds more than {MAX_MEMBERS} files", where=str(root))
                path = Path(folder) / name
                relative = path.relative_to(root).as_posix()
                if not wanted(relative) or path.is_symlink():
                    continue
                data = read_bytes(path, limit=MAX_MEMBER)
                total += len(data)
                if total > MAX_TOTAL:
                    raise ReadError(f"holds more than {MAX_TOTAL // MIB} MiB", where=str(root))
                yield relative, data
    except OSError as error:
        raise ReadError(f"cannot be read: {error.strerror or error}", where=str(root)) from None


def _raise(error: OSError) -> None:
    raise error


# Strings and comments are matched whole, possessively and up to the end of the text when unclosed:
# hostile input cannot make this quadratic.
_COMMENTS = re.compile(rb'("(?:[^"\\]|\\.)*+(?:"|\Z)?)|//[^\n]*+|/\*(?:[^*]|\*(?!/))*+(?:\*/|\Z)', re.DOTALL)
_TRAILING = re.compile(rb'("(?:[^"\\]|\\.)*+(?:"|\Z)?)|,(?=\s*+[\]}])', re.DOTALL)


def without_comments(data: bytes) -> bytes:
    """JSON with comments and trailing commas, as plain JSON with the same line numbers."""
    data = _COMMENTS.sub(lambda m: m[1] or b"\n" * m[0].count(b"\n") or b" ", data)
    return _TRAILING.sub(lambda m: m[1] or b"", data)


def short(text: str | None) -> str:
    """A text within bounds, on one line."""
    return " ".join((text or "")[:LONGEST_TEXT].split())


def product_kind(name: str) -> str:
    """What sort of product a record speaks of, by the words of its name."""
    lowered = f" {name.casefold().replace('_', ' ').replace('-', ' ')} "
    if any(f" {word} " in lowered for word in ("app", "android", "ios", "application")):
        return "app"
    if any(f" {word} " in lowered for word in ("bridge", "gateway", "hub", "connect")):
        return "bridge"
    return "cloud" if " cloud " in lowered else "lock"


def admit(count: int, where: str) -> None:
    """Raise ReadError past 200,000 records."""
    if count > MOST_RECORDS:
        raise ReadError(f"holds more than {MOST_RECORDS} records", where=where)
