"""Files that no parser should meet, and a working one of every kind to spoil.

Large ones are made of holes or of repeated gzip members, so that they cost little to make.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import shutil
import sqlite3
import struct
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path

SAMPLE = Path(__file__).parents[2] / "src" / "nightlatch" / "sample"
MIB = 1024 * 1024
ZEROS = gzip.compress(bytes(16 * MIB))
"""16 MiB of zeros, packed: members of one gzip file may be repeated."""

Maker = Callable[[Path], None]


def text(content: str | bytes) -> Maker:
    return lambda path: _write(path, content if isinstance(content, bytes) else content.encode())


def _write(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def _hole(path: Path) -> None:
    """3 GiB of nothing."""
    with path.open("wb") as file:
        file.truncate(3 * 1024 * MIB)


def _tar(*members: tarfile.TarInfo) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for member in members:
            archive.addfile(member, io.BytesIO(b"x" * member.size) if member.size < MIB else None)
    return out.getvalue()


def _member(name: str, size: int = 1, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.size, info.type, info.linkname = size, kind, link
    return info


def _many_members(path: Path) -> None:
    """A million members: 25,000 headers, packed once, forty times over."""
    header = _member("etc/config/none", 0).tobuf(tarfile.USTAR_FORMAT)
    _write(path, gzip.compress(header * 25_000) * 40)


def _ten_gigabytes(path: Path) -> None:
    """A member that really is as large as it says, in a file of some 10 MiB."""
    header = _member("etc/config/network", 10 * 1024 * MIB).tobuf(tarfile.GNU_FORMAT)
    _write(path, gzip.compress(header) + ZEROS * 640)


def _zip(path: Path, *members: tuple[str, bytes]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)


def _lying_zip(path: Path) -> None:
    """A member that unfolds to more than its directory says."""
    _zip(path, ("export.data", bytes(MIB)))
    data = bytearray(path.read_bytes())
    at = data.rfind(b"PK\1\2")
    data[at + 24 : at + 28] = (10).to_bytes(4, "little")
    _write(path, bytes(data))


def _foreign_database(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE moz_logins (id, hostname)")


def endless_database(path: Path) -> None:
    """A view that would count for ever."""
    endless = "WITH RECURSIVE c(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM c)"
    with closing(sqlite3.connect(path)) as database:
        columns = "id, 0 AS timestamp, 2 AS status, 'a' AS domain, id AS client"
        database.execute(f"CREATE VIEW queries AS {endless} SELECT {columns} FROM c")


def _loop(path: Path) -> None:
    path.symlink_to(path.name)


def greedy_kdbx(path: Path) -> None:
    """A KDBX 4 header that asks for 16 GiB of memory and 2^40 passes."""
    argon2 = bytes.fromhex("ef636ddf8c29444b91f7a9a403e30a0c")
    entries = [
        (0x42, b"$UUID", argon2),
        (0x42, b"S", bytes(32)),
        (0x05, b"M", struct.pack("<Q", 16 * 1024 * MIB)),
        (0x05, b"I", struct.pack("<Q", 2**40)),
        (0x04, b"P", struct.pack("<I", 1)),
        (0x04, b"V", struct.pack("<I", 0x13)),
    ]
    kdf = b"\x00\x01"
    for kind, name, value in entries:
        kdf += bytes([kind]) + struct.pack("<i", len(name)) + name + struct.pack("<i", len(value)) + value
    kdf += b"\0"
    fields = [(2, bytes.fromhex("31c1f2e6bf714350be5805216afc5aff")), (11, kdf), (0, b"")]
    head = bytes.fromhex("03d9a29a67fb4bb5") + struct.pack("<HH", 0, 4)
    _write(path, head + b"".join(struct.pack("<BI", number, len(value)) + value for number, value in fields))


def greedy_export(path: Path) -> None:
    _write(
        path,
        json.dumps(
            {
                "encrypted": True,
                "passwordProtected": True,
                "salt": "x",
                "kdfType": 0,
                "kdfIterations": 2**62,
                "encKeyValidation_DO_NOT_EDIT": "2.AAAA|AAAA|AAAA",
                "data": "2.AAAA|AAAA|AAAA",
            }
        ).encode(),
    )


ENTITIES = (
    '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
    + "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9))
    + "]><pfsense>&j;</pfsense>"
)
OUTSIDE = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><pfsense>&a;</pfsense>'
ALIASES = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 40))

ANYWHERE: Mapping[str, Maker] = {
    "missing": lambda path: None,
    "folder": lambda path: path.mkdir(),
    "empty": text(b""),
    "nul": text(b"\0"),
    "noise": text(bytes(range(256)) * 40),
    "latin-1": text("Zuhause für Gäste\n".encode("latin-1")),
    "utf-16-without-mark": text("config interface\n".encode("utf-16-le")),
    "utf-16-cut": text(b"\xff\xfea"),
    "blank-lines": text("\n" * 3_000_000),
    "short-lines": text("ab\n" * 3_000_000),
    "one-long-line": text("x" * 4 * MIB),
    "brackets": text("[" * 2_000_000),
    "objects": text('{"a":' * 500_000),
    "quotes": text('"' * 2_000_001),
    "backslashes": text("\\" * 2_000_000),
    "number": text("9" * 2_000_000),
    "surrogates": text(r'{"items": ["\ud800"]}'),
    "elements": text("<pfsense>" + "<a/>" * 700_000 + "</pfsense>"),
    "nested-elements": text("<pfsense>" * 100_000),
    "entities": text(ENTITIES),
    "outside-entity": text(OUTSIDE),
    "aliases": text(ALIASES),
    "yaml-tag": text("a: !!python/object/apply:os.system [true]\n"),
    "hole": _hole,
    "gzip-bomb": text(ZEROS * 640),
    "gzip-cut": text(ZEROS[:1000]),
    "pipe": os.mkfifo,
    "endless-device": lambda path: path.symlink_to("/dev/zero"),
    "loop": _loop,
}
"""What is bad for every parser. A parser may find that a file of the kind holds nothing; it may not break."""

TAR: Mapping[str, Maker] = {
    "traversal": text(_tar(_member("../../etc/config/network"), _member("/etc/config/network"))),
    "links": text(
        _tar(
            _member("etc/config/network", 0, tarfile.SYMTYPE, "/etc/passwd"),
            _member("etc/config/wireless", 0, tarfile.LNKTYPE, "/etc/passwd"),
            _member("etc/config/firewall", 0, tarfile.CHRTYPE),
            _member("etc/config/system", 0, tarfile.FIFOTYPE),
        )
    ),
    "ten-gigabytes": _ten_gigabytes,
    "ten-gigabytes-stated": text(_member("etc/config/network", 10 * 1024 * MIB).tobuf(tarfile.GNU_FORMAT)),
    "million-members": _many_members,
    "cut": text(_tar(_member("etc/config/network", 100_000))[:5000]),
}
ZIP: Mapping[str, Maker] = {
    "traversal": lambda path: _zip(path, ("../export.data", b"{}"), ("/export.data", b"{}")),
    "bomb": lambda path: _zip(path, ("export.data", bytes(40 * MIB))),
    "lying": _lying_zip,
    "many": lambda path: _zip(path, *((f"files/{number}", b"") for number in range(21_000))),
    "deep": lambda path: _zip(path, ("export.data", b"[" * 100_000)),
}
SQLITE: Mapping[str, Maker] = {
    "foreign": _foreign_database,
    "header-only": text(b"SQLite format 3\0" + bytes(84)),
    "spoilt": text(b"SQLite format 3\0" + bytes(range(256)) * 64),
}


def folder_of(origin: Path, spoilt: str, maker: Maker) -> Maker:
    """A copy of a folder in which one file is bad."""

    def make(path: Path) -> None:
        shutil.copytree(origin, path)
        target = path / spoilt
        target.unlink(missing_ok=True)
        target.parent.mkdir(parents=True, exist_ok=True)
        maker(target)

    return make
