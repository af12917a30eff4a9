"""Blocking calls beside the loop: awaited for their result, never for their end."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

from nightlatch.errors import ReadError
from nightlatch.reading.threads import apart


async def test_a_call_gives_its_result_or_its_error() -> None:
    def broken() -> None:
        raise ReadError("is damaged")

    assert await apart(lambda: 7) == 7
    with pytest.raises(ReadError, match="is damaged"):
        await apart(broken)


def test_a_call_that_never_returns_holds_up_nobody() -> None:
    released = threading.Event()

    async def wait() -> None:
        async with asyncio.timeout(0.1):
            await apart(lambda: released.wait(3600))

    begun = time.monotonic()
    with pytest.raises(TimeoutError):
        asyncio.run(wait())
    assert time.monotonic() - begun < 60
    released.set()
