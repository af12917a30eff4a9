"""Runs what blocks beside the event loop, on threads that nobody has to wait for."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

T = TypeVar("T")


async def apart(call: Callable[[], T]) -> T:
    """What `call` returns, run on a thread of its own.

    Unlike asyncio's own threads these hold up neither the loop's end nor the program's: a read that
    never returns, as from a network drive that is gone, costs its own source and nothing else.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def settle(give: Callable[[Any], None], what: Any) -> None:
        if not future.done():
            give(what)

    def run() -> None:
        give: Callable[[Any], None] = future.set_result
        what: Any
        try:
            what = call()
        except BaseException as error:  # noqa: BLE001  # raised again where it is awaited
            give, what = future.set_exception, error
        with suppress(RuntimeError):  # the loop is closed when the call outlived its audit
            loop.call_soon_threadsafe(settle, give, what)

    threading.Thread(target=run, daemon=True).start()
    return await future
