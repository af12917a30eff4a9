"""The service as a process: it ends on SIGINT and SIGTERM, and starts over with the configuration reread on SIGHUP."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Mapping
from pathlib import Path

from nightlatch.configuration.read import Configuration, load
from nightlatch.errors import ConfigurationError
from nightlatch.service.folder import held, prepare
from nightlatch.service.service import running

log = logging.getLogger(__name__)


async def serve(configuration: Configuration, folder: Path, *, env: Mapping[str, str]) -> None:
    """Run until told to end. NightlatchError when it cannot start; a wrong configuration is not taken on a reload."""
    prepare(folder)
    ended, again = asyncio.Event(), asyncio.Event()

    def reload() -> None:
        again.set()
        ended.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ended.set)
    loop.add_signal_handler(signal.SIGHUP, reload)
    with held(folder):
        used = configuration
        while True:
            try:
                async with running(configuration, folder, env=env) as service:
                    service.reload = reload
                    used = configuration
                    await service.run(ended)
            except ConfigurationError as error:
                if configuration is used:
                    raise
                log.error("the configuration is not taken, the former one stays: %s", error)
                configuration = used
                continue
            if not again.is_set():
                return
            again.clear()
            ended.clear()
            configuration = _reread(used)


def _reread(used: Configuration) -> Configuration:
    log.info("reading the configuration again")
    try:
        return load(used.path)
    except ConfigurationError as error:
        log.error("the configuration is not taken, the former one stays: %s", error)
        return used
