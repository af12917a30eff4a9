"""The commands, and what becomes of their errors."""

from __future__ import annotations

import inspect
import io
import logging
import os
import sys
import traceback
from collections.abc import Iterator, Sequence
from typing import Annotated

import typer
from typer.models import CommandInfo

from nightlatch import __version__
from nightlatch.cli import (
    access,
    alerts,
    answering,
    auditing,
    autolock,
    backing,
    catalogue,
    code,
    explaining,
    fixing,
    grant,
    guarding,
    init,
    journal,
    ledger,
    listing,
    people,
    running,
    sync,
    tailoring,
    tls,
    users,
    who,
)
from nightlatch.errors import NightlatchError

EXIT_USAGE = 2
EXIT_DEFECT = 70

log = logging.getLogger(__name__)

app = typer.Typer(
    name="nightlatch",
    help="Audits smart locks from evidence: what is safe, what is not, what is unknown, and what to do.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Start with: nightlatch init, then nightlatch audit. To see a report at once: nightlatch audit --sample",
)
for module in (init, auditing, fixing, tailoring, explaining, answering, listing, sync, running, backing, ledger, who):
    module.register(app)
GROUPS = (access, alerts, autolock, catalogue, code, grant, guarding, journal, people, tls, users)
for module in GROUPS:
    app.add_typer(module.app)


def _laid_out(text: str) -> str:
    """A command's help with each example on a line of its own, where it can be copied."""
    before, _, examples = inspect.cleandoc(text).partition("Examples: ")
    lines = "\n".join(f"  {line}" for line in " ".join(examples.split()).split("; "))
    # To Click, a lone backspace means: leave the lines of this paragraph alone.
    return f"{before}\b\nExamples:\n{lines}"


def _commands(group: typer.Typer) -> Iterator[CommandInfo]:
    yield from group.registered_commands
    for below in group.registered_groups:
        if below.typer_instance is not None:
            yield from _commands(below.typer_instance)


for command in _commands(app):
    if command.callback is not None:
        command.help = _laid_out(command.callback.__doc__ or "")


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"nightlatch {__version__}")
        raise typer.Exit


class _Worded(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        """What happened; where in the code, which follows on further lines, is for who asks by --debug."""
        return f"nightlatch: {record.getMessage().partition(chr(10))[0]}"


@app.callback()
def options(
    _version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and end.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Log what happens inside to standard error.")] = False,
) -> None:
    """Audits smart locks from evidence: what is safe, what is not, what is unknown, and what to do."""
    # Our own words only: libraries would log what they send and receive, secrets included. Without a handler of the
    # root, Python prints their warnings.
    if not logging.getLogger().handlers:
        logging.getLogger().addHandler(logging.NullHandler())
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s") if debug else _Worded())
    logger = logging.getLogger("nightlatch")
    logger.handlers[:] = [handler]
    if debug:
        logger.setLevel(logging.DEBUG)


def run(arguments: Sequence[str]) -> int:
    """Run a command line; the exit code.

    0 done, 1 open findings, 2 usage or configuration, 3 a source failed, 70 a defect, 130 interrupted.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal that has no sign for a tick or a dot shows a question mark; it must not end the audit.
            stream.reconfigure(errors="replace")
    try:
        app(list(arguments), prog_name="nightlatch")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0
    except NightlatchError as error:
        _say(f"nightlatch: {error}")
        return EXIT_USAGE
    except BrokenPipeError:
        # The reader went away (`nightlatch audit | head`): nothing is left to tell it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except Exception as error:  # noqa: BLE001  # the last boundary: no traceback reaches a user
        # Without the exception's text, which might hold what was being read.
        log.debug("%s\n%s", type(error).__name__, "".join(traceback.format_tb(error.__traceback__)))
        _say(
            f"nightlatch: something broke that should not ({type(error).__name__}). This is a defect: please report it,"
            " with what nightlatch --debug prints for the same command."
        )
        return EXIT_DEFECT
    return 0


def _say(text: str) -> None:
    print(text, file=sys.stderr)  # noqa: T201  # the last word, when all else failed
