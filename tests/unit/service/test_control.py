from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from nightlatch.errors import StoreError, UsageError
from nightlatch.service.control import NAME, ask, serve, tell
from nightlatch.service.folder import held


async def _echo(arguments: Mapping[str, Any]) -> dict[str, Any]:
    return {"you said": arguments["word"]}


async def _refuse(_: Mapping[str, Any]) -> None:
    raise UsageError("there is no door 'frnt'", todo='Did you mean "front"?')


async def _nothing(_: Mapping[str, Any]) -> None:
    return None


HANDLERS = {"echo": _echo, "refuse": _refuse, "nothing": _nothing}


async def test_a_command_gets_the_services_answer(tmp_path: Path) -> None:
    with held(tmp_path):
        async with serve(tmp_path, HANDLERS):
            assert (tmp_path / NAME).stat().st_mode & 0o777 == 0o600
            assert await asyncio.to_thread(ask, tmp_path, "echo", dict[str, str], word="hi") == {"you said": "hi"}
            assert await asyncio.to_thread(tell, tmp_path, "nothing")


async def test_what_the_service_refuses_is_told_in_its_words(tmp_path: Path) -> None:
    with held(tmp_path):
        async with serve(tmp_path, HANDLERS):
            with pytest.raises(StoreError, match="there is no door 'frnt'"):
                await asyncio.to_thread(ask, tmp_path, "refuse", dict)
            with pytest.raises(StoreError, match="does not know 'fly'"):
                await asyncio.to_thread(ask, tmp_path, "fly", dict)


async def test_a_folder_deeper_than_a_sockets_path_may_be_is_served(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 100) / ("e" * 100)
    deep.mkdir(parents=True)
    with held(deep):
        async with serve(deep, HANDLERS):
            assert await asyncio.to_thread(tell, deep, "nothing")


async def test_a_peer_that_speaks_nonsense_is_answered_and_harms_nobody(tmp_path: Path) -> None:
    with held(tmp_path):
        async with serve(tmp_path, HANDLERS):
            for said in (
                b"\xff\xfe\n",
                b"[]\n",
                b'{"do":1}\n',
                b"",
                b'{"do":"echo","arguments":' + b"[" * 90_000 + b"\n",
            ):
                reader, writer = await asyncio.open_unix_connection(str(tmp_path / NAME))
                writer.write(said)
                writer.write_eof()
                assert b"this is no request" in await reader.read()
                writer.close()
            reader, writer = await asyncio.open_unix_connection(str(tmp_path / NAME))
            with pytest.raises(ConnectionError):  # more than it takes: it hangs up
                while True:
                    writer.write(b"x" * 1_000_000)
                    await writer.drain()
            writer.close()
            assert await asyncio.to_thread(tell, tmp_path, "nothing")


def test_without_a_service_a_command_says_so(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no Nightlatch is running"):
        ask(tmp_path, "echo", dict)
    assert not tell(tmp_path, "nothing")


def test_a_service_that_does_not_answer_is_not_waited_for_silently(tmp_path: Path) -> None:
    with held(tmp_path), pytest.raises(StoreError, match="does not answer"):
        ask(tmp_path, "echo", dict)
