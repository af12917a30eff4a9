"""What the commands share: options, the clock, output."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from nightlatch.configuration.read import Configuration


NARROWEST, WIDEST = 20, 1000
"""Which COLUMNS are believed."""


class Format(StrEnum):
    """How data is printed."""

    TEXT = "text"
    JSON = "json"


ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config",
        "-c",
        metavar="FILE",
        help="The configuration. Otherwise NIGHTLATCH_CONFIG, then the user's configuration folder.",
    ),
]
FormatOption = Annotated[Format, typer.Option("--format", "-f", help="Text for people, or JSON for programs.")]


def now() -> datetime:
    """The clock of a command: read once, here, and passed on."""
    return datetime.now(UTC)


def configuration(path: Path | None) -> Configuration:
    """The owner's configuration, found as the options say."""
    from nightlatch.configuration.read import load, locate

    return load(locate(path, os.environ))


def console(*, stderr: bool = False, width: int | None = None) -> Console:
    """A terminal that is plain when it is piped, and keeps to NO_COLOR and FORCE_COLOR."""
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    if width is None and not stream.isatty():
        columns = os.environ.get("COLUMNS", "")
        width = min(int(columns), WIDEST) if columns.isdecimal() and int(columns) >= NARROWEST else 100
    return Console(stderr=stderr, highlight=False, width=width, soft_wrap=False)


def print_json(value: Any) -> None:
    """Print a value as indented JSON: UTF-8, whatever the terminal's encoding is."""
    import msgspec

    typer.echo(msgspec.json.format(msgspec.json.encode(value, enc_hook=str), indent=2))


def write_private(path: Path, data: bytes) -> None:
    """Write a file that only its owner can read, all of it or nothing; UsageError when it cannot be written."""
    from nightlatch.errors import UsageError
    from nightlatch.writing import replace

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        replace(path, data)
    except OSError as error:
        raise UsageError(f"cannot be written: {error.strerror}", where=str(path)) from None
