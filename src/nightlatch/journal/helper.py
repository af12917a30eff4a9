"""A second process that checks bundles from the far end of the work, while this one checks from the near end."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from nightlatch.journal.checking import Checked

Chunk = tuple[int, int]


class Helper:
    """Takes chunks off the end until none is left. One that it could not finish goes back to be done here."""

    def __init__(self, path: Path, kept: int, work: Sequence[Chunk], *, alone: bool) -> None:
        self._command = [sys.executable, "-P", "-m", "nightlatch.journal.checking", str(path), str(kept)]
        self._work = deque(work)
        self.results: list[Checked] = []
        """What it found; complete once `next` gave None."""
        self._alone = alone
        self.done = 0
        """Bundles that it has checked."""
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._feed, daemon=True)

    def __enter__(self) -> Self:
        if not self._alone:
            self._process = subprocess.Popen(  # noqa: S603  # this very program
                self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0
            )
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            self._work.clear()
            self._process.kill()
            self._thread.join()
            with self._process:
                pass

    def next(self) -> Chunk | None:
        """The next chunk for this process; None when all are done, by either."""
        while True:
            with suppress(IndexError):
                return self._work.popleft()
            if self._process is None or not self._thread.is_alive():
                return self._work.popleft() if self._work else None
            self._thread.join()

    def _feed(self) -> None:
        process = self._process
        if process is None or process.stdin is None or process.stdout is None:
            return
        while True:
            try:
                chunk = self._work.pop()
            except IndexError:
                return
            try:
                process.stdin.write(b"%d %d\n" % chunk)
                answer = json.loads(process.stdout.readline())
            except (OSError, ValueError):  # it ended; this process does the rest
                self._work.append(chunk)
                return
            self.results.append(Checked(*answer))
            self.done += chunk[1] - chunk[0]
