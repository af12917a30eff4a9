"""The web app over a home's own hubs, without the sign-in: `python -m tests.rigs.web.guarded FILE FOLDER`."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from nightlatch.configuration.read import load
from nightlatch.service.folder import held, prepare
from nightlatch.service.opening import running
from tests.rigs.web.served import pages


async def serve(file: Path, folder: Path) -> None:
    """Serve until told to end; its address on the first line, once every hub has told how its locks stand."""
    prepare(folder)
    with held(folder):
        async with running(load(file), folder, env={}) as service:
            service.application = pages
            task = asyncio.create_task(service.run(asyncio.Event()))
            while not task.done() and not (service.standing and all(service.listener.synced.values())):  # noqa: ASYNC110  # it has no event of its own
                await asyncio.sleep(0.05)
            print(service.reporter.address, flush=True)  # noqa: T201
            await task


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), Path(sys.argv[2])))
