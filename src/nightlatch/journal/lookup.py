"""Where in a long journal entries of a kind, about a thing or of a person are, without reading it.

Five bytes for each entry stand in memory: its kind, what it is about, and the key that seals it. They are made from
what the file holds in the clear, nothing of them is kept, and nothing personal is among them: an erased person's key is
gone, and with it the way from the person to their entries. They only narrow down: whoever searches still reads the
entries, so a wrong guess costs time and changes no answer.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from zlib import crc32

import msgspec

from nightlatch.journal.journal import Journal
from nightlatch.journal.leaves import BUNDLE, DROPPED
from nightlatch.journal.selecting import Wanted
from nightlatch.journal.storage import Damaged

CHUNK = 1 << 16
"""Entries that are looked through at once: a fraction of a millisecond."""
MOST_CODES = 0xFFFE
UNKNOWN = 0xFFFF
"""The code of an entry that cannot be read: it may be anything."""


class _Seen(msgspec.Struct, frozen=True, gc=False):
    """Of an entry, what stands in the clear and is looked for; the rest is skipped."""

    kind: str
    about: str
    sealed: str = ""


_decode = msgspec.json.Decoder(_Seen).decode


class _Column:
    """One number of two bytes for each entry, as two strings of bytes."""

    def __init__(self) -> None:
        self._codes: dict[str, int] = {"": 0}
        self._low = bytearray()
        self._high = bytearray()

    def code(self, word: str) -> int:
        """The number that stands for a word. A flood invents any number of words: past so many, several share one."""
        found = self._codes.get(word)
        if found is None:
            if len(self._codes) >= MOST_CODES:
                return crc32(word.encode()) % MOST_CODES
            found = self._codes[word] = len(self._codes)
        return found

    def put(self, at: int, codes: list[int]) -> None:
        """Set the numbers from an entry on."""
        if at > len(self._low):
            self._low.extend(bytes(at - len(self._low)))
            self._high.extend(bytes(at - len(self._high)))
        self._low[at : at + len(codes)] = bytes([code & 255 for code in codes])
        self._high[at : at + len(codes)] = bytes([code >> 8 for code in codes])

    def marks(self, words: frozenset[str], begin: int, end: int) -> int:
        """A number with a byte for each entry of [begin, end), the first the highest: 1 where a word may stand."""
        full = len(self._codes) >= MOST_CODES
        codes = {self.code(word) for word in words if full or word in self._codes} | {UNKNOWN}
        low, high = _table({code & 255 for code in codes}), _table({code >> 8 for code in codes})
        return _number(self._low[begin:end].translate(low)) & _number(self._high[begin:end].translate(high))


def _table(chosen: set[int]) -> bytes:
    return bytes(one in chosen for one in range(256))


def _number(marks: bytes | bytearray) -> int:
    return int.from_bytes(marks, "big")


class Lookup:
    """What is known of the newest part of a journal, which grows back to its beginning bit by bit. For any thread."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._lock = threading.Lock()
        self._kinds, self._about, self._keys = self._columns = (_Column(), _Column(), _Column())
        self._low: int | None = None
        self._size = 0

    @property
    def low(self) -> int:
        """From which entry on it knows the journal."""
        return 0 if self._low is None else self._low

    def extend(self, seconds: float) -> bool:
        """Take in what is new, then older entries, for so long; whether it knows all."""
        until = time.perf_counter() + seconds
        with self._lock:
            size = self._journal.size
            if self._low is None:
                self._low = self._size = size // BUNDLE * BUNDLE
            for n in range(self._size // BUNDLE, -(-size // BUNDLE)):
                self._take(n, size)
            self._size = max(size, self._size)
            while self._low and time.perf_counter() < until:
                self._low -= BUNDLE
                self._take(self._low // BUNDLE, size)
            return not self._low

    def older(self, wanted: Wanted, begin: int, end: int) -> Iterator[int]:
        """The entries of [begin, end) that may be wanted, newest first, whenever that was. Below `low`: none."""
        asked = self._asked(wanted)
        stop, begin = min(end, self._size), max(begin, self.low)
        while stop > begin:
            start = max(begin, stop - CHUNK)
            yield from _places(self._marks(asked, start, stop), start, stop)
            stop = start

    def newer(self, wanted: Wanted, begin: int, end: int) -> Iterator[int]:
        """The same, oldest first."""
        asked = self._asked(wanted)
        start, end = max(begin, self.low), min(end, self._size)
        while start < end:
            stop = min(end, start + CHUNK)
            yield from reversed(list(_places(self._marks(asked, start, stop), start, stop)))
            start = stop

    def _marks(self, asked: list[tuple[_Column, frozenset[str]]], start: int, stop: int) -> int:
        found = _number(b"\1" * (stop - start))
        with self._lock:
            for column, words in asked:
                found &= column.marks(words, start, stop)
        return found

    def _asked(self, wanted: Wanted) -> list[tuple[_Column, frozenset[str]]]:
        asked = [(self._kinds, wanted.kinds), (self._about, wanted.about)]
        if wanted.person:
            subjects = (wanted.person, *(f"{about.partition(':')[2]}/{slot}" for about, slot in wanted.credentials))
            names = frozenset(filter(None, map(self._journal.sealer.name, subjects)))
            # Without a key nothing of theirs can be read: no entry has the word that stands for it.
            asked.append((self._keys, names or frozenset(("-",))))
        return [(column, words) for column, words in asked if words]

    def _take(self, n: int, size: int) -> None:
        """Take in the entries of a bundle. Each is read in its own view: nothing waits for long."""
        try:
            with self._journal.view() as view:
                codes = [self._of(leaf) for leaf in view.bundle(n)]
        except Damaged:
            codes = [(UNKNOWN,) * 3] * min(BUNDLE, size - n * BUNDLE)
        for column, mine in zip(self._columns, zip(*codes, strict=True), strict=True):
            column.put(n * BUNDLE, list(mine))

    def _of(self, leaf: bytes) -> tuple[int, ...]:
        if leaf == DROPPED:
            return (0, 0, 0)
        try:
            seen = _decode(leaf)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return (UNKNOWN,) * 3
        key = seen.sealed.partition(".")[0]
        return (self._kinds.code(seen.kind), self._about.code(seen.about), self._keys.code(key))


def _places(found: int, start: int, stop: int) -> Iterator[int]:
    """The entries that are marked, newest first."""
    marks = found.to_bytes(stop - start, "big")
    place = len(marks)
    while (place := marks.rfind(1, 0, place)) >= 0:
        yield start + place
