"""What the commands share: options, the clock, output."""

from __future__ import annotations

import io
import os
import re
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Any, TextIO, cast

import typer

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from nightlatch.configuration.read import Configuration


NARROWEST, WIDEST = 20, 1000
"""Which COLUMNS are believed."""
NARROW = 70
"""Columns of a terminal below which a table has no room."""
_AT_END = re.compile(r"[ ]+(?=\n)")


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


class Trimmed(io.TextIOBase):
    """A stream whose lines are written without the spaces at their ends that fill a terminal's line."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    @property
    def encoding(self) -> str:  # type: ignore[override]  # of the stream that it is written to
        """As the stream's."""
        return self._stream.encoding

    def write(self, text: str) -> int:
        """Write text of whole lines."""
        self._stream.write(_AT_END.sub("", text))
        return len(text)

    def flush(self) -> None:
        """Let it be written."""
        self._stream.flush()

    def isatty(self) -> bool:
        """Whether it is a terminal."""
        return self._stream.isatty()

    def fileno(self) -> int:
        """As the stream's."""
        return self._stream.fileno()


def console(*, stderr: bool = False, width: int | None = None) -> Console:
    """A terminal that is plain when it is piped, and keeps to NO_COLOR and FORCE_COLOR."""
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    if width is None and not stream.isatty():
        columns = os.environ.get("COLUMNS", "")
        width = min(int(columns), WIDEST) if columns.isdecimal() and int(columns) >= NARROWEST else 100
    return Console(file=cast("IO[str]", Trimmed(stream)), stderr=stderr, highlight=False, width=width, soft_wrap=False)


def hung(out: Console, text: Text, *, by: int = 2) -> None:
    """Print text indented by so many columns, its further lines by two more."""
    first, *rest = text.wrap(out, max(out.width - by - 2, NARROWEST - 4)) or [text]
    first.rstrip()
    out.print(" " * by, first, sep="", soft_wrap=True)
    for line in rest:
        line.rstrip()
        out.print(" " * (by + 2), line, sep="", soft_wrap=True)


def print_table(out: Console, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print rows under their columns; on a narrow terminal each row as a paragraph."""
    from rich.table import Table
    from rich.text import Text

    if out.width < NARROW:
        for first, *rest in rows:
            told = [f"{name}: {cell}" if name else cell for name, cell in zip(columns[1:], rest, strict=True) if cell]
            hung(out, Text("; ".join((first, *told))), by=0)
        return
    table = Table(*columns, box=None, pad_edge=False)
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    out.print(table)


def print_json(value: Any) -> None:
    """Print a value as indented JSON: UTF-8, whatever the terminal's encoding is."""
    import msgspec

    typer.echo(msgspec.json.format(msgspec.json.encode(value, enc_hook=str), indent=2))


def agreed(question: str, otherwise: str) -> bool:
    """Whether somebody at the terminal says yes; UsageError, with what to do `otherwise`, where nobody is there."""
    from nightlatch.errors import UsageError

    if not sys.stdin.isatty():
        raise UsageError("nobody is there to be asked", todo=otherwise)
    return typer.confirm(question, default=False, err=True)


def write_private(path: Path, data: bytes) -> None:
    """Write a file that only its owner can read, all of it or nothing; UsageError when it cannot be written."""
    from nightlatch.errors import UsageError
    from nightlatch.writing import replace

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        replace(path, data)
    except OSError as error:
        raise UsageError(f"cannot be written: {error.strerror}", where=str(path)) from None
