"""A backup as a download: encrypted while it goes out, nothing of it written to this machine's disk in the clear."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import datetime

import msgspec

from nightlatch.errors import UsageError
from nightlatch.model.event import instant
from nightlatch.secrets import Secret
from nightlatch.service import backup as sealed
from nightlatch.service.restoring import KEYS
from nightlatch.web.house import House
from nightlatch.web.texts import _

PIECE = 64 * 1024
MICROS = 1_000_000


class BackupView(msgspec.Struct, frozen=True):
    """When a backup was last made; null: never, as far as this machine knows."""

    made: datetime | None


def view(house: House) -> BackupView:
    """When one was made."""
    path = house.folder / sealed.MADE
    return BackupView(instant(int(path.stat().st_mtime * MICROS)) if path.exists() else None)


def passphrase(first: str, second: str) -> Secret:
    """The passphrase that was typed twice; UsageError or NightlatchError where it cannot be taken."""
    if first != second:
        raise UsageError(_("the two passphrases are not the same"), todo=_("Type both again."))
    found = Secret(first)
    sealed.check_passphrase(found)
    return found


def name(house: House) -> str:
    """What the file is called."""
    return f"nightlatch-{house.today().astimezone(house.zone):%Y-%m-%d}.nlb"


async def stream(house: House, words: Secret) -> AsyncIterator[bytes]:
    """The file, piece by piece. Whoever stops reading stops it."""
    reading, writing = os.pipe()

    def write() -> None:
        # Who no longer reads breaks the pipe: that is no error of anybody's.
        with suppress(BrokenPipeError), os.fdopen(writing, "wb") as out:
            sealed.write(house.folder, out, words, KEYS)

    task = asyncio.get_running_loop().run_in_executor(None, write)
    try:
        while piece := await asyncio.to_thread(os.read, reading, PIECE):
            yield piece
    finally:
        os.close(reading)
    await task
