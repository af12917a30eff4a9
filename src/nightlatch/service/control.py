"""How commands of this machine ask the running service: a socket in the state folder, one JSON line each way.

Who may open the state folder may ask; nobody else can reach the socket.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from nightlatch.errors import NightlatchError, StoreError
from nightlatch.service.folder import running

T = TypeVar("T")

NAME = "control.sock"
LIMIT = 1024 * 1024
ASK_S = 10.0
ANSWER_S = 30.0


class Request(msgspec.Struct, frozen=True):
    """What is asked: a verb and its arguments."""

    do: str
    arguments: dict[str, Any] = {}


class Answer(msgspec.Struct, frozen=True, omit_defaults=True):
    """What came of it: a value, or an error with text for people."""

    value: msgspec.Raw = msgspec.Raw(b"null")
    error: str = ""


Handler = Callable[[Mapping[str, Any]], Awaitable[Any]]


@asynccontextmanager
async def serve(folder: Path, handlers: Mapping[str, Handler]) -> AsyncIterator[None]:
    """Answer requests until the block ends."""

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, TimeoutError, ValueError):
            async with asyncio.timeout(ANSWER_S + ASK_S):
                writer.write(msgspec.json.encode(await _answer(await reader.readline(), handlers)) + b"\n")
                await writer.drain()
        writer.close()

    with _reachable(folder) as path:
        # What a killed service left; only who holds the folder comes here.
        (folder / NAME).unlink(missing_ok=True)
        server = await asyncio.start_unix_server(one, path, limit=LIMIT)
        (folder / NAME).chmod(0o600)
        try:
            yield
        finally:
            server.close()
            (folder / NAME).unlink(missing_ok=True)


async def _answer(line: bytes, handlers: Mapping[str, Handler]) -> Answer:
    try:
        request = msgspec.json.decode(line, type=Request)
    except (msgspec.MsgspecError, RecursionError):
        return Answer(error="this is no request")
    handler = handlers.get(request.do)
    if handler is None:
        return Answer(error=f"the running service does not know {request.do!r}: restart it after an update")
    try:
        async with asyncio.timeout(ANSWER_S):
            return Answer(msgspec.Raw(msgspec.json.encode(await handler(request.arguments))))
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        return Answer(error=f"the arguments of {request.do!r} cannot be used ({type(error).__name__})")
    except NightlatchError as error:
        return Answer(error=str(error))
    except TimeoutError:
        return Answer(error="the service did not get it done in time")


def ask(folder: Path, do: str, type: type[T], **arguments: Any) -> T:  # noqa: A002
    """What the running service answers. StoreError when none runs, or when it says no."""
    if not running(folder):
        raise StoreError("no Nightlatch is running on this folder", where=str(folder), todo="Start: nightlatch run")
    try:
        with _reachable(folder) as path, socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as peer:
            peer.settimeout(ANSWER_S + ASK_S)
            peer.connect(path)
            peer.sendall(msgspec.json.encode(Request(do, arguments)) + b"\n")
            with peer.makefile("rb") as file:
                line = file.readline(64 * LIMIT)
        answer = msgspec.json.decode(line, type=Answer)
        if not answer.error:
            return msgspec.json.decode(answer.value, type=type)
    except (OSError, msgspec.MsgspecError) as error:
        raise StoreError(
            f"the running service does not answer ({error.__class__.__name__})",
            where=str(folder),
            todo="It may just be starting or stopping: try again.",
        ) from None
    raise StoreError(answer.error)


def tell(folder: Path, do: str, **arguments: Any) -> bool:
    """Ask the service, if one runs; whether one did."""
    if not running(folder):
        return False
    ask(folder, do, Any, **arguments)
    return True


@contextmanager
def _reachable(folder: Path) -> Iterator[str]:
    """A path to the socket that is short enough for the kernel (107 bytes), however deep the folder lies."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{handle}/{NAME}"
    finally:
        os.close(handle)
