"""The web app of the demo's home, with whoever the test says signed in: `python -m tests.rigs.web.served FOLDER`."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from litestar import Litestar

from nightlatch import demo
from nightlatch.demo.access import give
from nightlatch.plugs import wall
from nightlatch.service.folder import held, prepare
from nightlatch.service.opening import running
from nightlatch.service.service import Service
from nightlatch.web.app import application
from nightlatch.web.house import opened
from tests.unit.web.conftest import told


@asynccontextmanager
async def pages(service: Service) -> AsyncIterator[Litestar]:
    """The application, without the sign-in."""
    async with opened(service) as house:
        yield application(house, told)


async def serve(folder: Path) -> None:
    """Serve until told to end; its address on the first line."""
    prepare(folder)
    settings = demo.configuration(folder)
    text = settings.path.read_text().replace("port = 5625", "port = 0")
    settings.path.write_text(text)
    from nightlatch.configuration.read import load

    settings = load(settings.path)
    give(settings, folder, wall())
    with held(folder):
        async with running(settings, folder, env={}) as service:
            service.application = pages
            task = asyncio.create_task(service.run(asyncio.Event()))
            while not service.standing and not task.done():  # noqa: ASYNC110  # it has no event of its own
                await asyncio.sleep(0.05)
            print(service.reporter.address, flush=True)  # noqa: T201
            await task


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1])))
