"""Speaks to the Matter server: JSON over WebSocket."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import aiohttp

from rigs.launch import RigError

_T = TypeVar("_T")


class Client:
    """Blocking calls, usable from tests with a running event loop too."""

    def __init__(self, url: str) -> None:
        self.url = url

    def info(self) -> dict[str, Any] | None:
        """The server's first message, `server_info`; None while it does not listen yet."""
        try:
            return _run(self._talk(None))
        except (aiohttp.ClientError, TypeError):
            return None

    def command(self, command: str, **args: Any) -> Any:
        """The result of one command; RigError with the server's words if it fails."""
        answer = _run(self._talk({"message_id": "1", "command": command, "args": args}))
        if "error_code" in answer:
            raise RigError(f"{command}: error {answer['error_code']}, {answer['details']}")
        return answer["result"]

    async def _talk(self, message: dict[str, Any] | None) -> dict[str, Any]:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(90)) as session,
            session.ws_connect(self.url, max_msg_size=64 * 2**20) as socket,
        ):
            answer: dict[str, Any] = await socket.receive_json(timeout=10)
            if message is not None:
                await socket.send_json(message)
                while answer.get("message_id") != message["message_id"]:
                    answer = await socket.receive_json(timeout=90)
            return answer


def _run(work: Coroutine[Any, Any, _T]) -> _T:
    # A thread of its own: asyncio.run() is refused where a loop runs already, as in an async test.
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()
