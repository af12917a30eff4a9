"""What the commands of `nightlatch journal` share: the state folder's journal, the home's zone, a progress bar."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING

from nightlatch.cli.common import console
from nightlatch.errors import UsageError

if TYPE_CHECKING:
    from nightlatch.configuration.read import Configuration
    from nightlatch.journal.journal import Journal

Progress = Callable[[int, int], None]


def settings_or_none(config: Path | None) -> Configuration | None:
    """The owner's configuration, or None where there is none: the journal can be read without it."""
    from nightlatch.configuration.read import load, locate

    path = locate(config, os.environ)
    return load(path) if config is not None or path.exists() else None


def zone_of(settings: Configuration | None) -> tzinfo:
    """The home's time zone; UTC without a configuration."""
    return settings.zone if settings else UTC


@contextmanager
def opened(*, read_only: bool = False, key_lost: bool = False) -> Iterator[Journal]:
    """The state folder's journal. UsageError when there is none: a command begins none."""
    from nightlatch.journal.journal import FILE, Journal
    from nightlatch.store.database import state_folder

    folder = state_folder()
    if not (folder / FILE).exists():
        raise UsageError(
            "there is no journal here",
            where=str(folder),
            todo="Nightlatch writes one while it runs: nightlatch run. Another folder: set NIGHTLATCH_STATE.",
        )
    journal = Journal.open(folder, read_only=read_only, key_lost=key_lost)
    try:
        yield journal
    finally:
        journal.close()


@contextmanager
def bar(what: str) -> Iterator[Progress]:
    """A progress bar on a terminal's standard error; nothing elsewhere."""
    if not sys.stderr.isatty():
        yield lambda _done, _total: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console(stderr=True), transient=True) as progress:
        task = progress.add_task(what, total=None)

        def update(done: int, total: int) -> None:
            progress.update(task, completed=done, total=total)

        yield update
