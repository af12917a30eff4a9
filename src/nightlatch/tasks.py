"""Ending: tasks of one's own without losing one's own cancellation, and cancellations that libraries lose."""

from __future__ import annotations

import asyncio
from typing import Any


async def end(task: asyncio.Task[Any]) -> None:
    """Cancel a task and return when it is over; how it ended has been told elsewhere.

    Awaiting it and passing CancelledError by would pass by our own cancellation too.
    """
    task.cancel()
    await asyncio.wait((task,))
    if not task.cancelled():
        task.exception()


def heed_cancellation() -> None:
    """Raise CancelledError when this task was cancelled and went on.

    asyncio.wait_for of Python 3.11, by which aiomqtt waits, loses a cancellation that comes together with the
    result (python/cpython#86296).
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
