"""A witness that is a file on another disk: every checkpoint is added at its end, and none is ever taken away."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import TypeVar

from nightlatch.errors import ReadError, SourceError
from nightlatch.journal import notes
from nightlatch.journal.journal import Journal
from nightlatch.journal.witnesses.interface import Published, Settings, Witness, agree
from nightlatch.reading.files import MIB, open_file
from nightlatch.reading.threads import apart

T = TypeVar("T")

FILE_LIMIT = 256 * MIB
"""About a million checkpoints."""
ANSWER_S = 20.0
"""How long a disk may take: one that sleeps needs some seconds, a network drive that is gone never answers."""
EVERY_S = 3600.0
"""How long comparing every checkpoint of the largest file may take."""
_WHOLE = re.compile(r"\n\n(— .*\n)+\Z")


class FileSettings(Settings, frozen=True):
    """`path`: the file. Its folder must be there, so that a disk that is not mounted is noticed."""

    path: Path


class File(Witness, kind="file"):
    """Appends to a file. Who can write there can still cut it off: keep it where an intruder has no hand."""

    Settings = FileSettings
    settings: FileSettings

    @property
    def where(self) -> str:
        """The file's path."""
        return str(self.settings.path)

    async def compare(self, journal: Journal, *, every: bool = False) -> int:
        """Compare its newest checkpoint, or every one."""
        return await self._apart(lambda: self._compare(journal, every=every), EVERY_S if every else ANSWER_S)

    async def publish(self, journal: Journal) -> Published:
        """Add the newest checkpoint, on disk before it returns."""
        return await self._apart(lambda: self._publish(journal), ANSWER_S)

    async def _apart(self, call: Callable[[], T], seconds: float) -> T:
        try:
            async with asyncio.timeout(seconds):
                return await apart(call)
        except TimeoutError:
            raise SourceError(
                f"did not answer within {seconds:g} s", where=self.where, todo="Is its disk there and awake?"
            ) from None
        except OSError as error:
            raise SourceError(
                f"cannot be used: {error.strerror}", where=self.where, todo="Is its disk mounted and writable?"
            ) from None

    def _compare(self, journal: Journal, *, every: bool) -> int:
        path = self.settings.path
        if not path.exists():
            path.parent.stat()  # says why, where not even the folder is there
            return 0
        with open_file(path) as file:
            size = file.seek(0, os.SEEK_END)
            if every and size > FILE_LIMIT:
                raise ReadError(
                    f"is larger than {FILE_LIMIT // MIB} MiB", where=self.where, todo="Move it away; keep it."
                )
            begin = 0 if every else max(0, size - 4 * notes.LARGEST)
            file.seek(begin)
            data = file.read(FILE_LIMIT)
        found = _notes(data, journal.verifiers[0].name)
        if data and not found:
            raise ReadError("holds no checkpoint of this journal", where=self.where, todo="Is it the right file?")
        sizes = [agree(journal, note, f"{self.where}, byte {begin + place}").size for place, note in found[-1:]]
        if every:
            sizes += [agree(journal, note, f"{self.where}, byte {place}").size for place, note in found[:-1]]
        return max(sizes, default=0)

    def _publish(self, journal: Journal) -> Published:
        newest = self._compare(journal, every=False)
        note = journal.checkpoint()
        size = notes.parse(note).size
        if newest < size:
            self._append(note)
        return Published(size, note)

    def _append(self, note: str) -> None:
        with open(self.settings.path, "a+b", buffering=0, opener=_private) as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - 1))
            # A write that a power cut tore ends without a newline: it stays, on a line of its own.
            torn = size > 0 and file.read(1) != b"\n"
            data = b"\n" * torn + note.encode()
            if file.write(data) != len(data):
                raise OSError(0, "it took only part of the checkpoint: is its disk full?")
            os.fsync(file.fileno())


def _notes(data: bytes, origin: str) -> list[tuple[int, str]]:
    """The checkpoints of a log with the byte each begins at; one that was written in part is none."""
    places = [match.start() for match in re.finditer(rb"(?m)^" + re.escape(origin.encode()) + rb"$", data)]
    found = []
    for begin, end in pairwise([*places, len(data)]):
        text = data[begin:end].decode(errors="replace")
        if _WHOLE.search(text):
            found.append((begin, text))
    return found


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_CLOEXEC, 0o600)
