"""The service under its signals, in this process."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

import pytest

from nightlatch.configuration.read import load
from nightlatch.errors import NightlatchError
from nightlatch.service.control import ask
from nightlatch.service.process import serve
from nightlatch.service.status import Status
from tests.unit.service.test_service import HOME, until


@contextmanager
def manager(folder: Path) -> Iterator[socket.socket]:
    """What systemd listens on."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as made:
        made.bind(str(folder / "notify"))
        made.setblocking(False)
        yield made


def told(said: socket.socket) -> list[str]:
    found = []
    while True:
        try:
            found.append(said.recv(1000).decode().partition("\n")[0])
        except BlockingIOError:
            return [line for line in found if line != "WATCHDOG=1"]


@asynccontextmanager
async def process(folder: Path) -> AsyncIterator[asyncio.Task[None]]:
    path = folder / "nightlatch.toml"
    path.write_text(HOME)
    env = {"NOTIFY_SOCKET": str(folder / "notify")}
    task = asyncio.create_task(serve(load(path), folder / "state", env=env))
    try:
        yield task
    finally:
        if not task.done():
            os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.wait_for(task, 10)


async def name(folder: Path) -> str:
    return (await asyncio.to_thread(ask, folder / "state", "status", Status)).home


async def test_a_service_on_any_port_has_the_same_after_a_reload(tmp_path: Path) -> None:
    async with process(tmp_path):
        await until((tmp_path / "state/control.sock").exists)

        async def status() -> Status:
            return await asyncio.to_thread(ask, tmp_path / "state", "status", Status)

        async with asyncio.timeout(20):
            while not (before := await status()).address:  # noqa: ASYNC110  # it has no event of its own
                await asyncio.sleep(0.1)
        os.kill(os.getpid(), signal.SIGHUP)
        after = before
        async with asyncio.timeout(20):
            while after.started == before.started or not after.address:
                await asyncio.sleep(0.1)
                with suppress(NightlatchError):
                    after = await status()
        assert after.address == before.address
        assert after.address.startswith("http://localhost:")


async def test_a_reload_is_no_end_to_systemd(tmp_path: Path) -> None:
    with manager(tmp_path) as said:
        async with process(tmp_path):
            await until(lambda: told(said) == ["READY=1"])
            os.kill(os.getpid(), signal.SIGHUP)
            heard: list[str] = []

            def ready_again() -> bool:
                heard.extend(told(said))
                return len(heard) == 2

            await until(ready_again)
            assert heard == ["RELOADING=1", "READY=1"]
        assert told(said) == ["STOPPING=1"]


async def test_who_is_told_to_end_while_it_starts_over_ends(tmp_path: Path) -> None:
    with manager(tmp_path) as said:
        async with process(tmp_path) as task:
            await until(lambda: told(said) == ["READY=1"])
            os.kill(os.getpid(), signal.SIGHUP)
            await asyncio.sleep(0)
            os.kill(os.getpid(), signal.SIGTERM)
            await asyncio.wait_for(task, 5)


async def test_a_reload_to_a_port_that_is_taken_keeps_the_former_configuration(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with manager(tmp_path) as said, socket.create_server(("127.0.0.1", 0)) as other:
        async with process(tmp_path):
            await until(lambda: told(said) == ["READY=1"])
            port = other.getsockname()[1]
            wrong = HOME.replace("port = 0", f"port = {port}").replace('"Elm"', '"Oak"')
            (tmp_path / "nightlatch.toml").write_text(wrong)
            os.kill(os.getpid(), signal.SIGHUP)
            await until(lambda: "READY=1" in told(said))
            assert await name(tmp_path) == "Elm"
    assert f"127.0.0.1:{port} cannot be listened on" in caplog.text
