"""Ending tasks."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from nightlatch.ecosystems._tasks import end, heed_cancellation


async def test_a_task_that_is_ended_is_over_however_it_ends() -> None:
    async def fails() -> None:
        raise ValueError("told elsewhere")

    tasks = [asyncio.create_task(asyncio.sleep(60)), asyncio.create_task(fails())]
    await asyncio.sleep(0)
    for task in tasks:
        await end(task)

    assert [task.done() for task in tasks] == [True, True]


async def test_our_own_cancellation_while_we_end_a_task_is_not_lost() -> None:
    async def stubborn() -> None:
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(60)
        await asyncio.sleep(0.05)

    inner = asyncio.create_task(stubborn())
    await asyncio.sleep(0)
    outer = asyncio.create_task(end(inner))
    await asyncio.sleep(0.01)
    outer.cancel()

    with pytest.raises(asyncio.CancelledError):
        await outer
    await inner


async def test_a_cancellation_that_a_library_lost_is_found_again() -> None:
    async def library() -> str:
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(60)
        return "went on"

    async def ours() -> None:
        await library()
        heed_cancellation()
        raise AssertionError("went on")

    heed_cancellation()
    task = asyncio.create_task(ours())
    await asyncio.sleep(0)
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
