"""A running Nightlatch is killed in the middle of a delay: started again, it locks the door when it would have."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.unit.ecosystems import zwavejs_link
from tests.unit.ecosystems.fake_zwavejs import FakeServer, served
from tests.unit.ecosystems.zwavejs_link import door, keypad, update

AFTER_S = 10.0
LOCKED, UNLOCKED = ({**bolt, "doorStatus": "closed"} for bolt in (zwavejs_link.LOCKED, zwavejs_link.UNLOCKED))
CONFIGURATION = """\
[[locks]]
id = "front"
bind = ["zwavejs:3"]
[[sources]]
kind = "zwavejs"
url = "{url}"
[[autolock]]
lock = "front"
after = "{after:g}s"
[service]
port = 0
"""


@asynccontextmanager
async def running(folder: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    env = {
        **os.environ,
        "NIGHTLATCH_STATE": str(folder / "state"),
        "NIGHTLATCH_CONFIG": str(folder / "nightlatch.toml"),
    }
    with (folder / "log").open("ab") as log:
        nightlatch = Path(sys.executable).with_name("nightlatch")
        process = await asyncio.create_subprocess_exec(nightlatch, "run", env=env, stderr=log, stdout=log)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def logged(folder: Path, text: str, times: int = 1) -> None:
    """Wait until the service has logged this."""
    async with asyncio.timeout(30):
        while (folder / "log").read_text().count(text) < times:  # noqa: ASYNC110
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("killed_after", [1.0, 5.0])
async def test_a_delay_that_a_kill_cuts_in_two_ends_when_it_would_have(tmp_path: Path, killed_after: float) -> None:
    server = FakeServer(door())
    server.operation = LOCKED
    async with served(server) as url:
        (tmp_path / "nightlatch.toml").write_text(CONFIGURATION.format(url=url, after=AFTER_S))
        async with running(tmp_path) as process:
            await logged(tmp_path, "connected")
            await asyncio.sleep(2)
            server.operation = UNLOCKED
            unlocked = time.monotonic()
            await server.tell(**keypad())
            await server.tell(**update(98, "boltStatus", "unlocked"))
            await logged(tmp_path, "lock:front unlocked")
            await asyncio.sleep(killed_after)
            process.kill()
            await process.wait()
        assert server.operation == UNLOCKED
        async with running(tmp_path):
            await logged(tmp_path, "hub:zwavejs gap")
            async with asyncio.timeout(AFTER_S + 10):
                while server.operation == UNLOCKED:  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
            took = time.monotonic() - unlocked
            await logged(tmp_path, "lock:front outcome value=evidence")
    log = (tmp_path / "log").read_text()
    assert AFTER_S - 0.2 < took < AFTER_S + 2.5, log
    assert "resync" not in log
    assert log.count("lock:front autolock name=locks") == 1
