"""When detections asked to be woken: the next due time at once, however many and however often moved."""

from __future__ import annotations

import heapq

NEVER = 1 << 62
_SLACK = 1024


class DueTimes:
    """One due time for each detection and key; asking again moves it.

    A later time leaves the old entry in the heap, which moves itself when its turn comes: a flood that
    puts the same key off again and again costs a dict entry. Entries that were taken back stay until
    their turn, or until they outnumber the rest.
    """

    __slots__ = ("_heap", "_times", "next")

    def __init__(self) -> None:
        self._times: dict[tuple[str, str], int] = {}
        self._heap: list[tuple[int, str, str]] = []
        self.next = NEVER
        """No later than the earliest due time, µs."""

    def __len__(self) -> int:
        return len(self._times)

    def put(self, id: str, key: str, at: int) -> None:  # noqa: A002  # the design's word
        """Wake this detection for this key at `at`, µs, in place of any former time."""
        former = self._times.get((id, key))
        self._times[id, key] = at
        if former is None or at < former:
            heapq.heappush(self._heap, (at, id, key))
            self.next = min(self.next, at)
            if len(self._heap) > 2 * len(self._times) + _SLACK:
                self._rebuild()

    def drop(self, id: str, key: str) -> None:  # noqa: A002  # the design's word
        """Do not wake it after all."""
        self._times.pop((id, key), None)

    def pop(self, until: int) -> tuple[int, str, str] | None:
        """The earliest (time, detection, key) that is due by `until`, or None. Equal times in the order of names."""
        heap = self._heap
        while heap and heap[0][0] <= until:
            at, id, key = heap[0]  # noqa: A001  # the design's word
            wanted = self._times.get((id, key))
            if wanted is None or wanted < at:
                heapq.heappop(heap)
            elif wanted > at:
                heapq.heapreplace(heap, (wanted, id, key))
            else:
                heapq.heappop(heap)
                del self._times[id, key]
                self.next = heap[0][0] if heap else NEVER
                return at, id, key
        self.next = heap[0][0] if heap else NEVER
        return None

    def all(self) -> list[tuple[int, str, str]]:
        """Every due time, in order."""
        return sorted((at, id, key) for (id, key), at in self._times.items())  # noqa: A001  # the design's word

    def _rebuild(self) -> None:
        self._heap = self.all()
        self.next = self._heap[0][0] if self._heap else NEVER
