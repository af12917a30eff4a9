"""The tlog-tiles export: derived again from its files alone, by the specification and by pymerkle."""

from __future__ import annotations

import base64
import hashlib
import shutil
import stat
from datetime import timedelta
from pathlib import Path

import pytest
from pymerkle import InmemoryTree

from nightlatch.errors import JournalError, UsageError
from nightlatch.journal import notes
from nightlatch.journal.journal import Journal
from nightlatch.journal.retention import retain
from nightlatch.journal.tiles import Exported, export, path
from nightlatch.model.event import instant
from tests.unit.journal import reference
from tests.unit.journal.making import AT, event, filled


@pytest.mark.parametrize(
    ("level", "n", "width", "name"),
    [
        # 1234067 is the specification's own example.
        (0, 1234067, 256, "tile/0/x001/x234/067"),
        (0, 0, 256, "tile/0/000"),
        (1, 999, 17, "tile/1/999.p/17"),
        ("entries", 1000, 1, "tile/entries/x001/000.p/1"),
    ],
)
def test_paths_are_as_the_specification_has_them(level: int | str, n: int, width: int, name: str) -> None:
    assert path(level, n, width) == name


class Reader:
    """Reads an export with nothing of ours: paths, bundles and tiles as c2sp.org/tlog-tiles says."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        text = (folder / "checkpoint").read_text()
        self.origin, size, root = text.split("\n")[:3]
        self.size, self.root = int(size), base64.b64decode(root)

    def file(self, prefix: str, n: int, width: int) -> bytes:
        digits = f"{n:03}"
        digits = digits.zfill(-(-len(digits) // 3) * 3)
        groups = [digits[i : i + 3] for i in range(0, len(digits), 3)]
        name = "/".join([*(f"x{group}" for group in groups[:-1]), groups[-1]])
        return (self.folder / f"{prefix}/{name}{f'.p/{width}' if width < 256 else ''}").read_bytes()

    def widths(self, level: int) -> list[int]:
        count = self.size >> 8 * level
        return [256] * (count // 256) + ([count % 256] if count % 256 else [])

    def entries(self) -> list[bytes]:
        found = []
        for n, width in enumerate(self.widths(0)):
            data, at = self.file("tile/entries", n, width), 0
            for _ in range(width):
                size = int.from_bytes(data[at : at + 2], "big")
                found.append(data[at + 2 : at + 2 + size])
                at += 2 + size
            assert at == len(data)
        return found

    def level(self, level: int) -> list[bytes]:
        found = []
        for n, width in enumerate(self.widths(level)):
            data = self.file(f"tile/{level}", n, width)
            assert len(data) == 32 * width
            found += [data[i : i + 32] for i in range(0, len(data), 32)]
        return found


@pytest.mark.parametrize("size", [1, 255, 256, 257, 700, 1024])
def test_an_export_leads_to_the_signed_root_by_the_specification_and_by_pymerkle(tmp_path: Path, size: int) -> None:
    journal = filled(tmp_path / "log", size)
    export(journal, tmp_path / "tiles")
    read = Reader(tmp_path / "tiles")
    leaves = read.entries()
    assert read.size == len(leaves) == size
    assert read.level(0) == [hashlib.sha256(b"\0" + leaf).digest() for leaf in leaves]
    assert reference.mth(leaves) == read.root
    for level in range(1, 4):
        span = 256**level
        assert read.level(level) == [reference.mth(leaves[n * span : (n + 1) * span]) for n in range(size // span)]
    peer = InmemoryTree(algorithm="sha256")
    for leaf in leaves:
        peer.append_entry(leaf)
    assert peer.get_root() == read.root
    signed = notes.verified((tmp_path / "tiles" / "checkpoint").read_text(), journal.verifiers)
    assert signed.origin == read.origin
    journal.close()


def test_the_second_level_is_there_when_the_first_is_full(tmp_path: Path) -> None:
    journal = filled(tmp_path / "log", 65_536 + 300, batch=9_000)
    assert export(journal, tmp_path / "tiles") == Exported(65_836, 2 * 258 + 2 + 1 + 1, 0)
    read = Reader(tmp_path / "tiles")
    first = read.level(1)
    while len(first) > 1 and len(first[:256]) == 256:
        first = first[:256]
        while len(first) > 1:
            first = [hashlib.sha256(b"\1" + a + b).digest() for a, b in zip(first[::2], first[1::2], strict=True)]
    assert read.level(2) == first
    journal.close()


def test_a_later_export_into_the_same_folder_adds_only_what_is_new(tmp_path: Path) -> None:
    journal = filled(tmp_path / "log", 600)
    export(journal, tmp_path / "tiles")
    before = (tmp_path / "tiles/tile/0/000").stat().st_mtime_ns
    journal.append([event(number) for number in range(500)])
    told: list[tuple[int, int]] = []
    export(journal, tmp_path / "tiles", lambda done, total: told.append((done, total)))
    assert (tmp_path / "tiles/tile/0/000").stat().st_mtime_ns == before
    assert told[-1] == (1100, 1100)
    read = Reader(tmp_path / "tiles")
    assert reference.mth(read.entries()) == read.root
    assert (tmp_path / "tiles/tile/0/002.p/88").exists(), "the earlier checkpoint's part stays readable"
    journal.close()


def test_files_are_private_and_hold_no_person(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path / "log")
    journal.append([event(number, slot=3, person="zuzana") for number in range(300)])
    export(journal, tmp_path / "tiles")
    assert stat.S_IMODE((tmp_path / "tiles").stat().st_mode) == 0o700
    for file in (one for one in (tmp_path / "tiles").rglob("*") if one.is_file()):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert b"zuzana" not in file.read_bytes()
    journal.close()


def test_another_folders_content_and_another_journals_export_are_not_touched(tmp_path: Path) -> None:
    journal, stranger = filled(tmp_path / "log", 5), filled(tmp_path / "stranger", 5)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "photo").write_text("x")
    with pytest.raises(UsageError, match="is not empty"):
        export(journal, tmp_path / "mine")
    export(stranger, tmp_path / "tiles")
    with pytest.raises(JournalError, match="another journal"):
        export(journal, tmp_path / "tiles")
    (tmp_path / "file").write_text("x")
    with pytest.raises(UsageError, match="cannot be written"):
        export(journal, tmp_path / "file")
    journal.close()
    stranger.close()


def test_an_export_of_what_was_there_tells_that_the_journal_was_rolled_back(tmp_path: Path) -> None:
    journal = filled(tmp_path / "log", 300)
    journal.close()
    shutil.copytree(tmp_path / "log", tmp_path / "older")
    journal = Journal.open(tmp_path / "log")
    journal.append([event(1)])
    export(journal, tmp_path / "tiles")
    journal.close()
    older = Journal.open(tmp_path / "older")
    with pytest.raises(JournalError, match="rolled back"):
        export(older, tmp_path / "tiles")
    older.close()


def test_what_retention_dropped_is_left_out_and_its_hashes_are_there(tmp_path: Path) -> None:
    journal = filled(tmp_path / "log", 700)
    assert retain(journal, 1, instant(AT) + timedelta(days=2)) == 512
    assert export(journal, tmp_path / "tiles").pruned == 2
    read = Reader(tmp_path / "tiles")
    assert not (tmp_path / "tiles/tile/entries/000").exists()
    assert len(read.level(0)) == 701
    journal.close()
