"""Writes a file whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

PRIVATE = 0o600


def replace(path: Path, data: bytes, *, mode: int = PRIVATE) -> None:
    """Put `data` in a file's place in one step, on disk before it returns. OSError leaves the old file unharmed."""
    with replacing(path, mode=mode) as file:
        file.write(data)


@contextmanager
def replacing(path: Path, *, mode: int = PRIVATE) -> Iterator[IO[bytes]]:
    """The same, of what is written to the file that this gives; it takes the old one's place when the block ends."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:100]}.")
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            os.fchmod(file.fileno(), mode)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)  # noqa: PTH105  # the atomic one
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
