"""The service as a process: it ends on SIGINT and SIGTERM, and starts over with the configuration reread on SIGHUP."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from nightlatch.configuration.read import Configuration, load
from nightlatch.errors import ConfigurationError, NightlatchError
from nightlatch.model.event import Event
from nightlatch.service.folder import held, prepare, sweep
from nightlatch.service.http import Application, plain
from nightlatch.service.notify import Notifier
from nightlatch.service.opening import running

log = logging.getLogger(__name__)

TURN_S = 0.0005
"""How long a thread that computes keeps others waiting: a request takes a handful of turns, of 5 ms by default."""


def settle(_index: int, event: Event) -> None:
    """Once an audit stands, have the collector of garbage leave alone what will stand for long.

    Going through all of it takes 100 ms, in which nothing else is done; and it would be gone through again and again.
    """
    if event.kind == "audited":
        gc.unfreeze()
        gc.collect()
        gc.freeze()


async def serve(
    configuration: Configuration, folder: Path, *, env: Mapping[str, str], application: Application = plain
) -> None:
    """Run until told to end; `application` makes what is served over HTTP.

    NightlatchError when it cannot start; a wrong configuration is not taken on a reload.
    """
    prepare(folder)
    sys.setswitchinterval(TURN_S)
    notifier = Notifier(env)
    ended, last = asyncio.Event(), asyncio.Event()

    def stop() -> None:
        notifier.stopping()
        last.set()
        ended.set()

    def reload() -> None:
        if not last.is_set():
            notifier.reloading()
        ended.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)
    loop.add_signal_handler(signal.SIGHUP, reload)
    with held(folder):
        sweep(folder, time.time())
        used, left, broken, port = configuration, list[Event](), False, 0
        while not last.is_set():
            ended.clear()
            service = None
            try:
                async with running(configuration, folder, env=env, broken=broken) as service:
                    service.reload = reload
                    service.watch(settle)
                    service.application = application
                    # Any port is the same one after a reload: open pages go on.
                    service.port = service.port or port
                    await service.run(ended, left)
                left, broken, port = service.intake.left, service.broken, service.port
            except NightlatchError as error:
                # A port that is taken shows only here.
                if configuration is used or (service is not None and service.standing):
                    raise
                log.error("the configuration is not taken, the former one stays: %s", error)
                configuration = used
            else:
                used = configuration
                if not last.is_set():
                    configuration = _reread(used)


def _reread(used: Configuration) -> Configuration:
    log.info("reading the configuration again")
    try:
        return load(used.path)
    except ConfigurationError as error:
        log.error("the configuration is not taken, the former one stays: %s", error)
        return used
